// JournalChain: the end of a chain of records, and the rule of what may follow it. What every CommandJournal checks before
// it takes a record. A plain value, not thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/ports/command_journal.h"

namespace xt::ports {

class JournalChain {
 public:
  JournalChain() = default;
  JournalChain(FencingToken token, const OpenReport& end)
      : token_(token), sequence_(end.last_sequence), hash_(end.last_hash), epoch_(end.last_epoch) {}

  [[nodiscard]] domain::SequenceNumber last_sequence() const { return sequence_; }
  [[nodiscard]] Hash128 last_hash() const { return hash_; }

  // INVALID_ARGUMENT, or FAILED_PRECONDITION "FENCED", when the record may not follow.
  [[nodiscard]] absl::Status Check(const JournalRecord& record) const {
    if (record.first_sequence.value() != sequence_.value() + 1 || record.last_sequence < record.first_sequence ||
        record.previous_hash != hash_) {
      return absl::InvalidArgumentError("record " + std::to_string(record.first_sequence.value()) + ".." +
                                        std::to_string(record.last_sequence.value()) + " does not follow sequence " +
                                        std::to_string(sequence_.value()));
    }
    if (HashBytes(record.bytes) != record.hash) return absl::InvalidArgumentError("the hash is not that of the bytes");
    if (record.epoch < epoch_) return absl::InvalidArgumentError("the record's epoch falls");
    if (token_.epoch < record.epoch) {
      return absl::FailedPreconditionError("FENCED: the record's epoch is above that of this handle");
    }
    return absl::OkStatus();
  }
  // The record becomes the end.
  void Extend(const JournalRecord& record) {
    sequence_ = record.last_sequence;
    hash_ = record.hash;
    epoch_ = record.epoch;
  }

 private:
  FencingToken token_;
  domain::SequenceNumber sequence_;
  Hash128 hash_;
  domain::Epoch epoch_;
};

}  // namespace xt::ports
