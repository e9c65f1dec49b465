// Check: one group of the invariants that `verify` proves, as the design of reliability numbers them (I1 to I13). It is
// shown every command of the journal in order, and says in the end how its invariants stand. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "tools/xtraderctl/journal/player.h"

namespace xt::ctl {

enum class Outcome { kOk, kViolated, kNotChecked };

struct Verdict {
  std::string invariant;  // "I3"
  Outcome outcome = Outcome::kOk;
  std::string text;  // what was compared; the first bad id and why; or why it was not checked
};

class Check {
 public:
  virtual ~Check() = default;
  virtual void Take(const Step& step) = 0;
  // Behind the last command, once. In the order of the invariants.
  virtual std::vector<Verdict> Finish() = 0;
  // Instead of Finish, when the journal could not be played, or not to its end, `end`: a violation that shows
  // nevertheless, else `why` it was not checked.
  virtual std::vector<Verdict> FinishUnplayed(domain::SequenceNumber end, const std::string& why) = 0;
};

// The first violation of one invariant; later ones mostly follow from it.
class Finding {
 public:
  explicit Finding(std::string invariant) : invariant_(std::move(invariant)) {}

  void Violate(std::string why) {
    if (why_.empty()) why_ = std::move(why);
  }
  [[nodiscard]] bool violated() const { return !why_.empty(); }
  // Violated, or else ok with `text`.
  [[nodiscard]] Verdict OkOr(std::string text) const {
    if (violated()) return {invariant_, Outcome::kViolated, why_};
    return {invariant_, Outcome::kOk, std::move(text)};
  }
  [[nodiscard]] Verdict NotChecked(std::string why) const { return {invariant_, Outcome::kNotChecked, std::move(why)}; }
  // Violated, or else not checked.
  [[nodiscard]] Verdict Unplayed(std::string why) const { return violated() ? OkOr({}) : NotChecked(std::move(why)); }

 private:
  const std::string invariant_;
  std::string why_;
};

}  // namespace xt::ctl
