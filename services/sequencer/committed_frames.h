// CommittedFrames: the last frames of this leader's run, for the threads that feed hot standbys. The sequencer's thread
// adds them and never waits; what is too old to be here is in the journal. Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "libs/domain/frame.h"
#include "libs/domain/ids.h"

namespace xt::sequencer {

class CommittedFrames {
 public:
  // Keeps as many frames as have at most `max_commands` commands, one at least.
  explicit CommittedFrames(std::size_t max_commands) : max_commands_(max_commands) {}

  // A run begins: the journal ends with `committed`.
  void Begin(domain::Epoch epoch, domain::SequenceNumber committed) {
    {
      const std::lock_guard lock(mutex_);
      epoch_ = epoch;
      committed_ = committed;
    }
    changed_.notify_all();
  }
  // The frame after the last one, not committed yet.
  void Add(std::shared_ptr<const domain::Frame> frame) {
    const std::lock_guard lock(mutex_);
    commands_ += frame->commands.size();
    frames_.push_back(std::move(frame));
    while (commands_ > max_commands_ && frames_.size() > 1) {
      commands_ -= frames_.front()->commands.size();
      frames_.pop_front();
    }
  }
  void Commit(domain::SequenceNumber sequence) {
    {
      const std::lock_guard lock(mutex_);
      committed_ = sequence;
    }
    changed_.notify_all();
  }

  // Every bus has confirmed everything up to `sequence`.
  void SetPublished(domain::SequenceNumber sequence) {
    const std::lock_guard lock(mutex_);
    published_ = sequence;
  }
  [[nodiscard]] domain::SequenceNumber published() const {
    const std::lock_guard lock(mutex_);
    return published_;
  }

  // Wakes those who wait, so that they ask their condition again.
  void Interrupt() {
    { const std::lock_guard lock(mutex_); }
    changed_.notify_all();
  }
  // Waits for `condition`, which Interrupt makes it ask again.
  void Await(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, condition);
  }
  // The same, at most so long.
  void AwaitFor(std::chrono::milliseconds longest, const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, longest, condition);
  }
  // Waits until a run has begun, or `interrupted`. Gives its epoch.
  domain::Epoch AwaitRun(const std::function<bool()>& interrupted) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return epoch_.value() != 0 || interrupted(); });
    return epoch_;
  }
  // Waits until `sequence` is committed, or `interrupted`.
  void AwaitCommitted(domain::SequenceNumber sequence, const std::function<bool()>& interrupted) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return committed_ >= sequence || interrupted(); });
  }
  // The frame that begins with `first`; null when it is not committed, or not here any more.
  [[nodiscard]] std::shared_ptr<const domain::Frame> Find(domain::SequenceNumber first) const {
    const std::lock_guard lock(mutex_);
    const auto frame = std::ranges::lower_bound(frames_, first, {}, [](const auto& f) { return f->first_sequence; });
    if (frame == frames_.end() || (*frame)->first_sequence != first || (*frame)->last_sequence() > committed_) {
      return nullptr;
    }
    return *frame;
  }
  [[nodiscard]] domain::SequenceNumber committed() const {
    const std::lock_guard lock(mutex_);
    return committed_;
  }

 private:
  const std::size_t max_commands_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  domain::Epoch epoch_;  // 0 until a run has begun
  domain::SequenceNumber committed_;
  domain::SequenceNumber published_;
  std::deque<std::shared_ptr<const domain::Frame>> frames_;
  std::size_t commands_ = 0;
};

}  // namespace xt::sequencer
