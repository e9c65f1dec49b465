// ReplayServer: another venue's public endpoint, played from recorded messages (tests/data). A client that opens the stream gets every message of
// the recordings, merged by the time of their arrival, byte for byte; the REST snapshot is the recorded one. It sends as
// fast as the client reads. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/http/server.h"

namespace xt::test {

class ReplayServer {
 public:
  // `folder`: tests/data/binance. Port 0: a free one.
  explicit ReplayServer(const std::string& folder, std::uint16_t port = 0);
  ~ReplayServer();

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  // What a client gets, in order.
  [[nodiscard]] const std::vector<std::shared_ptr<const std::string>>& messages() const { return messages_; }

 private:
  class Stream;

  std::vector<std::shared_ptr<const std::string>> messages_;
  std::map<std::string, std::string> snapshots_;  // by symbol
  std::unique_ptr<http::Server> server_;
};

}  // namespace xt::test
