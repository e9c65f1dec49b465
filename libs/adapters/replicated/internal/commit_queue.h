// CommitQueue: the appends under way, in order, and the rule of when one is confirmed: when those copies hold it that
// must.
// Their `done` is called under its lock, on the thread of whoever made the difference. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "absl/status/status.h"
#include "libs/ports/command_journal.h"

namespace xt::replicated {

class CommitQueue {
 public:
  using Done = ports::CommandJournal::AppendDone;
  // Who must hold an append before it is confirmed.
  enum class Needs {
    kNobody,
    kOwn,
    kRemote,
    kBoth,
    kUnknown,  // nothing is confirmed before it is known whether the remote copy counts
  };

  // Both copies end at `tail`, and nothing is under way.
  void Begin(domain::SequenceNumber tail, Needs needs);

  // False, and `done` is called with an error in its turn, when it must not be sent to any copy: because `refused` is an
  // error, or the queue has ended.
  bool Add(domain::SequenceNumber sequence, Done done, const absl::Status& refused);
  void ConfirmOwn(domain::SequenceNumber sequence);
  void ConfirmRemote(domain::SequenceNumber sequence);
  void SetNeeds(Needs needs);
  // A remote copy that holds everything up to `sequence` takes the place of the one before.
  void ReplaceRemote(domain::SequenceNumber sequence, Needs needs);
  // Everything that is not confirmed by now fails, and what is added later. The first call counts.
  void End(const absl::Status& why);
  // Why it has ended; OK before.
  [[nodiscard]] absl::Status ended() const;

  // Waits until the own copy holds `sequence`; false when the queue has ended.
  bool WaitForOwn(domain::SequenceNumber sequence);

  [[nodiscard]] domain::SequenceNumber tail() const { return domain::SequenceNumber(tail_.load()); }
  struct Position {
    std::uint64_t in_flight = 0;
    domain::SequenceNumber own;
    domain::SequenceNumber remote;
  };
  [[nodiscard]] Position position() const;

 private:
  struct InFlight {
    domain::SequenceNumber sequence;
    Done done;
    absl::Status refused;
  };

  [[nodiscard]] domain::SequenceNumber Confirmed() const;
  void Settle();

  mutable std::mutex mutex_;
  std::condition_variable own_moved_;
  std::deque<InFlight> in_flight_;
  domain::SequenceNumber own_;
  domain::SequenceNumber remote_;
  Needs needs_ = Needs::kUnknown;
  absl::Status ended_;
  std::atomic<std::uint64_t> tail_{0};
};

}  // namespace xt::replicated
