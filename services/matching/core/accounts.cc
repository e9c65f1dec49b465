#include "services/matching/core/accounts.h"

#include <algorithm>
#include <new>
#include <utility>

#include "libs/base/check.h"

namespace xt::matching {

Accounts::Accounts(std::uint32_t max_accounts, std::uint32_t max_orders)
    : max_accounts_(max_accounts), records_(1), lines_(1), open_lists_(max_orders, max_accounts) {
  new (Row(domain::kFeeAccount)) AccountHead;
}

domain::AccountId Accounts::Create(const domain::AccountName& name) {
  XT_CHECK(!full() && !HasName(name));
  const domain::AccountId account(static_cast<std::uint32_t>(records_.size()));
  records_.push_back({.name = name, .settings = {}});
  by_name_.emplace(name, account);
  lines_.resize(records_.size() << row_bits_);
  new (Row(account)) AccountHead;
  Configure(account, records_[0].settings);
  return account;
}

void Accounts::AddAsset() {
  supply_.push_back(0);
  if (kHeadCells + supply_.size() <= row_lines() * kCellsPerLine) return;
  const std::size_t old_lines = row_lines();
  ++row_bits_;
  std::vector<Line> wider(records_.size() << row_bits_);
  for (std::size_t account = 0; account < records_.size(); ++account) {
    std::copy_n(lines_.begin() + static_cast<std::ptrdiff_t>(account * old_lines), old_lines,
                wider.begin() + static_cast<std::ptrdiff_t>(account << row_bits_));
  }
  lines_ = std::move(wider);
}

void Accounts::Configure(domain::AccountId account, const domain::AccountSettings& settings) {
  records_[account.value()].settings = settings;
  AccountHead& head = Head(account);
  const auto& tier = tiers_[settings.fee_tier.value()];
  head.maker_fee_bps = tier ? static_cast<std::int16_t>(tier->maker_fee_bps) : std::int16_t{-1};
  head.taker_fee_bps = tier ? static_cast<std::int16_t>(tier->taker_fee_bps) : std::int16_t{-1};
  head.self_trade_prevention = settings.self_trade_prevention;
  head.has_rules = settings.max_open_orders != 0 || settings.max_orders != 0;
}

void Accounts::DefineFeeTier(const domain::FeeTier& tier) {
  tiers_[tier.id.value()] = tier;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i].settings.fee_tier != tier.id) continue;
    Configure(domain::AccountId(static_cast<std::uint32_t>(i)), records_[i].settings);
  }
}

}  // namespace xt::matching
