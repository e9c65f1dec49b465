#include "libs/adapters/redis/internal/execution_entries.h"

#include <charconv>
#include <memory>
#include <span>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::redis {

absl::StatusOr<std::uint64_t> ParseSequence(std::string_view text) {
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error != std::errc() || (end != text.data() + text.size() && *end != '-')) {
    return absl::DataLossError(absl::StrCat("no entry of an execution stream: ", std::string(text)));
  }
  return sequence;
}

absl::StatusOr<std::vector<ports::EventEntry>> ParseEntries(const redisReply& reply) {
  std::vector<ports::EventEntry> entries;
  for (const redisReply* stream : Elements(reply)) {
    const auto parts = Elements(*stream);
    if (parts.size() != 2) continue;
    for (const redisReply* entry : Elements(*parts[1])) {
      const auto id_and_fields = Elements(*entry);
      const auto fields = id_and_fields.size() == 2 ? Elements(*id_and_fields[1]) : std::span<redisReply* const>();
      if (fields.size() != 2) return absl::DataLossError("an entry of another kind in an execution stream");
      XT_ASSIGN_OR_RETURN(const std::uint64_t sequence, ParseSequence(Text(*id_and_fields[0])));
      entries.push_back({domain::SequenceNumber(sequence), std::make_shared<const std::string>(Text(*fields[1]))});
    }
  }
  return entries;
}

}  // namespace xt::redis
