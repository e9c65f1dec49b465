#include "tools/xtraderctl/journal/joined_source.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace xt::ctl {
namespace {

using domain::SequenceNumber;
using ports::JournalBase;
using ports::JournalRecord;

constexpr int kAttempts = 4;
constexpr SequenceNumber kToTheEnd{std::numeric_limits<std::uint64_t>::max()};

// The epoch of a place is not always known.
bool IsSame(const JournalBase& a, const JournalBase& b) { return a.sequence == b.sequence && a.hash == b.hash; }

// Whether a record of the stretch ends there, with this hash.
bool GoesThrough(Stretch& stretch, const JournalBase& place) {
  if (place.sequence <= stretch.base().sequence || place.sequence > stretch.end().sequence) return false;
  if (place.sequence == stretch.end().sequence) return IsSame(place, stretch.end());
  bool through = false;
  (void)stretch.Read(place.sequence, [&](const JournalRecord& record) {
    through = IsSame(place, {record.last_sequence, record.hash, {}});
    return absl::CancelledError("the first one is enough");
  });
  return through;
}

absl::Status Changed(const JournalBase& position) {
  return absl::UnavailableError(
      absl::StrCat("the journal was changed behind sequence ", position.sequence.value(), " while it was read"));
}

// The records behind `position`, which moves along, up to the one that ends at `upto`.
absl::StatusOr<std::string> ReadStretch(Stretch& stretch, SequenceNumber upto, JournalBase& position,
                                        const JournalSource::Visitor& visitor) {
  const bool inside = position.sequence > stretch.base().sequence;
  if (!inside && !IsSame(position, stretch.base())) return Changed(position);
  bool joined = !inside;
  bool changed = false;
  bool reached = false;
  const SequenceNumber next(position.sequence.value() + 1);
  auto read = stretch.Read(next, [&](const JournalRecord& record) -> absl::Status {
    changed = !joined && (record.first_sequence != next || record.previous_hash != position.hash);
    if (changed) return absl::CancelledError("it does not join");
    joined = true;
    XT_RETURN_IF_ERROR(visitor(record));
    position = {record.last_sequence, record.hash, record.epoch};
    reached = record.last_sequence >= upto;
    return reached ? absl::CancelledError("far enough") : absl::OkStatus();
  });
  if (changed) return Changed(position);
  if (reached) return std::string();
  return read;
}

// "7001..9000"; empty when nothing lies between them.
std::string RangeOf(const JournalBase& base, const JournalBase& end) {
  if (base.sequence >= end.sequence) return "";
  return absl::StrCat(base.sequence.value() + 1, "..", end.sequence.value());
}

// "1..108, 5001..9000".
std::string RangesOf(const Holdings& holdings) {
  std::vector<std::pair<JournalBase, JournalBase>> ranges;
  const auto add = [&](const Stretch& stretch) {
    if (!ranges.empty() && IsSame(ranges.back().second, stretch.base())) {
      ranges.back().second = stretch.end();
    } else {
      ranges.emplace_back(stretch.base(), stretch.end());
    }
  };
  for (const auto& stretch : holdings.history) add(*stretch);
  add(*holdings.journal);
  std::vector<std::string> texts;
  for (const auto& [base, end] : ranges) {
    if (std::string range = RangeOf(base, end); !range.empty()) texts.push_back(std::move(range));
  }
  return texts.empty() ? "nothing" : absl::StrJoin(texts, ", ");
}

}  // namespace

absl::StatusOr<std::unique_ptr<JoinedSource>> JoinedSource::Of(const CopySources& copies) {
  XT_ASSIGN_OR_RETURN(Plan plan, PlanOf(copies));
  return std::unique_ptr<JoinedSource>(new JoinedSource(copies, std::move(plan)));
}

// From the end to the front: whoever holds the record before joins, with all that it has before that one.
absl::StatusOr<JoinedSource::Plan> JoinedSource::PlanOf(const CopySources& copies) {
  Plan plan;
  for (const auto& copy : copies) plan.looked.push_back({copy.get(), copy->Look()});
  XT_ASSIGN_OR_RETURN(plan.copy, LongestOf(plan.looked));
  const Holdings& chosen = *plan.looked[plan.copy].holdings;
  const std::vector<Piece> offers = OffersOf(plan.looked);
  JournalBase before = chosen.journal->base();
  const auto prepend = [&](const Piece& piece) {
    before = piece.stretch->base();
    plan.pieces.insert(plan.pieces.begin(), piece);
  };
  // What is trimmed from a folder stays there, so as much as possible is read from one.
  if (chosen.forgets) {
    std::optional<Piece> furthest;
    for (const Piece& offer : offers) {
      const JournalBase& end = offer.stretch->end();
      const bool further = end.sequence > (furthest ? furthest->upto : before).sequence;
      if (further && offer.stretch != chosen.journal.get() && GoesThrough(*chosen.journal, end)) furthest = offer;
    }
    if (furthest) prepend(*furthest);
  }
  while (before.sequence.value() != 0) {
    std::optional<Piece> best;
    for (Piece offer : offers) {
      if (best && best->stretch->base().sequence <= offer.stretch->base().sequence) continue;
      if (!GoesThrough(*offer.stretch, before)) continue;
      offer.upto = before;
      best = std::move(offer);
    }
    if (!best) break;
    prepend(*best);
  }
  plan.beginning.base = before;
  if (before.sequence.value() != 0) plan.beginning.missing = MissingIn(plan);
  std::vector<std::string> damage;
  for (const Looked& one : plan.looked) {
    if (one.holdings.ok() && !one.holdings->damage.empty()) damage.push_back(one.holdings->damage);
  }
  plan.beginning.damage = absl::StrJoin(damage, "; ");
  return plan;
}

absl::StatusOr<std::size_t> JoinedSource::LongestOf(const std::vector<Looked>& looked) {
  std::optional<std::size_t> longest;
  std::pair<domain::Epoch, SequenceNumber> furthest;
  absl::Status last = absl::UnavailableError("no journal is named");
  for (std::size_t i = 0; i < looked.size(); ++i) {
    const auto& [source, holdings] = looked[i];
    if (!holdings.ok()) {
      last = absl::UnavailableError(absl::StrCat(source->name(), ": ", holdings.status().message()));
      continue;
    }
    const std::pair end(holdings->journal->end().epoch, holdings->journal->end().sequence);
    if (longest && end <= furthest) continue;
    longest = i;
    furthest = end;
  }
  if (!longest) return last;
  return *longest;
}

// All stretches, each up to its end.
std::vector<JoinedSource::Piece> JoinedSource::OffersOf(const std::vector<Looked>& looked) {
  std::vector<Piece> offers;
  for (const auto& [source, holdings] : looked) {
    if (!holdings.ok()) continue;
    const auto offer = [&, name = source->name()](Stretch& stretch) {
      offers.push_back({name, &stretch, stretch.end()});
    };
    for (const auto& stretch : holdings->history) offer(*stretch);
    offer(*holdings->journal);
  }
  return offers;
}

std::string JoinedSource::MissingIn(const Plan& plan) {
  std::vector<std::string> copies;
  for (const auto& [source, holdings] : plan.looked) {
    copies.push_back(holdings.ok() ? absl::StrCat(source->name(), " has ", RangesOf(*holdings))
                                   : absl::StrCat(source->name(), " cannot be read"));
  }
  return absl::StrCat("the journal begins behind sequence ", plan.beginning.base.sequence.value(),
                      ", no copy has what leads there: ", absl::StrJoin(copies, "; "));
}

absl::StatusOr<std::string> JoinedSource::Read(const Begins& begins, const Visitor& visitor) {
  XT_RETURN_IF_ERROR(begins(plan_.beginning));
  JournalBase position = plan_.beginning.base;
  for (int attempt = 1;; ++attempt) {
    absl::Status stopped;
    auto read = ReadBehind(position, [&](const JournalRecord& record) {
      stopped = visitor(record);
      return stopped;
    });
    if (!stopped.ok()) return stopped;
    if (read.ok()) return Note(*std::move(read));
    if (!absl::IsUnavailable(read.status()) || attempt == kAttempts) return read.status();
    XT_ASSIGN_OR_RETURN(plan_, PlanOf(copies_));
    if (plan_.beginning.base.sequence <= position.sequence) continue;
    XT_RETURN_IF_ERROR(begins(plan_.beginning));
    position = plan_.beginning.base;
  }
}

absl::StatusOr<std::string> JoinedSource::ReadBehind(JournalBase& position, const Visitor& visitor) {
  for (const Piece& piece : plan_.pieces) {
    if (piece.upto.sequence <= position.sequence) continue;
    XT_RETURN_IF_ERROR(ReadStretch(*piece.stretch, piece.upto.sequence, position, visitor).status());
    if (!IsSame(position, piece.upto)) return Changed(position);
  }
  return ReadStretch(journal(), kToTheEnd, position, visitor);
}

// Also where it comes from, when the copy alone has not all of it.
std::string JoinedSource::Note(std::string note) const {
  if (plan_.pieces.empty() || journal().base().sequence.value() == 0) return note;
  std::vector<std::string> pieces;
  for (const Piece& piece : plan_.pieces) {
    pieces.push_back(absl::StrCat(RangeOf(piece.stretch->base(), piece.upto), " from ", piece.name));
  }
  return absl::StrCat(note, note.empty() ? "" : "; ", "with the history: ", absl::StrJoin(pieces, ", "));
}

}  // namespace xt::ctl
