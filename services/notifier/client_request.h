// ClientRequest: what a client of /ws/exchange asks, parsed strictly from one JSON text:
//   {"method": "SUBSCRIBE" | "UNSUBSCRIBE", "params": ["trade.BTC-KRW", "orderbook.*"], "id": 1}
//   {"method": "LOGON", "params": {"apiKey": "...", "timestamp": 1700000000000, "signature": "..."}, "id": 2}
//   {"method": "LIST", "id": 3}
// Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libs/domain/reject_reason.h"
#include "services/notifier/core/subscriptions.h"

namespace xt::notifier {

struct SubscribeRequest {
  bool add = true;  // else UNSUBSCRIBE
  std::vector<ChannelName> channels;
};
struct ListRequest {};
struct LogonRequest {
  std::string api_key;
  std::int64_t timestamp_ms = 0;
  std::string signature;
};

struct ClientRequest {
  std::string id = "null";  // JSON text, echoed in the answer
  std::variant<domain::Reject, SubscribeRequest, ListRequest, LogonRequest> body;
};

ClientRequest ParseClientRequest(std::string_view text);

}  // namespace xt::notifier
