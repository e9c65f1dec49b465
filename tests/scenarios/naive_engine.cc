#include "tests/scenarios/naive_engine.h"

#include <algorithm>
#include <limits>
#include <variant>

#include "libs/domain/names.h"

namespace xt::scenarios {

using namespace domain;  // NOLINT: this file speaks of nothing else
using Reason = RejectReason;
using Wide = __int128;

namespace {
constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();

Wide QuoteFor(const Symbol& s, std::int64_t price, std::int64_t lots) {
  Wide whole = Wide{1};
  for (int i = 0; i < s.base_decimals; ++i) whole *= 10;
  // tick and lot multiply to whole quote units per tick and lot
  const Wide unit = Wide{s.tick_size.value()} * s.lot_size.value() / whole;
  const Wide product = Wide{price} * lots;
  if (product != 0 && unit > (Wide{1} << 126) / product) return Wide{1} << 126;
  return product * unit;
}
Wide BaseFor(const Symbol& s, std::int64_t lots) { return Wide{lots} * s.lot_size.value(); }
}  // namespace

std::vector<Event> NaiveEngine::Apply(std::uint64_t sequence, std::int64_t now_ns, const Command& command) {
  sequence_ = sequence;
  now_ns_ = now_ns;
  said_.clear();
  ForgetOld();
  std::visit([this](const auto& body) { Do(body); }, command.body);
  return said_;
}

BookSnapshot NaiveEngine::BookOf(std::uint16_t symbol, std::uint64_t sequence) const {
  BookSnapshot snapshot{SymbolId(symbol), SequenceNumber(sequence), {}, {}};
  const auto found = state_.books.find(symbol);
  if (found == state_.books.end()) return snapshot;
  const auto add = [](std::vector<BookLevel>& to, std::int64_t price, const Queue& queue) {
    std::int64_t total = 0;
    for (const Resting& r : queue) total += r.left();
    to.push_back({Price(price), Quantity(total)});
  };
  for (auto it = found->second.bids.rbegin(); it != found->second.bids.rend(); ++it)
    add(snapshot.bids, it->first, it->second);
  for (const auto& [price, queue] : found->second.asks) add(snapshot.asks, price, queue);
  return snapshot;
}

void NaiveEngine::Refuse(Reason reason, std::string_view field, AccountId account, ClientOrderId id) {
  CommandRejected rejected;
  rejected.account = account;
  rejected.reason = reason;
  rejected.field = *FixedString<24>::From(field);
  rejected.client_order_id = id;
  said_.emplace_back(rejected);
}

void NaiveEngine::Repeat(std::uint64_t original, AccountId account, ClientOrderId id) {
  CommandRejected rejected;
  rejected.account = account;
  rejected.client_order_id = id;
  rejected.original_sequence = SequenceNumber(original);
  said_.emplace_back(rejected);
}

void NaiveEngine::ForgetOld() {
  std::erase_if(ids_, [this](const auto& item) {
    const Remembered& r = item.second;
    return now_ns_ - r.registered_ns >= retention_ns_ && !(r.order_id != 0 && IsResting(r.order_id));
  });
}

bool NaiveEngine::IsResting(std::uint64_t id) const {
  for (const auto& [symbol, book] : state_.books) {
    for (const auto* side : {&book.bids, &book.asks}) {
      for (const auto& [price, queue] : *side) {
        for (const Resting& r : queue) {
          if (r.id == id) return true;
        }
      }
    }
  }
  return false;
}

void NaiveEngine::Do(const DefineAsset& define) {
  if (!IsValidAssetCode(define.code.view())) return Refuse(Reason::kInvalidValue, "code");
  if (define.decimals < 0 || define.decimals > 18) return Refuse(Reason::kInvalidValue, "decimals");
  for (const Asset& a : state_.assets) {
    if (a.code == define.code) return Refuse(Reason::kAlreadyExists, "code");
  }
  state_.assets.push_back({AssetId(static_cast<std::uint16_t>(state_.assets.size())), define.code, define.decimals});
}

void NaiveEngine::Do(const DefineSymbol& define) {
  Symbol s = define.symbol;
  if (s.base.value() >= state_.assets.size()) return Refuse(Reason::kUnknownAsset, "baseAsset");
  if (s.quote.value() >= state_.assets.size()) return Refuse(Reason::kUnknownAsset, "quoteAsset");
  const Asset& base = state_.assets[s.base.value()];
  const Asset& quote = state_.assets[s.quote.value()];
  if (s.code.view() != std::string(base.code.view()) + "-" + std::string(quote.code.view())) {
    return Refuse(Reason::kInvalidValue, "symbol");
  }
  s.base_decimals = base.decimals;
  s.quote_decimals = quote.decimals;
  s.status = SymbolStatus::kTrading;
  if (const Reject r = Normalize(s)) return Refuse(r.reason, r.field);
  for (const Symbol& other : state_.symbols) {
    if (other.code == s.code) return Refuse(Reason::kAlreadyExists, "symbol");
  }
  s.id = SymbolId(static_cast<std::uint16_t>(state_.symbols.size()));
  state_.symbols.push_back(s);
}

void NaiveEngine::Do(const SetSymbolStatus& change) {
  if (change.symbol.value() >= state_.symbols.size()) return Refuse(Reason::kUnknownSymbol, "symbol");
  const int status = static_cast<int>(change.status);
  if (status < 1 || status > 3) return Refuse(Reason::kInvalidValue, "status");
  state_.symbols[change.symbol.value()].status = change.status;
}

void NaiveEngine::Do(const CreateAccount& create) {
  if (!IsValidAccountName(create.name.view())) return Refuse(Reason::kInvalidValue, "name");
  if (std::find(state_.accounts.begin(), state_.accounts.end(), create.name) != state_.accounts.end()) {
    return Refuse(Reason::kAlreadyExists, "name");
  }
  state_.accounts.push_back(create.name);
}

void NaiveEngine::Do(const EpochStart& start) {
  if (start.epoch.value() <= state_.epoch) return Refuse(Reason::kInvalidValue, "epoch");
  state_.epoch = start.epoch.value();
}

template <typename T>
void NaiveEngine::Transfer(int kind, const T& t) {
  const auto refuse = [&](Reason reason, const char* field) { Refuse(reason, field, t.account, t.reference); };
  if (t.account.value() == 0 || t.account.value() >= state_.accounts.size()) {
    return refuse(Reason::kUnknownAccount, "account");
  }
  if (t.reference.empty()) return refuse(Reason::kMissingField, "reference");
  if (!IsValidClientOrderId(t.reference.view())) return refuse(Reason::kInvalidValue, "reference");
  const IdKey key{t.account.value(), 1, std::string(t.reference.view())};
  const std::tuple<int, std::uint16_t, std::int64_t> content{kind, t.asset.value(), t.amount.value()};
  if (const auto found = ids_.find(key); found != ids_.end()) {
    if (found->second.transfer != content) return refuse(Reason::kDuplicateClientOrderId, "reference");
    return Repeat(found->second.sequence, t.account, t.reference);
  }
  if (t.asset.value() >= state_.assets.size()) return refuse(Reason::kUnknownAsset, "asset");
  const std::int64_t amount = t.amount.value();
  if (amount <= 0) return refuse(Reason::kNotPositive, "amount");
  if (kind == 1 && state_.supply[t.asset.value()] + amount > kMax) return refuse(Reason::kOverflow, "amount");
  if (kind == 2 && MoneyOf(t.account.value(), t.asset.value()).available < amount) {
    return refuse(Reason::kInsufficientBalance, "amount");
  }
  const Wide change = kind == 1 ? amount : -Wide{amount};
  state_.supply[t.asset.value()] += change;
  Pay(t.account.value(), t.asset.value(), change, 0);
  Remembered remembered;
  remembered.transfer = content;
  remembered.sequence = sequence_;
  remembered.registered_ns = now_ns_;
  ids_[key] = remembered;
}

void NaiveEngine::Pay(std::uint32_t account, std::uint16_t asset, Wide available, Wide locked) {
  Money& m = state_.money[{account, asset}];
  m.available = static_cast<std::int64_t>(m.available + available);
  m.locked = static_cast<std::int64_t>(m.locked + locked);
}

std::optional<std::pair<Reason, const char*>> NaiveEngine::CheckNumbers(const NewOrder& o, const Symbol& s) const {
  using R = std::pair<Reason, const char*>;
  const int side = static_cast<int>(o.side);
  const int type = static_cast<int>(o.type);
  const int tif = static_cast<int>(o.time_in_force);
  const int stp = static_cast<int>(o.self_trade_prevention);
  if (side == 0) return R{Reason::kMissingField, "side"};
  if (side > 2) return R{Reason::kInvalidValue, "side"};
  if (type == 0) return R{Reason::kMissingField, "type"};
  if (type > 8) return R{Reason::kInvalidValue, "type"};
  if (type > 2) return R{Reason::kUnsupportedOrderType, "type"};
  if (tif > 4) return R{Reason::kInvalidValue, "timeInForce"};
  if (tif == 4) return R{Reason::kUnsupportedOrderType, "timeInForce"};
  if (tif == 0 && type == 1) return R{Reason::kMissingField, "timeInForce"};
  if (stp > 5) return R{Reason::kInvalidValue, "selfTradePrevention"};
  if (stp == 5) return R{Reason::kUnsupportedOrderType, "selfTradePrevention"};
  if (o.stop_price.value() != 0) return R{Reason::kInvalidCombination, "stopPrice"};
  if (o.iceberg_quantity.value() != 0) return R{Reason::kInvalidCombination, "icebergQuantity"};
  if (o.expire_time_ms != 0) return R{Reason::kInvalidCombination, "expireTime"};
  const bool limit = type == 1;
  if (limit && o.quote_quantity.value() != 0) return R{Reason::kInvalidCombination, "quoteQuantity"};
  if (limit && o.price.value() <= 0) return R{Reason::kNotPositive, "price"};
  if (limit && o.price > s.max_price) return R{Reason::kMaxPrice, "price"};
  if (!limit && o.price.value() != 0) return R{Reason::kInvalidCombination, "price"};
  if (!limit && o.quote_quantity.value() != 0) {
    if (o.quantity.value() != 0) return R{Reason::kInvalidCombination, "quantity"};
    if (o.quote_quantity.value() < 0) return R{Reason::kNotPositive, "quoteQuantity"};
    if (o.quote_quantity < s.min_notional) return R{Reason::kMinNotional, "quoteQuantity"};
    return std::nullopt;
  }
  if (o.quantity.value() <= 0) return R{Reason::kNotPositive, "quantity"};
  if (o.quantity > s.max_quantity) return R{Reason::kMaxQuantity, "quantity"};
  if (BaseFor(s, o.quantity.value()) > kMax) return R{Reason::kOverflow, "quantity"};
  if (limit && QuoteFor(s, o.price.value(), o.quantity.value()) > kMax) return R{Reason::kOverflow, "quantity"};
  if (limit && QuoteFor(s, o.price.value(), o.quantity.value()) < s.min_notional.value()) {
    return R{Reason::kMinNotional, "quantity"};
  }
  return std::nullopt;
}

void NaiveEngine::Do(const NewOrder& o) {
  const auto refuse = [&](Reason reason, const char* field) { Refuse(reason, field, o.account, o.client_order_id); };
  if (o.account.value() == 0 || o.account.value() >= state_.accounts.size()) {
    return refuse(Reason::kUnknownAccount, "account");
  }
  const IdKey key{o.account.value(), 0, std::string(o.client_order_id.view())};
  if (!o.client_order_id.empty()) {
    if (!IsValidClientOrderId(o.client_order_id.view())) return refuse(Reason::kInvalidValue, "clientOrderId");
    if (const auto found = ids_.find(key); found != ids_.end()) {
      if (found->second.order != o) return refuse(Reason::kDuplicateClientOrderId, "clientOrderId");
      return Repeat(found->second.sequence, o.account, o.client_order_id);
    }
  }
  if (o.symbol.value() >= state_.symbols.size()) return refuse(Reason::kUnknownSymbol, "symbol");
  const Symbol s = state_.symbols[o.symbol.value()];
  if (s.status != SymbolStatus::kTrading) return refuse(Reason::kSymbolHalted, "symbol");
  if (const auto bad = CheckNumbers(o, s)) return refuse(bad->first, bad->second);

  const bool buy = o.side == Side::kBuy;
  const bool market = o.type == OrderType::kMarket;
  const bool by_quote = o.quote_quantity.value() != 0;
  const std::uint16_t asset = buy ? s.quote.value() : s.base.value();
  const Wide available = MoneyOf(o.account.value(), asset).available;

  Incoming in;
  in.order = o;
  in.id = state_.last_order_id + 1;
  in.most = by_quote ? s.max_quantity.value() : o.quantity.value();
  if (by_quote) in.budget = o.quote_quantity.value();

  if (market) {
    const Book& book = state_.books[s.id.value()];
    const auto& others = buy ? book.asks : book.bids;
    if (others.empty()) return refuse(Reason::kNoLiquidity, "");
    if (!by_quote) {
      const Wide touch = QuoteFor(s, buy ? others.begin()->first : others.rbegin()->first, o.quantity.value());
      if (touch > kMax) return refuse(Reason::kOverflow, "quantity");
      if (touch < s.min_notional.value()) return refuse(Reason::kMinNotional, "quantity");
    }
  }

  // Try it with all the money in the world on a copy, and look.
  Incoming trial = in;
  const State before = state_;
  Wide spent = 0;
  {
    trial.locked = -1;  // unlimited
    Run(trial);
    for (const Event& event : trial.said) {
      if (const auto* trade = std::get_if<Trade>(&event)) {
        spent += QuoteFor(s, trade->price.value(), trade->quantity.value());
      }
    }
    state_ = before;
  }
  const bool complete = by_quote ? trial.budget_used_up : trial.executed == o.quantity.value();
  if (by_quote && trial.executed == 0 && trial.budget_used_up) return refuse(Reason::kMinNotional, "quoteQuantity");

  // A quote quantity that is used up is filled by the last trade that it can pay.
  if (by_quote && complete) {
    in.budget = -1;
    in.most = trial.executed;
  }
  Wide reserve = 0;
  if (!market) {
    reserve = buy ? QuoteFor(s, o.price.value(), o.quantity.value()) : BaseFor(s, o.quantity.value());
  } else {
    reserve = buy ? spent : BaseFor(s, by_quote ? trial.executed : o.quantity.value());
  }
  if (reserve > available) return refuse(Reason::kInsufficientBalance, by_quote ? "quoteQuantity" : "quantity");

  state_.last_order_id = in.id;
  const bool fok_fails = o.time_in_force == TimeInForce::kFok && !complete;
  if (!fok_fails) {
    in.locked = static_cast<std::int64_t>(reserve);
    Pay(o.account.value(), asset, -reserve, reserve);
    Run(in);
  }
  for (Event& event : in.said) said_.push_back(event);
  const bool filled = by_quote ? complete : in.executed == o.quantity.value();
  if (!filled && !market && o.time_in_force == TimeInForce::kGtc && !in.own_order) {
    Book& book = state_.books[s.id.value()];
    auto& side = buy ? book.bids : book.asks;
    side[o.price.value()].push_back({in.id, o, in.executed, in.executed_quote});
    ExecutionReport report = ReportOf(o, in.id, in.executed, in.executed_quote);
    report.execution_type = ExecutionType::kNew;
    report.status = in.executed == 0 ? OrderStatus::kNew : OrderStatus::kPartiallyFilled;
    said_.emplace_back(report);
  } else {
    if (!filled) {
      ExecutionReport report = ReportOf(o, in.id, in.executed, in.executed_quote);
      report.execution_type = ExecutionType::kExpired;
      report.status = OrderStatus::kExpired;
      said_.emplace_back(report);
    }
    Pay(o.account.value(), asset, in.locked, -Wide{in.locked});
  }
  if (!o.client_order_id.empty()) {
    Remembered remembered;
    remembered.order = o;
    remembered.sequence = sequence_;
    remembered.registered_ns = now_ns_;
    remembered.order_id = in.id;
    ids_[key] = remembered;
  }
}

void NaiveEngine::Run(Incoming& in) {
  const bool buy = in.order.side == Side::kBuy;
  Book& book = state_.books[in.order.symbol.value()];
  auto& others = buy ? book.asks : book.bids;
  while (in.executed < in.most && !in.own_order && !in.budget_used_up && !others.empty()) {
    const auto best = buy ? others.begin() : std::prev(others.end());
    const std::int64_t price = best->first;
    if (in.order.type == OrderType::kLimit && (buy ? price > in.order.price.value() : price < in.order.price.value()))
      break;
    if (!TradeWithFirst(in, price, best->second)) break;
    if (best->second.empty()) others.erase(best);
  }
  const bool spent_it_all = in.budget >= 0 && in.executed_quote == in.budget;
  if (spent_it_all) in.budget_used_up = true;
}

// False when the order goes no further.
bool NaiveEngine::TradeWithFirst(Incoming& in, std::int64_t price, Queue& queue) {
  Resting& maker = queue.front();
  const SelfTradePrevention mode = in.order.self_trade_prevention;
  if (maker.order.account == in.order.account && mode != SelfTradePrevention::kNone) {
    const bool expire_maker = mode == SelfTradePrevention::kExpireMaker || mode == SelfTradePrevention::kExpireBoth;
    if (mode != SelfTradePrevention::kExpireMaker) in.own_order = true;
    if (expire_maker) {
      ExecutionReport report = ReportOf(maker.order, maker.id, maker.executed, maker.executed_quote);
      report.execution_type = ExecutionType::kExpired;
      report.status = OrderStatus::kExpired;
      in.said.emplace_back(report);
      Unlock(maker);
      queue.erase(queue.begin());
    }
    return !queue.empty() || expire_maker;
  }
  std::int64_t quantity = std::min(in.most - in.executed, maker.left());
  if (in.budget >= 0) {
    const Wide one = QuoteFor(state_.symbols[in.order.symbol.value()], price, 1);
    const Wide lots = (in.budget - in.executed_quote) / one;
    if (lots < quantity) {
      in.budget_used_up = true;
      quantity = static_cast<std::int64_t>(lots);
    }
  }
  if (quantity == 0) return false;
  Fill(in, maker, price, quantity);
  if (maker.left() == 0) queue.erase(queue.begin());
  return true;
}

void NaiveEngine::Fill(Incoming& in, Resting& maker, std::int64_t price, std::int64_t quantity) {
  const Symbol& s = state_.symbols[in.order.symbol.value()];
  const Wide quote = QuoteFor(s, price, quantity);
  const Wide base = BaseFor(s, quantity);
  in.executed += quantity;
  in.executed_quote = static_cast<std::int64_t>(in.executed_quote + quote);
  maker.executed += quantity;
  maker.executed_quote = static_cast<std::int64_t>(maker.executed_quote + quote);
  const TradeId trade_id(++state_.last_trade_id);

  Trade trade;
  trade.trade_id = trade_id;
  trade.symbol = s.id;
  trade.price = Price(price);
  trade.quantity = Quantity(quantity);
  trade.taker_side = in.order.side;
  trade.maker_order_id = OrderId(maker.id);
  trade.taker_order_id = OrderId(in.id);
  trade.maker_account = maker.order.account;
  trade.taker_account = in.order.account;
  in.said.emplace_back(trade);

  const auto settle = [&](const NewOrder& order, int bps, bool is_maker, ExecutionReport report) {
    const bool buys = order.side == Side::kBuy;
    const Wide received = buys ? base : quote;
    Wide fee = received * bps / 10'000;
    if (received * bps % 10'000 != 0) fee += 1;
    const std::uint16_t in_asset = buys ? s.base.value() : s.quote.value();
    const std::uint16_t out_asset = buys ? s.quote.value() : s.base.value();
    const std::uint32_t account = order.account.value();
    Wide was_locked = buys ? quote : base;
    if (buys && order.type == OrderType::kLimit) was_locked = QuoteFor(s, order.price.value(), quantity);
    if (is_maker || in.locked >= 0) {
      Pay(account, out_asset, was_locked - (buys ? quote : base), -was_locked);
      if (!is_maker) in.locked = static_cast<std::int64_t>(in.locked - was_locked);
    }
    Pay(account, in_asset, received - fee, 0);
    Pay(0, in_asset, fee, 0);
    report.execution_type = ExecutionType::kTrade;
    report.trade_id = trade_id;
    report.last_price = Price(price);
    report.last_quantity = Quantity(quantity);
    report.fee = Amount(static_cast<std::int64_t>(fee));
    report.fee_asset = AssetId(in_asset);
    report.maker = is_maker;
    in.said.emplace_back(report);
  };

  ExecutionReport maker_report = ReportOf(maker.order, maker.id, maker.executed, maker.executed_quote);
  maker_report.status = maker.left() == 0 ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled;
  settle(maker.order, s.maker_fee_bps, true, maker_report);
  ExecutionReport taker_report = ReportOf(in.order, in.id, in.executed, in.executed_quote);
  taker_report.status = in.executed == in.order.quantity.value() ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled;
  if (in.budget < 0 && in.executed == in.most) taker_report.status = OrderStatus::kFilled;
  settle(in.order, s.taker_fee_bps, false, taker_report);
}

void NaiveEngine::Unlock(const Resting& maker) {
  const Symbol& s = state_.symbols[maker.order.symbol.value()];
  const bool buy = maker.order.side == Side::kBuy;
  const Wide locked = buy ? QuoteFor(s, maker.order.price.value(), maker.left()) : BaseFor(s, maker.left());
  Pay(maker.order.account.value(), buy ? s.quote.value() : s.base.value(), locked, -locked);
}

ExecutionReport NaiveEngine::ReportOf(const NewOrder& order, std::uint64_t id, std::int64_t executed,
                                      std::int64_t executed_quote) const {
  ExecutionReport report;
  report.account = order.account;
  report.order_id = OrderId(id);
  report.client_order_id = order.client_order_id;
  report.symbol = order.symbol;
  report.side = order.side;
  report.type = order.type;
  report.time_in_force = order.time_in_force == TimeInForce::kUnspecified ? TimeInForce::kIoc : order.time_in_force;
  report.price = order.price;
  report.quantity = order.quantity;
  report.quote_quantity = order.quote_quantity;
  report.executed_quantity = Quantity(executed);
  report.executed_quote = Amount(executed_quote);
  return report;
}

void NaiveEngine::Do(const CancelOrder& c) {
  const auto refuse = [&](Reason reason, const char* field) { Refuse(reason, field, c.account, c.client_order_id); };
  if (c.account.value() == 0 || c.account.value() >= state_.accounts.size()) {
    return refuse(Reason::kUnknownAccount, "account");
  }
  std::uint64_t id = c.order_id.value();
  if (id == 0) {
    if (c.client_order_id.empty()) return refuse(Reason::kMissingField, "orderId");
    const auto found = ids_.find({c.account.value(), 0, std::string(c.client_order_id.view())});
    if (found != ids_.end()) id = found->second.order_id;
  }
  for (auto& [symbol, book] : state_.books) {
    for (auto* side : {&book.bids, &book.asks}) {
      for (auto level = side->begin(); level != side->end(); ++level) {
        Queue& queue = level->second;
        const auto at = std::find_if(queue.begin(), queue.end(), [&](const Resting& r) { return r.id == id; });
        if (at == queue.end()) continue;
        if (at->order.account != c.account)
          return refuse(Reason::kUnknownOrder, c.order_id.value() != 0 ? "orderId" : "clientOrderId");
        if (state_.symbols[symbol].status == SymbolStatus::kHalted) return refuse(Reason::kSymbolHalted, "symbol");
        ExecutionReport report = ReportOf(at->order, at->id, at->executed, at->executed_quote);
        report.execution_type = ExecutionType::kCanceled;
        report.status = OrderStatus::kCanceled;
        said_.emplace_back(report);
        Unlock(*at);
        queue.erase(at);
        if (queue.empty()) side->erase(level);
        return;
      }
    }
  }
  refuse(Reason::kUnknownOrder, c.order_id.value() != 0 ? "orderId" : "clientOrderId");
}

}  // namespace xt::scenarios
