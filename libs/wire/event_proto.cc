#include "libs/wire/event_proto.h"

#include <string_view>
#include <variant>

#include "libs/base/status.h"
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
      .Value("execution_type", report.execution_type(), domain::ExecutionType::kRejected, out.execution_type)
      .Value("status", report.status(), domain::OrderStatus::kRejected, out.status)
      .Integer("trade_id", report.trade_id(), out.trade_id)
      .Integer("fee_asset_id", report.fee_asset_id(), out.fee_asset);
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
      .Value("reason", change.reason(), domain::BalanceReason::kFee, out.reason)
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
