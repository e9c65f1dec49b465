#include "libs/adapters/replicated/internal/commit_queue.h"

#include <algorithm>
#include <string>
#include <utility>

namespace xt::replicated {

using domain::SequenceNumber;

void CommitQueue::Begin(const std::vector<SequenceNumber>& held, SequenceNumber sure, const Needs& needs) {
  std::lock_guard lock(mutex_);
  held_ = held;
  begun_ = held[kOwn];
  tail_ = sure.value();
  needs_ = needs;
  Settle();
}

bool CommitQueue::Add(SequenceNumber sequence, Done done, const absl::Status& refused) {
  std::lock_guard lock(mutex_);
  absl::Status status = refused;
  if (status.ok() && !ended_.ok()) {
    status = absl::FailedPreconditionError("the journal has failed: " + ended_.ToString());
  }
  const bool send = status.ok();
  in_flight_.push_back({sequence, std::move(done), std::move(status)});
  if (!send || (needs_.known && needs_.copies.empty())) Settle();
  return send;
}

absl::Status CommitQueue::ended() const {
  std::lock_guard lock(mutex_);
  return ended_;
}

void CommitQueue::Confirm(std::size_t copy, SequenceNumber sequence) {
  {
    std::lock_guard lock(mutex_);
    held_[copy] = sequence;
    Settle();
  }
  if (copy == kOwn) own_moved_.notify_all();
}

void CommitQueue::SetNeeds(const Needs& needs) {
  std::lock_guard lock(mutex_);
  needs_ = needs;
  Settle();
}

void CommitQueue::Replace(std::size_t copy, SequenceNumber sequence, const Needs& needs) {
  std::lock_guard lock(mutex_);
  held_[copy] = sequence;
  needs_ = needs;
  Settle();
}

void CommitQueue::End(const absl::Status& why) {
  {
    std::lock_guard lock(mutex_);
    if (!ended_.ok()) return;
    ended_ = why;
    for (InFlight& append : in_flight_) {
      if (append.refused.ok()) append.refused = why;
    }
    Settle();
  }
  own_moved_.notify_all();
}

bool CommitQueue::WaitForOwn(SequenceNumber sequence) {
  std::unique_lock lock(mutex_);
  own_moved_.wait(lock, [&] { return !ended_.ok() || held_[kOwn] >= sequence; });
  return ended_.ok();
}

SequenceNumber CommitQueue::Confirmed() const {
  if (!needs_.known) return tail();
  if (needs_.copies.empty()) return in_flight_.empty() ? std::max(tail(), begun_) : in_flight_.back().sequence;
  SequenceNumber confirmed = held_[needs_.copies.front()];
  for (const std::size_t copy : needs_.copies) confirmed = std::min(confirmed, held_[copy]);
  return confirmed;
}

void CommitQueue::Settle() {
  const SequenceNumber confirmed = std::max(tail(), Confirmed());
  tail_ = std::max(tail(), std::min(confirmed, begun_)).value();
  while (!in_flight_.empty()) {
    InFlight& front = in_flight_.front();
    if (front.refused.ok() && front.sequence > confirmed) return;
    const absl::Status status = front.refused;
    if (status.ok()) tail_ = front.sequence.value();
    const Done done = std::move(front.done);
    in_flight_.pop_front();
    done(status);
  }
}

CommitQueue::Position CommitQueue::position() const {
  std::lock_guard lock(mutex_);
  return {in_flight_.size(), held_};
}

}  // namespace xt::replicated
