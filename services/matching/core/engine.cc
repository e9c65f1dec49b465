#include "services/matching/core/engine.h"

#include <algorithm>
#include <limits>
#include <string>
#include <variant>

#include "libs/base/check.h"
#include "libs/domain/decimal.h"
#include "libs/domain/names.h"
#include "services/matching/core/engine_internal.h"

namespace xt::matching {

using domain::AccountId;
using domain::Reject;
using domain::RejectReason;

Engine::Engine(const EngineConfig& config)
    : config_(config),
      accounts_(config.max_accounts),
      client_ids_(config.max_client_ids, config.client_id_retention_ns),
      orders_(config.max_orders),
      level_pool_(config.max_level_pages) {
  events_.reserve(4'096);
  changed_levels_.reserve(1'024);
}

Engine::~Engine() = default;

namespace {

template <typename Body>
AccountId AccountOf(const Body& body) {
  if constexpr (requires { body.account; }) {
    return body.account;
  } else {
    return AccountId(0);
  }
}

template <typename Body>
domain::ClientOrderId ClientIdOf(const Body& body) {
  if constexpr (requires { body.client_order_id; }) {
    return body.client_order_id;
  } else if constexpr (requires { body.reference; }) {
    return body.reference;
  } else {
    return {};
  }
}

}  // namespace

std::span<const domain::Event> Engine::Apply(domain::SequenceNumber sequence, std::int64_t timestamp_ns,
                                             const domain::Command& command) {
  XT_CHECK(sequence.value() == sequence_.value() + 1, "commands are applied in sequence");
  XT_CHECK(timestamp_ns >= now_ns_, "journal time never falls");
  sequence_ = sequence;
  now_ns_ = timestamp_ns;
  events_.clear();
  client_ids_.ForgetOld(now_ns_);
  std::visit(
      [this](const auto& body) {
        const Reject reject = Handle(body);
        if (!reject) return;
        auto& rejected = Emit<domain::CommandRejected>();
        rejected.account = AccountOf(body);
        rejected.reason = reject.reason;
        rejected.field = *domain::FixedString<24>::From(reject.field);
        rejected.client_order_id = ClientIdOf(body);
      },
      command.body);
  XT_CHECK(!events_.empty());
  return events_;
}

Reject Engine::Handle(const domain::DefineAsset& define) {
  if (!domain::IsValidAssetCode(define.code.view())) return {RejectReason::kInvalidValue, "code"};
  if (define.decimals < 0 || define.decimals > domain::kMaxDecimals) return {RejectReason::kInvalidValue, "decimals"};
  const auto same_code = [&](const domain::Asset& asset) { return asset.code == define.code; };
  if (std::any_of(assets_.begin(), assets_.end(), same_code)) return {RejectReason::kAlreadyExists, "code"};
  if (assets_.size() >= config_.max_assets) return {RejectReason::kCapacity, "code"};
  const domain::AssetId id(static_cast<std::uint16_t>(assets_.size()));
  assets_.push_back({id, define.code, define.decimals});
  accounts_.AddAsset();
  Emit<domain::AssetDefined>().asset = assets_.back();
  return {};
}

Reject Engine::Handle(const domain::DefineSymbol& define) {
  domain::Symbol symbol = define.symbol;
  if (symbol.base.value() >= assets_.size()) return {RejectReason::kUnknownAsset, "baseAsset"};
  if (symbol.quote.value() >= assets_.size()) return {RejectReason::kUnknownAsset, "quoteAsset"};
  const domain::Asset& base = assets_[symbol.base.value()];
  const domain::Asset& quote = assets_[symbol.quote.value()];
  const std::string code = std::string(base.code.view()) + "-" + std::string(quote.code.view());
  if (symbol.code.view() != code) return {RejectReason::kInvalidValue, "symbol"};
  symbol.base_decimals = base.decimals;
  symbol.quote_decimals = quote.decimals;
  symbol.status = domain::SymbolStatus::kTrading;
  if (const Reject reject = domain::Normalize(symbol)) return reject;
  const auto same_code = [&](const auto& market) { return market->symbol.code == symbol.code; };
  if (std::any_of(markets_.begin(), markets_.end(), same_code)) return {RejectReason::kAlreadyExists, "symbol"};
  if (markets_.size() >= config_.max_symbols) return {RejectReason::kCapacity, "symbol"};
  symbol.id = domain::SymbolId(static_cast<std::uint16_t>(markets_.size()));
  markets_.push_back(std::make_unique<Market>(symbol, orders_, level_pool_));
  Emit<domain::SymbolDefined>().symbol = symbol;
  return {};
}

Reject Engine::Handle(const domain::SetSymbolStatus& change) {
  if (!HasSymbol(change.symbol)) return {RejectReason::kUnknownSymbol, "symbol"};
  if (change.status < domain::SymbolStatus::kTrading || change.status > domain::SymbolStatus::kCancelOnly) {
    return {RejectReason::kInvalidValue, "status"};
  }
  domain::Symbol& symbol = markets_[change.symbol.value()]->symbol;
  symbol.status = change.status;
  Emit<domain::SymbolDefined>().symbol = symbol;
  return {};
}

Reject Engine::Handle(const domain::CreateAccount& create) {
  if (!domain::IsValidAccountName(create.name.view())) return {RejectReason::kInvalidValue, "name"};
  if (accounts_.HasName(create.name)) return {RejectReason::kAlreadyExists, "name"};
  if (accounts_.full()) return {RejectReason::kCapacity, "name"};
  const AccountId id = accounts_.Create(create.name);
  auto& created = Emit<domain::AccountCreated>();
  created.account = id;
  created.name = create.name;
  return {};
}

Reject Engine::CheckClientId(const domain::ClientOrderId& id, std::string_view field) const {
  if (id.empty()) return {RejectReason::kMissingField, field};
  if (!domain::IsValidClientOrderId(id.view())) return {RejectReason::kInvalidValue, field};
  return {};
}

Engine::Repeated Engine::CheckRepeated(AccountId account, ClientIds::Kind kind, const domain::ClientOrderId& id,
                                       std::uint64_t fingerprint) {
  const ClientIds::Ref ref = client_ids_.Find(account, kind, id);
  if (ref == ClientIds::kNone) return {};
  const ClientIds::Entry& entry = client_ids_[ref];
  if (entry.fingerprint != fingerprint) {
    const bool order = kind == ClientIds::Kind::kOrder;
    return {true, {RejectReason::kDuplicateClientOrderId, order ? "clientOrderId" : "reference"}};
  }
  auto& answer = Emit<domain::CommandRejected>();
  answer.account = account;
  answer.client_order_id = id;
  answer.original_sequence = entry.sequence;
  return {true, {}};
}

ClientIds::Ref Engine::Remember(AccountId account, ClientIds::Kind kind, const domain::ClientOrderId& id,
                                std::uint64_t fingerprint, domain::OrderId order_id, bool open) {
  return client_ids_.Add({.id = id,
                          .kind = kind,
                          .open = open,
                          .outlived = false,
                          .account = account,
                          .next = ClientIds::kNone,
                          .sequence = sequence_,
                          .fingerprint = fingerprint,
                          .order_id = order_id,
                          .registered_ns = now_ns_});
}

template <typename Transfer>
Reject Engine::CheckTransfer(const Transfer& transfer) const {
  if (transfer.asset.value() >= assets_.size()) return {RejectReason::kUnknownAsset, "asset"};
  if (transfer.amount.value() <= 0) return {RejectReason::kNotPositive, "amount"};
  if (client_ids_.full()) return {RejectReason::kCapacity, "reference"};
  return {};
}

Reject Engine::Handle(const domain::Deposit& deposit) {
  if (!accounts_.Exists(deposit.account)) return {RejectReason::kUnknownAccount, "account"};
  if (const Reject reject = CheckClientId(deposit.reference, "reference")) return reject;
  const std::uint64_t fingerprint = Fingerprint(1, deposit.asset.value(), deposit.amount.value());
  const auto kind = ClientIds::Kind::kTransfer;
  if (const Repeated repeated = CheckRepeated(deposit.account, kind, deposit.reference, fingerprint); repeated.yes) {
    return repeated.reject;
  }
  if (const Reject reject = CheckTransfer(deposit)) return reject;
  const std::int64_t amount = deposit.amount.value();
  if (amount > std::numeric_limits<std::int64_t>::max() - accounts_.supply(deposit.asset)) {
    return {RejectReason::kOverflow, "amount"};
  }
  Remember(deposit.account, kind, deposit.reference, fingerprint, {}, false);
  accounts_.ChangeSupply(deposit.asset, amount);
  ChangeBalance(deposit.account, deposit.asset, domain::BalanceReason::kDeposit, amount, 0);
  return {};
}

Reject Engine::Handle(const domain::Withdraw& withdraw) {
  if (!accounts_.Exists(withdraw.account)) return {RejectReason::kUnknownAccount, "account"};
  if (const Reject reject = CheckClientId(withdraw.reference, "reference")) return reject;
  const std::uint64_t fingerprint = Fingerprint(2, withdraw.asset.value(), withdraw.amount.value());
  const auto kind = ClientIds::Kind::kTransfer;
  if (const Repeated repeated = CheckRepeated(withdraw.account, kind, withdraw.reference, fingerprint); repeated.yes) {
    return repeated.reject;
  }
  if (const Reject reject = CheckTransfer(withdraw)) return reject;
  const std::int64_t amount = withdraw.amount.value();
  if (amount > accounts_.At(withdraw.account, withdraw.asset).available) {
    return {RejectReason::kInsufficientBalance, "amount"};
  }
  Remember(withdraw.account, kind, withdraw.reference, fingerprint, {}, false);
  accounts_.ChangeSupply(withdraw.asset, -amount);
  ChangeBalance(withdraw.account, withdraw.asset, domain::BalanceReason::kWithdrawal, -amount, 0);
  return {};
}

Reject Engine::Handle(const domain::EpochStart& start) {
  if (start.epoch <= epoch_) return {RejectReason::kInvalidValue, "epoch"};
  epoch_ = start.epoch;
  Emit<domain::EpochStarted>().epoch = epoch_;
  return {};
}

void Engine::ChangeBalance(AccountId account, domain::AssetId asset, domain::BalanceReason reason,
                           std::int64_t available_delta, std::int64_t locked_delta, domain::OrderId order_id,
                           domain::TradeId trade_id) {
  Balance& balance = accounts_.At(account, asset);
  balance.available += available_delta;
  balance.locked += locked_delta;
  events_.emplace_back(domain::BalanceChange{.account = account,
                                             .asset = asset,
                                             .reason = reason,
                                             .available_delta = domain::Amount(available_delta),
                                             .locked_delta = domain::Amount(locked_delta),
                                             .available = domain::Amount(balance.available),
                                             .locked = domain::Amount(balance.locked),
                                             .order_id = order_id,
                                             .trade_id = trade_id});
}

std::vector<domain::Symbol> Engine::symbols() const {
  std::vector<domain::Symbol> symbols;
  for (const auto& market : markets_) symbols.push_back(market->symbol);
  return symbols;
}

const Engine::Book& Engine::book(domain::SymbolId symbol) const { return markets_[symbol.value()]->book; }

domain::BookSnapshot Engine::Snapshot(domain::SymbolId symbol, std::size_t depth) const {
  domain::BookSnapshot snapshot{symbol, sequence_, {}, {}};
  const auto collect = [depth](std::vector<domain::BookLevel>& levels) {
    return [depth, &levels](std::int64_t price, const Level& level) {
      levels.push_back({domain::Price(price), domain::Quantity(level.quantity)});
      return depth == 0 || levels.size() < depth;
    };
  };
  book(symbol).ForEachLevel<domain::Side::kBuy>(collect(snapshot.bids));
  book(symbol).ForEachLevel<domain::Side::kSell>(collect(snapshot.asks));
  return snapshot;
}

}  // namespace xt::matching
