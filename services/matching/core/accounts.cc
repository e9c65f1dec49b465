#include "services/matching/core/accounts.h"

#include <algorithm>

#include "libs/base/check.h"

namespace xt::matching {

Accounts::Accounts(std::uint32_t max_accounts) : max_accounts_(max_accounts), names_(1), balances_(1) {}

domain::AccountId Accounts::Create(const domain::AccountName& name) {
  XT_CHECK(!full() && !HasName(name));
  const domain::AccountId account(static_cast<std::uint32_t>(names_.size()));
  names_.push_back(name);
  by_name_.emplace(name, account);
  balances_.resize(names_.size() << row_bits_);
  return account;
}

void Accounts::AddAsset() {
  supply_.push_back(0);
  if (supply_.size() <= std::size_t{1} << row_bits_) return;
  const std::size_t old_width = std::size_t{1} << row_bits_;
  ++row_bits_;
  std::vector<Balance> wider(names_.size() << row_bits_);
  for (std::size_t account = 0; account < names_.size(); ++account) {
    std::copy_n(balances_.begin() + static_cast<std::ptrdiff_t>(account * old_width), old_width,
                wider.begin() + static_cast<std::ptrdiff_t>(account << row_bits_));
  }
  balances_ = std::move(wider);
}

}  // namespace xt::matching
