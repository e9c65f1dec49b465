#include "tools/xtraderctl/journal/player.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::ctl {
namespace {

// What ends the reading: far enough.
absl::Status Enough() { return absl::CancelledError("far enough"); }

}  // namespace

absl::Status Player::Play(JournalSource& source, const Until& until, const Observer& observer) {
  if (until.sequence.value() == 0) return absl::OkStatus();
  const auto read = source.Read([this](const Beginning& beginning) { return Begin(beginning); },
                                [&](const ports::JournalRecord& record) { return Take(record, until, observer); });
  if (read.ok()) absl::StrAppend(&note_, note_.empty() || read->empty() ? "" : "; ", *read);
  if (!read.ok() && !absl::IsCancelled(read.status())) return read.status();
  const bool to_the_end = until.sequence.value() == std::numeric_limits<std::uint64_t>::max();
  if (to_the_end || engine_->applied() == until.sequence) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("the journal ends at sequence ", engine_->applied().value(), ", before ", until.sequence.value()));
}

absl::Status Player::Begin(const Beginning& beginning) {
  if (chain_.records() != 0) {
    return absl::UnavailableError(absl::StrCat("the journal was trimmed while it was played, what follows sequence ",
                                               chain_.sequence().value(), " is gone: ", beginning.missing));
  }
  if (beginning.base.sequence.value() != 0) return absl::FailedPreconditionError(beginning.missing);
  if (!beginning.damage.empty()) note_ = absl::StrCat("the history is damaged: ", beginning.damage);
  return absl::OkStatus();
}

absl::Status Player::Take(const ports::JournalRecord& record, const Until& until, const Observer& observer) {
  XT_ASSIGN_OR_RETURN(const domain::Frame frame, chain_.Take(record));
  if (frame.timestamp_ns > until.time_ns) return Enough();
  domain::SequenceNumber sequence = frame.first_sequence;
  for (const domain::Command& command : frame.commands) {
    const auto events = engine_->Apply(sequence, frame.timestamp_ns, command);
    timestamp_ns_ = frame.timestamp_ns;
    observer({sequence, frame.timestamp_ns, command, events, *engine_});
    if (sequence == until.sequence) return Enough();
    ++sequence;
  }
  return absl::OkStatus();
}

}  // namespace xt::ctl
