// What comes in by REST, read strictly: a body is one flat JSON object (a batch: a list of them) whose fields are known, of
// the right type and there once; query parameters likewise. Anything else is a refusal that names the field. Pure,
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libs/http/message.h"
#include "services/gateway/core/order_answer.h"
#include "services/gateway/core/order_request.h"

namespace xt::gateway {

inline constexpr std::size_t kMaxBatchOrders = 20;

std::variant<OrderRequest, Refusal> ReadOrderRequest(std::string_view body);
std::variant<ReplaceRequest, Refusal> ReadReplaceRequest(std::string_view body);
std::variant<CountdownRequest, Refusal> ReadCountdownRequest(std::string_view body);
// {"quantity"}: as it stands there.
std::variant<std::optional<std::string>, Refusal> ReadAmendRequest(std::string_view body);
// {"orders": [...]}, 1..kMaxBatchOrders. One that is wrong is refused alone; a body that is wrong, as a whole.
using BatchItem = std::variant<OrderRequest, Refusal>;
std::variant<std::vector<BatchItem>, Refusal> ReadBatchRequest(std::string_view body);

// Reads parameters one by one; the first that is wrong is remembered, later reads then give defaults.
class QueryReader {
 public:
  // `known` names every parameter that the call has; an unknown or repeated one is refused.
  QueryReader(const http::Request& request, std::initializer_list<std::string_view> known);

  std::optional<std::string> Text(std::string_view name);
  // Digits only, within [min, max].
  std::uint64_t Number(std::string_view name, std::uint64_t fallback, std::uint64_t min, std::uint64_t max);
  bool Flag(std::string_view name);  // "true" or "false"; absent: false
  // `condition` false refuses the parameter with INVALID_VALUE.
  void Require(bool condition, std::string_view name);
  void Refuse(Refusal refusal);

  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  const http::Request& request_;
  std::optional<Refusal> refusal_;
};

}  // namespace xt::gateway
