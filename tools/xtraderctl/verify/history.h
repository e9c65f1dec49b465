// History: what clients saw, as a load generator writes it down: a line of JSON for each thing that happened to an
// order:
//   {"event": "invoke", "ns": 12, "account": 1, "clientOrderId": "a-1"}                        about to be sent
//   {"event": "acknowledged", "ns": 15, "account": 1, "clientOrderId": "a-1", "sequence": 42}  answered, also refused
//   {"event": "timedOut", "ns": 99, "account": 1, "clientOrderId": "a-1"}                      the outcome is unknown
// with one monotonic clock, the numbers of the accounts, and each client order id used for one order only, however
// often it is sent. Plain values.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace xt::ctl {

struct ClientOrder {
  std::int64_t invoked_ns = 0;                  // the first time
  std::optional<std::int64_t> acknowledged_ns;  // the first answer
  std::uint64_t sequence = 0;                   // of that answer
};

// By account and client order id.
using History = std::map<std::pair<std::uint32_t, std::string>, ClientOrder>;

// INVALID_ARGUMENT names the line.
absl::StatusOr<History> ReadHistory(std::istream& lines);

}  // namespace xt::ctl
