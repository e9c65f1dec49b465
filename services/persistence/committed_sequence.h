// CommittedSequence: how far the database is, and the place where queries wait for it. Written by the consumer's
// thread, read and waited for by any. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "libs/domain/ids.h"

namespace xt::persistence {

class CommittedSequence {
 public:
  // Never moves back.
  void Advance(domain::SequenceNumber sequence) {
    {
      std::lock_guard lock(mutex_);
      if (sequence <= sequence_) return;
      sequence_ = sequence;
    }
    changed_.notify_all();
  }

  // No further sequence will come: whoever waits, now or later, is told why.
  void End(absl::Status reason) {
    {
      std::lock_guard lock(mutex_);
      if (!end_.ok()) return;
      end_ = std::move(reason);
    }
    changed_.notify_all();
  }

  // OK once `sequence` is reached; UNAVAILABLE ("lagging") at the deadline; else why it will not be reached.
  absl::Status WaitFor(domain::SequenceNumber sequence, std::chrono::steady_clock::time_point deadline) const {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return sequence_ >= sequence || !end_.ok(); });
    if (sequence_ >= sequence) return absl::OkStatus();
    if (!end_.ok()) return end_;
    return absl::UnavailableError("lagging: the database is at command " + std::to_string(sequence_.value()) +
                                  ", not at " + std::to_string(sequence.value()));
  }

  [[nodiscard]] domain::SequenceNumber Get() const {
    std::lock_guard lock(mutex_);
    return sequence_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  domain::SequenceNumber sequence_;
  absl::Status end_;
};

}  // namespace xt::persistence
