// SequencerState: what the sequencer's thread lets others see of it: the phase it is in, why, and how it ended. The thread
// sets it, anybody reads it or waits for a change. Thread-safe. It also keeps the health checks `leader`, `journal` and
// `matching` in step with the phase.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/runtime/health.h"

namespace xt::sequencer {

enum class Phase { kNew, kStandby, kOpening, kConnecting, kReplaying, kServing, kHalted, kStopped };

[[nodiscard]] std::string_view PhaseName(Phase phase);

class SequencerState {
 public:
  explicit SequencerState(runtime::HealthRegistry& health);

  // `reason` is for people and for /readyz.
  void Set(Phase phase, const std::string& reason = "");
  void Halt(const absl::Status& reason);
  void SetAccepting(bool accepting) { accepting_.store(accepting, std::memory_order_release); }
  void SetDrained();

  [[nodiscard]] bool accepting() const { return accepting_.load(std::memory_order_acquire); }
  [[nodiscard]] Phase phase() const;
  // "replaying: 512 of 2048"
  [[nodiscard]] std::string Describe() const;

  using Deadline = std::chrono::steady_clock::time_point;
  // OK when serving, the reason of a halt, or DEADLINE_EXCEEDED with what it is waiting for.
  [[nodiscard]] absl::Status WaitUntilServing(Deadline deadline) const;
  // Returns when the journal is open or leadership is still to come: OK; or the reason of a halt.
  [[nodiscard]] absl::Status WaitUntilOpened() const;
  void WaitUntilDrained(Deadline deadline) const;

 private:
  void UpdateHealth(const std::string& reason);

  runtime::HealthCheck& leader_;
  runtime::HealthCheck& journal_;
  runtime::HealthCheck& matching_;
  std::atomic<bool> accepting_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Phase phase_ = Phase::kNew;
  std::string reason_;
  absl::Status halted_;
  bool drained_ = false;
};

}  // namespace xt::sequencer
