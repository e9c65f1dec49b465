// ProcessorTime: what the processes of a cluster, and this one with the load, take of the processor from its construction
// on. From proc(5), with the processes that they started; a process that was replaced meanwhile is not counted.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/cluster.h"

namespace xt::bench {

class ProcessorTime {
 public:
  explicit ProcessorTime(const test::Cluster& cluster);

  // Microseconds for each of `orders`, by service, server and `load`: `cpu_us_<name>`.
  [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> PerOrder(std::int64_t orders) const;

 private:
  using Ticks = std::map<std::string, std::int64_t>;
  [[nodiscard]] Ticks Now() const;

  std::vector<std::pair<std::string, pid_t>> processes_;
  Ticks start_;
};

}  // namespace xt::bench
