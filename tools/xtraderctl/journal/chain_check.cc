#include "tools/xtraderctl/journal/chain_check.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/wire/frame_codec.h"

namespace xt::ctl {
namespace {

absl::Status Broken(domain::SequenceNumber sequence, const std::string& why) {
  return absl::DataLossError(absl::StrCat("sequence ", sequence.value(), ": ", why));
}

}  // namespace

absl::StatusOr<domain::Frame> ChainCheck::Take(const ports::JournalRecord& record) {
  XT_RETURN_IF_ERROR(CheckRecord(record));
  auto frame = wire::DecodeFrame(record.bytes);
  if (!frame.ok()) return Broken(record.first_sequence, std::string(MessageOf(frame.status())));
  XT_RETURN_IF_ERROR(CheckFrame(record, *frame));
  if (records_ == 0 || record.epoch != epoch_) ++epochs_;
  ++records_;
  sequence_ = record.last_sequence;
  hash_ = record.hash;
  epoch_ = record.epoch;
  timestamp_ns_ = frame->timestamp_ns;
  return frame;
}

absl::Status ChainCheck::CheckRecord(const ports::JournalRecord& record) const {
  const domain::SequenceNumber first = record.first_sequence;
  if (first.value() != sequence_.value() + 1) {
    return Broken(first, absl::StrCat("it follows ", sequence_.value(), ": not gap-free"));
  }
  if (record.previous_hash != hash_) return Broken(first, "it does not have the hash of the frame before");
  if (HashBytes(record.bytes) != record.hash) return Broken(first, "the frame does not have its own hash");
  if (record.epoch < epoch_) {
    return Broken(first, absl::StrCat("epoch ", record.epoch.value(), " comes behind ", epoch_.value()));
  }
  return absl::OkStatus();
}

absl::Status ChainCheck::CheckFrame(const ports::JournalRecord& record, const domain::Frame& frame) const {
  const domain::SequenceNumber first = record.first_sequence;
  if (frame.epoch != record.epoch || frame.first_sequence != first || frame.last_sequence() != record.last_sequence ||
      frame.previous_hash != record.previous_hash) {
    return Broken(first, "the frame says another place than its record");
  }
  if (frame.timestamp_ns < timestamp_ns_) return Broken(first, "journal time fell");
  const bool known = epoch_.value() != 0 || sequence_.value() == 0;  // the epoch before
  std::uint64_t sequence = first.value();
  for (const domain::Command& command : frame.commands) {
    const auto* start = std::get_if<domain::EpochStart>(&command.body);
    const bool due = sequence == first.value() && (known ? frame.epoch != epoch_ : start != nullptr);
    const domain::SequenceNumber here(sequence++);
    if (due && start == nullptr) {
      return Broken(here, absl::StrCat("epoch ", frame.epoch.value(), " does not begin with its start"));
    }
    if (start == nullptr) continue;
    if (!due) return Broken(here, "an epoch starts in the middle of an epoch");
    if (start->epoch != frame.epoch) return Broken(here, "the start of another epoch than the frame's");
  }
  return absl::OkStatus();
}

}  // namespace xt::ctl
