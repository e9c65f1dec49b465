#include "libs/adapters/redis/internal/journal_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/journal_scripts.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

constexpr std::size_t kFields = 4;

// How many records to ask for at once: few, as long as it is not known how long they are, so that a reply is a few
// megabytes at most, and then so many that the way to the server and back does not count.
class PageSize {
 public:
  [[nodiscard]] std::string count() const { return absl::StrCat(count_); }
  void Saw(std::size_t bytes) {
    if (bytes > kMostBytes) count_ = std::max(count_ / 2, kFewest);
    if (bytes < kMostBytes / 4) count_ = std::min(count_ * 2, kMost);
  }

 private:
  static constexpr std::size_t kFewest = 64;
  static constexpr std::size_t kMost = 1'024;
  static constexpr std::size_t kMostBytes = 1 << 20;
  std::size_t count_ = kFewest;
};

// The number at the beginning of `text`; 0, which no journal has, when there is none.
std::uint64_t NumberAt(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Walks over all entries, good and bad, and keeps what is known of the damage.
class DamageFinder {
 public:
  DamageFinder(const std::string& stream, const ports::JournalBase& base)
      : stream_(stream), last_(ports::EmptyBehind(base)), whole_from_(base.sequence.value() + 1) {}

  void Add(const ports::JournalRecord& record) {
    if (record.first_sequence.value() == 0 || record.last_sequence < record.first_sequence) {
      return AddDamaged(record.last_sequence);
    }
    const std::uint64_t expected = last_.last_sequence.value() + 1;
    if (record.first_sequence.value() > expected) {
      Note(expected, record.first_sequence.value() - 1, record.last_sequence);
    } else if (record.first_sequence.value() < expected || (judged_ && record.previous_hash != last_.last_hash)) {
      // One of the two is damaged, and it does not tell which.
      Note(last_first_, record.last_sequence.value(), record.last_sequence);
    }
    if (whole_from_ == 0) whole_from_ = record.first_sequence.value();
    last_first_ = record.first_sequence.value();
    last_.last_sequence = record.last_sequence;
    last_.last_hash = record.hash;
    last_.last_epoch = record.epoch;
    judged_ = true;
  }
  void AddDamaged(domain::SequenceNumber sequence) {
    Note(last_.last_sequence.value() + 1, sequence.value(), sequence);
    last_.last_sequence = sequence;
    judged_ = false;
  }
  ports::JournalDamage Finish(const JournalEnd& end) && {
    const bool whole = judged_ && JournalEnd{last_.last_sequence, last_.last_hash} == end;
    if (!whole && last_.last_sequence < end.sequence)
      Note(last_.last_sequence.value() + 1, end.sequence.value(), end.sequence);
    if (!whole && last_.last_sequence >= end.sequence)
      Note(last_first_, last_.last_sequence.value(), last_.last_sequence);
    damage_.whole_from = domain::SequenceNumber(whole ? whole_from_ : 0);
    damage_.end.last_sequence = end.sequence;
    damage_.end.last_hash = end.hash;
    if (whole) damage_.end.last_epoch = last_.last_epoch;
    return std::move(damage_);
  }

 private:
  void Note(std::uint64_t first, std::uint64_t last, domain::SequenceNumber entry) {
    if (damage_.first.value() == 0) {
      damage_.first = domain::SequenceNumber(std::max<std::uint64_t>(first, 1));
      damage_.place = absl::StrCat(stream_, " entry ", entry.value(), "-0");
    }
    damage_.last = domain::SequenceNumber(std::max(last, damage_.last.value()));
    whole_from_ = 0;
  }

  const std::string& stream_;
  ports::JournalDamage damage_;
  ports::OpenReport last_;        // the last entry
  std::uint64_t last_first_ = 0;  // the first sequence of it
  bool judged_ = true;            // the last entry was good by itself
  std::uint64_t whole_from_;      // since here everything joins
};

}  // namespace

JournalReader::JournalReader(RedisConfig config, JournalKeys keys)
    : keys_(std::move(keys)), connection_(std::move(config)) {}

absl::Status JournalReader::Visit(domain::SequenceNumber from, std::optional<domain::SequenceNumber> last,
                                  const ports::CommandJournal::Visitor& visitor) {
  if (last && (*last < from || last->value() == 0)) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  XT_ASSIGN_OR_RETURN(const ports::JournalBase base, ReadBase());
  if (from.value() != 0 && from <= base.sequence) {
    return absl::OutOfRangeError(
        absl::StrCat(keys_.stream, " begins behind sequence ", base.sequence.value(), ", what is before was trimmed"));
  }
  absl::Status status = VisitFrom(base, from, last, visitor);
  if (!absl::IsDataLoss(status)) return status;
  XT_ASSIGN_OR_RETURN(const ports::JournalBase now, ReadBase());
  if (now == base) return status;
  return absl::UnavailableError(absl::StrCat(keys_.stream, " was trimmed while it was read"));
}

absl::StatusOr<ports::JournalBase> JournalReader::Base() {
  std::lock_guard lock(mutex_);
  return ReadBase();
}

absl::StatusOr<ports::JournalBase> JournalReader::ReadBase() {
  XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Run({"HMGET", keys_.end, "b", "bh", "be"}));
  const auto parts = Elements(*reply);
  if (parts.size() != 3 || IsNil(*parts[0])) return ports::JournalBase();
  return ParseBase(keys_.end, Text(*parts[0]), Text(*parts[1]), Text(*parts[2]));
}

absl::Status JournalReader::VisitFrom(const ports::JournalBase& base, domain::SequenceNumber from,
                                      std::optional<domain::SequenceNumber> last,
                                      const ports::CommandJournal::Visitor& visitor) {
  const std::string end = last ? absl::StrCat(last->value(), "-0") : "+";
  std::string start = absl::StrCat(std::max(from.value(), base.sequence.value() + 1), "-0");
  std::optional<JournalEnd> before;
  if (from.value() <= base.sequence.value() + 1) before = {base.sequence, base.hash};
  PageSize size;
  while (true) {
    XT_ASSIGN_OR_RETURN(const Reply page, connection_.Run({"XRANGE", keys_.stream, start, end, "COUNT", size.count()}));
    if (Elements(*page).empty()) break;
    std::size_t bytes = 0;
    for (const redisReply* entry : Elements(*page)) {
      XT_ASSIGN_OR_RETURN(const ports::JournalRecord record, Parse(*entry));
      XT_RETURN_IF_ERROR(Follows(record, before));
      before = JournalEnd{record.last_sequence, record.hash};
      bytes += record.bytes.size();
      XT_RETURN_IF_ERROR(visitor(record));
    }
    size.Saw(bytes);
    start = absl::StrCat("(", before->sequence.value(), "-0");
  }
  if (last && *last > base.sequence && (!before || before->sequence != *last))
    return Damaged(*last, "was confirmed, but is missing");
  return absl::OkStatus();
}

absl::StatusOr<ports::JournalDamage> JournalReader::FindDamage(const JournalEnd& end) {
  std::lock_guard lock(mutex_);
  XT_ASSIGN_OR_RETURN(const ports::JournalBase base, ReadBase());
  DamageFinder finder(keys_.stream, base);
  std::string start = absl::StrCat("(", base.sequence.value(), "-0");
  PageSize size;
  while (true) {
    XT_ASSIGN_OR_RETURN(const Reply page, connection_.Run({"XRANGE", keys_.stream, start, "+", "COUNT", size.count()}));
    if (Elements(*page).empty()) return std::move(finder).Finish(end);
    std::size_t bytes = 0;
    for (const redisReply* entry : Elements(*page)) {
      const std::string id(Text(*Elements(*entry)[0]));
      const auto record = Parse(*entry);
      if (record.ok()) {
        bytes += record->bytes.size();
        finder.Add(*record);
      } else {
        finder.AddDamaged(domain::SequenceNumber(NumberAt(id)));
      }
      start = "(" + id;
    }
    size.Saw(bytes);
  }
}

absl::StatusOr<ports::JournalRecord> JournalReader::Find(domain::SequenceNumber sequence) {
  std::lock_guard lock(mutex_);
  const std::string id = absl::StrCat(sequence.value(), "-0");
  XT_ASSIGN_OR_RETURN(const Reply found, connection_.Run({"XRANGE", keys_.stream, id, id}));
  if (Elements(*found).empty()) return absl::NotFoundError(absl::StrCat("no record ends at ", sequence.value()));
  return Parse(*Elements(*found)[0]);
}

absl::StatusOr<ports::JournalBase> JournalReader::TrimFront(const std::string& token, domain::SequenceNumber upto) {
  std::lock_guard lock(mutex_);
  XT_ASSIGN_OR_RETURN(const ports::JournalBase base, ReadBase());
  XT_ASSIGN_OR_RETURN(const Reply found,
                      connection_.Run({"XREVRANGE", keys_.stream, absl::StrCat(upto.value(), "-0"),
                                       absl::StrCat("(", base.sequence.value(), "-0"), "COUNT", "1"}));
  if (Elements(*found).empty()) return base;
  XT_ASSIGN_OR_RETURN(const ports::JournalRecord record, Parse(*Elements(*found)[0]));
  const ports::JournalBase next{record.last_sequence, record.hash, record.epoch};
  XT_RETURN_IF_ERROR(connection_
                         .Eval(scripts::kTrimFront, {keys_.stream, keys_.end},
                               {token, absl::StrCat(next.sequence.value()), next.hash.ToHex(),
                                absl::StrCat(next.epoch.value()), absl::StrCat(next.sequence.value() + 1, "-0")})
                         .status());
  return next;
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
  if (!before) return absl::OkStatus();  // it is where the caller starts
  if (record.previous_hash != before->hash || record.first_sequence.value() != before->sequence.value() + 1) {
    return Damaged(record.last_sequence, absl::StrCat("does not follow ", before->sequence.value(),
                                                      ": one of the two is damaged, or one is missing"));
  }
  return absl::OkStatus();
}

absl::Status JournalReader::Damaged(domain::SequenceNumber sequence, std::string_view what) const {
  return absl::DataLossError(absl::StrCat(keys_.stream, " entry ", sequence.value(), "-0 ", std::string(what)));
}

}  // namespace xt::redis
