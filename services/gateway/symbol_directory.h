// SymbolDirectory: the reference data that the edge validates against, fetched from matching. Start() tries once; when
// matching is not there yet, a thread goes on until it is; afterwards whoever meets a symbol that it does not know has it fetched again, at most once a second.
// Thread-safe. Refresh blocks for as long as matching takes to answer; Current never does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/ports/matching_replica.h"
#include "services/gateway/core/symbol_table.h"

namespace xt::runtime {
class HealthCheck;
}

namespace xt::gateway {

class SymbolDirectory {
 public:
  // All must outlive it.
  SymbolDirectory(ports::MatchingQueries& matching, const Clock& clock, runtime::HealthCheck& health);
  ~SymbolDirectory();  // Stop()

  void Start();
  void Stop();

  // Null until the first fetch succeeded.
  [[nodiscard]] std::shared_ptr<const SymbolTable> Current() const;
  // Whether the last fetch is a second ago: another look may show something new.
  [[nodiscard]] bool RefreshDue() const;
  absl::Status Refresh();
  // Does nothing when it is not due.
  absl::Status RefreshIfDue();

 private:
  void Run();
  absl::Status Fetch();  // with fetching_ held

  ports::MatchingQueries& matching_;
  const Clock& clock_;
  runtime::HealthCheck& health_;

  std::mutex fetching_;  // one fetch at a time
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const SymbolTable> table_;
  std::int64_t fetched_ns_ = 0;  // monotonic
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace xt::gateway
