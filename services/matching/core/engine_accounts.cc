// Accounts and money that comes, goes and moves between customers.
#include <limits>

#include "libs/domain/names.h"
#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"
#include "services/matching/core/risk_check.h"

namespace xt::matching {

using domain::AccountId;
using domain::AccountStatus;
using domain::BalanceReason;
using domain::Reject;
using domain::RejectReason;

Reject Engine::Handle(const domain::CreateAccount& create) {
  if (!domain::IsValidAccountName(create.name.view())) return {RejectReason::kInvalidValue, "name"};
  if (accounts_.HasName(create.name)) return {RejectReason::kAlreadyExists, "name"};
  if (accounts_.full()) return {RejectReason::kCapacity, "name"};
  const AccountId id = accounts_.Create(create.name);
  Tell(domain::AccountCreated{id, create.name});
  return {};
}

Reject Engine::Handle(const domain::ConfigureAccount& configure) {
  const bool defaults = configure.account == domain::kFeeAccount;
  if (!defaults && !accounts_.Exists(configure.account)) return {RejectReason::kUnknownAccount, "account"};
  domain::AccountSettings settings = configure.settings;
  if (!accounts_.HasFeeTier(settings.fee_tier)) return {RejectReason::kInvalidValue, "feeTier"};
  if (settings.self_trade_prevention > domain::SelfTradePrevention::kDecrement) {
    return {RejectReason::kInvalidValue, "selfTradePrevention"};
  }
  if (settings.self_trade_prevention == domain::SelfTradePrevention::kUnspecified) {
    settings.self_trade_prevention = domain::SelfTradePrevention::kExpireTaker;
  }
  if (settings.order_interval_ms == 0 || settings.order_interval_ms > domain::kMaxCountdownMs) {
    return {RejectReason::kInvalidValue, "orderIntervalMs"};
  }
  accounts_.Configure(configure.account, settings);
  TellAccount(configure.account);
  return {};
}

Reject Engine::Handle(const domain::DefineFeeTier& define) {
  const auto is_fee = [](std::int32_t bps) { return bps >= 0 && bps <= 1'000; };
  const domain::FeeTier& tier = define.tier;
  if (tier.id.value() == 0 || tier.id.value() >= domain::kFeeTiers) return {RejectReason::kInvalidValue, "feeTier"};
  if (!is_fee(tier.maker_fee_bps)) return {RejectReason::kInvalidValue, "makerFeeBps"};
  if (!is_fee(tier.taker_fee_bps)) return {RejectReason::kInvalidValue, "takerFeeBps"};
  accounts_.DefineFeeTier(tier);
  Tell(domain::FeeTierDefined{tier});
  return {};
}

void Engine::TellAccount(AccountId account) {
  const bool defaults = account == domain::kFeeAccount;
  Tell(domain::AccountChanged{.account = account,
                              .status = defaults ? AccountStatus::kUnspecified : accounts_.Head(account).status,
                              .settings = accounts_.Record(account).settings});
}

template <typename Body>
Engine::Repeated Engine::CheckTransfer(const Body& body, std::uint64_t fingerprint) {
  if (!accounts_.Exists(body.account)) return {true, {RejectReason::kUnknownAccount, "account"}};
  if (const Reject reject = CheckClientId(body.reference, "reference")) return {true, reject};
  return CheckRepeated(body.account, ClientIds::Kind::kTransfer, body.reference, fingerprint);
}

template <typename Body>
Reject Engine::CheckAmount(const Body& body) const {
  if (body.asset.value() >= assets_.size()) return {RejectReason::kUnknownAsset, "asset"};
  if (body.amount.value() <= 0) return {RejectReason::kNotPositive, "amount"};
  if (client_ids_.full()) return {RejectReason::kCapacity, "reference"};
  return {};
}

namespace {

// A frozen account may receive.
Reject CheckReceiver(AccountStatus status, std::string_view field) {
  if (status == AccountStatus::kFrozen) return {};
  return {RefusalOf(status), field};
}

}  // namespace

Reject Engine::Handle(const domain::Deposit& deposit) {
  const std::uint64_t fingerprint = Fingerprint(1, deposit.asset.value(), deposit.amount.value());
  if (const Repeated repeated = CheckTransfer(deposit, fingerprint); repeated.yes) return repeated.reject;
  if (const Reject reject = CheckAmount(deposit)) return reject;
  if (const Reject reject = CheckReceiver(accounts_.Head(deposit.account).status, "account")) return reject;
  const std::int64_t amount = deposit.amount.value();
  if (amount > std::numeric_limits<std::int64_t>::max() - accounts_.supply(deposit.asset)) {
    return {RejectReason::kOverflow, "amount"};
  }
  Remember(deposit.account, ClientIds::Kind::kTransfer, deposit.reference, fingerprint, {}, false);
  accounts_.ChangeSupply(deposit.asset, amount);
  ChangeBalance(deposit.account, deposit.asset, BalanceReason::kDeposit, amount);
  return {};
}

Reject Engine::Handle(const domain::Withdraw& withdraw) {
  const std::uint64_t fingerprint = Fingerprint(2, withdraw.asset.value(), withdraw.amount.value());
  if (const Repeated repeated = CheckTransfer(withdraw, fingerprint); repeated.yes) return repeated.reject;
  if (const Reject reject = CheckAmount(withdraw)) return reject;
  if (const RejectReason why = RefusalOf(accounts_.Head(withdraw.account).status); why != RejectReason::kNone) {
    return {why, "account"};
  }
  const std::int64_t amount = withdraw.amount.value();
  if (amount > accounts_.At(withdraw.account, withdraw.asset).available) {
    return {RejectReason::kInsufficientBalance, "amount"};
  }
  Remember(withdraw.account, ClientIds::Kind::kTransfer, withdraw.reference, fingerprint, {}, false);
  accounts_.ChangeSupply(withdraw.asset, -amount);
  ChangeBalance(withdraw.account, withdraw.asset, BalanceReason::kWithdrawal, -amount);
  return {};
}

Reject Engine::Handle(const domain::Transfer& transfer) {
  const std::uint64_t fingerprint =
      Fingerprint(3, transfer.to_account.value(), transfer.asset.value(), transfer.amount.value());
  if (const Repeated repeated = CheckTransfer(transfer, fingerprint); repeated.yes) return repeated.reject;
  if (!accounts_.Exists(transfer.to_account)) return {RejectReason::kUnknownAccount, "toAccount"};
  if (transfer.to_account == transfer.account) return {RejectReason::kInvalidValue, "toAccount"};
  if (const Reject reject = CheckAmount(transfer)) return reject;
  if (const RejectReason why = RefusalOf(accounts_.Head(transfer.account).status); why != RejectReason::kNone) {
    return {why, "account"};
  }
  if (const Reject reject = CheckReceiver(accounts_.Head(transfer.to_account).status, "toAccount")) return reject;
  const std::int64_t amount = transfer.amount.value();
  if (amount > accounts_.At(transfer.account, transfer.asset).available) {
    return {RejectReason::kInsufficientBalance, "amount"};
  }
  Remember(transfer.account, ClientIds::Kind::kTransfer, transfer.reference, fingerprint, {}, false);
  ChangeBalance(transfer.account, transfer.asset, BalanceReason::kTransfer, -amount);
  ChangeBalance(transfer.to_account, transfer.asset, BalanceReason::kTransfer, amount);
  return {};
}

// Its event has the state after it from the expander.
void Engine::ChangeBalance(AccountId account, domain::AssetId asset, BalanceReason reason, std::int64_t available) {
  Move(account, asset, available, 0);
  Tell(domain::BalanceChange{.account = account,
                             .asset = asset,
                             .reason = reason,
                             .available_delta = domain::Amount(available),
                             .locked_delta = {},
                             .available = {},
                             .locked = {},
                             .order_id = {},
                             .trade_id = {}});
}

}  // namespace xt::matching
