#include "tools/xtraderctl/verify/copies_check.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace xt::ctl {
namespace {

// As many as a leader may have handed to the journal without an answer, the bound of `frame.max_in_flight`.
constexpr std::size_t kMostInFlight = 8;

struct Frame {
  Hash128 hash;
  domain::Epoch epoch;
};
using Frames = std::map<domain::SequenceNumber, Frame>;  // by their last sequence

absl::StatusOr<Frames> FramesOf(JournalSource& source, domain::SequenceNumber last) {
  Frames frames;
  const auto read = source.Read([&](const ports::JournalRecord& record) {
    if (record.last_sequence <= last) frames[record.last_sequence] = {record.hash, record.epoch};
    return absl::OkStatus();
  });
  if (!read.ok()) return read.status();
  return frames;
}

// The frames of the copy that the journal does not have.
Frames OthersOf(const Frames& copy, const Frames& journal) {
  Frames others;
  for (const auto& [sequence, frame] : copy) {
    const auto same = journal.find(sequence);
    if (same == journal.end() || same->second.hash != frame.hash) others.emplace(sequence, frame);
  }
  return others;
}

// A leader that is deposed has handed a few frames to its own file that the other copy then refused: nobody confirmed
// them, and they are cut when it leads again. They are its last ones, and the journal has a later epoch there.
bool AreUnconfirmed(const Frames& others, const Frames& copy, const Frames& journal) {
  if (others.size() > kMostInFlight || others.rbegin()->first != copy.rbegin()->first) return false;
  return std::ranges::all_of(others, [&](const auto& other) {
    const auto instead = journal.lower_bound(other.first);
    return instead != journal.end() && other.second.epoch < instead->second.epoch;
  });
}

}  // namespace

Verdict CompareCopies(const std::vector<std::unique_ptr<JournalSource>>& sources, JournalSource& played,
                      domain::SequenceNumber committed) {
  Finding finding("I10");
  if (committed.value() == 0) return finding.NotChecked("no database says what was committed");
  const auto journal = FramesOf(played, domain::SequenceNumber(std::numeric_limits<std::uint64_t>::max()));
  if (!journal.ok()) return finding.NotChecked(std::string(MessageOf(journal.status())));
  std::vector<std::string> texts;
  std::size_t compared = 0;
  for (const auto& source : sources) {
    if (source.get() == &played) continue;
    const auto copy = FramesOf(*source, committed);
    if (absl::IsDataLoss(copy.status())) finding.Violate(absl::StrCat(source->name(), ": ", copy.status().message()));
    if (!copy.ok()) {
      texts.push_back(absl::StrCat(source->name(), " cannot be read"));
      continue;
    }
    ++compared;
    texts.push_back(absl::StrCat(source->name(), " up to ", copy->empty() ? 0 : copy->rbegin()->first.value()));
    const Frames others = OthersOf(*copy, *journal);
    if (others.empty()) continue;
    if (!AreUnconfirmed(others, *copy, *journal)) {
      finding.Violate(absl::StrCat(source->name(), " has another frame at sequence ", others.begin()->first.value()));
    }
    absl::StrAppend(&texts.back(), ", the last ", others.size(), " frames never confirmed");
  }
  if (compared == 0 && !finding.violated()) return finding.NotChecked("there is one copy, nothing to compare it with");
  return finding.OkOr(absl::StrCat("of ", committed.value(), " the same: ", absl::StrJoin(texts, "; ")));
}

}  // namespace xt::ctl
