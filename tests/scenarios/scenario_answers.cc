// What the exchange answers, in words, and what is shown on request.
#include "libs/domain/names.h"
#include "tests/scenarios/scenario_runner.h"

namespace xt::scenarios {

using namespace domain;  // NOLINT: this file speaks of nothing else

absl::Status Runner::ShowBalance(Words& words) {
  const std::string name(words.Next());
  const AccountId account = AccountOf(name);
  if (account.value() >= engine_->accounts().count()) return NotUnderstood(name);
  std::string text = name;
  const char* separator = " ";
  for (const Asset& asset : engine_->assets()) {
    const matching::Balance& balance = engine_->accounts().At(account, asset.id);
    if (balance.available == 0 && balance.locked == 0) continue;
    text += Text(separator, asset.code.view(), " ", FormatDecimal(balance.available, asset.decimals));
    if (balance.locked != 0) text += Text(" + ", FormatDecimal(balance.locked, asset.decimals), " locked");
    separator = ", ";
  }
  if (text == name) text += Text(" nothing");
  Say(text);
  return absl::OkStatus();
}

absl::Status Runner::ShowBook(Words& words) {
  const SymbolId id = words.empty() ? SymbolId(0) : SymbolOf(words.Next());
  if (!engine_->HasSymbol(id)) return NotUnderstood("symbol");
  const Symbol symbol = engine_->symbols()[id.value()];
  const BookSnapshot book = engine_->Snapshot(id, 0);
  const auto show = [&](std::string_view side, const BookLevel& level, std::uint32_t orders) {
    Say(Text(side, " ", FormatQuantity(symbol, level.quantity), " @ ", FormatPrice(symbol, level.price), " (", orders,
             orders == 1 ? " order)" : " orders)"));
  };
  for (auto level = book.asks.rbegin(); level != book.asks.rend(); ++level) {
    show("ask", *level, engine_->book(id).side<Side::kSell>().OrderCount(level->price.value()));
  }
  for (const BookLevel& level : book.bids) {
    show("bid", level, engine_->book(id).side<Side::kBuy>().OrderCount(level.price.value()));
  }
  if (book.asks.empty() && book.bids.empty()) Say("empty");
  return absl::OkStatus();
}

absl::Status Runner::ShowLast(Words& words) {
  const SymbolId id = words.empty() ? SymbolId(0) : SymbolOf(words.Next());
  if (!engine_->HasSymbol(id)) return NotUnderstood("symbol");
  const auto last = last_prices_.find(id);
  Say(last == last_prices_.end() ? "no trade yet"
                                 : Text("last ", FormatPrice(engine_->symbols()[id.value()], last->second)));
  return absl::OkStatus();
}

absl::Status Runner::ShowDue() {
  const std::int64_t due_ns = engine_->next_due_ns();
  Say(due_ns == INT64_MAX ? "nothing is due" : Text("due at ", FormatTime(due_ns)));
  return absl::OkStatus();
}

std::string_view Runner::NameOfAccount(AccountId account) const {
  return account == kFeeAccount ? "fees" : engine_->accounts().name(account).view();
}

std::string Runner::NumberOf(OrderId id) {
  if (!numbers_.contains(id.value())) {
    ids_.push_back(id.value());
    numbers_[id.value()] = ids_.size();
  }
  return Text("#", numbers_[id.value()]);
}

std::string Runner::LabelOf(const ExecutionReport& report) {
  const std::string number = NumberOf(report.order_id);
  return report.client_order_id.empty() ? number : std::string(report.client_order_id.view());
}

namespace {

std::string_view KindOf(OrderType type) {
  switch (type) {
    case OrderType::kStopLoss:
    case OrderType::kStopLossLimit: return " stop ";
    case OrderType::kTakeProfit:
    case OrderType::kTakeProfitLimit: return " take-profit ";
    default: return "";
  }
}

// GTC, or IOC of an order that has no price.
bool IsUsual(const ExecutionReport& report) {
  return report.time_in_force == (report.price.value() != 0 ? TimeInForce::kGtc : TimeInForce::kIoc);
}

}  // namespace

// The order as it is written in the command.
std::string Runner::TermsOf(const ExecutionReport& report) const {
  const Symbol symbol = engine_->symbols()[report.symbol.value()];
  std::string text = Text(report.side == Side::kBuy ? "buy " : "sell ", FormatQuantity(symbol, report.quantity));
  if (report.stop_price.value() != 0) text += Text(KindOf(report.type), FormatPrice(symbol, report.stop_price));
  if (report.price.value() != 0) text += Text(" @ ", FormatPrice(symbol, report.price));
  if (report.type == OrderType::kLimitMaker) text += " post-only";
  if (report.iceberg_quantity.value() != 0) {
    text += Text(" iceberg ", FormatQuantity(symbol, report.iceberg_quantity));
  }
  if (report.expire_time_ms != 0) {
    text += Text(" until ", FormatTime(report.expire_time_ms * 1'000'000));
  } else if (!IsUsual(report)) {
    text += Text(" ", NameOf(report.time_in_force));
  }
  if (report.group.value() != 0) text += Text(" group ", report.group.value());
  return text;
}

std::string Runner::ProgressOf(const ExecutionReport& report) const {
  const Symbol symbol = engine_->symbols()[report.symbol.value()];
  const std::string executed = FormatQuantity(symbol, report.executed_quantity);
  if (report.quote_quantity.value() == 0) return Text(executed, " of ", FormatQuantity(symbol, report.quantity));
  return Text(executed, " for ", FormatDecimal(report.executed_quote.value(), symbol.quote_decimals), " of ",
              FormatDecimal(report.quote_quantity.value(), symbol.quote_decimals), " ", CodeOf(symbol.quote));
}

void Runner::Tell(const ExecutionReport& report) {
  const Symbol symbol = engine_->symbols()[report.symbol.value()];
  std::string text = Text(NameOfAccount(report.account), " ", LabelOf(report), " ");
  if (report.execution_type >= ExecutionType::kTriggered) text += Text(NameOf(report.execution_type), ", ");
  text += Text(NameOf(report.status), " ");
  if (report.execution_type == ExecutionType::kNew && report.status == OrderStatus::kNew) {
    text += TermsOf(report);
  } else {
    text += ProgressOf(report);
  }
  if (report.execution_type == ExecutionType::kNew && report.status != OrderStatus::kNew) text += Text(", rests");
  if (report.execution_type == ExecutionType::kTrade) {
    text += Text(": ", report.maker ? "maker " : "taker ", FormatQuantity(symbol, report.last_quantity), " @ ",
                 FormatPrice(symbol, report.last_price));
    if (report.fee.value() != 0) {
      text += Text(", fee ", FormatDecimal(report.fee.value(), DecimalsOf(report.fee_asset)), " ",
                   CodeOf(report.fee_asset));
    }
  }
  Say(text);
}

void Runner::Tell(const CommandRejected& rejected) {
  if (rejected.reason == RejectReason::kNone) {
    Say(Text("repeats \"", lines_[rejected.original_sequence.value()], "\""));
    return;
  }
  std::string text = Text("refused ", RejectReasonCode(rejected.reason));
  if (!rejected.field.empty()) text += Text(" ", rejected.field.view());
  if (replaces_ && !rejected.client_order_id.empty()) text += Text(" of ", rejected.client_order_id.view());
  Say(text);
}

void Runner::Tell(const RiskDecision& decision) {
  std::string text = Text("risk of ", NameOfAccount(decision.account));
  if (!decision.client_order_id.empty()) text += Text(" ", decision.client_order_id.view());
  text += ":";
  for (unsigned rule = 1; rule <= static_cast<unsigned>(RiskRule::kPriceBand); ++rule) {
    if ((decision.rules_checked >> rule & 1u) != 0) text += Text(" ", NameOf(static_cast<RiskRule>(rule)));
  }
  text += decision.reason == RejectReason::kNone ? " allowed" : Text(" refused, ", RejectReasonCode(decision.reason));
  Say(text);
}

void Runner::Tell(const OrdersCanceled& canceled) {
  std::string text =
      Text(NameOfAccount(canceled.account), " ", canceled.count, " canceled by ", NameOf(canceled.reason));
  if (canceled.group.value() != 0) text += Text(", group ", canceled.group.value());
  Say(text);
}

void Runner::Tell(const CountdownChanged& changed) {
  std::string text = Text(NameOfAccount(changed.account), " countdown ");
  if (changed.group.value() != 0) text += Text("of group ", changed.group.value(), " ");
  Say(text + (changed.deadline_ns != 0 ? Text("until ", FormatTime(changed.deadline_ns)) : "off"));
}

// What is not configured is not said.
void Runner::Tell(const AccountChanged& changed) {
  const AccountSettings& settings = changed.settings;
  std::string text = changed.account == kFeeAccount
                         ? Text("new accounts")
                         : Text(NameOfAccount(changed.account), " is ", NameOf(changed.status));
  if (settings.fee_tier.value() != 0) text += Text(", fee-tier ", unsigned{settings.fee_tier.value()});
  if (settings.self_trade_prevention != SelfTradePrevention::kExpireTaker) {
    text += Text(", stp ", NameOf(settings.self_trade_prevention));
  }
  if (settings.max_open_orders != 0) text += Text(", max-open ", settings.max_open_orders);
  if (settings.max_orders != 0) {
    text += Text(", max-orders ", settings.max_orders, " per ", FormatDuration(settings.order_interval_ms));
  }
  Say(text);
}

void Runner::Tell(const FeeTierDefined& defined) {
  Say(Text("fee-tier ", unsigned{defined.tier.id.value()}, " maker ", defined.tier.maker_fee_bps, " taker ",
           defined.tier.taker_fee_bps));
}

void Runner::Tell(const SymbolLimitsChanged& changed) {
  const Symbol symbol = engine_->symbols()[changed.symbol.value()];
  const SymbolLimits& limits = changed.limits;
  std::string text = Text("limits of ", symbol.code.view(), ":");
  if (limits == SymbolLimits{}) text += " none";
  if (limits.max_notional.value() != 0) {
    text += Text(" max-notional ", FormatDecimal(limits.max_notional.value(), symbol.quote_decimals));
  }
  if (limits.max_position.value() != 0) {
    text += Text(" max-position ", FormatDecimal(limits.max_position.value(), symbol.base_decimals));
  }
  if (limits.price_deviation_bps != 0) text += Text(" deviation ", limits.price_deviation_bps);
  if (limits.lower_price.value() != 0 || limits.upper_price.value() != 0) {
    text += " band ";
    if (limits.lower_price.value() != 0) text += FormatPrice(symbol, limits.lower_price);
    text += "..";
    if (limits.upper_price.value() != 0) text += FormatPrice(symbol, limits.upper_price);
  }
  Say(text);
}

// A symbol that is new says nothing: its command has all of it.
void Runner::Tell(const SymbolDefined& defined) {
  if (line_.starts_with("symbol ") && !shows_everything_) return;
  Say(Text(defined.symbol.code.view(), " is ", NameOf(defined.symbol.status)));
}

void Runner::Tell(const EpochStarted& started) { Say(Text("epoch ", started.epoch.value(), " started")); }

void Runner::Tell(const Ticked&) { Say("ticked"); }

void Runner::Tell(const Trade& trade) {
  last_prices_[trade.symbol] = trade.price;
  if (!shows_everything_) return;
  const Symbol symbol = engine_->symbols()[trade.symbol.value()];
  Say(Text("trade ", trade.trade_id.value(), " of ", symbol.code.view(), ": ", FormatQuantity(symbol, trade.quantity),
           " @ ", FormatPrice(symbol, trade.price), ", ", NameOfAccount(trade.taker_account),
           trade.taker_side == Side::kBuy ? " buys from " : " sells to ", NameOfAccount(trade.maker_account)));
}

void Runner::Tell(const BookChange& change) {
  if (!shows_everything_) return;
  const Symbol symbol = engine_->symbols()[change.symbol.value()];
  const std::string_view side = change.side == Side::kBuy ? "bid " : "ask ";
  Say(Text("book of ", symbol.code.view(), ": ", side, FormatQuantity(symbol, change.quantity), " @ ",
           FormatPrice(symbol, change.price), " (", change.order_count,
           change.order_count == 1 ? " order)" : " orders)"));
}

void Runner::Tell(const BalanceChange& change) {
  if (!shows_everything_) return;
  const int decimals = DecimalsOf(change.asset);
  const auto signed_amount = [decimals](Amount amount) {
    return Text(amount.value() > 0 ? "+" : "", FormatDecimal(amount.value(), decimals));
  };
  std::string text =
      Text("balance of ", NameOfAccount(change.account), ": ", NameOf(change.reason), " ", CodeOf(change.asset));
  if (change.available_delta.value() != 0) text += Text(" ", signed_amount(change.available_delta));
  if (change.locked_delta.value() != 0) text += Text(" ", signed_amount(change.locked_delta), " locked");
  text += Text(" = ", FormatDecimal(change.available.value(), decimals));
  if (change.locked.value() != 0) text += Text(" + ", FormatDecimal(change.locked.value(), decimals), " locked");
  if (change.order_id.value() != 0) text += Text(", order ", NumberOf(change.order_id));
  if (change.trade_id.value() != 0) text += Text(", trade ", change.trade_id.value());
  Say(text);
}

void Runner::Tell(const AssetDefined& defined) {
  if (shows_everything_) Say(Text("asset ", defined.asset.code.view(), " has ", defined.asset.decimals, " decimals"));
}

void Runner::Tell(const AccountCreated& created) {
  if (shows_everything_) Say(Text("account ", created.name.view(), " has id ", created.account.value()));
}

}  // namespace xt::scenarios
