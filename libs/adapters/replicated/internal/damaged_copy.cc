#include "libs/adapters/replicated/internal/damaged_copy.h"

#include <algorithm>
#include <optional>

#include "libs/base/status.h"

namespace xt::replicated {

using domain::SequenceNumber;
using ports::JournalRecord;

namespace {

// The last sequence of the good copy behind which the damaged one goes on; 0 when it does not.
absl::StatusOr<SequenceNumber> JoinOf(ports::JournalCopy& damaged, ports::JournalCopy& good) {
  XT_ASSIGN_OR_RETURN(const auto first, FirstFrom(damaged, SequenceNumber(0)));
  if (!first) return SequenceNumber();
  XT_ASSIGN_OR_RETURN(SequenceNumber common, LastCommonRecord(good, damaged));
  if (common.value() != 0) return common;
  const SequenceNumber before(first->first_sequence.value() - 1);
  XT_ASSIGN_OR_RETURN(const bool joins, GoesThrough(good, before, first->previous_hash));
  return joins ? before : SequenceNumber();
}

}  // namespace

absl::StatusOr<TakenEnd> TakeEnd(ports::JournalCopy& damaged, ports::JournalCopy& good, const ports::OpenReport& end) {
  const ports::JournalDamage damage = damaged.Damage();
  TakenEnd taken{false, end, {}};
  if (damage.end.last_sequence.value() != 0) {
    XT_ASSIGN_OR_RETURN(taken.whole, GoesThrough(good, damage.end.last_sequence, damage.end.last_hash));
  }
  if (taken.whole || damage.whole_from.value() == 0) return taken;
  if (!IsHigher(damage.end, end)) {
    taken.whole = IsHigher(end, damage.end);  // else they contradict each other
    return taken;
  }
  XT_ASSIGN_OR_RETURN(taken.equal.common, JoinOf(damaged, good));
  if (taken.equal.common.value() == 0) return taken;
  taken.equal.cut = good.TailSequence() != taken.equal.common;
  if (taken.equal.cut) XT_RETURN_IF_ERROR(good.CutTail(taken.equal.common));
  XT_ASSIGN_OR_RETURN(taken.equal.filled, Fill(damaged, good, taken.equal.common));
  taken.end.last_sequence = damage.end.last_sequence;
  taken.end.last_hash = damage.end.last_hash;
  taken.end.last_epoch = damage.end.last_epoch;
  taken.end.records += taken.equal.filled;
  taken.whole = true;
  return taken;
}

}  // namespace xt::replicated
