#include "tools/xtraderctl/verify/copies_check.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace xt::ctl {
namespace {

using Frames = std::map<domain::SequenceNumber, Hash128>;  // by their last sequence

absl::StatusOr<Frames> FramesOf(JournalSource& source, domain::SequenceNumber committed) {
  Frames frames;
  const auto read = source.Read([&](const ports::JournalRecord& record) {
    if (record.last_sequence <= committed) frames[record.last_sequence] = record.hash;
    return absl::OkStatus();
  });
  if (!read.ok()) return read.status();
  return frames;
}

}  // namespace

Verdict CompareCopies(const std::vector<std::unique_ptr<JournalSource>>& sources, JournalSource& played,
                      domain::SequenceNumber committed) {
  Finding finding("I10");
  if (committed.value() == 0) return finding.NotChecked("no database says what was committed");
  const auto frames = FramesOf(played, committed);
  if (!frames.ok()) return finding.NotChecked(std::string(MessageOf(frames.status())));
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
    for (const auto& [sequence, hash] : *copy) {
      const auto same = frames->find(sequence);
      if (same != frames->end() && same->second == hash) continue;
      finding.Violate(absl::StrCat(source->name(), " has another frame at sequence ", sequence.value()));
    }
    texts.push_back(absl::StrCat(source->name(), " up to ", copy->empty() ? 0 : copy->rbegin()->first.value()));
  }
  if (compared == 0 && !finding.violated()) return finding.NotChecked("there is one copy, nothing to compare it with");
  return finding.OkOr(absl::StrCat("of ", committed.value(), " the same: ", absl::StrJoin(texts, "; ")));
}

}  // namespace xt::ctl
