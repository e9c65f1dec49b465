// SymbolDirectory: the reference data that the edge validates against, fetched from matching. Start() tries once; when
// matching is not there yet, a thread goes on until it is. Afterwards whoever meets a symbol that it does not know has it
// fetched again before the symbol is refused; callers that wait share one fetch.
// Thread-safe. Refresh blocks for as long as matching takes to answer; Current never does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
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
  // Afterwards Current is no older than this call, unless it fails.
  absl::Status Refresh();
  // Afterwards Current is no older than a second, unless it fails.
  absl::Status RefreshIfDue();

 private:
  void Run();
  // Fetches, unless that was done, well or not, after `since_ns`.
  absl::Status FetchedSince(std::int64_t since_ns);
  absl::Status Fetch();  // with fetching_ held

  ports::MatchingQueries& matching_;
  const Clock& clock_;
  runtime::HealthCheck& health_;

  std::mutex fetching_;                                                 // one fetch at a time; for the two below
  std::int64_t fetched_ns_ = std::numeric_limits<std::int64_t>::min();  // when the last fetch began, monotonic
  absl::Status fetched_ = absl::UnknownError("not fetched yet");
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const SymbolTable> table_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace xt::gateway
