// I2, I8 and I11: what clients saw. Each order that was acknowledged stands in the journal at the sequence of its
// answer; one that was acknowledged before another was sent has the lower sequence; and none was executed twice,
// whatever its client heard.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "tools/xtraderctl/verify/check.h"
#include "tools/xtraderctl/verify/history.h"

namespace xt::ctl {

class HistoryCheck final : public Check {
 public:
  // Without a history: nothing is checked.
  explicit HistoryCheck(std::optional<History> history) : history_(std::move(history)) {}

  void Take(const Step& step) override;
  std::vector<Verdict> Finish() override;
  std::vector<Verdict> FinishUnplayed(domain::SequenceNumber end, const std::string& why) override;

 private:
  using Key = History::key_type;
  struct Journalled {
    std::vector<domain::SequenceNumber> commands;  // that carry the id
    int executions = 0;                            // of them, those that were not refused
  };
  void CompareSequences();
  // Alone of these it does not ask the journal.
  void CompareOrder();
  void CountExecutions();
  [[nodiscard]] std::size_t CountAcknowledged() const;
  [[nodiscard]] Verdict OrderVerdict() const;

  const std::optional<History> history_;
  std::map<Key, Journalled> journalled_;  // of the ids of the history
  Finding acknowledged_{"I2"};
  Finding order_{"I8"};
  Finding once_{"I11"};
};

}  // namespace xt::ctl
