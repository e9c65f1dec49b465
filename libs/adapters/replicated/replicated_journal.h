// ReplicatedJournal: the command journal in several copies, written in parallel: the leader's own (its WAL file), a remote one
// (Redis), and the files of sequencers that stand by, if there are any. ReplicatedJournalOptions::confirmation says who must
// hold an append before it is confirmed; which copies count is the in-sync set's to say (ports/in_sync_set.h), not this
// class's. A copy that need not confirm gets everything too, behind.
//
// Open fences the own and the remote copy, needs one that the set trusts, adopts the chain with the highest (last epoch, last
// sequence), cuts what the other copy holds differently, fills it up, and registers both as members; a copy that lacks what the other
// one has trimmed begins where that one does; OpenReport::detail says what was done. A remote copy that cannot be reached is left
// out, if the set permits that, and so is one that lacks more than 10,000 commands of the own copy: it is filled up like one
// that comes back. With `min_copies` 2 and no standby both are needed.
// A standby's file plays no part in Open: it is fed from then on, like a remote copy that comes back. Its holder leads with it one
// day, as its own. With `min_copies` 2 Open may then begin with the own copy alone: the set stays as it was, and nothing is
// confirmed, also nothing of what the own copy has, until so many are there: its end may be what no leader confirmed, and what
// the next one does not find.
// A copy is lost while running (its handle failed): appends wait until either the set permits to go on with those that are left,
// as long as these are `min_copies`, or it is back; Accepting says when they are less. A copy that is back is
// opened anew, made equal, and required from then on, before the set is asked to take it in. A copy with another
// identity (a restarted Redis) does not count before the set knows it. An append is confirmed when every copy has it that the set may
// name: while it may name one that is not there, none is.
// A damaged copy (its Open answers DATA_LOSS) is repaired from the other one, at Open, and the remote one and a standby's also when it
// comes back; on_repair is told. The own copy is mended in place where the hashes before and behind the damage prove that the remote
// copy has what was there; where its end is lost it is kept aside and filled up from a remote copy that the set trusts. The remote
// copy is kept aside and filled up anew, once the own one has everything and is the only member, a standby's once the own one
// surely is a member. What neither copy has is DATA_LOSS, naming the sequences and both places; nothing is changed then.
// Confirmation::kNobody promises nothing: the set carries kNothingSure from Open to an end in order, behind which a
// leader that promises more does not open, since the copies may lack what was confirmed last.
// Where no copy is trusted, or nothing was promised before, Open refuses, unless the set carries a mark of an operator
// (unclean_leader.h): then it takes what it reaches, and on_unclean_start writes that down before anything is changed.
// With the first change of the set the mark is gone: it counts once.
// Final errors, after which the caller must step down: the own copy fails; any copy is FENCED; the set says that another
// leads.
// The remote copy must fail, rather than go on, when it finds itself with another identity (RedisJournalOptions::
// on_restart refuses).
// Bound: that of the copies' queues: Append waits for room in all. So it must not be called from inside a `done`.
// Threads: as the port says; Read and Stats from any thread. `done` is called on a thread of a copy or of this class, one at
// a time. The in-sync set outlives the journal and is called on the thread of Open and on threads of this class, one call at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/adapters/replicated/unclean_leader.h"
#include "libs/ports/in_sync_set.h"
#include "libs/ports/journal_copy.h"

namespace xt::replicated {

// Who must hold an append before it is confirmed, while both copies are there.
enum class Confirmation { kNobody, kRemote, kBoth };

// In the set: what was confirmed last may be in none of its members.
inline constexpr char kNothingSure[] = "nothing-sure";

// A copy that was damaged and is whole again.
struct JournalRepair {
  std::string copy;    // "own", "remote" or the standby's name
  std::string range;   // of sequences (ports::RangeOf); empty when none was lost
  std::string place;   // file and offset, or key and entry
  std::string source;  // the identity of the copy that had it
  std::string detail;  // where the damaged data are kept
};

// The file of a sequencer that stands by.
struct StandbyCopy {
  std::string name;                                              // of the sequencer, for logs and metrics
  std::function<std::unique_ptr<ports::JournalCopy>()> connect;  // a new handle on it
};

struct ReplicatedJournalOptions {
  std::int64_t retry_pause_ms = 50;  // > 0; between two attempts to change the set, or to reach a lost copy
  Confirmation confirmation = Confirmation::kBoth;
  int min_copies = 1;                 // with kBoth up to 2 + standbys.size(): nothing is confirmed by less
  std::vector<StandbyCopy> standbys;  // only with kBoth
  // Why the remote copy is lost; OK when it is back and the set knows it. On a thread of the journal; must not block.
  std::function<void(const absl::Status&)> on_remote = [](const absl::Status&) {};
  // The same of a standby's copy, once it was asked for. On a thread of its own.
  std::function<void(const std::string& standby, const absl::Status&)> on_standby = [](const std::string&,
                                                                                       const absl::Status&) {};
  // On the thread of Open or one of the journal; must not block.
  std::function<void(const JournalRepair&)> on_repair = [](const JournalRepair&) {};
  // On the thread of Open, which waits for it: OK when it is written down durably; an error ends Open.
  std::function<absl::Status(const UncleanStart&)> on_unclean_start = [](const UncleanStart&) {
    return absl::FailedPreconditionError("nothing here writes an unclean start down");
  };
};

struct ReplicatedJournalStats {
  bool remote_required = false;    // false: degraded, the set does not know it
  std::uint64_t in_flight = 0;     // appends that are not confirmed
  std::uint64_t own_sequence = 0;  // confirmed by each copy; the journal's tail lies behind both
  std::uint64_t remote_sequence = 0;
  std::uint64_t remote_losses = 0;
  std::uint64_t remote_rejoins = 0;
  std::uint64_t filled_records = 0;   // appended to a copy that lacked them
  std::uint64_t cut_tails = 0;        // of copies that held something else
  std::uint64_t refused_changes = 0;  // of the set, asked again
  std::uint64_t own_repairs = 0;
  std::uint64_t remote_repairs = 0;
  std::uint64_t unclean_starts = 0;
  std::string remote_error;  // why the remote copy is lost; empty while it is not
  struct Standby {
    std::string name;
    bool required = false;       // it is in sync and counts
    std::uint64_t sequence = 0;  // confirmed by it
    std::uint64_t losses = 0;
    std::uint64_t rejoins = 0;
    std::uint64_t repairs = 0;
    std::string error;  // why it is lost; empty while it is not, and before it was asked for
  };
  std::vector<Standby> standbys;
};

class ReplicatedJournal final : public ports::CommandJournal {
 public:
  using Connect = std::function<std::unique_ptr<ports::JournalCopy>()>;  // a new handle on the remote copy

  ReplicatedJournal(std::unique_ptr<ports::JournalCopy> own, Connect remote, ports::InSyncSet& in_sync,
                    ReplicatedJournalOptions options = {});
  ~ReplicatedJournal() override;

  // Once per object. UNAVAILABLE when no trusted copy can be reached and no mark stands in the set; DATA_LOSS when
  // the two copies contradict each other, or damage cannot be repaired.
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override;
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override;
  void Append(ports::JournalRecord record, AppendDone done) override;
  [[nodiscard]] domain::SequenceNumber TailSequence() const override;
  // Of the own copy.
  [[nodiscard]] ports::JournalBase Base() const override;
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> ReadableFrom() override;
  // All copies. What a copy that is lost just then keeps, it keeps until the next call.
  absl::Status TrimFront(domain::SequenceNumber upto) override;
  [[nodiscard]] absl::Status Accepting() const override;

  [[nodiscard]] ReplicatedJournalStats Stats() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::replicated
