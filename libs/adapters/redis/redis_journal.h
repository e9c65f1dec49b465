// RedisJournal: the command journal as a Redis Stream `xt:{<shard>}:journal` and the hash `xt:{<shard>}:journal:end`, on a
// Redis of its own. One entry per frame, with the id `<last sequence>-0` and the fields `e` epoch, `n` first sequence,
// `p` previous hash (hex), `f` the bytes of the frame. Every write is a script that compares the token and the end of the
// chain (internal/journal_scripts.h). What was trimmed is gone from the stream, up to the base in the hash.
//
// Token: epoch * 2^20 + a number that grows with every connection of whoever writes, so that neither an older leader
// nor a late command of an earlier connection of this one can write. A caller's own token must not fall, either.
// Lost connection, lost reply, time-out, full Redis: the writer connects anew, which fences whatever is still under way,
// compares the end, and sends again what is not there. It gives up after `give_up_after_ms`: then the status is
// UNAVAILABLE, final as the port says. Appends under way wait meanwhile.
// A Redis that was restarted (its run id differs) may have lost confirmed frames: `on_restart` must allow to go on, then
// the missing frames are appended from memory, of which `kept_bytes` are kept. If that is not enough, or the journal is
// not the one that it was (wiped), the status is DATA_LOSS.
// Durability: `done(OK)` means that Redis has it in memory and hands it to its disk within about 2 s (appendfsync
// everysec). That alone keeps no promise through a crash of Redis and of the leader: hence a second copy
// (libs/adapters/replicated). With `needs_fsync_always` every connection asks Redis for its appendfsync and refuses
// another than always (FAILED_PRECONDITION): then it means that Redis has it on its disk, and a restarted Redis is the
// same copy.
// Bound: an Append that finds `max_queued_frames` waiting waits for room. So it must not be called from inside a `done`.
// Threads: as the port says; Read and Stats from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "libs/adapters/redis/redis_config.h"
#include "libs/ports/journal_copy.h"

namespace xt::redis {

struct RedisJournalOptions {
  std::string shard = "0";
  std::size_t max_queued_frames = 1'024;   // > 0
  std::uint64_t kept_bytes = 64ULL << 20;  // of confirmed frames
  std::int64_t give_up_after_ms = 500;     // >= 0; counted from the first failure
  std::int64_t retry_pause_ms = 10;        // > 0; between two attempts to connect
  bool needs_fsync_always = false;
  // Whether this leader may go on with a Redis that was restarted: it still leads, by a read that is not stale. Called on the
  // journal's thread before anything is written there. UNAVAILABLE: asked again; any other error is final.
  std::function<absl::Status(const std::string& run_id)> on_restart = [](const std::string&) {
    return absl::OkStatus();
  };
};

struct RedisJournalStats {
  std::uint64_t queued_frames = 0;
  std::uint64_t confirmed_sequence = 0;
  std::uint64_t lost_connections = 0;
  std::uint64_t refused_writes = 0;  // by a Redis that had no room
  std::uint64_t accepted_late = 0;   // frames whose reply was lost and that were found
  std::uint64_t sent_again = 0;      // frames that were not there after a lost connection
  std::uint64_t restored = 0;        // confirmed frames that a restarted Redis had lost, appended from memory
  std::uint64_t restarts = 0;        // of Redis, seen by its run id
};

class RedisJournal final : public ports::JournalCopy {
 public:
  explicit RedisJournal(const RedisConfig& config, const RedisJournalOptions& options = {});
  ~RedisJournal() override;

  // Once per object. Fences every other writer, then verifies every record. INVALID_ARGUMENT for an epoch of 2^43 and more.
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override;
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override;
  void Append(ports::JournalRecord record, AppendDone done) override;
  [[nodiscard]] domain::SequenceNumber TailSequence() const override;
  [[nodiscard]] ports::JournalBase Base() const override;
  // All records up to `upto`. FAILED_PRECONDITION "FENCED" also where the writer connects anew just then.
  absl::Status TrimFront(domain::SequenceNumber upto) override;

  // "redis:<uuid of the journal>:<run id>", and ":always" behind it where Redis has every confirmed frame on its disk.
  [[nodiscard]] std::string Identity() const override;
  // Of the same uuid, and of the same run, or written down by a leader for whom Redis had everything on its disk.
  [[nodiscard]] bool Is(const std::string& member) const override;
  absl::Status CutTail(domain::SequenceNumber keep) override;
  absl::Status BeginAt(const ports::JournalBase& base) override;

  [[nodiscard]] ports::JournalDamage Damage() const override;
  absl::Status Salvage(domain::SequenceNumber first, domain::SequenceNumber last, const Visitor& visitor) override;
  // The damaged journal stays in Redis, with `:damaged:<uuid>` behind the names of its keys.
  absl::StatusOr<ports::OpenReport> OpenAnew(ports::FencingToken token) override;

  [[nodiscard]] RedisJournalStats Stats() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::redis
