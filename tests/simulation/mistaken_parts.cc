#include "tests/simulation/mistaken_parts.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/wire/frame_codec.h"

namespace xt::sim {
namespace {

struct CopyMistakes {
  std::string identity;         // not empty: passes for this one
  bool confirms_early = false;  // before it has the record
  bool swallows = false;        // what was not answered counts as confirmed
  bool looks_empty = false;     // when it is opened
};

class MistakenCopy final : public ports::JournalCopy {
 public:
  MistakenCopy(std::unique_ptr<ports::JournalCopy> copy, CopyMistakes mistakes)
      : copy_(std::move(copy)), mistakes_(std::move(mistakes)) {}
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override {
    auto report = copy_->Open(token);
    return report.ok() && mistakes_.looks_empty ? ports::OpenReport{} : report;
  }
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override { return copy_->Read(from, visitor); }
  void Append(ports::JournalRecord record, AppendDone done) override;
  [[nodiscard]] domain::SequenceNumber TailSequence() const override { return copy_->TailSequence(); }
  [[nodiscard]] std::string Identity() const override {
    return mistakes_.identity.empty() ? copy_->Identity() : mistakes_.identity;
  }
  [[nodiscard]] bool Is(const std::string& member) const override {
    return mistakes_.identity.empty() ? copy_->Is(member) : member == mistakes_.identity;
  }
  absl::Status CutTail(domain::SequenceNumber keep) override { return copy_->CutTail(keep); }
  absl::Status BeginAt(const ports::JournalBase& base) override { return copy_->BeginAt(base); }
  [[nodiscard]] ports::JournalBase Base() const override { return copy_->Base(); }
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> ReadableFrom() override { return copy_->ReadableFrom(); }
  absl::Status TrimFront(domain::SequenceNumber upto) override { return copy_->TrimFront(upto); }
  [[nodiscard]] ports::JournalDamage Damage() const override { return copy_->Damage(); }
  absl::StatusOr<ports::OpenReport> OpenAnew(ports::FencingToken token) override { return copy_->OpenAnew(token); }

 private:
  const std::unique_ptr<ports::JournalCopy> copy_;
  const CopyMistakes mistakes_;
  const std::shared_ptr<absl::Status> failed_ = std::make_shared<absl::Status>();
};

void MistakenCopy::Append(ports::JournalRecord record, AppendDone done) {
  if (mistakes_.confirms_early) {
    // Each is told once: the next one hears of a failure.
    if (!failed_->ok()) return done(*failed_);
    copy_->Append(std::move(record), [failed = failed_](const absl::Status& status) { failed->Update(status); });
    return done(absl::OkStatus());
  }
  copy_->Append(std::move(record), [done = std::move(done), swallows = mistakes_.swallows](const absl::Status& status) {
    done(swallows && absl::IsUnavailable(status) ? absl::OkStatus() : status);
  });
}

// Those of sequencers among the members.
std::ptrdiff_t Files(const std::vector<std::string>& members) {
  return std::ranges::count_if(members, [](const std::string& member) { return member.starts_with("wal:"); });
}

}  // namespace

std::string FalseIdentity(Mistake mistake, const std::string& name) {
  return mistake == Mistake::kAnyDisk || mistake == Mistake::kAnyStandby ? "wal:" + name : "";
}

std::unique_ptr<ports::JournalCopy> MistakenOwn(std::unique_ptr<ports::JournalCopy> copy, Mistake mistake,
                                                const std::string& name) {
  switch (mistake) {
    case Mistake::kAnyDisk:
    case Mistake::kAnyStandby:
      return std::make_unique<MistakenCopy>(std::move(copy), CopyMistakes{.identity = FalseIdentity(mistake, name)});
    case Mistake::kRedisChain:
      return std::make_unique<MistakenCopy>(std::move(copy), CopyMistakes{.looks_empty = true});
    default: return copy;
  }
}

std::unique_ptr<ports::JournalCopy> MistakenRemote(std::unique_ptr<ports::JournalCopy> copy, Mistake mistake) {
  switch (mistake) {
    case Mistake::kAckBeforeRedis:
    case Mistake::kAckFromMemory:
      return std::make_unique<MistakenCopy>(std::move(copy), CopyMistakes{.confirms_early = true});
    case Mistake::kSwallowErrors:
      return std::make_unique<MistakenCopy>(std::move(copy), CopyMistakes{.swallows = true});
    case Mistake::kOwnChain: return std::make_unique<MistakenCopy>(std::move(copy), CopyMistakes{.looks_empty = true});
    default: return copy;
  }
}

std::unique_ptr<ports::JournalCopy> MistakenStandby(std::unique_ptr<ports::JournalCopy> copy, Mistake mistake) {
  if (mistake != Mistake::kAckBeforeStandby) return copy;
  return std::make_unique<MistakenCopy>(std::move(copy), CopyMistakes{.confirms_early = true});
}

absl::StatusOr<std::vector<std::string>> MistakenSet::Claim(domain::Epoch epoch) {
  auto members = set_.Claim(epoch);
  if (members.ok()) members_ = *members;
  if (members.ok() && !members->empty() && mistake_ == Mistake::kTrustOwn) members->push_back(own_.Identity());
  return members;
}

absl::Status MistakenSet::Replace(const std::vector<std::string>& members) {
  if (mistake_ == Mistake::kShrinkWithoutSet && members.size() == 1) return absl::OkStatus();
  if (mistake_ == Mistake::kGrowWithoutSet && members.size() > 1 && alone_) return absl::OkStatus();
  if (mistake_ == Mistake::kLeaveOutWithoutSet && Files(members) < Files(members_)) return absl::OkStatus();
  absl::Status status = set_.Replace(members);
  if (status.ok()) members_ = members;
  alone_ = status.ok() && members.size() == 1;
  return status;
}

absl::Status MistakenElection::Campaign(Observer observer) {
  if (mistake_ != Mistake::kSameEpoch) return election_.Campaign(std::move(observer));
  return election_.Campaign([observer = std::move(observer)](ports::Leadership leadership) {
    if (leadership.epoch.value() > 0) leadership.epoch = domain::Epoch(1);
    observer(leadership);
  });
}

absl::StatusOr<ports::OpenReport> MistakenJournal::Open(ports::FencingToken token) {
  reads_tail_ = mistake_ == Mistake::kOwnTime;
  auto report = journal_.Open(token);
  if (report.ok() && mistake_ == Mistake::kAdoptAlone) adopted_ = report->last_sequence;
  return report;
}

absl::Status MistakenJournal::Read(domain::SequenceNumber from, const Visitor& visitor) {
  if (journal_.TailSequence() < adopted_) return own_.Read(from, visitor);
  if (!std::exchange(reads_tail_, false)) return journal_.Read(from, visitor);
  return journal_.Read(from, [&](ports::JournalRecord record) -> absl::Status {
    XT_ASSIGN_OR_RETURN(domain::Frame frame, wire::DecodeFrame(record.bytes));
    frame.timestamp_ns = 0;
    record.bytes = wire::EncodeFrame(frame);
    return visitor(record);
  });
}

absl::Status MistakenJournal::TrimFront(domain::SequenceNumber upto) {
  const absl::Status read = journal_.Read({}, [&](const ports::JournalRecord& record) -> absl::Status {
    if (record.last_sequence > upto) return absl::CancelledError("enough was read");
    const auto [kept, fresh] = trimmed_.frames.emplace(record.last_sequence.value(), record.bytes);
    if (!fresh && kept->second != record.bytes) {
      trimmed_.violation = "two different frames that end at " + std::to_string(kept->first) + " were trimmed";
    }
    return absl::OkStatus();
  });
  if (!absl::IsCancelled(read)) XT_RETURN_IF_ERROR(read);
  return journal_.TrimFront(upto);
}

}  // namespace xt::sim
