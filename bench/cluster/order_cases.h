// Orders through a whole cluster: two copies of the journal, every broker, every service a process.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bench/cluster/result.h"
#include "bench/e2e/order_flow.h"
#include "tests/support/cluster.h"

namespace xt::bench {

struct OrderLoad {
  std::int64_t seconds = 10;
  std::uint64_t seed = 1;
  std::size_t in_flight = 1;
  std::int64_t per_second = 0;  // 0: as many as are answered
};

absl::StatusOr<Market> MarketOf(const test::Cluster& cluster);

// One signed-in gRPC stream to the gateway: `orders_per_s`, and from the request (or when it was due) to its answer `p50_us`,
// `p99_us`, `p999_us`. Afterwards how far PostgreSQL lagged when the load ended (`lag_commands`) and how long until it had
// everything (`lag_ms`), and how much of the processor each process took for one order (`cpu_us_<name>`).
absl::StatusOr<CaseResult> BenchOrders(std::string name, const test::Cluster& cluster, const Market& market,
                                       const OrderLoad& load);

// As a gateway does: commands straight to the sequencer that leads, up to 256 in one message, `in_flight` unanswered at
// most.
absl::StatusOr<CaseResult> BenchBatches(std::string name, const test::Cluster& cluster, const Market& market,
                                        const OrderLoad& load);

}  // namespace xt::bench
