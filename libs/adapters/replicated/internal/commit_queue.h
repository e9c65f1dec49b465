// CommitQueue: the appends under way, in order, and the rule of when one is confirmed: when those copies hold it that
// must.
// Their `done` is called under its lock, on the thread of whoever made the difference. Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "libs/ports/command_journal.h"

namespace xt::replicated {

class CommitQueue {
 public:
  using Done = ports::CommandJournal::AppendDone;
  // The own copy is 0; the others have the numbers behind it.
  static constexpr std::size_t kOwn = 0;
  // Who must hold an append before it is confirmed.
  struct Needs {
    bool known = false;               // false: nothing is confirmed before it is known which copies count
    std::vector<std::size_t> copies;  // all of these; none: nobody must
  };

  // Where each copy ends. The own one has everything that was confirmed, and nothing is under way. What it has behind `sure`
  // is confirmed when those copies have it that must.
  void Begin(const std::vector<domain::SequenceNumber>& held, domain::SequenceNumber sure, const Needs& needs);

  // False, and `done` is called with an error in its turn, when it must not be sent to any copy: because `refused` is an
  // error, or the queue has ended.
  bool Add(domain::SequenceNumber sequence, Done done, const absl::Status& refused);
  void Confirm(std::size_t copy, domain::SequenceNumber sequence);
  void SetNeeds(const Needs& needs);
  // A copy that holds everything up to `sequence` takes the place of the one before it with this number.
  void Replace(std::size_t copy, domain::SequenceNumber sequence, const Needs& needs);
  // Everything that is not confirmed by now fails, and what is added later. The first call counts.
  void End(const absl::Status& why);
  // Why it has ended; OK before.
  [[nodiscard]] absl::Status ended() const;

  // Waits until the own copy holds `sequence`; false when the queue has ended.
  bool WaitForOwn(domain::SequenceNumber sequence);

  [[nodiscard]] domain::SequenceNumber tail() const { return domain::SequenceNumber(tail_.load()); }
  struct Position {
    std::uint64_t in_flight = 0;
    std::vector<domain::SequenceNumber> copies;
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
  std::vector<domain::SequenceNumber> held_;  // by each copy
  domain::SequenceNumber begun_;              // where the own copy ended at Begin
  Needs needs_;
  absl::Status ended_;
  std::atomic<std::uint64_t> tail_{0};
};

}  // namespace xt::replicated
