#include "services/sequencer/replica_position.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::sequencer {

absl::StatusOr<std::string> MisfitOf(ports::CommandJournal& journal, domain::SequenceNumber end,
                                     const ports::ReplicaPosition& position) {
  const std::uint64_t applied = position.applied.value();
  if (applied == 0) return "";
  if (position.applied > end) {
    return absl::StrCat("matching stands at sequence ", applied, ", beyond the journal's end at ", end.value(),
                        ": it followed another journal");
  }
  if (position.results_from.value() == 0 || position.results_from.value() > applied + 1) {
    return absl::StrCat("matching stands at sequence ", applied, " and has results from ",
                        position.results_from.value());
  }
  const ports::JournalBase base = journal.Base();
  bool same = position.applied == base.sequence && position.frame_hash == base.hash;
  if (same) return "";
  const absl::Status read = journal.Read(position.applied, [&](const ports::JournalRecord& record) -> absl::Status {
    same = record.last_sequence == position.applied && record.hash == position.frame_hash;
    return absl::CancelledError("the first one is enough");
  });
  if (absl::IsOutOfRange(read)) {
    return absl::StrCat("matching stands at sequence ", applied, ", and the journal begins behind ",
                        base.sequence.value());
  }
  if (!absl::IsCancelled(read)) XT_RETURN_IF_ERROR(read);
  if (same) return "";
  return absl::StrCat("matching has another frame at sequence ", applied, " than the journal");
}

}  // namespace xt::sequencer
