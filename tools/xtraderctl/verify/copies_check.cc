#include "tools/xtraderctl/verify/copies_check.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace xt::ctl {
namespace {

using domain::SequenceNumber;
using ports::JournalBase;
using ports::JournalRecord;

// As many as a leader may have handed to the journal without an answer, the bound of `frame.max_in_flight`.
constexpr std::size_t kMostInFlight = 8;
// So many of the last frames of a copy are kept. One of them that is the journal's proves that all before it are.
constexpr std::size_t kKept = 1'024;

// One copy: first it takes the frames of that, then those of the journal.
class ComparedCopy {
 public:
  ComparedCopy(std::string name, SequenceNumber committed) : name_(std::move(name)), committed_(committed) {}

  // Either forgets what it took of the same.
  void Begin(const JournalBase& base);
  void BeginJournal(const JournalBase& base);
  // DATA_LOSS when the record does not follow.
  absl::Status Take(const JournalRecord& record);
  void TakeJournal(const JournalRecord& record);

  // Whether the journal has anything of it.
  [[nodiscard]] bool compared() const { return frames_.empty() ? base_compared_ : first_ < frames_.size(); }
  // How far it is compared, for people.
  [[nodiscard]] std::string Judge(Finding& finding) const;

 private:
  struct Frame {
    SequenceNumber sequence;  // its last one
    Hash128 hash;
    domain::Epoch epoch;
    bool same = false;
    domain::Epoch instead;  // of the frame that the journal has there; 0: none
  };
  void Compare(SequenceNumber sequence, const Hash128& hash, domain::Epoch epoch);
  [[nodiscard]] bool AreUnconfirmed(const std::vector<const Frame*>& others) const;

  const std::string name_;
  const SequenceNumber committed_;
  JournalBase base_;
  JournalBase end_;            // of what it took
  std::deque<Frame> frames_;   // the last ones, up to what was committed
  bool forgot_ = false;        // earlier ones than those
  std::size_t first_ = 0;      // of the frames that the journal does not begin behind
  std::size_t next_ = 0;       // of the frames that were not compared
  bool base_compared_ = true;  // there is nothing before the base, or the journal goes so far back
  bool base_joins_ = true;     // where it was compared, the journal goes through it
};

void ComparedCopy::Begin(const JournalBase& base) {
  base_ = end_ = base;
  frames_.clear();
  forgot_ = false;
}

absl::Status ComparedCopy::Take(const JournalRecord& record) {
  const bool follows = record.first_sequence.value() == end_.sequence.value() + 1 &&
                       record.previous_hash == end_.hash && HashBytes(record.bytes) == record.hash;
  if (!follows) {
    return absl::DataLossError(
        absl::StrCat("sequence ", record.first_sequence.value(), " does not follow ", end_.sequence.value()));
  }
  end_ = {record.last_sequence, record.hash, record.epoch};
  if (record.last_sequence > committed_) return absl::OkStatus();
  frames_.push_back({record.last_sequence, record.hash, record.epoch, false, {}});
  if (frames_.size() > kKept) {
    frames_.pop_front();
    forgot_ = true;
  }
  return absl::OkStatus();
}

void ComparedCopy::BeginJournal(const JournalBase& base) {
  first_ = next_ = 0;
  for (Frame& frame : frames_) {
    frame.same = false;
    frame.instead = {};
    if (frame.sequence < base.sequence) ++first_;
  }
  next_ = first_;
  base_compared_ = base_.sequence.value() == 0 || base_.sequence >= base.sequence;
  base_joins_ = base_.sequence.value() == 0 || !base_compared_;
  Compare(base.sequence, base.hash, base.epoch);
}

void ComparedCopy::TakeJournal(const JournalRecord& record) {
  Compare(record.last_sequence, record.hash, record.epoch);
}

// With the frame of the journal that ends there.
void ComparedCopy::Compare(SequenceNumber sequence, const Hash128& hash, domain::Epoch epoch) {
  if (base_.sequence == sequence && base_.hash == hash) base_joins_ = true;
  for (; next_ < frames_.size() && frames_[next_].sequence <= sequence; ++next_) {
    frames_[next_].same = frames_[next_].sequence == sequence && frames_[next_].hash == hash;
    frames_[next_].instead = epoch;
  }
}

std::string ComparedCopy::Judge(Finding& finding) const {
  if (!base_joins_) {
    finding.Violate(
        absl::StrCat(name_, " begins behind another frame than the journal has at sequence ", base_.sequence.value()));
  }
  const std::uint64_t base = base_.sequence.value();
  if (frames_.empty() && base != 0) return absl::StrCat(name_, " begins behind ", base);
  const std::string text = absl::StrCat(name_, base == 0 ? "" : absl::StrCat(" from ", base + 1), " up to ",
                                        frames_.empty() ? 0 : frames_.back().sequence.value());
  if (!compared()) return text + ", before the journal begins";
  std::vector<const Frame*> others;
  for (std::size_t i = first_; i < frames_.size(); ++i) {
    if (!frames_[i].same) others.push_back(&frames_[i]);
  }
  if (others.empty()) return text;
  if (!AreUnconfirmed(others)) {
    const bool earlier = forgot_ && others.front() == &frames_.front();
    finding.Violate(absl::StrCat(name_, " has another frame at sequence ", others.front()->sequence.value(),
                                 earlier ? " or before" : ""));
  }
  return absl::StrCat(text, ", the last ", others.size(), " frames never confirmed");
}

// A leader that is deposed has handed a few frames to its own file that the other copy then refused: nobody confirmed
// them, and they are cut when it leads again. They are its last ones, and the journal has a later epoch there.
bool ComparedCopy::AreUnconfirmed(const std::vector<const Frame*>& others) const {
  if (others.size() > kMostInFlight || others.back() != &frames_.back()) return false;
  return std::ranges::all_of(others, [](const Frame* other) { return other->epoch < other->instead; });
}

absl::Status TakeCopy(CopySource& source, ComparedCopy& copy) {
  return source
      .Read(
          [&](const Beginning& beginning) {
            copy.Begin(beginning.base);
            return absl::OkStatus();
          },
          [&](const JournalRecord& record) { return copy.Take(record); })
      .status();
}

// Returns where the journal begins.
absl::StatusOr<SequenceNumber> TakeJournal(JournalSource& played, std::vector<ComparedCopy>& copies) {
  SequenceNumber base;
  XT_RETURN_IF_ERROR(played
                         .Read(
                             [&](const Beginning& beginning) {
                               base = beginning.base.sequence;
                               for (ComparedCopy& copy : copies) copy.BeginJournal(beginning.base);
                               return absl::OkStatus();
                             },
                             [&](const JournalRecord& record) {
                               for (ComparedCopy& copy : copies) copy.TakeJournal(record);
                               return absl::OkStatus();
                             })
                         .status());
  return base;
}

}  // namespace

// The journal last, so that it is as far as every copy.
Verdict CompareCopies(const CopySources& copies, const CopySource& copy, JournalSource& played,
                      SequenceNumber committed) {
  Finding finding("I10");
  if (committed.value() == 0) return finding.NotChecked("no database says what was committed");
  std::vector<ComparedCopy> taken;
  std::vector<std::string> texts;
  for (const auto& source : copies) {
    if (source.get() == &copy) continue;
    ComparedCopy one(source->name(), committed);
    const absl::Status read = TakeCopy(*source, one);
    if (absl::IsDataLoss(read)) finding.Violate(absl::StrCat(source->name(), ": ", read.message()));
    if (read.ok()) {
      taken.push_back(std::move(one));
    } else {
      texts.push_back(absl::StrCat(source->name(), " cannot be read"));
    }
  }
  const auto base = TakeJournal(played, taken);
  if (!base.ok()) return finding.Unplayed(std::string(MessageOf(base.status())));
  bool compared = false;
  for (const ComparedCopy& one : taken) {
    texts.push_back(one.Judge(finding));
    compared = compared || one.compared();
  }
  if (!compared && !finding.violated()) return finding.NotChecked("there is one copy, nothing to compare it with");
  return finding.OkOr(absl::StrCat("of ", committed.value(), " the same",
                                   base->value() == 0 ? "" : absl::StrCat(", from ", base->value() + 1, " on"), ": ",
                                   absl::StrJoin(texts, "; ")));
}

}  // namespace xt::ctl
