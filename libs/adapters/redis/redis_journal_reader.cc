#include "libs/adapters/redis/redis_journal_reader.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/journal_reader.h"
#include "libs/base/status.h"

namespace xt::redis {

RedisJournalReader::RedisJournalReader(const RedisConfig& config, const std::string& shard)
    : reader_(std::make_unique<JournalReader>(config, JournalKeys(shard))) {}
RedisJournalReader::~RedisJournalReader() = default;

absl::StatusOr<ports::JournalBase> RedisJournalReader::Base() { return reader_->Base(); }

absl::Status RedisJournalReader::Visit(domain::SequenceNumber from, const ports::CommandJournal::Visitor& visitor) {
  domain::SequenceNumber seen(from.value() - 1);
  XT_RETURN_IF_ERROR(reader_->Visit(from, std::nullopt, [&](const ports::JournalRecord& record) {
    seen = record.last_sequence;
    return visitor(record);
  }));
  // Where all that comes next is trimmed meanwhile, it looks like the end.
  XT_ASSIGN_OR_RETURN(const ports::JournalBase base, Base());
  if (base.sequence <= seen) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the journal was trimmed up to sequence ", base.sequence.value(), " while it was read"));
}

}  // namespace xt::redis
