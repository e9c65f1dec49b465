// What a trader sends, in words.
#include "libs/domain/names.h"
#include "tests/scenarios/scenario_runner.h"

namespace xt::scenarios {

using namespace domain;  // NOLINT: this file speaks of nothing else

absl::Status Runner::Trader(std::string_view name, Words& words) {
  const std::string_view verb = words.Next();
  const AccountId account = AccountOf(name);
  if (verb == "cancel") return Cancel(account, words);
  if (verb == "cancel-all") return CancelAll(account, words);
  if (verb == "replace") return Replace(account, words);
  if (verb == "amend") return Amend(account, words);
  if (verb == "countdown") return Countdown(account, words);
  if (verb == "buy" || verb == "sell" || verb == "side") return Order(account, verb, words);
  return NotUnderstood(verb);
}

absl::Status Runner::ReadLabel(std::string_view label, OrderId& id, ClientOrderId& client_id) const {
  if (label.starts_with('#')) {
    std::uint64_t number = 0;
    XT_RETURN_IF_ERROR(ParseNumber(label.substr(1), number));
    id = OrderId(number <= ids_.size() && number > 0 ? ids_[number - 1] : number);
    return absl::OkStatus();
  }
  const auto fixed = ClientOrderId::From(label);
  if (!fixed) return NotUnderstood(label);
  client_id = *fixed;
  return absl::OkStatus();
}

// cancel a1 | cancel #3
absl::Status Runner::Cancel(AccountId account, Words& words) {
  CancelOrder cancel;
  cancel.account = account;
  XT_RETURN_IF_ERROR(ReadLabel(words.Next(), cancel.order_id, cancel.client_order_id));
  return Apply(cancel);
}

namespace {

absl::Status ReadGroup(Words& words, OrderGroup& group) {
  std::uint32_t value = 0;
  XT_RETURN_IF_ERROR(ParseNumber(words.Next(), value));
  group = OrderGroup(value);
  return absl::OkStatus();
}

}  // namespace

// cancel-all [of BTC-KRW] [group 7]
absl::Status Runner::CancelAll(AccountId account, Words& words) {
  domain::CancelAll cancel;
  cancel.account = account;
  if (words.Take("of")) cancel.symbol = SymbolOf(words.Next());
  if (words.Take("group")) XT_RETURN_IF_ERROR(ReadGroup(words, cancel.group));
  return Apply(cancel);
}

// replace #1 with [allow-failure | mode raw:9] buy 1 @ 99 [allow-failure]
absl::Status Runner::Replace(AccountId account, Words& words) {
  CancelReplace replace;
  replace.mode = ReplaceMode::kStopOnFailure;
  const std::string_view label = words.Take("with") ? "" : words.Next();
  XT_RETURN_IF_ERROR(ReadLabel(label, replace.cancel_order_id, replace.cancel_client_order_id));
  words.Take("with");
  if (words.Take("mode")) XT_RETURN_IF_ERROR(ParseEnum(words.Next(), ParseReplaceMode, replace.mode));
  replace.order.account = account;
  const std::string_view side = words.Next();
  XT_RETURN_IF_ERROR(ReadOrder(side, words, replace.order));
  if (words.Take("allow-failure")) replace.mode = ReplaceMode::kAllowFailure;
  replaces_ = true;
  return Apply(replace);
}

// amend #1 to 3
absl::Status Runner::Amend(AccountId account, Words& words) {
  AmendOrder amend;
  amend.account = account;
  const std::string_view label = words.Peek() == "to" ? "" : words.Next();
  XT_RETURN_IF_ERROR(ReadLabel(label, amend.order_id, amend.client_order_id));
  if (!words.Take("to")) return NotUnderstood(words.Peek());
  const std::string_view quantity = words.Next();
  const Symbol symbol = SymbolOrFirst(words.Take("of") ? SymbolOf(words.Next()) : SymbolId(0));
  XT_ASSIGN_OR_RETURN(const std::int64_t lots, Units(quantity, symbol.base_decimals, symbol.lot_size));
  amend.quantity = Quantity(lots);
  return Apply(amend);
}

// countdown 5s [group 7] | countdown off [group 7]
absl::Status Runner::Countdown(AccountId account, Words& words) {
  SetCountdown countdown;
  countdown.account = account;
  if (!words.Take("off")) {
    XT_ASSIGN_OR_RETURN(const std::int64_t timeout_ns, ParseDuration(words.Next()));
    countdown.timeout_ms = timeout_ns / 1'000'000;
  }
  if (words.Take("group")) XT_RETURN_IF_ERROR(ReadGroup(words, countdown.group));
  return Apply(countdown);
}

// The numbers of an order, until its symbol is known.
struct Runner::OrderWords {
  std::string_view quantity;
  std::string_view quote_quantity;
  std::string_view price;
  std::string_view stop;
  std::string_view slice;
  bool takes_profit = false;
  bool has_type = false;
  bool has_time_in_force = false;
};

absl::Status Runner::Order(AccountId account, std::string_view side, Words& words) {
  NewOrder order;
  order.account = account;
  XT_RETURN_IF_ERROR(ReadOrder(side, words, order));
  return Apply(order);
}

namespace {

OrderType TypeOf(bool has_stop, bool takes_profit, bool has_price, bool has_slice) {
  if (has_slice) return OrderType::kIceberg;
  if (!has_stop) return OrderType::kLimit;
  if (takes_profit) return has_price ? OrderType::kTakeProfitLimit : OrderType::kTakeProfit;
  return has_price ? OrderType::kStopLossLimit : OrderType::kStopLoss;
}

bool NeedsTimeInForce(OrderType type) {
  return type == OrderType::kLimit || type == OrderType::kStopLossLimit || type == OrderType::kTakeProfitLimit;
}

}  // namespace

// buy 2 @ 100 [...] | buy 2 market | buy for 500 market | buy 2 stop 110 [@ 111] | side raw:3 2 @ 100
absl::Status Runner::ReadOrder(std::string_view side, Words& words, NewOrder& order) {
  if (side == "side") {
    XT_RETURN_IF_ERROR(ParseEnum(words.Next(), ParseSide, order.side));
  } else if (side == "buy" || side == "sell") {
    order.side = side == "buy" ? Side::kBuy : Side::kSell;
  } else {
    return NotUnderstood(side);
  }
  OrderWords said;
  words.Take("for") ? said.quote_quantity = words.Next() : said.quantity = words.Next();
  while (!words.empty() && words.Peek() != "allow-failure") {
    const std::string_view word = words.Next();
    XT_RETURN_IF_ERROR(ReadOrderWord(word, words, said, order));
  }
  if (!said.has_type) {
    order.type = TypeOf(!said.stop.empty(), said.takes_profit, !said.price.empty(), !said.slice.empty());
  }
  if (!said.has_time_in_force && NeedsTimeInForce(order.type)) order.time_in_force = TimeInForce::kGtc;
  const Symbol symbol = SymbolOrFirst(order.symbol);
  XT_ASSIGN_OR_RETURN(const std::int64_t lots, Units(said.quantity, symbol.base_decimals, symbol.lot_size));
  XT_ASSIGN_OR_RETURN(const std::int64_t slice, Units(said.slice, symbol.base_decimals, symbol.lot_size));
  XT_ASSIGN_OR_RETURN(const std::int64_t ticks, Units(said.price, symbol.quote_decimals, symbol.tick_size));
  XT_ASSIGN_OR_RETURN(const std::int64_t stop_ticks, Units(said.stop, symbol.quote_decimals, symbol.tick_size));
  XT_ASSIGN_OR_RETURN(const std::int64_t quote, Units(said.quote_quantity, symbol.quote_decimals, Amount(1)));
  order.quantity = Quantity(lots);
  order.iceberg_quantity = Quantity(slice);
  order.price = Price(ticks);
  order.stop_price = Price(stop_ticks);
  order.quote_quantity = Amount(quote);
  return absl::OkStatus();
}

absl::Status Runner::ReadOrderWord(std::string_view word, Words& words, OrderWords& said, NewOrder& order) {
  if (word == "@") {
    said.price = words.Next();
  } else if (word == "and") {
    said.quote_quantity = words.Next();
  } else if (word == "market" || word == "post-only") {
    order.type = word == "market" ? OrderType::kMarket : OrderType::kLimitMaker;
    said.has_type = true;
  } else if (word == "stop" || word == "stop-loss" || word == "take-profit") {
    said.stop = words.Next();
    said.takes_profit = word == "take-profit";
  } else if (word == "iceberg") {
    said.slice = words.Next();
  } else if (word == "type") {
    XT_RETURN_IF_ERROR(ParseEnum(words.Next(), ParseOrderType, order.type));
    said.has_type = true;
  } else if (word == "until") {
    if (!said.has_time_in_force) order.time_in_force = TimeInForce::kGtd;
    said.has_time_in_force = true;
    XT_RETURN_IF_ERROR(ReadExpireTime(words.Next(), order.expire_time_ms));
  } else if (word == "time-in-force") {
    said.has_time_in_force = true;
    XT_RETURN_IF_ERROR(ParseEnum(words.Next(), ParseTimeInForce, order.time_in_force));
  } else if (word == "of") {
    order.symbol = SymbolOf(words.Next());
  } else if (word == "stp") {
    XT_RETURN_IF_ERROR(ParseEnum(words.Next(), ParseSelfTradePrevention, order.self_trade_prevention));
  } else if (word == "group") {
    XT_RETURN_IF_ERROR(ReadGroup(words, order.group));
  } else if (word == "as") {
    const auto id = ClientOrderId::From(words.Next());
    if (!id) return NotUnderstood("client order id");
    order.client_order_id = *id;
  } else if (const TimeInForce tif = ParseTimeInForce(word); tif != TimeInForce::kUnspecified) {
    order.time_in_force = tif;
    said.has_time_in_force = true;
  } else {
    return NotUnderstood(word);
  }
  return absl::OkStatus();
}

// 10:00:05 | +5s | raw:-1
absl::Status Runner::ReadExpireTime(std::string_view text, std::int64_t& expire_time_ms) const {
  if (text.starts_with("raw:")) return ParseNumber(text.substr(4), expire_time_ms);
  std::int64_t time_ns = 0;
  if (text.starts_with('+')) {
    XT_ASSIGN_OR_RETURN(time_ns, ParseDuration(text.substr(1)));
    time_ns += now_ns_;
  } else {
    XT_ASSIGN_OR_RETURN(time_ns, ParseTime(text));
  }
  expire_time_ms = time_ns / 1'000'000;
  return absl::OkStatus();
}

}  // namespace xt::scenarios
