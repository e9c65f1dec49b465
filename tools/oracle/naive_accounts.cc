// The naive engine's accounts: who they are, what they may, what they own.
#include <algorithm>
#include <limits>

#include "libs/domain/names.h"
#include "tools/oracle/naive_engine.h"

namespace xt::oracle {

using namespace domain;  // NOLINT: this file speaks of nothing else
using Reason = RejectReason;

namespace {
constexpr int kDeposit = 1;
constexpr int kWithdraw = 2;
constexpr int kTransfer = 3;
constexpr std::uint32_t kMaxIntervalMs = 86'400'000;

Reject CheckMayReceive(AccountStatus status, const char* field) {
  if (status == AccountStatus::kBlacklisted) return {Reason::kAccountBlacklisted, field};
  if (status == AccountStatus::kClosed) return {Reason::kAccountClosed, field};
  return {};
}

Reject CheckMaySend(AccountStatus status, const char* field) {
  if (status == AccountStatus::kFrozen) return {Reason::kAccountFrozen, field};
  return CheckMayReceive(status, field);
}
}  // namespace

bool NaiveEngine::IsCustomer(AccountId account) const {
  return account.value() != 0 && account.value() < accounts_.size();
}

NaiveEngine::Money NaiveEngine::MoneyOf(std::uint32_t account, std::uint16_t asset) const {
  const auto found = money_.find({account, asset});
  return found == money_.end() ? Money{} : found->second;
}

void NaiveEngine::Pay(std::uint32_t account, std::uint16_t asset, Wide available, Wide locked) {
  if (rehearsing_) return;
  Money& money = money_[{account, asset}];
  money.available = static_cast<std::int64_t>(money.available + available);
  money.locked = static_cast<std::int64_t>(money.locked + locked);
}

int NaiveEngine::FeeBps(std::uint32_t account, const Symbol& symbol, bool maker) const {
  const int tier = accounts_[account].settings.fee_tier.value();
  if (tier == 0) return maker ? symbol.maker_fee_bps : symbol.taker_fee_bps;
  return maker ? fee_tiers_.at(tier).maker_fee_bps : fee_tiers_.at(tier).taker_fee_bps;
}

bool NaiveEngine::OwnsAnything(std::uint32_t account) const {
  for (const auto& [key, money] : money_) {
    if (key.first == account && money != Money{}) return true;
  }
  for (const Market& market : markets_) {
    for (const auto& [id, order] : market.orders) {
      if (order.as.account.value() == account) return true;
    }
  }
  return false;
}

void NaiveEngine::TellAccount(std::uint32_t account) {
  AccountChanged changed;
  changed.account = AccountId(account);
  changed.status = account == 0 ? AccountStatus::kUnspecified : accounts_[account].status;
  changed.settings = accounts_[account].settings;
  Say(changed);
}

void NaiveEngine::Do(const CreateAccount& create) {
  if (!IsValidAccountName(create.name.view())) return Refuse({Reason::kInvalidValue, "name"});
  for (std::size_t i = 1; i < accounts_.size(); ++i) {
    if (accounts_[i].name == create.name) return Refuse({Reason::kAlreadyExists, "name"});
  }
  if (accounts_.size() > limits_.max_accounts) return Refuse({Reason::kCapacity, "name"});
  Account account;
  account.name = create.name;
  account.settings = accounts_[0].settings;
  accounts_.push_back(account);
  Say(AccountCreated{AccountId(static_cast<std::uint32_t>(accounts_.size() - 1)), create.name});
}

void NaiveEngine::Do(const SetAccountStatus& change) {
  const auto refuse = [&](Reason reason, const char* field) { Refuse({reason, field}, change.account); };
  if (!IsCustomer(change.account)) return refuse(Reason::kUnknownAccount, "account");
  if (change.status == AccountStatus::kUnspecified) return refuse(Reason::kMissingField, "status");
  if (static_cast<int>(change.status) > 4) return refuse(Reason::kInvalidValue, "status");
  const std::uint32_t id = change.account.value();
  if (accounts_[id].status == AccountStatus::kClosed) return refuse(Reason::kAccountClosed, "account");
  if (change.status == AccountStatus::kClosed && OwnsAnything(id)) return refuse(Reason::kAccountNotEmpty, "account");
  accounts_[id].status = change.status;
  if (change.status == AccountStatus::kBlacklisted) {
    CancelMany(id, kAllSymbols, OrderGroup(0), true, MassCancelReason::kBlacklisted);
  }
  TellAccount(id);
}

void NaiveEngine::Do(const ConfigureAccount& change) {
  const auto refuse = [&](Reason reason, const char* field) { Refuse({reason, field}, change.account); };
  if (change.account.value() >= accounts_.size()) return refuse(Reason::kUnknownAccount, "account");
  AccountSettings settings = change.settings;
  const int tier = settings.fee_tier.value();
  if (tier != 0 && !fee_tiers_.contains(tier)) return refuse(Reason::kInvalidValue, "feeTier");
  if (static_cast<int>(settings.self_trade_prevention) > 5) return refuse(Reason::kInvalidValue, "selfTradePrevention");
  if (settings.self_trade_prevention == SelfTradePrevention::kUnspecified) {
    settings.self_trade_prevention = SelfTradePrevention::kExpireTaker;
  }
  if (settings.order_interval_ms < 1 || settings.order_interval_ms > kMaxIntervalMs) {
    return refuse(Reason::kInvalidValue, "orderIntervalMs");
  }
  accounts_[change.account.value()].settings = settings;
  TellAccount(change.account.value());
}

void NaiveEngine::Do(const Deposit& deposit) { Move(kDeposit, deposit, 0); }
void NaiveEngine::Do(const Withdraw& withdraw) { Move(kWithdraw, withdraw, 0); }
void NaiveEngine::Do(const Transfer& transfer) { Move(kTransfer, transfer, transfer.to_account.value()); }

template <typename T>
void NaiveEngine::Move(int kind, const T& t, std::uint32_t to_account) {
  const auto refuse = [&](const Reject& reject) { Refuse(reject, t.account, t.reference); };
  if (!IsCustomer(t.account)) return refuse({Reason::kUnknownAccount, "account"});
  if (t.reference.empty()) return refuse({Reason::kMissingField, "reference"});
  if (!IsValidClientOrderId(t.reference.view())) return refuse({Reason::kInvalidValue, "reference"});
  const IdKey key{t.account.value(), 1, std::string(t.reference.view())};
  const TransferContent content{kind, to_account, t.asset.value(), t.amount.value()};
  if (AnsweredBefore(key, nullptr, content, t.reference)) return;
  if (kind == kTransfer) {
    if (!IsCustomer(AccountId(to_account))) return refuse({Reason::kUnknownAccount, "toAccount"});
    if (to_account == t.account.value()) return refuse({Reason::kInvalidValue, "toAccount"});
  }
  if (t.asset.value() >= assets_.size()) return refuse({Reason::kUnknownAsset, "asset"});
  const std::int64_t amount = t.amount.value();
  if (amount <= 0) return refuse({Reason::kNotPositive, "amount"});
  if (ids_.size() >= limits_.max_client_ids) return refuse({Reason::kCapacity, "reference"});

  const AccountStatus status = accounts_[t.account.value()].status;
  const Reject reject = kind == kDeposit ? CheckMayReceive(status, "account") : CheckMaySend(status, "account");
  if (reject) return refuse(reject);
  if (kind == kTransfer) {
    if (const Reject r = CheckMayReceive(accounts_[to_account].status, "toAccount")) return refuse(r);
  }
  const std::uint16_t asset = t.asset.value();
  if (kind == kDeposit && supply_[asset] + amount > std::numeric_limits<std::int64_t>::max()) {
    return refuse({Reason::kOverflow, "amount"});
  }
  if (kind != kDeposit && MoneyOf(t.account.value(), asset).available < amount) {
    return refuse({Reason::kInsufficientBalance, "amount"});
  }

  Pay(t.account.value(), asset, kind == kDeposit ? Wide{amount} : -Wide{amount}, 0);
  if (kind == kDeposit) supply_[asset] += amount;
  if (kind == kWithdraw) supply_[asset] -= amount;
  if (kind == kTransfer) Pay(to_account, asset, amount, 0);
  Remembered remembered;
  remembered.transfer = content;
  Remember(key, remembered);
}

}  // namespace xt::oracle
