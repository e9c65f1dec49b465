// PrivateStream: what the exchange pushes to one account over /ws/exchange, as its owner hears it. Messages that were not
// waited for are kept, so that the order of waiting does not matter. One thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "libs/http/client.h"
#include "tests/support/standalone.h"

namespace xt::test {

class PrivateStream {
 public:
  // False when the exchange does not let it in.
  [[nodiscard]] bool Connect(const Standalone& exchange, std::size_t account);
  // The first report of this order with this execution type; nullopt when none came within 30 s.
  std::optional<nlohmann::json> Await(const std::string& order_id, const std::string& execution_type);

 private:
  std::optional<nlohmann::json> Read();

  http::WebSocketClient stream_;
  std::vector<nlohmann::json> executions_;
};

}  // namespace xt::test
