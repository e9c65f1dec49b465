// The address of a gRPC peer, as rate limits count it. Pure.
#pragma once

#include <string>

namespace xt::gateway {

// "ipv4:127.0.0.1:1234" to "127.0.0.1".
inline std::string AddressOf(const std::string& peer) {
  const auto first = peer.find(':');
  const auto last = peer.rfind(':');
  return first == last ? peer : peer.substr(first + 1, last - first - 1);
}

}  // namespace xt::gateway
