#include "libs/wire/event_proto.h"

#include <string_view>
#include <variant>

#include "libs/base/status.h"
#include "libs/wire/account_proto.h"
#include "libs/wire/fields.h"
#include "libs/wire/internal/rules.h"
#include "libs/wire/symbol_proto.h"
#include "xtrader/v1/execution.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

namespace {

template <typename Message>
absl::StatusOr<domain::Event> Body(std::string_view name, const Message& message) {
  auto body = FromProto(message);
  if (!body.ok()) return InField(name, body.status());
  return domain::Event(*body);
}

struct EventWriter {
  pb::Event& out;
  void operator()(const domain::ExecutionReport& body) const { ToProto(body, *out.mutable_execution_report()); }
  void operator()(const domain::Trade& body) const { ToProto(body, *out.mutable_trade()); }
  void operator()(const domain::BookChange& body) const { ToProto(body, *out.mutable_book_change()); }
  void operator()(const domain::BalanceChange& body) const { ToProto(body, *out.mutable_balance_change()); }
  void operator()(const domain::AssetDefined& body) const { ToProto(body.asset, *out.mutable_asset_defined()); }
  void operator()(const domain::SymbolDefined& body) const { ToProto(body.symbol, *out.mutable_symbol_defined()); }
  void operator()(const domain::AccountCreated& body) const { ToProto(body, *out.mutable_account_created()); }
  void operator()(const domain::CommandRejected& body) const { ToProto(body, *out.mutable_command_rejected()); }
  void operator()(const domain::EpochStarted& body) const { ToProto(body, *out.mutable_epoch_started()); }
  void operator()(const domain::RiskDecision& body) const { ToProto(body, *out.mutable_risk_decision()); }
  void operator()(const domain::OrdersCanceled& body) const { ToProto(body, *out.mutable_orders_canceled()); }
  void operator()(const domain::CountdownChanged& body) const { ToProto(body, *out.mutable_countdown_changed()); }
  void operator()(const domain::AccountChanged& body) const { ToProto(body, *out.mutable_account_changed()); }
  void operator()(const domain::FeeTierDefined& body) const { ToProto(body.tier, *out.mutable_fee_tier_defined()); }
  void operator()(const domain::SymbolLimitsChanged& body) const {
    ToProto(body, *out.mutable_symbol_limits_changed());
  }
  void operator()(const domain::Ticked& body) const { ToProto(body, *out.mutable_ticked()); }
};

absl::StatusOr<domain::Event> AssetEvent(const pb::Asset& message) {
  auto asset = FromProto(message);
  if (!asset.ok()) return InField("asset_defined", asset.status());
  return domain::Event(domain::AssetDefined{*asset});
}

absl::StatusOr<domain::Event> SymbolEvent(const pb::Symbol& message) {
  auto symbol = FromProto(message);
  if (!symbol.ok()) return InField("symbol_defined", symbol.status());
  return domain::Event(domain::SymbolDefined{*symbol});
}

absl::StatusOr<domain::Event> FeeTierEvent(const pb::FeeTier& message) {
  auto tier = FromProto(message);
  if (!tier.ok()) return InField("fee_tier_defined", tier.status());
  return domain::Event(domain::FeeTierDefined{*tier});
}

absl::Status ReadRejectReason(std::string_view field, int raw, domain::RejectReason& out) {
  if (!internal::IsKnownRejectReason(raw)) return UnknownValue(field, raw);
  out = static_cast<domain::RejectReason>(raw);
  return absl::OkStatus();
}

}  // namespace

void ToProto(const domain::Event& event, pb::Event& out) {
  out.Clear();
  std::visit(EventWriter{out}, event);
}

void ToProto(const domain::ExecutionReport& report, pb::ExecutionReport& out) {
  out.Clear();
  out.set_account_id(report.account.value());
  out.set_order_id(report.order_id.value());
  out.set_client_order_id(report.client_order_id.view().data(), report.client_order_id.view().size());
  out.set_symbol_id(report.symbol.value());
  out.set_side(static_cast<pb::Side>(report.side));
  out.set_type(static_cast<pb::OrderType>(report.type));
  out.set_time_in_force(static_cast<pb::TimeInForce>(report.time_in_force));
  out.set_execution_type(static_cast<pb::ExecutionType>(report.execution_type));
  out.set_status(static_cast<pb::OrderStatus>(report.status));
  out.set_reject_reason(static_cast<pb::RejectReason>(report.reject_reason));
  out.set_price_ticks(report.price.value());
  out.set_quantity_lots(report.quantity.value());
  out.set_quote_quantity(report.quote_quantity.value());
  out.set_executed_quantity_lots(report.executed_quantity.value());
  out.set_executed_quote(report.executed_quote.value());
  out.set_expire_time_ms(report.expire_time_ms);
  out.set_trade_id(report.trade_id.value());
  out.set_last_price_ticks(report.last_price.value());
  out.set_last_quantity_lots(report.last_quantity.value());
  out.set_fee(report.fee.value());
  out.set_fee_asset_id(report.fee_asset.value());
  out.set_maker(report.maker);
  out.set_stop_price_ticks(report.stop_price.value());
  out.set_iceberg_quantity_lots(report.iceberg_quantity.value());
  out.set_order_group(report.group.value());
}

void ToProto(const domain::Trade& trade, pb::Trade& out) {
  out.Clear();
  out.set_trade_id(trade.trade_id.value());
  out.set_symbol_id(trade.symbol.value());
  out.set_price_ticks(trade.price.value());
  out.set_quantity_lots(trade.quantity.value());
  out.set_taker_side(static_cast<pb::Side>(trade.taker_side));
  out.set_maker_order_id(trade.maker_order_id.value());
  out.set_taker_order_id(trade.taker_order_id.value());
  out.set_maker_account_id(trade.maker_account.value());
  out.set_taker_account_id(trade.taker_account.value());
}

void ToProto(const domain::BookChange& change, pb::BookChange& out) {
  out.Clear();
  out.set_symbol_id(change.symbol.value());
  out.set_side(static_cast<pb::Side>(change.side));
  out.set_price_ticks(change.price.value());
  out.set_quantity_lots(change.quantity.value());
  out.set_order_count(change.order_count);
}

void ToProto(const domain::BalanceChange& change, pb::BalanceChange& out) {
  out.Clear();
  out.set_account_id(change.account.value());
  out.set_asset_id(change.asset.value());
  out.set_reason(static_cast<pb::BalanceReason>(change.reason));
  out.set_available_delta(change.available_delta.value());
  out.set_locked_delta(change.locked_delta.value());
  out.set_available(change.available.value());
  out.set_locked(change.locked.value());
  out.set_order_id(change.order_id.value());
  out.set_trade_id(change.trade_id.value());
}

void ToProto(const domain::AccountCreated& created, pb::AccountCreated& out) {
  out.Clear();
  out.set_account_id(created.account.value());
  out.set_name(created.name.view().data(), created.name.view().size());
}

void ToProto(const domain::CommandRejected& rejected, pb::CommandRejected& out) {
  out.Clear();
  out.set_account_id(rejected.account.value());
  out.set_reason(static_cast<pb::RejectReason>(rejected.reason));
  out.set_field(rejected.field.view().data(), rejected.field.view().size());
  out.set_client_order_id(rejected.client_order_id.view().data(), rejected.client_order_id.view().size());
  out.set_original_sequence(rejected.original_sequence.value());
}

void ToProto(const domain::EpochStarted& started, pb::EpochStarted& out) { out.set_epoch(started.epoch.value()); }

void ToProto(const domain::RiskDecision& decision, pb::RiskDecision& out) {
  out.Clear();
  out.set_account_id(decision.account.value());
  out.set_symbol_id(decision.symbol.value());
  out.set_client_order_id(decision.client_order_id.view().data(), decision.client_order_id.view().size());
  out.set_rules_checked(decision.rules_checked);
  out.set_reason(static_cast<pb::RejectReason>(decision.reason));
}

void ToProto(const domain::OrdersCanceled& canceled, pb::OrdersCanceled& out) {
  out.Clear();
  out.set_account_id(canceled.account.value());
  out.set_order_group(canceled.group.value());
  out.set_reason(static_cast<pb::MassCancelReason>(canceled.reason));
  out.set_count(canceled.count);
}

void ToProto(const domain::CountdownChanged& changed, pb::CountdownChanged& out) {
  out.Clear();
  out.set_account_id(changed.account.value());
  out.set_order_group(changed.group.value());
  out.set_deadline_ns(changed.deadline_ns);
}

void ToProto(const domain::AccountChanged& changed, pb::AccountChanged& out) {
  out.Clear();
  out.set_account_id(changed.account.value());
  out.set_status(static_cast<pb::AccountStatus>(changed.status));
  ToProto(changed.settings, *out.mutable_settings());
}

void ToProto(const domain::SymbolLimitsChanged& changed, pb::SymbolLimitsChanged& out) {
  out.Clear();
  out.set_symbol_id(changed.symbol.value());
  ToProto(changed.limits, *out.mutable_limits());
}

void ToProto(const domain::Ticked& /*ticked*/, pb::Ticked& out) { out.Clear(); }

void ToProto(const domain::CommandResult& result, pb::EventBatch& out) {
  out.Clear();
  out.set_sequence(result.sequence.value());
  out.set_timestamp_ns(result.timestamp_ns);
  out.mutable_events()->Reserve(static_cast<int>(result.events.size()));
  for (const domain::Event& event : result.events) ToProto(event, *out.add_events());
}

absl::StatusOr<domain::Event> FromProto(const pb::Event& event) {
  switch (event.body_case()) {
    case pb::Event::kExecutionReport: return Body("execution_report", event.execution_report());
    case pb::Event::kTrade: return Body("trade", event.trade());
    case pb::Event::kBookChange: return Body("book_change", event.book_change());
    case pb::Event::kBalanceChange: return Body("balance_change", event.balance_change());
    case pb::Event::kAssetDefined: return AssetEvent(event.asset_defined());
    case pb::Event::kSymbolDefined: return SymbolEvent(event.symbol_defined());
    case pb::Event::kAccountCreated: return Body("account_created", event.account_created());
    case pb::Event::kCommandRejected: return Body("command_rejected", event.command_rejected());
    case pb::Event::kEpochStarted: return Body("epoch_started", event.epoch_started());
    case pb::Event::kRiskDecision: return Body("risk_decision", event.risk_decision());
    case pb::Event::kOrdersCanceled: return Body("orders_canceled", event.orders_canceled());
    case pb::Event::kCountdownChanged: return Body("countdown_changed", event.countdown_changed());
    case pb::Event::kAccountChanged: return Body("account_changed", event.account_changed());
    case pb::Event::kFeeTierDefined: return FeeTierEvent(event.fee_tier_defined());
    case pb::Event::kSymbolLimitsChanged: return Body("symbol_limits_changed", event.symbol_limits_changed());
    case pb::Event::kTicked: return Body("ticked", event.ticked());
    case pb::Event::BODY_NOT_SET: break;
  }
  return FieldError("body", "must be set");
}

absl::StatusOr<domain::ExecutionReport> FromProto(const pb::ExecutionReport& report) {
  domain::ExecutionReport out;
  FieldReader reader;
  reader.Integer("account_id", report.account_id(), out.account)
      .Integer("order_id", report.order_id(), out.order_id)
      .Text("client_order_id", report.client_order_id(), out.client_order_id)
      .Integer("symbol_id", report.symbol_id(), out.symbol)
      .Value("side", report.side(), domain::Side::kSell, out.side)
      .Value("type", report.type(), domain::OrderType::kIceberg, out.type)
      .Value("time_in_force", report.time_in_force(), domain::TimeInForce::kGtd, out.time_in_force)
      .Value("execution_type", report.execution_type(), domain::ExecutionType::kPrevented, out.execution_type)
      .Value("status", report.status(), domain::OrderStatus::kRejected, out.status)
      .Integer("trade_id", report.trade_id(), out.trade_id)
      .Integer("fee_asset_id", report.fee_asset_id(), out.fee_asset)
      .Integer("order_group", report.order_group(), out.group);
  XT_RETURN_IF_ERROR(reader.status());
  XT_RETURN_IF_ERROR(ReadRejectReason("reject_reason", report.reject_reason(), out.reject_reason));
  out.price = domain::Price(report.price_ticks());
  out.quantity = domain::Quantity(report.quantity_lots());
  out.quote_quantity = domain::Amount(report.quote_quantity());
  out.executed_quantity = domain::Quantity(report.executed_quantity_lots());
  out.executed_quote = domain::Amount(report.executed_quote());
  out.expire_time_ms = report.expire_time_ms();
  out.last_price = domain::Price(report.last_price_ticks());
  out.last_quantity = domain::Quantity(report.last_quantity_lots());
  out.fee = domain::Amount(report.fee());
  out.maker = report.maker();
  out.stop_price = domain::Price(report.stop_price_ticks());
  out.iceberg_quantity = domain::Quantity(report.iceberg_quantity_lots());
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::Trade> FromProto(const pb::Trade& trade) {
  domain::Trade out;
  FieldReader reader;
  reader.Integer("trade_id", trade.trade_id(), out.trade_id)
      .Integer("symbol_id", trade.symbol_id(), out.symbol)
      .Value("taker_side", trade.taker_side(), domain::Side::kSell, out.taker_side)
      .Integer("maker_order_id", trade.maker_order_id(), out.maker_order_id)
      .Integer("taker_order_id", trade.taker_order_id(), out.taker_order_id)
      .Integer("maker_account_id", trade.maker_account_id(), out.maker_account)
      .Integer("taker_account_id", trade.taker_account_id(), out.taker_account);
  out.price = domain::Price(trade.price_ticks());
  out.quantity = domain::Quantity(trade.quantity_lots());
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::BookChange> FromProto(const pb::BookChange& change) {
  domain::BookChange out;
  FieldReader reader;
  reader.Integer("symbol_id", change.symbol_id(), out.symbol)
      .Value("side", change.side(), domain::Side::kSell, out.side);
  out.price = domain::Price(change.price_ticks());
  out.quantity = domain::Quantity(change.quantity_lots());
  out.order_count = change.order_count();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::BalanceChange> FromProto(const pb::BalanceChange& change) {
  domain::BalanceChange out;
  FieldReader reader;
  reader.Integer("account_id", change.account_id(), out.account)
      .Integer("asset_id", change.asset_id(), out.asset)
      .Value("reason", change.reason(), domain::BalanceReason::kTransfer, out.reason)
      .Integer("order_id", change.order_id(), out.order_id)
      .Integer("trade_id", change.trade_id(), out.trade_id);
  out.available_delta = domain::Amount(change.available_delta());
  out.locked_delta = domain::Amount(change.locked_delta());
  out.available = domain::Amount(change.available());
  out.locked = domain::Amount(change.locked());
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::AccountCreated> FromProto(const pb::AccountCreated& created) {
  domain::AccountCreated out;
  FieldReader reader;
  reader.Integer("account_id", created.account_id(), out.account).Text("name", created.name(), out.name);
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::CommandRejected> FromProto(const pb::CommandRejected& rejected) {
  domain::CommandRejected out;
  FieldReader reader;
  reader.Integer("account_id", rejected.account_id(), out.account)
      .Text("field", rejected.field(), out.field)
      .Text("client_order_id", rejected.client_order_id(), out.client_order_id);
  XT_RETURN_IF_ERROR(reader.status());
  XT_RETURN_IF_ERROR(ReadRejectReason("reason", rejected.reason(), out.reason));
  out.original_sequence = domain::SequenceNumber(rejected.original_sequence());
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::EpochStarted> FromProto(const pb::EpochStarted& started) {
  return internal::Checked(FieldReader(), domain::EpochStarted{domain::Epoch(started.epoch())});
}

absl::StatusOr<domain::RiskDecision> FromProto(const pb::RiskDecision& decision) {
  domain::RiskDecision out;
  FieldReader reader;
  reader.Integer("account_id", decision.account_id(), out.account)
      .Integer("symbol_id", decision.symbol_id(), out.symbol)
      .Text("client_order_id", decision.client_order_id(), out.client_order_id);
  XT_RETURN_IF_ERROR(reader.status());
  XT_RETURN_IF_ERROR(ReadRejectReason("reason", decision.reason(), out.reason));
  out.rules_checked = decision.rules_checked();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::OrdersCanceled> FromProto(const pb::OrdersCanceled& canceled) {
  domain::OrdersCanceled out;
  FieldReader reader;
  reader.Integer("account_id", canceled.account_id(), out.account)
      .Integer("order_group", canceled.order_group(), out.group)
      .Value("reason", canceled.reason(), domain::MassCancelReason::kBlacklisted, out.reason);
  out.count = canceled.count();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::CountdownChanged> FromProto(const pb::CountdownChanged& changed) {
  return domain::CountdownChanged{domain::AccountId(changed.account_id()), domain::OrderGroup(changed.order_group()),
                                  changed.deadline_ns()};
}

absl::StatusOr<domain::AccountChanged> FromProto(const pb::AccountChanged& changed) {
  domain::AccountChanged out;
  FieldReader reader;
  reader.Integer("account_id", changed.account_id(), out.account)
      .Value("status", changed.status(), domain::AccountStatus::kClosed, out.status);
  XT_RETURN_IF_ERROR(reader.status());
  const auto settings = FromProto(changed.settings());
  if (!settings.ok()) return InField("settings", settings.status());
  out.settings = *settings;
  return out;
}

absl::StatusOr<domain::SymbolLimitsChanged> FromProto(const pb::SymbolLimitsChanged& changed) {
  domain::SymbolLimitsChanged out;
  FieldReader reader;
  reader.Integer("symbol_id", changed.symbol_id(), out.symbol);
  XT_RETURN_IF_ERROR(reader.status());
  const auto limits = FromProto(changed.limits());
  if (!limits.ok()) return InField("limits", limits.status());
  out.limits = *limits;
  return out;
}

absl::StatusOr<domain::Ticked> FromProto(const pb::Ticked& /*ticked*/) { return domain::Ticked{}; }

absl::StatusOr<domain::CommandResult> FromProto(const pb::EventBatch& batch) {
  if (batch.sequence() == 0) return FieldError("sequence", "must not be 0");
  if (batch.events().empty()) return FieldError("events", "must not be empty");
  domain::CommandResult out;
  out.sequence = domain::SequenceNumber(batch.sequence());
  out.timestamp_ns = batch.timestamp_ns();
  out.events.reserve(static_cast<std::size_t>(batch.events_size()));
  for (const pb::Event& message : batch.events()) {
    auto event = FromProto(message);
    if (!event.ok()) return InField(Indexed("events", out.events.size()), event.status());
    out.events.push_back(*event);
  }
  return out;
}

}  // namespace xt::wire
