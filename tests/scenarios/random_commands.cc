#include "tests/scenarios/random_commands.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

namespace xt::scenarios {

using namespace domain;  // NOLINT: this file speaks of nothing else

namespace {

constexpr std::uint32_t kTraders = 6;
constexpr std::size_t kMaxAccounts = 30;
constexpr std::size_t kManyOpenOrders = 120;
constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kNsPerHour = 3'600'000 * kNsPerMs;
constexpr std::int64_t kBig = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kHostile[] = {0,
                                     -1,
                                     -5,
                                     kBig,
                                     kBig - 1,
                                     std::numeric_limits<std::int64_t>::min(),
                                     1LL << 31,
                                     1LL << 32,
                                     1LL << 62,
                                     999'999'999'999,
                                     1'000'000'000'000,
                                     1'000'000'000'001,
                                     9'000'000'000'000,
                                     9'000'000'000'001,
                                     3'037'000'500};

// What one tick times one lot is worth, and one lot, of the symbols that Setup defines.
constexpr std::int64_t kTickLotValue[] = {1'000, 10'000, 1'000, 10'000'000, 1'000};
constexpr std::int64_t kLotSize[] = {1'000'000, 1'000'000, 1'000'000, 1'000'000, 1'000'000'000'000'000};
constexpr std::size_t kSymbols = 5;
constexpr std::uint16_t kAssets = 5;

ClientOrderId Id(const std::string& text) { return *ClientOrderId::From(text); }

Command MakeSymbol(const char* code, std::uint16_t base, std::uint16_t quote, std::int64_t tick, std::int64_t lot,
                   std::int64_t min, int maker, int taker) {
  Symbol symbol;
  symbol.code = *SymbolCode::From(code);
  symbol.base = AssetId(base);
  symbol.quote = AssetId(quote);
  symbol.tick_size = Amount(tick);
  symbol.lot_size = Amount(lot);
  symbol.min_notional = Amount(min);
  symbol.maker_fee_bps = maker;
  symbol.taker_fee_bps = taker;
  return {DefineSymbol{symbol}};
}

}  // namespace

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {  // splitmix64
    std::uint64_t z = seed += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Random::Next() {
  const auto rotate = [](std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); };
  const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate(state_[3], 45);
  return result;
}

std::vector<Command> RandomCommands::Setup() {
  std::vector<Command> commands;
  commands.push_back({EpochStart{Epoch(1)}});
  for (const auto& [code, decimals] : {std::pair{"BTC", 8}, {"KRW", 4}, {"USDT", 8}, {"TINY", 0}, {"WEI", 18}}) {
    commands.push_back({DefineAsset{*AssetCode::From(code), decimals}});
  }
  commands.push_back(MakeSymbol("BTC-KRW", 0, 1, 100'000, kLotSize[0], 150'000, 7, 13));
  commands.push_back(MakeSymbol("BTC-USDT", 0, 2, 1'000'000, kLotSize[1], 0, 0, 0));
  commands.push_back(MakeSymbol("USDT-KRW", 2, 1, 100'000, kLotSize[2], 0, 100, 1'000));
  commands.push_back(MakeSymbol("TINY-KRW", 3, 1, 10, kLotSize[3], 0, 1, 1));
  // One lot of WEI is so many units that fees of a few lots do not fit 63 bits before the division.
  commands.push_back(MakeSymbol("WEI-KRW", 4, 1, 1'000'000, kLotSize[4], 0, 11, 1'000));
  std::get<DefineSymbol>(commands[commands.size() - 4].body).symbol.max_quantity = Quantity(60);
  for (std::uint8_t tier = 1; tier <= 3; ++tier) {
    commands.push_back({DefineFeeTier{FeeTier{FeeTierId(tier), tier * 2, tier * 5}}});
  }
  for (std::uint32_t i = 1; i <= kTraders; ++i) {
    commands.push_back({CreateAccount{*AccountName::From("a" + std::to_string(i))}});
  }
  constexpr std::int64_t kFirst[] = {400'000'000, 80'000'000, 500'000'000, 100'000'000, 300'000'000'000'000'000};
  for (std::uint32_t account = 1; account <= kTraders; ++account) {
    for (std::uint16_t asset = 0; asset < kAssets; ++asset) {
      const ClientOrderId reference = Id("first" + std::to_string(asset));
      commands.push_back({Deposit{AccountId(account), AssetId(asset), Amount(kFirst[asset]), reference}});
    }
  }
  return commands;
}

std::int64_t RandomCommands::DrawStepNs() {
  if (random_.OneIn(jump_one_in_)) return kNsPerHour * 24 + random_.Between(-2, 2) * kNsPerMs;
  if (random_.OneIn(jump_one_in_)) return kNsPerHour * random_.Between(1, 23);
  if (random_.OneIn(50)) return random_.Between(0, 200) * kNsPerMs;
  if (random_.OneIn(2)) return 0;
  return random_.Between(1, 4'000'000);
}

void RandomCommands::Observe(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (const auto* report = std::get_if<ExecutionReport>(&event)) {
      const bool is_open = report->status == OrderStatus::kNew || report->status == OrderStatus::kPartiallyFilled;
      const std::uint64_t id = report->order_id.value();
      const Open now{report->order_id, report->account, report->client_order_id, report->quantity.value(),
                     report->executed_quantity.value()};
      if (const auto found = where_.find(id); found != where_.end()) {
        open_[found->second] = now;
        if (is_open) continue;
        where_[open_.back().id.value()] = found->second;
        open_[found->second] = open_.back();
        open_.pop_back();
        where_.erase(id);
      } else if (is_open && report->execution_type == ExecutionType::kNew) {
        where_[id] = open_.size();
        open_.push_back(now);
      }
    } else if (const auto* trade = std::get_if<Trade>(&event)) {
      PlaceOf(trade->symbol).last = trade->price.value();
    } else if (const auto* defined = std::get_if<SymbolDefined>(&event)) {
      if (defined->symbol.id.value() >= places_.size()) places_.emplace_back();
      PlaceOf(defined->symbol.id).status = defined->symbol.status;
    } else if (const auto* changed = std::get_if<AccountChanged>(&event)) {
      std::erase(not_active_, changed->account);
      const bool can_be_active =
          changed->status == AccountStatus::kFrozen || changed->status == AccountStatus::kBlacklisted;
      if (can_be_active) not_active_.push_back(changed->account);
    } else if (std::holds_alternative<AccountCreated>(event)) {
      ++accounts_;
    }
  }
}

Command RandomCommands::Draw(std::int64_t now_ns) {
  now_ns_ = now_ns;
  Command command;
  if (!sent_.empty() && random_.OneIn(25)) {
    command.body = Resend();
    return command;
  }
  command.body = DrawBody();
  if (sent_.size() < 100) {
    sent_.push_back(command.body);
  } else {
    sent_[random_.Below(sent_.size())] = command.body;
  }
  return command;
}

CommandBody RandomCommands::Resend() {
  CommandBody body = random_.Pick(sent_);
  if (!random_.OneIn(4)) return body;
  // The same id with other content.
  if (auto* order = std::get_if<NewOrder>(&body)) {
    if (random_.OneIn(2)) {
      order->quantity = Quantity(order->quantity.value() ^ 1);
    } else {
      order->group = OrderGroup(order->group.value() ^ 1);
    }
  } else if (auto* deposit = std::get_if<Deposit>(&body)) {
    body = Withdraw{deposit->account, deposit->asset, deposit->amount, deposit->reference};
  } else if (auto* transfer = std::get_if<Transfer>(&body)) {
    transfer->to_account = DrawAccount();
  } else if (auto* replace = std::get_if<CancelReplace>(&body)) {
    replace->order.price = Price(replace->order.price.value() + 1);
  }
  return body;
}

CommandBody RandomCommands::DrawBody() {
  for (std::uint16_t i = 0; i < places_.size(); ++i) {
    if (places_[i].status != SymbolStatus::kTrading && random_.OneIn(25)) {
      return SetSymbolStatus{SymbolId(i), SymbolStatus::kTrading};
    }
  }
  if (!not_active_.empty() && random_.OneIn(40)) {
    return SetAccountStatus{random_.Pick(not_active_), AccountStatus::kActive};
  }
  if (open_.size() > kManyOpenOrders && random_.OneIn(4)) return DrawCancel();
  const std::uint64_t kind = random_.Below(1'000);
  if (kind < 690) return DrawOrder();
  if (kind < 760) return DrawCancel();
  if (kind < 800) return DrawAmend();
  if (kind < 850) return DrawCancelReplace();
  if (kind < 856) return DrawCancelAll();
  if (kind < 863) return DrawCountdown();
  if (kind < 930) return DrawTransfer();
  if (kind < 937) return DrawSymbolStatus();
  if (kind < 947) return DrawSymbolLimits();
  if (kind < 957) return DrawAccountStatus();
  if (kind < 969) return DrawAccountSettings();
  if (kind < 975) return DrawFeeTier();
  if (kind < 987) return DrawReferenceData();
  return Tick{};
}

RandomCommands::Place& RandomCommands::PlaceOf(SymbolId symbol) {
  if (symbol.value() < places_.size()) return places_[symbol.value()];
  nowhere_ = Place{};
  return nowhere_;
}

std::int64_t RandomCommands::Hostile() {
  if (random_.OneIn(3)) return random_.Between(-3, 3);
  return random_.Pick(kHostile);
}

AccountId RandomCommands::DrawAccount() {
  if (random_.OneIn(150)) return AccountId(random_.Pick({0u, accounts_ + 1, 4'000'000'000u}));
  if (random_.OneIn(40)) return AccountId(static_cast<std::uint32_t>(1 + random_.Below(accounts_)));
  return AccountId(static_cast<std::uint32_t>(1 + random_.Below(kTraders)));
}

SymbolId RandomCommands::DrawSymbol() {
  if (random_.OneIn(200)) return SymbolId(random_.Pick({std::uint16_t{77}, std::uint16_t{0xFFFF}, std::uint16_t{5}}));
  constexpr std::uint16_t kWhich[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4};
  return SymbolId(random_.Pick(kWhich));
}

OrderGroup RandomCommands::DrawGroup() {
  if (random_.OneIn(2)) return OrderGroup(0);
  return OrderGroup(random_.OneIn(100) ? 4'000'000'000u : static_cast<std::uint32_t>(random_.Below(4)));
}

ClientOrderId RandomCommands::FreshId() {
  if (random_.OneIn(3)) return {};
  if (random_.OneIn(150)) return Id("no blanks");
  return Id("o" + std::to_string(next_id_++));
}

NewOrder RandomCommands::DrawOrder() {
  NewOrder order = DrawSensibleOrder();
  if (random_.OneIn(14)) Spoil(order);
  return order;
}

NewOrder RandomCommands::DrawSensibleOrder() {
  constexpr OrderType kTypes[] = {OrderType::kLimit,           OrderType::kLimit,         OrderType::kLimit,
                                  OrderType::kLimit,           OrderType::kLimit,         OrderType::kLimit,
                                  OrderType::kMarket,          OrderType::kMarket,        OrderType::kMarket,
                                  OrderType::kLimitMaker,      OrderType::kLimitMaker,    OrderType::kStopLoss,
                                  OrderType::kStopLoss,        OrderType::kStopLossLimit, OrderType::kTakeProfit,
                                  OrderType::kTakeProfitLimit, OrderType::kIceberg,       OrderType::kIceberg};
  using T = TimeInForce;
  NewOrder order;
  order.account = DrawAccount();
  order.symbol = DrawSymbol();
  order.side = random_.OneIn(2) ? Side::kBuy : Side::kSell;
  order.type = random_.Pick(kTypes);
  switch (order.type) {
    case OrderType::kMarket:
    case OrderType::kStopLoss:
    case OrderType::kTakeProfit:
      order.time_in_force = random_.Pick({T::kUnspecified, T::kGtc, T::kIoc, T::kFok});
      break;
    case OrderType::kLimitMaker:
    case OrderType::kIceberg:
      order.time_in_force = random_.Pick({T::kUnspecified, T::kGtc, T::kGtc, T::kGtc, T::kGtd});
      break;
    default: order.time_in_force = random_.Pick({T::kGtc, T::kGtc, T::kGtc, T::kGtc, T::kGtd, T::kIoc, T::kFok}); break;
  }
  if (random_.OneIn(2)) order.self_trade_prevention = static_cast<SelfTradePrevention>(1 + random_.Below(5));
  if (order.time_in_force == T::kGtd) order.expire_time_ms = now_ns_ / kNsPerMs + random_.Between(1, 3'000);
  DrawPrices(order);
  DrawQuantity(order);
  order.group = DrawGroup();
  order.client_order_id = FreshId();
  return order;
}

void RandomCommands::DrawPrices(NewOrder& order) {
  Place& place = PlaceOf(order.symbol);
  if (random_.OneIn(25)) place.centre = std::clamp<std::int64_t>(place.centre + random_.Between(-2, 2), 40, 160);
  const bool buy = order.side == Side::kBuy;
  const std::int64_t lean = buy ? -2 : 2;
  std::int64_t price = std::max<std::int64_t>(1, place.centre + lean + random_.Between(-6, 6));
  using Type = OrderType;
  const bool stop_loss = order.type == Type::kStopLoss || order.type == Type::kStopLossLimit;
  const bool stop = stop_loss || order.type == Type::kTakeProfit || order.type == Type::kTakeProfitLimit;
  if (stop) {
    const bool up = (stop_loss == buy) != random_.OneIn(12);
    const std::int64_t away = random_.Between(random_.OneIn(6) ? 0 : 1, 5);
    const std::int64_t from = place.last != 0 ? place.last : place.centre;
    order.stop_price = Price(std::max<std::int64_t>(1, up ? from + away : from - away));
    price = std::max<std::int64_t>(1, order.stop_price.value() + random_.Between(-3, 3));
  }
  const bool limit = order.type != Type::kMarket && order.type != Type::kStopLoss && order.type != Type::kTakeProfit;
  if (limit) order.price = Price(price);
}

void RandomCommands::DrawQuantity(NewOrder& order) {
  const std::int64_t most = random_.OneIn(10) ? 120 : 20;
  order.quantity = Quantity(random_.Between(1, most));
  if (order.type == OrderType::kIceberg) {
    order.quantity = Quantity(random_.Between(4, 50));
    const std::int64_t parts = random_.OneIn(30) ? 120 : random_.Between(1, 8);
    order.iceberg_quantity = Quantity(std::max<std::int64_t>(1, order.quantity.value() / parts));
    if (parts == 120) order.quantity = Quantity(random_.Between(95, 110));
  }
  if (order.type == OrderType::kMarket && random_.OneIn(3)) {
    const std::size_t symbol = std::min<std::size_t>(order.symbol.value(), kSymbols - 1);
    const std::int64_t lot_value = kTickLotValue[symbol] * 100;
    order.quantity = Quantity(0);
    order.quote_quantity = Amount(lot_value * random_.Between(0, 30) + random_.Between(1, lot_value));
    if (random_.OneIn(3)) order.quote_quantity = Amount(kTickLotValue[symbol] * random_.Between(90, 9'000));
  }
}

// Makes one thing about it wrong, or just strange.
void RandomCommands::Spoil(NewOrder& order) {
  switch (random_.Below(16)) {
    case 0: order.price = Price(Hostile()); break;
    case 1: order.stop_price = Price(Hostile()); break;
    case 2: order.quantity = Quantity(Hostile()); break;
    case 3: order.iceberg_quantity = Quantity(Hostile()); break;
    case 4: order.quote_quantity = Amount(Hostile()); break;
    case 5: order.expire_time_ms = random_.OneIn(2) ? Hostile() : now_ns_ / kNsPerMs + random_.Between(-2, 2); break;
    case 6: order.side = static_cast<Side>(random_.Pick({0, 3, 255})); break;
    case 7: order.type = static_cast<OrderType>(random_.Below(11)); break;
    case 8: order.time_in_force = static_cast<TimeInForce>(random_.Below(7)); break;
    case 9: order.self_trade_prevention = static_cast<SelfTradePrevention>(random_.Pick({5, 6, 255})); break;
    case 10: order.account = AccountId(static_cast<std::uint32_t>(Hostile())); break;
    case 11: order.symbol = SymbolId(static_cast<std::uint16_t>(Hostile())); break;
    case 12: order.iceberg_quantity = Quantity(order.quantity.value() + random_.Between(-1, 1)); break;
    case 13:
      order.price = Price(random_.Pick(kHostile));
      order.quantity = Quantity(random_.Pick(kHostile));
      break;
    case 14: order.quantity = Quantity(1); break;
    default:
      order.type = OrderType::kMarket;
      order.time_in_force = TimeInForce::kIoc;
      order.price = Price(0);
      order.stop_price = Price(0);
      order.iceberg_quantity = Quantity(0);
      order.expire_time_ms = 0;
      order.quantity = Quantity(random_.Pick(kHostile));
      break;
  }
}

CancelOrder RandomCommands::DrawCancel() {
  CancelOrder cancel;
  if (open_.empty() || random_.OneIn(12)) {
    cancel.account = DrawAccount();
    if (!random_.OneIn(4)) cancel.order_id = OrderId(random_.OneIn(2) ? random_.Next() : random_.Below(3'000));
    if (random_.OneIn(2)) cancel.client_order_id = Id("o" + std::to_string(random_.Below(next_id_ + 3)));
    return cancel;
  }
  const Open& open = random_.Pick(open_);
  cancel.account = random_.OneIn(30) ? DrawAccount() : open.account;
  if (random_.OneIn(2)) cancel.client_order_id = open.client_order_id;
  if (cancel.client_order_id.empty() || random_.OneIn(4)) cancel.order_id = open.id;
  return cancel;
}

CommandBody RandomCommands::DrawAmend() {
  const CancelOrder named = DrawCancel();
  AmendOrder amend{named.account, named.order_id, named.client_order_id, Quantity(random_.Between(1, 20))};
  for (const Open& open : open_) {
    const bool meant =
        named.order_id.value() != 0 ? open.id == named.order_id : open.client_order_id == named.client_order_id;
    if (meant && open.quantity > 1) amend.quantity = Quantity(random_.Between(open.executed, open.quantity));
  }
  if (random_.OneIn(20)) amend.quantity = Quantity(Hostile());
  return amend;
}

CommandBody RandomCommands::DrawCancelReplace() {
  const CancelOrder named = DrawCancel();
  CancelReplace replace;
  replace.cancel_order_id = named.order_id;
  replace.cancel_client_order_id = named.client_order_id;
  replace.mode = random_.OneIn(2) ? ReplaceMode::kStopOnFailure : ReplaceMode::kAllowFailure;
  if (random_.OneIn(30)) replace.mode = static_cast<ReplaceMode>(random_.Pick({0, 3, 255}));
  replace.order = DrawOrder();
  if (!random_.OneIn(8)) replace.order.account = named.account;
  return replace;
}

CommandBody RandomCommands::DrawCancelAll() {
  return CancelAll{DrawAccount(), random_.OneIn(2) ? kAllSymbols : DrawSymbol(), DrawGroup()};
}

CommandBody RandomCommands::DrawCountdown() {
  std::int64_t timeout_ms = random_.Between(1, 3'000);
  if (random_.OneIn(5)) timeout_ms = 0;
  if (random_.OneIn(12)) timeout_ms = random_.OneIn(2) ? Hostile() : random_.Pick({86'400'000LL, 86'400'001LL});
  return SetCountdown{DrawAccount(), DrawGroup(), timeout_ms};
}

CommandBody RandomCommands::DrawTransfer() {
  const AccountId account = DrawAccount();
  const AssetId asset(static_cast<std::uint16_t>(random_.Below(random_.OneIn(20) ? 9 : kAssets)));
  constexpr std::int64_t kUsual[] = {100'000'000, 30'000'000, 100'000'000, 30'000'000, 50'000'000'000'000'000};
  Amount amount(random_.Between(1, kUsual[std::min<std::size_t>(asset.value(), kAssets - 1)]));
  ClientOrderId reference = Id("t" + std::to_string(random_.Below(100'000)));
  if (random_.OneIn(25)) reference = Id("t" + std::to_string(random_.Below(50)));
  if (random_.OneIn(30)) reference = random_.OneIn(2) ? Id("bad id") : ClientOrderId{};
  const std::uint64_t kind = random_.Below(8);
  if (kind < 4) {
    if (random_.OneIn(12)) amount = Amount(random_.Pick({0LL, -1LL, kBig * 1LL, kBig - 1LL}));
    return Deposit{account, asset, amount, reference};
  }
  if (random_.OneIn(5)) amount = Amount(Hostile());
  if (kind < 6) return Withdraw{account, asset, Amount(amount.value() / 2), reference};
  return Transfer{account, DrawAccount(), asset, amount, reference};
}

CommandBody RandomCommands::DrawAccountStatus() {
  if (random_.OneIn(4) && accounts_ > kTraders) {  // accounts without money can be closed
    return SetAccountStatus{AccountId(static_cast<std::uint32_t>(random_.Between(kTraders + 1, accounts_))),
                            AccountStatus::kClosed};
  }
  constexpr AccountStatus kStatuses[] = {AccountStatus::kActive,      AccountStatus::kFrozen,
                                         AccountStatus::kBlacklisted, AccountStatus::kClosed,
                                         AccountStatus::kUnspecified, AccountStatus(5)};
  return SetAccountStatus{DrawAccount(), random_.Pick(kStatuses)};
}

CommandBody RandomCommands::DrawAccountSettings() {
  AccountSettings settings;
  settings.fee_tier = FeeTierId(static_cast<std::uint8_t>(random_.OneIn(10) ? random_.Below(20) : random_.Below(4)));
  settings.self_trade_prevention = static_cast<SelfTradePrevention>(random_.Below(random_.OneIn(10) ? 8 : 6));
  if (random_.OneIn(6)) settings.max_open_orders = static_cast<std::uint32_t>(random_.Between(1, 25));
  if (random_.OneIn(6)) settings.max_orders = static_cast<std::uint32_t>(random_.Between(1, 12));
  settings.order_interval_ms = static_cast<std::uint32_t>(random_.Between(1, 1'000));
  if (random_.OneIn(15)) settings.order_interval_ms = random_.Pick({0u, 86'400'000u, 86'400'001u, 4'000'000'000u});
  return ConfigureAccount{random_.OneIn(15) ? AccountId(0) : DrawAccount(), settings};
}

CommandBody RandomCommands::DrawSymbolStatus() {
  const SymbolStatus status = random_.OneIn(8)   ? static_cast<SymbolStatus>(random_.Pick({0, 4, 255}))
                              : random_.OneIn(3) ? SymbolStatus::kTrading
                              : random_.OneIn(2) ? SymbolStatus::kHalted
                                                 : SymbolStatus::kCancelOnly;
  return SetSymbolStatus{DrawSymbol(), status};
}

CommandBody RandomCommands::DrawSymbolLimits() {
  const SymbolId symbol = DrawSymbol();
  const Place& place = PlaceOf(symbol);
  const std::size_t at = std::min<std::size_t>(symbol.value(), kSymbols - 1);
  SymbolLimits limits;
  if (random_.OneIn(5)) limits.max_notional = Amount(kTickLotValue[at] * 100 * random_.Between(8, 60));
  if (random_.OneIn(5)) limits.max_position = Amount(kLotSize[at] * random_.Between(200, 1'200));
  if (random_.OneIn(5)) limits.price_deviation_bps = static_cast<std::int32_t>(random_.Between(200, 1'200));
  if (random_.OneIn(5)) limits.lower_price = Price(place.centre - random_.Between(1, 9));
  if (random_.OneIn(5)) limits.upper_price = Price(place.centre + random_.Between(1, 9));
  if (random_.OneIn(8)) {
    switch (random_.Below(6)) {
      case 0: limits.max_notional = Amount(Hostile()); break;
      case 1: limits.max_position = Amount(Hostile()); break;
      case 2: limits.price_deviation_bps = random_.Pick({-1, 1'000'000, 1'000'001}); break;
      case 3: limits.lower_price = Price(Hostile()); break;
      case 4: limits.upper_price = Price(Hostile()); break;
      default: limits.lower_price = limits.upper_price; break;
    }
  }
  return SetSymbolLimits{symbol, limits};
}

CommandBody RandomCommands::DrawFeeTier() {
  FeeTier tier{FeeTierId(static_cast<std::uint8_t>(random_.Below(5))), static_cast<std::int32_t>(random_.Below(40)),
               static_cast<std::int32_t>(random_.Below(60))};
  if (random_.OneIn(4)) tier.id = FeeTierId(random_.Pick({std::uint8_t{0}, std::uint8_t{15}, std::uint8_t{16}}));
  if (random_.OneIn(4)) tier.maker_fee_bps = random_.Pick({-1, 1'000, 1'001});
  if (random_.OneIn(4)) tier.taker_fee_bps = random_.Pick({-1, 1'000, 1'001});
  return DefineFeeTier{tier};
}

CommandBody RandomCommands::DrawReferenceData() {
  switch (random_.Below(5)) {
    case 0: {
      const std::string fresh = "N" + std::to_string(random_.Below(4));
      const std::string code = random_.OneIn(3) ? fresh : random_.OneIn(2) ? "BTC" : "bad";
      return DefineAsset{*AssetCode::From(code), static_cast<std::int32_t>(random_.Pick({8, 18, -1, 19}))};
    }
    case 1: return EpochStart{Epoch(random_.Below(5))};
    case 2: {
      const std::string code = random_.Pick({"BTC-KRW", "WEI-BTC", "USDT-BTC", "TINY-USDT"});
      const auto base = static_cast<std::uint16_t>(random_.Pick({0, 2, 3, 4, 4, 77}));
      const auto quote = static_cast<std::uint16_t>(random_.Pick({1, 0, 0, 2, 77}));
      const bool sensible = random_.OneIn(2);
      const std::int64_t tick = sensible ? 1'000'000 : Hostile();
      const std::int64_t lot = sensible ? 1'000'000'000'000'000 : Hostile();
      return MakeSymbol(code.c_str(), base, quote, tick, lot, 0, 0, 0).body;
    }
    default: break;
  }
  if (accounts_ >= kMaxAccounts || random_.OneIn(4)) {
    return CreateAccount{*AccountName::From(random_.OneIn(2) ? "a1" : "no blanks")};
  }
  return CreateAccount{*AccountName::From("c" + std::to_string(accounts_))};
}

}  // namespace xt::scenarios
