// I4: money. Nothing but deposits and withdrawals creates or destroys any of an asset, in every single command; nothing
// is ever negative; the changes add up to the balances; and the balances in the end, fees included, are what came in
// less what went out.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "tools/xtraderctl/verify/check.h"

namespace xt::ctl {

class MoneyCheck final : public Check {
 public:
  void Take(const Step& step) override;
  std::vector<Verdict> Finish() override;
  std::vector<Verdict> FinishUnplayed(domain::SequenceNumber /*end*/, const std::string& why) override {
    return {finding_.Unplayed(why)};
  }

 private:
  using Wide = __int128;
  void TakeChange(const Step& step, const domain::BalanceChange& change, std::map<domain::AssetId, Wide>& created);
  void CompareWith(const matching::Engine& engine);

  Finding finding_{"I4"};
  const matching::Engine* engine_ = nullptr;  // of the last step
  std::map<std::pair<domain::AccountId, domain::AssetId>, matching::Balance> balances_;
  std::map<domain::AssetId, Wide> came_in_;  // less what went out
};

}  // namespace xt::ctl
