// An unclean leader: an operator's decision that the next leader of a shard takes the copies of the journal that it can
// reach, though none of them surely holds all that was confirmed. The decision is a mark in the in-sync set, beside the
// members; what the leader then made of it is an UncleanStart, for the audit log. Plain values and functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/hash.h"
#include "libs/domain/ids.h"

namespace xt::replicated {

struct UncleanMark {
  std::string by;
  std::string reason;
  std::int64_t at_ns = 0;                 // wall clock
  domain::SequenceNumber known_sequence;  // the highest that anything outside the journal knew; 0: nothing did
};

// The mark as an entry of the set, one line, and back. DATA_LOSS for an entry that begins as a mark and is none.
std::string EntryOf(const UncleanMark& mark);
[[nodiscard]] bool IsUncleanMark(const std::string& entry);
absl::StatusOr<UncleanMark> MarkOf(const std::string& entry);

struct UncleanStart {
  UncleanMark mark;
  domain::Epoch epoch;               // of the leader that begins
  std::vector<std::string> missing;  // members that it could not reach
  // The end that it takes; what came behind it is lost.
  domain::SequenceNumber adopted_sequence;
  domain::Epoch adopted_epoch;
  Hash128 adopted_hash;

  [[nodiscard]] domain::SequenceNumber lost_from() const {
    return domain::SequenceNumber(adopted_sequence.value() + 1);
  }
  // nullopt: nobody outside the journal knew of anything behind the end.
  [[nodiscard]] std::optional<domain::SequenceNumber> lost_to() const {
    if (mark.known_sequence <= adopted_sequence) return std::nullopt;
    return mark.known_sequence;
  }
};

// An object of JSON.
std::string TextOf(const UncleanStart& start);

}  // namespace xt::replicated
