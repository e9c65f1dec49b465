#include "tools/xtraderctl/journal/journal_source.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/wal_reader.h"
#include "libs/adapters/redis/redis_journal_reader.h"
#include "libs/base/status.h"
#include "tools/xtraderctl/journal/redis_address.h"

namespace xt::ctl {
namespace {

class Redis final : public JournalSource {
 public:
  Redis(const std::string& address, const redis::RedisConfig& config, const std::string& shard)
      : name_(absl::StrCat("redis ", address, " xt:{", shard, "}:journal")), reader_(config, shard) {}
  [[nodiscard]] std::string name() const override { return name_; }
  absl::StatusOr<std::string> Read(const Visitor& visitor) override {
    bool empty = true;
    XT_RETURN_IF_ERROR(reader_.Visit([&](const ports::JournalRecord& record) {
      empty = false;
      return visitor(record);
    }));
    if (empty) return absl::NotFoundError(absl::StrCat(name_, " is empty"));
    return std::string();
  }

 private:
  const std::string name_;
  redis::RedisJournalReader reader_;
};

class Wal final : public JournalSource {
 public:
  explicit Wal(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::string name() const override { return "wal " + folder_; }
  absl::StatusOr<std::string> Read(const Visitor& visitor) override {
    XT_ASSIGN_OR_RETURN(const embedded::WalEnd end, embedded::ReadWal(folder_, visitor));
    return end.torn.empty() ? std::string() : absl::StrCat("a torn tail is ignored: ", end.torn);
  }

 private:
  const std::string folder_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<JournalSource>> RedisSource(const std::string& address, const std::string& shard) {
  XT_ASSIGN_OR_RETURN(const redis::RedisConfig config, RedisConfigOf(address));
  return std::make_unique<Redis>(address, config, shard);
}

std::unique_ptr<JournalSource> WalSource(const std::string& folder) { return std::make_unique<Wal>(folder); }

absl::StatusOr<std::vector<std::unique_ptr<JournalSource>>> SourcesOf(const Places& places, const std::string& shard) {
  std::vector<std::unique_ptr<JournalSource>> sources;
  if (!places.redis_journal.empty()) {
    XT_ASSIGN_OR_RETURN(sources.emplace_back(), RedisSource(places.redis_journal, shard));
  }
  for (const std::string& folder : places.wals) sources.push_back(WalSource(folder));
  return sources;
}

absl::StatusOr<JournalSource*> LongestOf(const std::vector<std::unique_ptr<JournalSource>>& sources) {
  JournalSource* longest = nullptr;
  std::pair<std::uint64_t, std::uint64_t> furthest{0, 0};
  absl::Status last = absl::UnavailableError("no journal is named");
  for (const auto& source : sources) {
    std::pair<std::uint64_t, std::uint64_t> end{0, 0};
    const auto read = source->Read([&](const ports::JournalRecord& record) {
      end = {record.epoch.value(), record.last_sequence.value()};
      return absl::OkStatus();
    });
    const bool usable = read.ok() || absl::IsDataLoss(read.status());
    if (!usable) last = absl::UnavailableError(absl::StrCat(source->name(), ": ", read.status().message()));
    if (usable && (longest == nullptr || end > furthest)) {
      longest = source.get();
      furthest = end;
    }
  }
  if (longest == nullptr) return last;
  return longest;
}

}  // namespace xt::ctl
