#include "services/matching/core/engine.h"

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <variant>

#include "absl/container/flat_hash_map.h"
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
      accounts_(config.max_accounts, config.max_orders),
      client_ids_(config.max_client_ids, config.client_id_retention_ns),
      orders_(config.max_orders),
      extras_(config.max_orders),
      expiries_(extras_),
      countdowns_(config.max_countdowns),
      level_pool_(config.max_level_pages),
      next_due_ns_(kNever) {
  changed_levels_.reserve(1'024);
}

Engine::~Engine() = default;

namespace {

template <typename Body>
AccountId AccountOf(const Body& body) {
  if constexpr (requires { body.account; }) {
    return body.account;
  } else if constexpr (requires { body.order; }) {
    return body.order.account;
  } else {
    return AccountId(0);
  }
}

template <typename Body>
domain::ClientOrderId ClientIdOf(const Body& body) {
  if constexpr (requires { body.client_order_id; }) {
    return body.client_order_id;
  } else if constexpr (requires { body.order; }) {
    return body.order.client_order_id;
  } else if constexpr (requires { body.reference; }) {
    return body.reference;
  } else {
    return {};
  }
}

}  // namespace

std::span<const domain::Event> Engine::Apply(domain::SequenceNumber sequence, std::int64_t timestamp_ns,
                                             const domain::Command& command) {
  const auto outcomes = Execute(sequence, timestamp_ns, command);
  events_.clear();
  expander_.Expand(*this, outcomes, events_);
  XT_CHECK(!events_.empty());
  return events_;
}

template std::span<const std::byte> Engine::Execute(domain::SequenceNumber, std::int64_t, const domain::Command&);

template <typename Body>
void Engine::RejectCommand(const Body& body, const Reject& reject) {
  domain::CommandRejected rejected;
  rejected.account = AccountOf(body);
  rejected.reason = reject.reason;
  rejected.field = *domain::FixedString<24>::From(reject.field);
  rejected.client_order_id = ClientIdOf(body);
  Tell(rejected);
}

template void Engine::RejectCommand(const domain::CancelOrder&, const Reject&);
template void Engine::RejectCommand(const domain::NewOrder&, const Reject&);

// One level may have changed more than once: its last state is told, at the place of the first.
void Engine::TellLevels() {
  if (levels_repeat_) {
    const auto key = [](const LevelOutcome& level) {
      return std::tuple(level.head.symbol, level.head.kind, level.price);
    };
    absl::flat_hash_map<std::tuple<std::uint16_t, OutcomeKind, std::int64_t>, std::size_t> places;
    std::size_t kept = 0;
    for (const LevelOutcome& level : changed_levels_) {
      const auto [place, is_new] = places.try_emplace(key(level), kept);
      if (is_new) ++kept;
      changed_levels_[place->second] = level;
    }
    changed_levels_.resize(kept);
  }
  for (const LevelOutcome& level : changed_levels_) new (outcomes_.Take<LevelOutcome>()) LevelOutcome(level);
  changed_levels_.clear();
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
  Tell(domain::AssetDefined{assets_.back()});
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
  Tell(domain::SymbolDefined{symbol});
  return {};
}

Reject Engine::Handle(const domain::SetSymbolStatus& change) {
  if (!HasSymbol(change.symbol)) return {RejectReason::kUnknownSymbol, "symbol"};
  if (change.status < domain::SymbolStatus::kTrading || change.status > domain::SymbolStatus::kCancelOnly) {
    return {RejectReason::kInvalidValue, "status"};
  }
  Market& market = *markets_[change.symbol.value()];
  market.symbol.status = change.status;
  Tell(domain::SymbolDefined{market.symbol});
  if (change.status == domain::SymbolStatus::kTrading && market.last_price != 0) {
    lowest_trade_ = highest_trade_ = market.last_price;
    RunStops(market);
  }
  return {};
}

Reject Engine::Handle(const domain::SetSymbolLimits& change) {
  if (!HasSymbol(change.symbol)) return {RejectReason::kUnknownSymbol, "symbol"};
  Market& market = *markets_[change.symbol.value()];
  const domain::SymbolLimits& limits = change.limits;
  const auto is_price = [&](domain::Price price) { return price.value() >= 0 && price <= market.symbol.max_price; };
  if (Planted(Bug::kChangeBeforeCheck)) market.SetLimits(limits);
  if (limits.max_notional.value() < 0) return {RejectReason::kInvalidValue, "maxNotional"};
  if (limits.max_position.value() < 0) return {RejectReason::kInvalidValue, "maxPosition"};
  if (limits.price_deviation_bps < 0 || limits.price_deviation_bps > 1'000'000) {
    return {RejectReason::kInvalidValue, "priceDeviationBps"};
  }
  if (!is_price(limits.lower_price)) return {RejectReason::kInvalidValue, "lowerPrice"};
  const bool both = limits.lower_price.value() != 0 && limits.upper_price.value() != 0;
  if (!is_price(limits.upper_price) || (both && limits.lower_price >= limits.upper_price)) {
    return {RejectReason::kInvalidValue, "upperPrice"};
  }
  market.SetLimits(limits);
  Tell(domain::SymbolLimitsChanged{change.symbol, limits});
  return {};
}

Reject Engine::Handle(const domain::EpochStart& start) {
  if (start.epoch <= epoch_) return {RejectReason::kInvalidValue, "epoch"};
  epoch_ = start.epoch;
  Tell(domain::EpochStarted{epoch_});
  return {};
}

Reject Engine::Handle(const domain::Tick&) {
  Tell(domain::Ticked{});
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
  domain::CommandRejected answer;
  answer.account = account;
  answer.client_order_id = id;
  answer.original_sequence = entry.sequence;
  Tell(answer);
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

std::vector<domain::Symbol> Engine::symbols() const {
  std::vector<domain::Symbol> symbols;
  for (const auto& market : markets_) symbols.push_back(market->symbol);
  return symbols;
}

const domain::Symbol& Engine::symbol(domain::SymbolId symbol) const { return markets_[symbol.value()]->symbol; }

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

std::uint64_t Engine::order_bytes() const {
  return orders_.fresh() * std::uint64_t{sizeof(OrderSlab<OrderDetail>::OrderType)} +
         extras_.fresh() * std::uint64_t{sizeof(OrderExtra)} + level_pool_.touched_bytes() + accounts_.list_bytes();
}

void Engine::PrefetchOrder(AccountId account, domain::SymbolId symbol, domain::Side side, domain::Price price) const {
  asm volatile("");  // g++ takes a function that only prefetches for pure, and leaves out its calls
  if (account.value() < accounts_.count()) accounts_.Prefetch(account);
  if (!HasSymbol(symbol)) return;
  const Book& book = markets_[symbol.value()]->book;
  if (side == domain::Side::kBuy) {
    book.PrefetchLevel<domain::Side::kBuy>(price.value());
  } else {
    book.PrefetchLevel<domain::Side::kSell>(price.value());
  }
}

void Engine::PrefetchClientId(AccountId account, const domain::ClientOrderId& id) const {
  asm volatile("");
  client_ids_.Prefetch(account, ClientIds::Kind::kOrder, id);
}

void Engine::PrefetchCancel(AccountId account, domain::OrderId id) const {
  asm volatile("");
  if (account.value() < accounts_.count()) accounts_.Prefetch(account);
  orders_.Prefetch(id);
}

void Engine::PrefetchOrderNear(AccountId account, domain::SymbolId symbol, domain::Side side,
                               domain::Price price) const {
  asm volatile("");
  if (account.value() < accounts_.count()) accounts_.PrefetchNewest(account);
  if (!HasSymbol(symbol)) return;
  const Book& book = markets_[symbol.value()]->book;
  if (side == domain::Side::kBuy) {
    book.PrefetchTail<domain::Side::kBuy>(price.value());
  } else {
    book.PrefetchTail<domain::Side::kSell>(price.value());
  }
}

void Engine::PrefetchCancelNear(domain::OrderId id) const {
  asm volatile("");
  const Slot slot = orders_.Find(id);
  if (slot == kNoSlot || IsWaiting(slot)) return;
  accounts_.PrefetchOpenOrder(orders_[slot].detail.listed_at);
  client_ids_.Prefetch(orders_[slot].detail.client_id);
  MarketOf(slot).book.PrefetchAround(slot);
}

}  // namespace xt::matching
