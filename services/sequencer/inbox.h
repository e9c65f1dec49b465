// Inbox: everything that reaches the sequencer's thread. Commands come from any thread and are bounded: a full inbox
// refuses, and the caller answers RESOURCE_EXHAUSTED. Signals (what the journal, the replica, the election and the owner
// say) are never refused; their number is bounded by the frames in flight. Signals are handed out before commands, so that
// a confirmation makes room before more work is taken. Thread-safe; callbacks share ownership of it, so that one that
// comes late finds it alive.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/command.h"
#include "libs/ports/leader_election.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/order_sequencing.h"

namespace xt::sequencer {

struct Submission {
  domain::Command command;
  ports::OrderSequencing::Done done;
  std::int64_t received_ns = 0;  // monotonic
};

struct LeadershipTold {
  ports::Leadership leadership;
};
struct JournalTold {
  domain::SequenceNumber last_sequence;
  absl::Status status;
};
struct ReplicaTold {
  std::uint64_t connection = 0;  // which Connect it belongs to
  absl::StatusOr<ports::FrameResults> results;
};
// What a hot standby says of a frame.
struct StandbyTold {
  domain::SequenceNumber first_sequence;
  Hash128 digest;
};
struct StopAcceptingTold {};
struct StopTold {};
using Signal = std::variant<LeadershipTold, JournalTold, ReplicaTold, StandbyTold, StopAcceptingTold, StopTold>;

class Inbox {
 public:
  enum class Pushed { kTaken, kFull, kClosed };

  explicit Inbox(std::size_t max_submissions) : max_submissions_(max_submissions) {}

  // `submission` is untouched unless it was taken.
  [[nodiscard]] Pushed Submit(Submission&& submission) {
    const std::lock_guard lock(mutex_);
    if (closed_) return Pushed::kClosed;
    if (submissions_.size() >= max_submissions_) return Pushed::kFull;
    submissions_.push_back(std::move(submission));
    WakeReader();
    return Pushed::kTaken;
  }

  void Tell(Signal signal) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    signals_.push_back(std::move(signal));
    WakeReader();
  }

  // Takes all that is there, waiting up to `timeout` for the first. Both are cleared first.
  void Take(std::vector<Signal>& signals, std::vector<Submission>& submissions, std::chrono::nanoseconds timeout) {
    signals.clear();
    submissions.clear();
    std::unique_lock lock(mutex_);
    reader_waits_ = true;
    told_.wait_for(lock, timeout, [this] { return closed_ || !signals_.empty() || !submissions_.empty(); });
    reader_waits_ = false;
    signals.swap(signals_);
    submissions.swap(submissions_);
  }

  // Refuses what comes later; what is inside can still be taken. Idempotent.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    WakeReader();
  }

  [[nodiscard]] std::size_t submissions() const {
    const std::lock_guard lock(mutex_);
    return submissions_.size();
  }

 private:
  // A reader that is busy looks again by itself; waking it would be a system call per command.
  void WakeReader() {
    if (reader_waits_) told_.notify_one();
  }

  const std::size_t max_submissions_;
  mutable std::mutex mutex_;
  std::condition_variable told_;
  bool reader_waits_ = false;
  bool closed_ = false;
  std::vector<Signal> signals_;
  std::vector<Submission> submissions_;
};

}  // namespace xt::sequencer
