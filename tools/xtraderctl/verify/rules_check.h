// I7: what orders do. Every event is what the second engine says, so that each trade was with the oldest order at the
// best price; and by itself: no report after an order's end, fills within its quantity, prices within its limit.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "tools/xtraderctl/verify/check.h"
#include "tools/xtraderctl/verify/second_engine.h"

namespace xt::ctl {

class RulesCheck final : public Check {
 public:
  void Take(const Step& step) override;
  std::vector<Verdict> Finish() override;
  std::vector<Verdict> FinishUnplayed(domain::SequenceNumber /*end*/, const std::string& why) override {
    return {finding_.Unplayed(why)};
  }

  // At the last command; of no use after a violation.
  [[nodiscard]] const SecondEngine& second() const { return second_; }
  [[nodiscard]] bool violated() const { return finding_.violated(); }

 private:
  void TakeReport(const Step& step, const domain::ExecutionReport& report);

  SecondEngine second_;
  Finding finding_{"I7"};
  const matching::Engine* engine_ = nullptr;                  // of the last step
  std::unordered_map<domain::OrderId, std::int64_t> filled_;  // of the open orders, lots
  std::unordered_set<domain::OrderId> ended_;
  std::uint64_t trades_ = 0;
};

}  // namespace xt::ctl
