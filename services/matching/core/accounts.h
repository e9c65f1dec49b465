// Accounts: the customers, and what each owns of every asset: available, and locked by resting orders. Account 0 is the
// exchange's own and collects the fees. Balances lie in one row per account. Amounts are in the asset's smallest unit.
// No sum of balances can overflow: everything that exists of an asset came in by deposits, and their total fits 63 bits.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/domain/fixed_string.h"
#include "libs/domain/ids.h"

namespace xt::matching {

struct Balance {
  std::int64_t available = 0;
  std::int64_t locked = 0;
  friend bool operator==(const Balance&, const Balance&) = default;
};

class Accounts {
 public:
  explicit Accounts(std::uint32_t max_accounts);

  [[nodiscard]] bool full() const { return names_.size() > max_accounts_; }
  // Whether a customer has this id; the fee account is none.
  [[nodiscard]] bool Exists(domain::AccountId account) const {
    return account != domain::kFeeAccount && account.value() < names_.size();
  }
  [[nodiscard]] bool HasName(const domain::AccountName& name) const { return by_name_.contains(name); }
  domain::AccountId Create(const domain::AccountName& name);

  // Makes room for one more asset in every row.
  void AddAsset();

  [[nodiscard]] Balance& At(domain::AccountId account, domain::AssetId asset) {
    return balances_[(std::size_t{account.value()} << row_bits_) + asset.value()];
  }
  [[nodiscard]] const Balance& At(domain::AccountId account, domain::AssetId asset) const {
    return balances_[(std::size_t{account.value()} << row_bits_) + asset.value()];
  }
  void Prefetch(domain::AccountId account) const {
    __builtin_prefetch(&balances_[std::size_t{account.value()} << row_bits_], 1);
  }

  // Deposits minus withdrawals of an asset.
  [[nodiscard]] std::int64_t supply(domain::AssetId asset) const { return supply_[asset.value()]; }
  void ChangeSupply(domain::AssetId asset, std::int64_t by) { supply_[asset.value()] += by; }

  // The fee account included.
  [[nodiscard]] std::size_t count() const { return names_.size(); }
  [[nodiscard]] const domain::AccountName& name(domain::AccountId account) const { return names_[account.value()]; }
  [[nodiscard]] std::size_t assets() const { return supply_.size(); }

 private:
  const std::uint32_t max_accounts_;
  std::uint32_t row_bits_ = 0;
  std::vector<domain::AccountName> names_;  // position == id
  absl::flat_hash_map<domain::AccountName, domain::AccountId> by_name_;
  std::vector<Balance> balances_;
  std::vector<std::int64_t> supply_;  // by asset
};

}  // namespace xt::matching
