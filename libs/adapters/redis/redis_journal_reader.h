// RedisJournalReader: the records of a RedisJournal for those who only look: a connection of its own that writes
// nothing and takes nobody's token. One thread.
#pragma once

#include <memory>
#include <string>

#include "libs/adapters/redis/redis_config.h"
#include "libs/ports/command_journal.h"

namespace xt::redis {

class JournalReader;

class RedisJournalReader {
 public:
  RedisJournalReader(const RedisConfig& config, const std::string& shard);
  ~RedisJournalReader();

  // What was trimmed by now. UNAVAILABLE when Redis is away.
  absl::StatusOr<ports::JournalBase> Base();
  // Visits the records that end at `from`, which is not 0, or behind, also those that no other copy has confirmed
  // yet. A visitor's error stops and is returned. OUT_OF_RANGE when some of them were trimmed; UNAVAILABLE when they
  // were trimmed meanwhile, or Redis is away; DATA_LOSS, naming key and entry, for a record that is damaged or does
  // not follow.
  absl::Status Visit(domain::SequenceNumber from, const ports::CommandJournal::Visitor& visitor);

 private:
  const std::unique_ptr<JournalReader> reader_;
};

}  // namespace xt::redis
