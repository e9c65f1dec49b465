// JournalReader: reads the records of a journal, over a connection of its own that appends nothing, and verifies what it
// reads: the hash of every record, and that each follows the one before. Thread-safe: one call at a time.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "libs/adapters/redis/internal/journal_link.h"
#include "libs/ports/journal_copy.h"

namespace xt::redis {

class JournalReader {
 public:
  JournalReader(RedisConfig config, JournalKeys keys);

  // Visits the records that end at `from` or behind, up to the one that ends at `last`; without `last` all that are there.
  // Where `from` is 0, or that of the first record, it must follow the base. OUT_OF_RANGE when records from `from` on were
  // trimmed; DATA_LOSS, naming key and entry, for a damaged or missing record; UNAVAILABLE when they were trimmed meanwhile.
  absl::Status Visit(domain::SequenceNumber from, std::optional<domain::SequenceNumber> last,
                     const ports::CommandJournal::Visitor& visitor);
  // What was trimmed by now.
  absl::StatusOr<ports::JournalBase> Base();
  // What is damaged of a journal that says that it ends at `end`; reads all of it.
  absl::StatusOr<ports::JournalDamage> FindDamage(const JournalEnd& end);
  // Forgets the records of which the last sequence is <= `upto`, as the connection of `token`, and returns the base that is
  // there then. FAILED_PRECONDITION "FENCED" when another connection writes.
  absl::StatusOr<ports::JournalBase> TrimFront(const std::string& token, domain::SequenceNumber upto);
  // The record that ends at `sequence`; NOT_FOUND when none does.
  absl::StatusOr<ports::JournalRecord> Find(domain::SequenceNumber sequence);

 private:
  // Under the lock.
  absl::StatusOr<ports::JournalBase> ReadBase();
  absl::Status VisitFrom(const ports::JournalBase& base, domain::SequenceNumber from,
                         std::optional<domain::SequenceNumber> last, const ports::CommandJournal::Visitor& visitor);
  absl::StatusOr<ports::JournalRecord> Parse(const redisReply& entry) const;
  absl::Status Follows(const ports::JournalRecord& record, const std::optional<JournalEnd>& before) const;
  absl::Status Damaged(domain::SequenceNumber sequence, std::string_view what) const;

  const JournalKeys keys_;
  std::mutex mutex_;
  RedisConnection connection_;
};

}  // namespace xt::redis
