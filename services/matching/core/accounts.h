// Accounts: the customers, what each owns of every asset (available, and locked by open orders), what is configured for
// them, and which orders they have open. Account 0 is the exchange's own: it collects the fees, and its settings are what
// new accounts start with. What an order needs of an account lies in one row of whole cache lines: the head, then the
// balances. Amounts are in the asset's smallest unit. No sum of balances can overflow: everything that exists of an asset
// came in by deposits, and their total fits 63 bits. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/domain/account.h"
#include "libs/domain/fixed_string.h"
#include "libs/domain/ids.h"
#include "services/matching/core/open_lists.h"

namespace xt::matching {

struct Balance {
  std::int64_t available = 0;
  std::int64_t locked = 0;
  friend bool operator==(const Balance&, const Balance&) = default;
};

struct AccountHead {
  OpenList open_list;
  std::uint32_t open_orders = 0;
  std::int16_t maker_fee_bps = -1;  // -1: the symbol's
  std::int16_t taker_fee_bps = -1;
  domain::AccountStatus status = domain::AccountStatus::kActive;
  domain::SelfTradePrevention self_trade_prevention = domain::SelfTradePrevention::kExpireTaker;
  bool has_rules = false;  // one of the account's risk rules is configured
};

struct AccountRecord {
  domain::AccountName name;
  domain::AccountSettings settings;
  // The window of the order rate.
  std::int64_t window_start_ns = 0;
  std::uint32_t window_orders = 0;
};

class Accounts {
 public:
  Accounts(std::uint32_t max_accounts, std::uint32_t max_orders);

  [[nodiscard]] bool full() const { return records_.size() > max_accounts_; }
  // Whether a customer has this id; the fee account is none.
  [[nodiscard]] bool Exists(domain::AccountId account) const {
    return account != domain::kFeeAccount && account.value() < records_.size();
  }
  [[nodiscard]] bool HasName(const domain::AccountName& name) const { return by_name_.contains(name); }
  domain::AccountId Create(const domain::AccountName& name);

  // Makes room for one more asset in every row.
  void AddAsset();

  [[nodiscard]] AccountHead& Head(domain::AccountId account) { return *HeadAt(account); }
  [[nodiscard]] const AccountHead& Head(domain::AccountId account) const { return *HeadAt(account); }
  [[nodiscard]] Balance& At(domain::AccountId account, domain::AssetId asset) { return *BalanceAt(account, asset); }
  [[nodiscard]] const Balance& At(domain::AccountId account, domain::AssetId asset) const {
    return *BalanceAt(account, asset);
  }
  [[gnu::always_inline]] void Prefetch(domain::AccountId account) const { __builtin_prefetch(Row(account), 1); }

  [[nodiscard]] AccountRecord& Record(domain::AccountId account) { return records_[account.value()]; }
  [[nodiscard]] const AccountRecord& Record(domain::AccountId account) const { return records_[account.value()]; }
  void Configure(domain::AccountId account, const domain::AccountSettings& settings);

  // What 0 means is the symbol's own fees, so it is not defined and always there.
  [[nodiscard]] bool HasFeeTier(domain::FeeTierId tier) const {
    return tier.value() == 0 || (tier.value() < domain::kFeeTiers && tiers_[tier.value()].has_value());
  }
  [[nodiscard]] const std::optional<domain::FeeTier>& fee_tier(int tier) const {
    return tiers_[static_cast<std::size_t>(tier)];
  }
  void DefineFeeTier(const domain::FeeTier& tier);

  // Lists an order that rests or waits from now on, and returns its place in the list.
  [[nodiscard]] ListPlace AddOpenOrder(domain::AccountId account, Slot slot) {
    AccountHead& head = Head(account);
    ++head.open_orders;
    return open_lists_.Add(head.open_list, slot);
  }
  // The order at this place of the list has ended.
  void RemoveOpenOrder(domain::AccountId account, ListPlace place) {
    AccountHead& head = Head(account);
    --head.open_orders;
    open_lists_.Remove(head.open_list, place);
  }
  // Calls visit(Slot, ListPlace) for each open order, the oldest first. What is visited may end meanwhile.
  template <typename Visit>
  void ForEachOpenOrder(domain::AccountId account, const Visit& visit) const {
    open_lists_.ForEach(Head(account).open_list, visit);
  }
  // Where the next one will stand, and where this one stands.
  [[gnu::always_inline]] void PrefetchNewest(domain::AccountId account) const {
    open_lists_.Prefetch(Head(account).open_list.last);
  }
  [[gnu::always_inline]] void PrefetchOpenOrder(ListPlace place) const { open_lists_.Prefetch(place); }

  // Deposits minus withdrawals of an asset.
  [[nodiscard]] std::int64_t supply(domain::AssetId asset) const { return supply_[asset.value()]; }
  void ChangeSupply(domain::AssetId asset, std::int64_t by) { supply_[asset.value()] += by; }

  // The fee account included.
  [[nodiscard]] std::size_t count() const { return records_.size(); }
  [[nodiscard]] const domain::AccountName& name(domain::AccountId account) const {
    return records_[account.value()].name;
  }
  [[nodiscard]] std::size_t assets() const { return supply_.size(); }
  // Of the lists of open orders.
  [[nodiscard]] std::uint64_t list_bytes() const { return open_lists_.touched_bytes(); }

 private:
  // A row is raw memory in which the head lies first and the balances after it, each a cell of 16 bytes.
  struct alignas(64) Line {
    std::array<std::byte, 64> bytes{};
  };
  static constexpr std::size_t kCellBytes = sizeof(Balance);
  static constexpr std::size_t kHeadCells = (sizeof(AccountHead) + kCellBytes - 1) / kCellBytes;
  static constexpr std::size_t kCellsPerLine = sizeof(Line) / kCellBytes;

  [[nodiscard]] std::size_t row_lines() const { return std::size_t{1} << row_bits_; }
  [[nodiscard]] std::byte* Row(domain::AccountId account) const {
    return const_cast<std::byte*>(lines_[std::size_t{account.value()} << row_bits_].bytes.data());
  }
  [[nodiscard]] AccountHead* HeadAt(domain::AccountId account) const {
    return reinterpret_cast<AccountHead*>(Row(account));
  }
  [[nodiscard]] Balance* BalanceAt(domain::AccountId account, domain::AssetId asset) const {
    return reinterpret_cast<Balance*>(Row(account) + (kHeadCells + asset.value()) * kCellBytes);
  }

  const std::uint32_t max_accounts_;
  std::uint32_t row_bits_ = 0;
  std::vector<AccountRecord> records_;  // position == id
  absl::flat_hash_map<domain::AccountName, domain::AccountId> by_name_;
  std::vector<Line> lines_;  // 2^row_bits_ per account
  OpenLists open_lists_;
  std::vector<std::int64_t> supply_;  // by asset
  std::array<std::optional<domain::FeeTier>, domain::kFeeTiers> tiers_;
};

}  // namespace xt::matching
