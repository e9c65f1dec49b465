// CommitQueue: the appends under way, in order, and the rule of when one is confirmed: when every copy that counts holds it.
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
  // What the remote copy has to do with a confirmation.
  enum class Remote {
    kNotNeeded,  // the own copy confirms alone
    kNeeded,     // both must hold it
    kUnknown,    // nothing is confirmed before it is known whether the remote copy counts
  };

  // Both copies end at `tail`, and nothing is under way.
  void Begin(domain::SequenceNumber tail, Remote remote);

  // False, and `done` is called with an error in its turn, when it must not be sent to any copy: because `refused` is an
  // error, or the queue has ended.
  bool Add(domain::SequenceNumber sequence, Done done, const absl::Status& refused);
  void ConfirmOwn(domain::SequenceNumber sequence);
  void ConfirmRemote(domain::SequenceNumber sequence);
  void SetRemote(Remote remote);
  // A remote copy that holds everything up to `sequence` takes the place of the one before.
  void ReplaceRemote(domain::SequenceNumber sequence, Remote remote);
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

  void Settle();

  mutable std::mutex mutex_;
  std::condition_variable own_moved_;
  std::deque<InFlight> in_flight_;
  domain::SequenceNumber own_;
  domain::SequenceNumber remote_;
  Remote needs_ = Remote::kUnknown;
  absl::Status ended_;
  std::atomic<std::uint64_t> tail_{0};
};

}  // namespace xt::replicated
