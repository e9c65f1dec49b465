#include "libs/adapters/redis/internal/journal_reader.h"

#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

constexpr char kPage[] = "64";  // records of one reply: a few megabytes at most
constexpr std::size_t kFields = 4;

// The number at the beginning of `text`; 0, which no journal has, when there is none.
std::uint64_t NumberAt(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

JournalReader::JournalReader(RedisConfig config, JournalKeys keys)
    : keys_(std::move(keys)), connection_(std::move(config)) {}

absl::Status JournalReader::Visit(domain::SequenceNumber from, std::optional<domain::SequenceNumber> last,
                                  const ports::CommandJournal::Visitor& visitor) {
  if (last && (*last < from || last->value() == 0)) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  const std::string end = last ? absl::StrCat(last->value(), "-0") : "+";
  std::string start = absl::StrCat(from.value(), "-0");
  std::optional<JournalEnd> before;
  while (true) {
    XT_ASSIGN_OR_RETURN(const Reply page, connection_.Run({"XRANGE", keys_.stream, start, end, "COUNT", kPage}));
    if (Elements(*page).empty()) break;
    for (const redisReply* entry : Elements(*page)) {
      XT_ASSIGN_OR_RETURN(const ports::JournalRecord record, Parse(*entry));
      XT_RETURN_IF_ERROR(Follows(record, before));
      before = JournalEnd{record.last_sequence, record.hash};
      XT_RETURN_IF_ERROR(visitor(record));
    }
    start = absl::StrCat("(", before->sequence.value(), "-0");
  }
  if (last && (!before || before->sequence != *last)) return Damaged(*last, "was confirmed, but is missing");
  return absl::OkStatus();
}

absl::StatusOr<ports::JournalRecord> JournalReader::Find(domain::SequenceNumber sequence) {
  std::lock_guard lock(mutex_);
  const std::string id = absl::StrCat(sequence.value(), "-0");
  XT_ASSIGN_OR_RETURN(const Reply found, connection_.Run({"XRANGE", keys_.stream, id, id}));
  if (Elements(*found).empty()) return absl::NotFoundError(absl::StrCat("no record ends at ", sequence.value()));
  return Parse(*Elements(*found)[0]);
}

absl::StatusOr<ports::JournalRecord> JournalReader::Parse(const redisReply& entry) const {
  const auto id_and_fields = Elements(entry);
  if (id_and_fields.size() != 2) return absl::DataLossError(absl::StrCat("no entry of a stream in ", keys_.stream));
  ports::JournalRecord record;
  record.last_sequence = domain::SequenceNumber(NumberAt(Text(*id_and_fields[0])));
  const auto fields = Elements(*id_and_fields[1]);
  constexpr std::string_view kNames[kFields] = {"e", "n", "p", "f"};
  bool known = fields.size() == 2 * kFields;
  for (std::size_t i = 0; known && i < kFields; ++i) known = Text(*fields[2 * i]) == kNames[i];
  if (!known) return Damaged(record.last_sequence, "has other fields than a record");
  record.epoch = domain::Epoch(NumberAt(Text(*fields[1])));
  record.first_sequence = domain::SequenceNumber(NumberAt(Text(*fields[3])));
  const auto previous = Hash128::FromBytes(absl::HexStringToBytes(std::string(Text(*fields[5]))));
  if (!previous.ok()) return Damaged(record.last_sequence, "has no previous hash");
  record.previous_hash = *previous;
  record.bytes = std::string(Text(*fields[7]));
  record.hash = HashBytes(record.bytes);
  return record;
}

absl::Status JournalReader::Follows(const ports::JournalRecord& record, const std::optional<JournalEnd>& before) const {
  if (record.first_sequence.value() == 0 || record.last_sequence < record.first_sequence) {
    return Damaged(record.last_sequence, "holds no sequence");
  }
  // Without one before it, it is where the caller starts; the first of all follows nothing.
  if (!before && record.first_sequence.value() != 1) return absl::OkStatus();
  const JournalEnd expected = before.value_or(JournalEnd());
  if (record.previous_hash != expected.hash || record.first_sequence.value() != expected.sequence.value() + 1) {
    return Damaged(record.last_sequence, absl::StrCat("does not follow ", expected.sequence.value(),
                                                      ": one of the two is damaged, or one is missing"));
  }
  return absl::OkStatus();
}

absl::Status JournalReader::Damaged(domain::SequenceNumber sequence, std::string_view what) const {
  return absl::DataLossError(absl::StrCat(keys_.stream, " entry ", sequence.value(), "-0 ", std::string(what)));
}

}  // namespace xt::redis
