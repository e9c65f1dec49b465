// ChainCheck: takes the records of a journal one after the other, makes frames of them, and says the first that
// breaks a rule: sequences without a gap, from 1 or from behind the base of a journal that was trimmed, every record
// with its own hash and that of the one before, epochs that never fall and begin with exactly one EpochStart, times
// that never fall, a frame that says what its record says. A plain value, not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/domain/frame.h"
#include "libs/ports/command_journal.h"

namespace xt::ctl {

class ChainCheck {
 public:
  // From the first command on.
  ChainCheck() = default;
  // Whether the first record begins an epoch is not checked where nothing tells the epoch of the base.
  explicit ChainCheck(const ports::JournalBase& base)
      : base_(base.sequence), sequence_(base.sequence), hash_(base.hash), epoch_(base.epoch) {}

  // DATA_LOSS names the sequence and what is wrong with it; nothing may be taken after it.
  absl::StatusOr<domain::Frame> Take(const ports::JournalRecord& record);

  // Of the last record; before the first those of the base.
  [[nodiscard]] domain::SequenceNumber sequence() const { return sequence_; }
  [[nodiscard]] domain::Epoch epoch() const { return epoch_; }
  [[nodiscard]] std::int64_t timestamp_ns() const { return timestamp_ns_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t commands() const { return sequence_.value() - base_.value(); }
  [[nodiscard]] std::uint64_t epochs() const { return epochs_; }

 private:
  absl::Status CheckRecord(const ports::JournalRecord& record) const;
  absl::Status CheckFrame(const ports::JournalRecord& record, const domain::Frame& frame) const;

  domain::SequenceNumber base_;
  domain::SequenceNumber sequence_;
  Hash128 hash_;
  domain::Epoch epoch_;
  std::int64_t timestamp_ns_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t epochs_ = 0;
};

}  // namespace xt::ctl
