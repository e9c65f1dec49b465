#include "services/sequencer/journal_trimmer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using runtime::Log;
using runtime::LogField;
using runtime::LogLevel;

// So many replicas must be able to begin with a snapshot, where there are so many.
constexpr std::size_t kEnoughKeepers = 2;

}  // namespace

void JournalTrimmer::Start() {
  if (context_.keepers.empty() || context_.keep_commands == 0) return;
  thread_ = std::thread([this] { Run(); });
}

void JournalTrimmer::RequestStop() {
  stopping_ = true;
  context_.frames->Interrupt();
}

void JournalTrimmer::Stop() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

void JournalTrimmer::Run() {
  const auto stopping = [this] { return stopping_.load(); };
  context_.frames->AwaitRun(stopping);
  while (!stopping_) {
    context_.base.Set(static_cast<std::int64_t>(context_.journal.Base().sequence.value()));
    const absl::Status status = Trim();
    if (!status.ok()) context_.failed.Increment();
    const std::string reason(MessageOf(status));
    if (std::exchange(reason_, reason) != reason && !status.ok()) {
      Log(LogLevel::kWarn, "the journal is not trimmed", {LogField(status)});
    }
    context_.frames->AwaitFor(context_.every, stopping);
  }
}

absl::Status JournalTrimmer::Trim() {
  const std::uint64_t committed = context_.frames->committed().value();
  const std::uint64_t begins = std::max(trimmed_, context_.journal.Base().sequence).value();
  if (committed < begins + 2 * context_.keep_commands) return absl::OkStatus();
  XT_ASSIGN_OR_RETURN(const SequenceNumber published, Published());
  XT_ASSIGN_OR_RETURN(const Kept kept, LookFor(published));
  const SequenceNumber upto = std::min(kept.sequence, SequenceNumber(committed - context_.keep_commands));
  if (upto.value() < begins + context_.keep_commands) return absl::OkStatus();  // the next snapshots may do
  XT_RETURN_IF_ERROR(HaveItKept(kept, published));
  XT_RETURN_IF_ERROR(context_.journal.TrimFront(upto));
  trimmed_ = upto;
  context_.trimmed.Increment();
  context_.base.Set(static_cast<std::int64_t>(context_.journal.Base().sequence.value()));
  Log(LogLevel::kInfo, "the journal was trimmed", {{"seq", upto.value()}, {"committed", committed}});
  return absl::OkStatus();
}

absl::StatusOr<SequenceNumber> JournalTrimmer::Published() const {
  const SequenceNumber published = context_.frames->published();
  if (context_.executions == nullptr) return published;
  const auto acknowledged = context_.executions->Acknowledged();
  if (acknowledged.ok()) return std::min(published, *acknowledged);
  return absl::UnavailableError(
      absl::StrCat("up to where the executions were read: ", std::string(MessageOf(acknowledged.status()))));
}

// What is behind `published` is of no use to a replica that has to tell its results again.
absl::StatusOr<JournalTrimmer::Kept> JournalTrimmer::LookFor(SequenceNumber published) const {
  Kept kept;
  for (const SnapshotKeeper& keeper : context_.keepers) {
    auto sequences = keeper.snapshots->ListSnapshots();
    if (!sequences.ok()) {
      kept.missing =
          absl::UnavailableError(absl::StrCat(keeper.address, ": ", std::string(MessageOf(sequences.status()))));
      continue;
    }
    std::erase_if(*sequences, [&](SequenceNumber sequence) { return sequence > published; });
    kept.newest.emplace_back(&keeper, sequences->empty() ? SequenceNumber() : sequences->front());
    if (sequences->size() < 2 || (*sequences)[1] <= kept.sequence) continue;
    kept.sequence = (*sequences)[1];
    kept.address = keeper.address;
  }
  if (kept.newest.empty()) return kept.missing;
  return kept;
}

absl::Status JournalTrimmer::HaveItKept(const Kept& kept, SequenceNumber published) const {
  absl::Status missing = kept.missing;
  std::size_t keepers = 0;
  for (const auto& [keeper, newest] : kept.newest) {
    const absl::Status has = newest >= kept.sequence
                                 ? absl::OkStatus()
                                 : keeper->snapshots->CopySnapshot(kept.address, kept.sequence, published);
    if (has.ok()) {
      ++keepers;
    } else {
      missing = absl::UnavailableError(absl::StrCat(keeper->address, ": ", std::string(MessageOf(has))));
    }
  }
  return keepers >= std::min(kEnoughKeepers, context_.keepers.size()) ? absl::OkStatus() : missing;
}

}  // namespace xt::sequencer
