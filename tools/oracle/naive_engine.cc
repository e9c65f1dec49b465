#include "tools/oracle/naive_engine.h"

#include <algorithm>
#include <variant>

#include "libs/domain/names.h"

namespace xt::oracle {

using namespace domain;  // NOLINT: this file speaks of nothing else
using Reason = RejectReason;

namespace {
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr int kForgottenPerCommand = 64;
}  // namespace

std::vector<Event> NaiveEngine::Apply(std::uint64_t sequence, std::int64_t now_ns, const Command& command) {
  sequence_ = sequence;
  now_ns_ = now_ns;
  said_.clear();
  traded_.reset();
  ForgetOldIds();
  ExpireOrders();
  FireCountdowns();
  std::visit([this](const auto& body) { Do(body); }, command.body);
  return said_;
}

BookSnapshot NaiveEngine::BookOf(std::uint16_t symbol, std::uint64_t sequence) const {
  BookSnapshot snapshot{SymbolId(symbol), SequenceNumber(sequence), {}, {}};
  const Market& market = markets_.at(symbol);
  const auto level = [&](std::int64_t price, const Queue& queue) {
    std::int64_t total = 0;
    for (const std::uint64_t id : queue) total += market.orders.at(id).shown;
    return BookLevel{Price(price), Quantity(total)};
  };
  for (auto it = market.bids.rbegin(); it != market.bids.rend(); ++it) {
    snapshot.bids.push_back(level(it->first, it->second));
  }
  for (const auto& [price, queue] : market.asks) snapshot.asks.push_back(level(price, queue));
  return snapshot;
}

std::int64_t NaiveEngine::NextDueNs() const {
  std::int64_t due = kNever;
  for (const Market& market : markets_) {
    for (const auto& [id, order] : market.orders) {
      if (order.as.expire_time_ms != 0) due = std::min(due, order.as.expire_time_ms * kNsPerMs);
    }
  }
  for (const auto& [key, deadline] : countdowns_) due = std::min(due, deadline);
  return due;
}

std::size_t NaiveEngine::open_orders() const {
  std::size_t count = 0;
  for (const Market& market : markets_) count += market.orders.size();
  return count;
}

void NaiveEngine::ExpireOrders() {
  struct Due {
    std::int64_t time_ms;
    std::uint64_t age;
    Market* market;
    std::uint64_t id;
  };
  std::vector<Due> due;
  for (Market& market : markets_) {
    for (const auto& [id, order] : market.orders) {
      const std::int64_t time_ms = order.as.expire_time_ms;
      if (time_ms != 0 && time_ms * kNsPerMs <= now_ns_) due.push_back({time_ms, order.age, &market, id});
    }
  }
  std::sort(due.begin(), due.end(),
            [](const Due& a, const Due& b) { return std::pair(a.time_ms, a.age) < std::pair(b.time_ms, b.age); });
  for (const Due& d : due) End(*d.market, d.id, ExecutionType::kExpired, OrderStatus::kExpired);
}

void NaiveEngine::FireCountdowns() {
  std::vector<std::tuple<std::int64_t, std::uint32_t, std::uint32_t>> due;  // deadline, account, group
  for (const auto& [key, deadline] : countdowns_) {
    if (deadline <= now_ns_) due.emplace_back(deadline, key.first, key.second);
  }
  std::sort(due.begin(), due.end());
  for (const auto& [deadline, account, group] : due) {
    CancelMany(account, kAllSymbols, OrderGroup(group), true, MassCancelReason::kCountdown);
    countdowns_.erase({account, group});
    CountdownChanged disarmed;
    disarmed.account = AccountId(account);
    disarmed.group = OrderGroup(group);
    Say(disarmed);
  }
}

void NaiveEngine::ForgetOldIds() {
  for (const IdKey& key : ids_to_forget_) ids_.erase(key);
  ids_to_forget_.clear();
  for (int i = 0; i < kForgottenPerCommand && !ids_by_age_.empty(); ++i) {
    const auto found = ids_.find(ids_by_age_.front());
    if (now_ns_ - found->second.registered_ns < limits_.retention_ns) return;
    ids_by_age_.pop_front();
    if (found->second.open) {
      found->second.outlived = true;
    } else {
      ids_.erase(found);
    }
  }
}

bool NaiveEngine::AnsweredBefore(const IdKey& key, const NewOrder* order, const TransferContent& transfer,
                                 const ClientOrderId& id) {
  const auto found = ids_.find(key);
  if (found == ids_.end()) return false;
  const AccountId account(std::get<0>(key));
  const bool same = order != nullptr ? found->second.order == *order : found->second.transfer == transfer;
  if (!same) {
    Refuse({Reason::kDuplicateClientOrderId, order != nullptr ? "clientOrderId" : "reference"}, account, id);
    return true;
  }
  CommandRejected answer;
  answer.account = account;
  answer.client_order_id = id;
  answer.original_sequence = SequenceNumber(found->second.sequence);
  Say(answer);
  return true;
}

void NaiveEngine::Remember(const IdKey& key, Remembered remembered) {
  remembered.sequence = sequence_;
  remembered.registered_ns = now_ns_;
  ids_[key] = remembered;
  ids_by_age_.push_back(key);
}

void NaiveEngine::CloseClientId(const Order& order) {
  if (rehearsing_ || order.as.client_order_id.empty()) return;
  const auto found = ids_.find({order.as.account.value(), 0, std::string(order.as.client_order_id.view())});
  found->second.open = false;
  if (found->second.outlived) ids_to_forget_.push_back(found->first);
}

void NaiveEngine::Say(const Event& event) {
  if (!rehearsing_) said_.push_back(event);
}

void NaiveEngine::Refuse(const Reject& reject, AccountId account, const ClientOrderId& id) {
  CommandRejected rejected;
  rejected.account = account;
  rejected.reason = reject.reason;
  rejected.field = *FixedString<24>::From(reject.field);
  rejected.client_order_id = id;
  Say(rejected);
}

void NaiveEngine::Do(const Tick&) { Say(Ticked{}); }

void NaiveEngine::Do(const EpochStart& start) {
  if (start.epoch.value() <= epoch_) return Refuse({Reason::kInvalidValue, "epoch"});
  epoch_ = start.epoch.value();
  Say(EpochStarted{start.epoch});
}

void NaiveEngine::Do(const DefineAsset& define) {
  if (!IsValidAssetCode(define.code.view())) return Refuse({Reason::kInvalidValue, "code"});
  if (define.decimals < 0 || define.decimals > 18) return Refuse({Reason::kInvalidValue, "decimals"});
  for (const Asset& asset : assets_) {
    if (asset.code == define.code) return Refuse({Reason::kAlreadyExists, "code"});
  }
  if (assets_.size() >= limits_.max_assets) return Refuse({Reason::kCapacity, "code"});
  assets_.push_back({AssetId(static_cast<std::uint16_t>(assets_.size())), define.code, define.decimals});
  Say(AssetDefined{assets_.back()});
}

void NaiveEngine::Do(const DefineSymbol& define) {
  Symbol s = define.symbol;
  if (s.base.value() >= assets_.size()) return Refuse({Reason::kUnknownAsset, "baseAsset"});
  if (s.quote.value() >= assets_.size()) return Refuse({Reason::kUnknownAsset, "quoteAsset"});
  const Asset& base = assets_[s.base.value()];
  const Asset& quote = assets_[s.quote.value()];
  if (s.code.view() != std::string(base.code.view()) + "-" + std::string(quote.code.view())) {
    return Refuse({Reason::kInvalidValue, "symbol"});
  }
  s.base_decimals = base.decimals;
  s.quote_decimals = quote.decimals;
  s.status = SymbolStatus::kTrading;
  if (const Reject reject = Normalize(s)) return Refuse(reject);
  for (const Market& other : markets_) {
    if (other.symbol.code == s.code) return Refuse({Reason::kAlreadyExists, "symbol"});
  }
  if (markets_.size() >= limits_.max_symbols) return Refuse({Reason::kCapacity, "symbol"});
  s.id = SymbolId(static_cast<std::uint16_t>(markets_.size()));
  Market market;
  market.symbol = s;
  markets_.push_back(market);
  Say(SymbolDefined{s});
}

void NaiveEngine::Do(const SetSymbolStatus& change) {
  if (change.symbol.value() >= markets_.size()) return Refuse({Reason::kUnknownSymbol, "symbol"});
  const int status = static_cast<int>(change.status);
  if (status < 1 || status > 3) return Refuse({Reason::kInvalidValue, "status"});
  Market& market = markets_[change.symbol.value()];
  market.symbol.status = change.status;
  Say(SymbolDefined{market.symbol});
  if (change.status != SymbolStatus::kTrading || !market.last) return;
  traded_ = {*market.last, *market.last};
  RunStops(market);
}

void NaiveEngine::Do(const SetSymbolLimits& change) {
  if (change.symbol.value() >= markets_.size()) return Refuse({Reason::kUnknownSymbol, "symbol"});
  Market& market = markets_[change.symbol.value()];
  const SymbolLimits& l = change.limits;
  const auto bad_price = [&](Price price) { return price.value() < 0 || price > market.symbol.max_price; };
  if (l.max_notional.value() < 0) return Refuse({Reason::kInvalidValue, "maxNotional"});
  if (l.max_position.value() < 0) return Refuse({Reason::kInvalidValue, "maxPosition"});
  if (l.price_deviation_bps < 0 || l.price_deviation_bps > 1'000'000) {
    return Refuse({Reason::kInvalidValue, "priceDeviationBps"});
  }
  if (bad_price(l.lower_price)) return Refuse({Reason::kInvalidValue, "lowerPrice"});
  if (bad_price(l.upper_price)) return Refuse({Reason::kInvalidValue, "upperPrice"});
  const bool both = l.lower_price.value() != 0 && l.upper_price.value() != 0;
  if (both && l.lower_price >= l.upper_price) return Refuse({Reason::kInvalidValue, "upperPrice"});
  market.limits = l;
  Say(SymbolLimitsChanged{change.symbol, l});
}

void NaiveEngine::Do(const DefineFeeTier& define) {
  const auto bad_fee = [](std::int32_t bps) { return bps < 0 || bps > 1'000; };
  const FeeTier& tier = define.tier;
  if (tier.id.value() < 1 || tier.id.value() >= kFeeTiers) return Refuse({Reason::kInvalidValue, "feeTier"});
  if (bad_fee(tier.maker_fee_bps)) return Refuse({Reason::kInvalidValue, "makerFeeBps"});
  if (bad_fee(tier.taker_fee_bps)) return Refuse({Reason::kInvalidValue, "takerFeeBps"});
  fee_tiers_[tier.id.value()] = tier;
  Say(FeeTierDefined{tier});
}

}  // namespace xt::oracle
