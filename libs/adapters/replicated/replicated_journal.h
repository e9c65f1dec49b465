// ReplicatedJournal: the command journal in two copies, written in parallel: the leader's own (its WAL file) and a remote one
// (Redis). An append is confirmed when every copy that counts holds it; which copies count is the in-sync set's to say
// (ports/in_sync_set.h), not this class's.
//
// Open fences both copies, needs one that the set trusts, adopts the chain with the highest (last epoch, last sequence),
// cuts what the other copy holds differently, fills it up, and registers both as members; OpenReport::detail says what was
// done. A remote copy that cannot be reached is left out, if the set permits that.
// The remote copy is lost while running (its handle failed): appends wait until either the set permits to go on without
// it, or it is back. A copy that is back is opened anew, made equal, and required from the moment on in which the set is
// asked to take it in. A copy with another identity (a restarted Redis) does not count before the set knows it.
// A remote copy that cannot be made equal (its data are damaged) stays lost; Stats says why.
// Final errors, after which the caller must step down: the own copy fails; any copy is FENCED; the set says that another
// leads.
// The remote copy must fail, rather than go on, when it finds itself with another identity (RedisJournalOptions::
// on_restart refuses).
// Bound: that of the copies' queues: Append waits for room in both. So it must not be called from inside a `done`.
// Threads: as the port says; Read and Stats from any thread. `done` is called on a thread of a copy or of this class, one at
// a time. The in-sync set outlives the journal and is called on the thread of Open and on a thread of this class.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "libs/ports/in_sync_set.h"
#include "libs/ports/journal_copy.h"

namespace xt::replicated {

struct ReplicatedJournalOptions {
  std::int64_t retry_pause_ms = 50;  // > 0; between two attempts to change the set, or to reach a lost copy
};

struct ReplicatedJournalStats {
  bool remote_required = false;    // false: degraded, the own copy alone confirms
  std::uint64_t in_flight = 0;     // appends that are not confirmed
  std::uint64_t own_sequence = 0;  // confirmed by each copy; the journal's tail lies behind both
  std::uint64_t remote_sequence = 0;
  std::uint64_t remote_losses = 0;
  std::uint64_t remote_rejoins = 0;
  std::uint64_t filled_records = 0;   // appended to a copy that lacked them
  std::uint64_t cut_tails = 0;        // of copies that held something else
  std::uint64_t refused_changes = 0;  // of the set, asked again
  std::string remote_error;           // why the remote copy is lost; empty while it is not
};

class ReplicatedJournal final : public ports::CommandJournal {
 public:
  using Connect = std::function<std::unique_ptr<ports::JournalCopy>()>;  // a new handle on the remote copy

  ReplicatedJournal(std::unique_ptr<ports::JournalCopy> own, Connect remote, ports::InSyncSet& in_sync,
                    ReplicatedJournalOptions options = {});
  ~ReplicatedJournal() override;

  // Once per object. UNAVAILABLE when no trusted copy can be reached; DATA_LOSS when the two copies contradict each other.
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override;
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override;
  void Append(ports::JournalRecord record, AppendDone done) override;
  [[nodiscard]] domain::SequenceNumber TailSequence() const override;

  [[nodiscard]] ReplicatedJournalStats Stats() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::replicated
