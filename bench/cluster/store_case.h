// Executions per second into PostgreSQL, through our store, on a server that nobody else uses.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bench/cluster/result.h"

namespace xt::bench {

enum class Rows : std::uint8_t {
  kFills,     // one fill per command
  kComplete,  // per command an order, a fill and four postings, and the balances of two accounts per batch
};

// Batches of 1,000 commands: `executions_per_s` (fills) and `rows_per_s`.
absl::StatusOr<CaseResult> BenchStore(std::string name, Rows rows, std::int64_t seconds);

}  // namespace xt::bench
