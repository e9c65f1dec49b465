#include "tools/xtraderctl/journal/journal_source.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/wal_reader.h"
#include "libs/adapters/redis/redis_journal_reader.h"
#include "libs/base/status.h"
#include "tools/xtraderctl/journal/redis_address.h"

namespace xt::ctl {
namespace {

using domain::SequenceNumber;
using ports::JournalBase;
using Visitor = JournalSource::Visitor;

constexpr int kAttempts = 3;  // at a journal that is trimmed while it is read

class RedisStretch final : public Stretch {
 public:
  RedisStretch(const JournalBase& base, const JournalBase& end, std::shared_ptr<redis::RedisJournalReader> reader)
      : Stretch(base, end), reader_(std::move(reader)) {}
  absl::StatusOr<std::string> Read(SequenceNumber from, const Visitor& visitor) override {
    const absl::Status read = reader_->Visit(from, visitor);
    if (absl::IsOutOfRange(read)) return absl::UnavailableError(read.message());
    if (!read.ok()) return read;
    return std::string();
  }

 private:
  const std::shared_ptr<redis::RedisJournalReader> reader_;
};

class Redis final : public CopySource {
 public:
  Redis(const std::string& address, const redis::RedisConfig& config, const std::string& shard)
      : name_(absl::StrCat("redis ", address, " xt:{", shard, "}:journal")),
        reader_(std::make_shared<redis::RedisJournalReader>(config, shard)) {}
  [[nodiscard]] std::string name() const override { return name_; }
  absl::StatusOr<std::string> Read(const Begins& begins, const Visitor& visitor) override;
  absl::StatusOr<Holdings> Look() override;

 private:
  const std::string name_;
  const std::shared_ptr<redis::RedisJournalReader> reader_;
};

absl::StatusOr<std::string> Redis::Read(const Begins& begins, const Visitor& visitor) {
  absl::Status read;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    XT_ASSIGN_OR_RETURN(const JournalBase base, reader_->Base());
    XT_RETURN_IF_ERROR(begins(BeginningOf(name_, base)));
    bool empty = base.sequence.value() == 0;
    absl::Status stopped;
    read = reader_->Visit(SequenceNumber(base.sequence.value() + 1), [&](const ports::JournalRecord& record) {
      empty = false;
      stopped = visitor(record);
      return stopped;
    });
    if (!stopped.ok()) return stopped;
    if (read.ok() && empty) return absl::NotFoundError(absl::StrCat(name_, " is empty"));
    if (read.ok()) return std::string();
    if (!absl::IsOutOfRange(read) && !absl::IsUnavailable(read)) return read;
  }
  return absl::UnavailableError(read.message());
}

absl::StatusOr<Holdings> Redis::Look() {
  JournalBase base;
  ChainEnd chain(base);
  const auto read = Read(
      [&](const Beginning& beginning) {
        base = beginning.base;
        chain = ChainEnd(base);
        return absl::OkStatus();
      },
      [&](const ports::JournalRecord& record) {
        chain.Take(record);
        return absl::OkStatus();
      });
  if (!read.ok() && !absl::IsDataLoss(read.status())) return read.status();
  Holdings holdings;
  holdings.journal = std::make_unique<RedisStretch>(base, chain.end(), reader_);
  holdings.forgets = true;
  return holdings;
}

using SharedReader = std::shared_ptr<const embedded::WalReader>;

absl::StatusOr<std::string> NoteOf(absl::StatusOr<std::string> torn) {
  if (!torn.ok() || torn->empty()) return torn;
  return absl::StrCat("a torn tail is ignored: ", *torn);
}

class WalJournalStretch final : public Stretch {
 public:
  WalJournalStretch(const JournalBase& end, SharedReader reader)
      : Stretch(reader->base(), end), reader_(std::move(reader)) {}
  absl::StatusOr<std::string> Read(SequenceNumber from, const Visitor& visitor) override {
    return NoteOf(reader_->Read(from, visitor));
  }

 private:
  const SharedReader reader_;
};

class WalHistoryStretch final : public Stretch {
 public:
  WalHistoryStretch(embedded::WalStretch stretch, SharedReader reader)
      : Stretch(stretch.base, stretch.end), stretch_(std::move(stretch)), reader_(std::move(reader)) {}
  absl::StatusOr<std::string> Read(SequenceNumber from, const Visitor& visitor) override {
    XT_RETURN_IF_ERROR(reader_->ReadStretch(stretch_, from, visitor));
    return std::string();
  }

 private:
  const embedded::WalStretch stretch_;
  const SharedReader reader_;
};

// Of which not even the beginning can be read.
class UnreadableStretch final : public Stretch {
 public:
  explicit UnreadableStretch(absl::Status why) : Stretch({}, {}), why_(std::move(why)) {}
  absl::StatusOr<std::string> Read(SequenceNumber /*from*/, const Visitor& /*visitor*/) override { return why_; }

 private:
  const absl::Status why_;
};

class Wal final : public CopySource {
 public:
  explicit Wal(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::string name() const override { return "wal " + folder_; }
  absl::StatusOr<std::string> Read(const Begins& begins, const Visitor& visitor) override {
    XT_ASSIGN_OR_RETURN(const embedded::WalReader reader, embedded::WalReader::Open(folder_));
    XT_RETURN_IF_ERROR(begins(BeginningOf(name(), reader.base())));
    return NoteOf(reader.Read(SequenceNumber(0), visitor));
  }
  absl::StatusOr<Holdings> Look() override;

 private:
  void AddSetAside(Holdings& holdings) const;

  const std::string folder_;
};

void AddHistory(embedded::WalHistory history, const SharedReader& reader, Holdings& holdings) {
  for (embedded::WalStretch& stretch : history.stretches) {
    holdings.history.push_back(std::make_unique<WalHistoryStretch>(std::move(stretch), reader));
  }
}

// All that is read here has the beginning that the journal has now, whatever its owner trims meanwhile.
absl::StatusOr<Holdings> Wal::Look() {
  Holdings holdings;
  auto opened = embedded::WalReader::Open(folder_);
  if (absl::IsDataLoss(opened.status())) {
    holdings.journal = std::make_unique<UnreadableStretch>(opened.status());
    return holdings;
  }
  XT_RETURN_IF_ERROR(opened.status());
  const auto reader = std::make_shared<const embedded::WalReader>(*std::move(opened));
  AddSetAside(holdings);
  auto history = reader->FindHistory();
  holdings.damage = history.ok() ? history->damage : std::string(MessageOf(history.status()));
  if (history.ok()) AddHistory(*std::move(history), reader, holdings);
  ChainEnd chain(reader->base());
  const auto read = reader->Read(SequenceNumber(0), [&](const ports::JournalRecord& record) {
    chain.Take(record);
    return absl::OkStatus();
  });
  if (!read.ok() && !absl::IsDataLoss(read.status())) return read.status();
  holdings.journal = std::make_unique<WalJournalStretch>(chain.end(), reader);
  return holdings;
}

// Whole journals that a repair has put aside, with their history. That they are damaged was said then.
void Wal::AddSetAside(Holdings& holdings) const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (!entry.path().filename().string().starts_with("damaged-")) continue;
    auto opened = embedded::WalReader::Open(entry.path());
    if (!opened.ok()) continue;  // single files that were made anew
    const auto reader = std::make_shared<const embedded::WalReader>(*std::move(opened));
    if (auto all = reader->FindAll(); all.ok()) AddHistory(*std::move(all), reader, holdings);
  }
}

}  // namespace

void ChainEnd::Take(const ports::JournalRecord& record) {
  ended_ = ended_ || record.first_sequence.value() != end_.sequence.value() + 1 || record.previous_hash != end_.hash ||
           record.last_sequence < record.first_sequence;
  if (!ended_) end_ = {record.last_sequence, record.hash, record.epoch};
}

Beginning BeginningOf(const std::string& name, const JournalBase& base) {
  if (base.sequence.value() == 0) return {base, {}, {}};
  return {base, absl::StrCat(name, " begins behind sequence ", base.sequence.value()), {}};
}

absl::StatusOr<std::unique_ptr<CopySource>> RedisSource(const std::string& address, const std::string& shard) {
  XT_ASSIGN_OR_RETURN(const redis::RedisConfig config, RedisConfigOf(address));
  return std::make_unique<Redis>(address, config, shard);
}

std::unique_ptr<CopySource> WalSource(const std::string& folder) { return std::make_unique<Wal>(folder); }

absl::StatusOr<CopySources> SourcesOf(const Places& places, const std::string& shard) {
  CopySources sources;
  if (!places.redis_journal.empty()) {
    XT_ASSIGN_OR_RETURN(sources.emplace_back(), RedisSource(places.redis_journal, shard));
  }
  for (const std::string& folder : places.wals) sources.push_back(WalSource(folder));
  return sources;
}

}  // namespace xt::ctl
