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

  // Visits all records that are there, also those that no other copy has confirmed yet. A visitor's error stops and is
  // returned. DATA_LOSS, naming key and entry, for a record that is damaged or does not follow; UNAVAILABLE when Redis
  // is away.
  absl::Status Visit(const ports::CommandJournal::Visitor& visitor);

 private:
  const std::unique_ptr<JournalReader> reader_;
};

}  // namespace xt::redis
