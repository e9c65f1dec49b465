#include "tools/oracle/describe.h"

#include <sstream>
#include <string_view>
#include <type_traits>
#include <variant>

#include "libs/domain/names.h"

namespace xt::oracle {

using namespace domain;  // NOLINT: this file speaks of nothing else

namespace {

// "name=value " for each field; what is 0 or empty is left out.
class Line {
 public:
  explicit Line(std::string_view title) { text_ << title << ' '; }

  template <typename T>
  Line& operator()(const char* name, const T& value) {
    if constexpr (requires { value.view(); }) {
      if (!value.empty()) text_ << name << '=' << value.view() << ' ';
    } else if constexpr (requires { NameOf(value); }) {
      // The number too: a hostile one has no name.
      if (static_cast<int>(value) != 0) text_ << NameOf(value) << '(' << static_cast<int>(value) << ") ";
    } else if constexpr (std::is_same_v<T, RejectReason>) {
      if (value != RejectReason::kNone) text_ << RejectReasonCode(value) << ' ';
    } else if constexpr (requires { value.value(); }) {
      (*this)(name, value.value());
    } else if (value != T{}) {
      text_ << name << '=' << +value << ' ';
    }
    return *this;
  }
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
};

void Add(Line& line, const NewOrder& o) {
  line("account", o.account)("symbol", o.symbol)("id", o.client_order_id)("", o.side)("", o.type)("", o.time_in_force)(
      "", o.self_trade_prevention)("price", o.price)("stop", o.stop_price)("qty", o.quantity)(
      "iceberg", o.iceberg_quantity)("quote", o.quote_quantity)("expire", o.expire_time_ms)("group", o.group);
}

void Add(Line& line, const AccountSettings& s) {
  line("tier", s.fee_tier)("", s.self_trade_prevention)("max_open", s.max_open_orders)("max_orders", s.max_orders)(
      "interval", s.order_interval_ms);
}

void Add(Line& line, const SymbolLimits& l) {
  line("max_notional", l.max_notional)("max_position", l.max_position)("deviation", l.price_deviation_bps)(
      "lower", l.lower_price)("upper", l.upper_price);
}

template <typename T>
void AddTransfer(Line& line, const T& t) {
  line("account", t.account)("asset", t.asset)("amount", t.amount)("reference", t.reference);
}

std::string Text(const NewOrder& o) {
  Line line("order");
  Add(line, o);
  return line.text();
}
std::string Text(const CancelOrder& c) {
  return Line("cancel")("account", c.account)("order", c.order_id)("id", c.client_order_id).text();
}
std::string Text(const CancelAll& c) {
  return Line("cancel all")("account", c.account)("symbol", c.symbol)("group", c.group).text();
}
std::string Text(const CancelReplace& c) {
  Line line("cancel-replace");
  line("cancel", c.cancel_order_id)("cancel_id", c.cancel_client_order_id)("", c.mode);
  Add(line, c.order);
  return line.text();
}
std::string Text(const AmendOrder& a) {
  return Line("amend")("account", a.account)("order", a.order_id)("id", a.client_order_id)("qty", a.quantity).text();
}
std::string Text(const SetCountdown& c) {
  return Line("countdown")("account", c.account)("group", c.group)("ms", c.timeout_ms).text();
}
std::string Text(const DefineAsset& d) { return Line("asset")("code", d.code)("decimals", d.decimals).text(); }
std::string Text(const DefineSymbol& d) {
  const Symbol& s = d.symbol;
  return Line("symbol")("code", s.code)("tick", s.tick_size)("lot", s.lot_size)("min", s.min_notional).text();
}
std::string Text(const SetSymbolStatus& s) { return Line("status")("symbol", s.symbol)("", s.status).text(); }
std::string Text(const CreateAccount& c) { return Line("account")("name", c.name).text(); }
std::string Text(const Deposit& d) {
  Line line("deposit");
  AddTransfer(line, d);
  return line.text();
}
std::string Text(const Withdraw& w) {
  Line line("withdraw");
  AddTransfer(line, w);
  return line.text();
}
std::string Text(const Transfer& t) {
  Line line("transfer");
  AddTransfer(line, t);
  return line("to", t.to_account).text();
}
std::string Text(const SetAccountStatus& s) {
  return Line("account status")("account", s.account)("", s.status).text();
}
std::string Text(const ConfigureAccount& c) {
  Line line("settings");
  line("account", c.account);
  Add(line, c.settings);
  return line.text();
}
std::string Text(const DefineFeeTier& d) {
  return Line("fee tier")("tier", d.tier.id)("maker", d.tier.maker_fee_bps)("taker", d.tier.taker_fee_bps).text();
}
std::string Text(const SetSymbolLimits& s) {
  Line line("limits");
  line("symbol", s.symbol);
  Add(line, s.limits);
  return line.text();
}
std::string Text(const Tick&) { return "tick"; }
std::string Text(const EpochStart& e) { return Line("epoch")("epoch", e.epoch).text(); }

std::string Text(const ExecutionReport& r) {
  return Line("report")("order", r.order_id)("", r.execution_type)("", r.status)("account", r.account)(
             "symbol", r.symbol)("id", r.client_order_id)("", r.side)("", r.type)("", r.time_in_force)(
             "", r.reject_reason)("price", r.price)("stop", r.stop_price)("qty", r.quantity)(
             "iceberg", r.iceberg_quantity)("quote", r.quote_quantity)("executed", r.executed_quantity)(
             "executed_quote", r.executed_quote)("expire", r.expire_time_ms)("group", r.group)("trade", r.trade_id)(
             "last_price", r.last_price)("last_qty", r.last_quantity)("fee", r.fee)("fee_asset", r.fee_asset)("maker",
                                                                                                              r.maker)
      .text();
}
std::string Text(const Trade& t) {
  return Line("trade")("trade", t.trade_id)("symbol", t.symbol)("price", t.price)("qty", t.quantity)(
             "taker", t.taker_side)("maker_order", t.maker_order_id)("taker_order", t.taker_order_id)(
             "maker", t.maker_account)("taker", t.taker_account)
      .text();
}
std::string Text(const BookChange& b) {
  return Line("book")("symbol", b.symbol)("", b.side)("price", b.price)("qty", b.quantity)("orders", b.order_count)
      .text();
}
std::string Text(const BalanceChange& b) {
  return Line("balance")("account", b.account)("asset", b.asset)("", b.reason)("available", b.available_delta)(
             "locked", b.locked_delta)("to", b.available)("and", b.locked)("order", b.order_id)("trade", b.trade_id)
      .text();
}
std::string Text(const AssetDefined& a) { return Line("asset defined")("code", a.asset.code).text(); }
std::string Text(const SymbolDefined& s) {
  return Line("symbol defined")("code", s.symbol.code)("", s.symbol.status).text();
}
std::string Text(const AccountCreated& a) {
  return Line("account created")("account", a.account)("name", a.name).text();
}
std::string Text(const CommandRejected& r) {
  return Line("rejected")("", r.reason)("field", r.field)("account", r.account)("id", r.client_order_id)(
             "original", r.original_sequence)
      .text();
}
std::string Text(const EpochStarted& e) { return Line("epoch started")("epoch", e.epoch).text(); }
std::string Text(const RiskDecision& r) {
  return Line("risk")("account", r.account)("symbol", r.symbol)("id", r.client_order_id)("rules", r.rules_checked)(
             "", r.reason)
      .text();
}
std::string Text(const OrdersCanceled& o) {
  return Line("orders cancelled")("account", o.account)("group", o.group)("", o.reason)("count", o.count).text();
}
std::string Text(const CountdownChanged& c) {
  return Line("countdown changed")("account", c.account)("group", c.group)("deadline", c.deadline_ns).text();
}
std::string Text(const AccountChanged& a) {
  Line line("account changed");
  line("account", a.account)("", a.status);
  Add(line, a.settings);
  return line.text();
}
std::string Text(const FeeTierDefined& f) {
  return Line("fee tier defined")("tier", f.tier.id)("maker", f.tier.maker_fee_bps)("taker", f.tier.taker_fee_bps)
      .text();
}
std::string Text(const SymbolLimitsChanged& s) {
  Line line("limits changed");
  line("symbol", s.symbol);
  Add(line, s.limits);
  return line.text();
}
std::string Text(const Ticked&) { return "ticked"; }

}  // namespace

std::string Describe(const Command& command) {
  return std::visit([](const auto& body) { return Text(body); }, command.body);
}

std::string Describe(const Event& event) {
  return std::visit([](const auto& body) { return Text(body); }, event);
}

std::string Describe(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) text += "\n  " + Describe(event);
  return text;
}

}  // namespace xt::oracle
