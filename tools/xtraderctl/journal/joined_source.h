// JoinedSource: the whole journal, made of all copies and of what their folders keep as history: it ends as the copy
// does whose chain a new leader would take, and what that one has no more is taken from whoever has it. Records are
// joined by sequence and hash: what leads to the end is the journal, and a tail that once went another way never is.
// Since hashes chain, one record that two copies have in common proves that those before it are the same. Holds one
// record in memory. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/xtraderctl/journal/journal_source.h"

namespace xt::ctl {

class JoinedSource final : public JournalSource {
 public:
  // Reads all copies, which outlive it. UNAVAILABLE when none can be read.
  static absl::StatusOr<std::unique_ptr<JoinedSource>> Of(const CopySources& copies);

  // That of the copy.
  [[nodiscard]] std::string name() const override { return copy().name(); }
  // What is trimmed meanwhile is looked for anew, a few times, and the visit goes on where it was; only when nobody
  // has it does it begin again. Behind the copy's present end nothing is visited.
  absl::StatusOr<std::string> Read(const Begins& begins, const Visitor& visitor) override;

  // The one whose end it has: of the highest last epoch, then of the highest last sequence; the first one of equals.
  // Of a damaged one counts what lies before the damage.
  [[nodiscard]] const CopySource& copy() const { return *plan_.looked[plan_.copy].source; }

 private:
  // A copy, and what it held when it was looked at.
  struct Looked {
    CopySource* source;
    absl::StatusOr<Holdings> holdings;
  };
  struct Piece {
    std::string name;  // of the copy
    Stretch* stretch;
    ports::JournalBase upto;  // its record that is the last one of the piece
  };
  struct Plan {
    std::vector<Looked> looked;
    std::size_t copy = 0;
    std::vector<Piece> pieces;  // in order; behind them the journal of the copy goes on
    Beginning beginning;
  };

  JoinedSource(const CopySources& copies, Plan plan) : copies_(copies), plan_(std::move(plan)) {}
  static absl::StatusOr<Plan> PlanOf(const CopySources& copies);
  static absl::StatusOr<std::size_t> LongestOf(const std::vector<Looked>& looked);
  static std::vector<Piece> OffersOf(const std::vector<Looked>& looked);
  static std::string MissingIn(const Plan& plan);
  [[nodiscard]] Stretch& journal() const { return *plan_.looked[plan_.copy].holdings->journal; }
  [[nodiscard]] std::string Note(std::string note) const;
  absl::StatusOr<std::string> ReadBehind(ports::JournalBase& position, const Visitor& visitor);

  const CopySources& copies_;
  Plan plan_;
};

}  // namespace xt::ctl
