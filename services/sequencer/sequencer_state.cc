#include "services/sequencer/sequencer_state.h"

#include "absl/strings/str_cat.h"

namespace xt::sequencer {

using runtime::HealthStatus;

std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kNew: return "starting";
    case Phase::kStandby: return "standby";
    case Phase::kOpening: return "opening the journal";
    case Phase::kConnecting: return "connecting to matching";
    case Phase::kReplaying: return "replaying";
    case Phase::kServing: return "serving";
    case Phase::kHalted: return "halted";
    case Phase::kStopped: return "stopped";
  }
  return "";
}

SequencerState::SequencerState(runtime::HealthRegistry& health)
    : leader_(health.AddCheck("leader", runtime::Dependency::kHard)),
      journal_(health.AddCheck("journal", runtime::Dependency::kHard)),
      matching_(health.AddCheck("matching", runtime::Dependency::kHard)) {
  UpdateHealth("");
}

void SequencerState::Set(Phase phase, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kHalted && phase != Phase::kStopped) return;
    phase_ = phase;
    reason_ = reason;
    UpdateHealth(reason);
  }
  changed_.notify_all();
}

void SequencerState::Halt(const absl::Status& reason) {
  SetAccepting(false);
  {
    const std::lock_guard lock(mutex_);
    halted_ = reason;
  }
  Set(Phase::kHalted, std::string(reason.message()));
}

void SequencerState::SetDrained() {
  {
    const std::lock_guard lock(mutex_);
    drained_ = true;
  }
  changed_.notify_all();
}

void SequencerState::UpdateHealth(const std::string& reason) {
  const std::string text =
      reason.empty() ? std::string(PhaseName(phase_)) : absl::StrCat(std::string(PhaseName(phase_)), ": ", reason);
  const bool ended = phase_ == Phase::kHalted || phase_ == Phase::kStopped;
  const auto set = [&](runtime::HealthCheck& check, bool ok) {
    if (ok) {
      check.SetOk();
    } else {
      check.Set(HealthStatus::kDown, text);
    }
  };
  set(leader_, !ended && phase_ > Phase::kStandby);
  set(journal_, !ended && phase_ > Phase::kOpening);
  set(matching_, phase_ == Phase::kServing);
}

Phase SequencerState::phase() const {
  const std::lock_guard lock(mutex_);
  return phase_;
}

std::string SequencerState::Describe() const {
  const std::lock_guard lock(mutex_);
  const std::string name(PhaseName(phase_));
  return reason_.empty() ? name : absl::StrCat(name, ": ", reason_);
}

absl::Status SequencerState::WaitUntilServing(Deadline deadline) const {
  {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [this] {
      return phase_ == Phase::kServing || phase_ == Phase::kHalted || phase_ == Phase::kStopped;
    });
    if (phase_ == Phase::kServing) return absl::OkStatus();
    if (!halted_.ok()) return halted_;
  }
  return absl::DeadlineExceededError(absl::StrCat("the sequencer does not serve yet: ", Describe()));
}

absl::Status SequencerState::WaitUntilOpened() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return phase_ != Phase::kNew && phase_ != Phase::kOpening; });
  return halted_;
}

void SequencerState::WaitUntilDrained(Deadline deadline) const {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return drained_; });
}

}  // namespace xt::sequencer
