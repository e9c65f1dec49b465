#include "tools/xtraderctl/verify/money_check.h"

#include "absl/strings/str_cat.h"

namespace xt::ctl {
namespace {

std::string Place(domain::AccountId account, domain::AssetId asset) {
  return absl::StrCat("account ", account.value(), ", asset ", asset.value());
}

}  // namespace

void MoneyCheck::Take(const Step& step) {
  engine_ = &step.engine;
  if (finding_.violated()) return;
  std::map<domain::AssetId, Wide> created;
  for (const domain::Event& event : step.events) {
    if (const auto* change = std::get_if<domain::BalanceChange>(&event)) TakeChange(step, *change, created);
  }
  for (const auto& [asset, amount] : created) {
    if (amount == 0) continue;
    finding_.Violate(
        absl::StrCat("sequence ", step.sequence.value(), ": asset ", asset.value(), " was created or destroyed"));
  }
}

void MoneyCheck::TakeChange(const Step& step, const domain::BalanceChange& change,
                            std::map<domain::AssetId, Wide>& created) {
  const std::string place =
      absl::StrCat("sequence ", step.sequence.value(), ", ", Place(change.account, change.asset), ": ");
  matching::Balance& balance = balances_[{change.account, change.asset}];
  balance.available += change.available_delta.value();
  balance.locked += change.locked_delta.value();
  if (balance.available < 0 || balance.locked < 0) finding_.Violate(place + "a negative balance");
  if (balance.available != change.available.value() || balance.locked != change.locked.value()) {
    finding_.Violate(place + "the changes do not add up to the balance");
  }
  const Wide both = Wide{change.available_delta.value()} + change.locked_delta.value();
  const bool outside =
      change.reason == domain::BalanceReason::kDeposit || change.reason == domain::BalanceReason::kWithdrawal;
  (outside ? came_in_ : created)[change.asset] += both;
}

void MoneyCheck::CompareWith(const matching::Engine& engine) {
  std::map<domain::AssetId, Wide> sums;
  for (domain::AccountId account(0); account == domain::kFeeAccount || engine.accounts().Exists(account); ++account) {
    for (const domain::Asset& asset : engine.assets()) {
      const matching::Balance balance = engine.accounts().At(account, asset.id);
      sums[asset.id] += Wide{balance.available} + balance.locked;
      const auto told = balances_.find({account, asset.id});
      if (balance == (told == balances_.end() ? matching::Balance{} : told->second)) continue;
      finding_.Violate(Place(account, asset.id) + ": another balance than the changes tell");
    }
  }
  for (const auto& [asset, sum] : sums) {
    if (sum != came_in_[asset]) {
      finding_.Violate(absl::StrCat("asset ", asset.value(), ": the balances are not deposits less withdrawals"));
    }
  }
}

std::vector<Verdict> MoneyCheck::Finish() {
  if (engine_ != nullptr && !finding_.violated()) CompareWith(*engine_);
  return {finding_.OkOr(absl::StrCat(balances_.size(), " balances of ", came_in_.size(), " assets"))};
}

}  // namespace xt::ctl
