#include "libs/adapters/redis/redis_journal_reader.h"

#include <optional>

#include "libs/adapters/redis/internal/journal_reader.h"

namespace xt::redis {

RedisJournalReader::RedisJournalReader(const RedisConfig& config, const std::string& shard)
    : reader_(std::make_unique<JournalReader>(config, JournalKeys(shard))) {}
RedisJournalReader::~RedisJournalReader() = default;

absl::Status RedisJournalReader::Visit(const ports::CommandJournal::Visitor& visitor) {
  return reader_->Visit(domain::SequenceNumber(0), std::nullopt, visitor);
}

}  // namespace xt::redis
