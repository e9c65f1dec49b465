#include "libs/wire/command_proto.h"

#include <string_view>
#include <variant>

#include "libs/base/status.h"
#include "libs/wire/fields.h"
#include "libs/wire/internal/rules.h"
#include "libs/wire/symbol_proto.h"
#include "xtrader/v1/account.pb.h"
#include "xtrader/v1/journal.pb.h"
#include "xtrader/v1/order.pb.h"
#include "xtrader/v1/symbol.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

namespace {

// The body as an alternative of Command, or its error with the alternative's name.
template <typename Message>
absl::StatusOr<domain::Command> Body(std::string_view name, const Message& message) {
  auto body = FromProto(message);
  if (!body.ok()) return InField(name, body.status());
  return domain::Command{domain::CommandBody(*body)};
}

struct BodyWriter {
  pb::Command& out;
  void operator()(const domain::NewOrder& body) const { ToProto(body, *out.mutable_new_order()); }
  void operator()(const domain::CancelOrder& body) const { ToProto(body, *out.mutable_cancel_order()); }
  void operator()(const domain::DefineAsset& body) const { ToProto(body, *out.mutable_define_asset()); }
  void operator()(const domain::DefineSymbol& body) const { ToProto(body, *out.mutable_define_symbol()); }
  void operator()(const domain::SetSymbolStatus& body) const { ToProto(body, *out.mutable_set_symbol_status()); }
  void operator()(const domain::CreateAccount& body) const { ToProto(body, *out.mutable_create_account()); }
  void operator()(const domain::Deposit& body) const { ToProto(body, *out.mutable_deposit()); }
  void operator()(const domain::Withdraw& body) const { ToProto(body, *out.mutable_withdraw()); }
  void operator()(const domain::EpochStart& body) const { ToProto(body, *out.mutable_epoch_start()); }
};

template <typename Transfer, typename Message>
void WriteTransfer(const Transfer& transfer, Message& out) {
  out.Clear();
  out.set_account_id(transfer.account.value());
  out.set_asset_id(transfer.asset.value());
  out.set_amount(transfer.amount.value());
  out.set_reference(transfer.reference.view().data(), transfer.reference.view().size());
}

template <typename Transfer, typename Message>
absl::StatusOr<Transfer> ReadTransfer(const Message& message) {
  Transfer out;
  FieldReader reader;
  reader.Integer("account_id", message.account_id(), out.account)
      .Integer("asset_id", message.asset_id(), out.asset)
      .Text("reference", message.reference(), out.reference);
  out.amount = domain::Amount(message.amount());
  return internal::Checked(reader, out);
}

}  // namespace

void ToProto(const domain::Command& command, pb::Command& out) {
  out.Clear();
  std::visit(BodyWriter{out}, command.body);
}

void ToProto(const domain::NewOrder& order, pb::NewOrder& out) {
  out.Clear();
  out.set_account_id(order.account.value());
  out.set_symbol_id(order.symbol.value());
  out.set_side(static_cast<pb::Side>(order.side));
  out.set_type(static_cast<pb::OrderType>(order.type));
  out.set_time_in_force(static_cast<pb::TimeInForce>(order.time_in_force));
  out.set_self_trade_prevention(static_cast<pb::SelfTradePrevention>(order.self_trade_prevention));
  out.set_price_ticks(order.price.value());
  out.set_stop_price_ticks(order.stop_price.value());
  out.set_quantity_lots(order.quantity.value());
  out.set_iceberg_quantity_lots(order.iceberg_quantity.value());
  out.set_quote_quantity(order.quote_quantity.value());
  out.set_expire_time_ms(order.expire_time_ms);
  out.set_client_order_id(order.client_order_id.view().data(), order.client_order_id.view().size());
}

void ToProto(const domain::CancelOrder& cancel, pb::CancelOrder& out) {
  out.Clear();
  out.set_account_id(cancel.account.value());
  out.set_order_id(cancel.order_id.value());
  out.set_client_order_id(cancel.client_order_id.view().data(), cancel.client_order_id.view().size());
}

void ToProto(const domain::DefineAsset& define, pb::DefineAsset& out) {
  out.Clear();
  out.set_code(define.code.view().data(), define.code.view().size());
  out.set_decimals(define.decimals);
}

void ToProto(const domain::DefineSymbol& define, pb::DefineSymbol& out) {
  ToProto(define.symbol, *out.mutable_symbol());
}

void ToProto(const domain::SetSymbolStatus& set, pb::SetSymbolStatus& out) {
  out.Clear();
  out.set_symbol_id(set.symbol.value());
  out.set_status(static_cast<pb::SymbolStatus>(set.status));
}

void ToProto(const domain::CreateAccount& create, pb::CreateAccount& out) {
  out.set_name(create.name.view().data(), create.name.view().size());
}

void ToProto(const domain::Deposit& deposit, pb::Deposit& out) { WriteTransfer(deposit, out); }
void ToProto(const domain::Withdraw& withdraw, pb::Withdraw& out) { WriteTransfer(withdraw, out); }
void ToProto(const domain::EpochStart& start, pb::EpochStart& out) { out.set_epoch(start.epoch.value()); }

absl::StatusOr<domain::Command> FromProto(const pb::Command& command) {
  switch (command.body_case()) {
    case pb::Command::kNewOrder: return Body("new_order", command.new_order());
    case pb::Command::kCancelOrder: return Body("cancel_order", command.cancel_order());
    case pb::Command::kDefineAsset: return Body("define_asset", command.define_asset());
    case pb::Command::kDefineSymbol: return Body("define_symbol", command.define_symbol());
    case pb::Command::kSetSymbolStatus: return Body("set_symbol_status", command.set_symbol_status());
    case pb::Command::kCreateAccount: return Body("create_account", command.create_account());
    case pb::Command::kDeposit: return Body("deposit", command.deposit());
    case pb::Command::kWithdraw: return Body("withdraw", command.withdraw());
    case pb::Command::kEpochStart: return Body("epoch_start", command.epoch_start());
    case pb::Command::BODY_NOT_SET: break;
  }
  return FieldError("body", "must be set");
}

absl::StatusOr<domain::NewOrder> FromProto(const pb::NewOrder& order) {
  domain::NewOrder out;
  FieldReader reader;
  reader.Integer("account_id", order.account_id(), out.account)
      .Integer("symbol_id", order.symbol_id(), out.symbol)
      .Value("side", order.side(), domain::Side::kSell, out.side)
      .Value("type", order.type(), domain::OrderType::kIceberg, out.type)
      .Value("time_in_force", order.time_in_force(), domain::TimeInForce::kGtd, out.time_in_force)
      .Value("self_trade_prevention", order.self_trade_prevention(), domain::SelfTradePrevention::kDecrement,
             out.self_trade_prevention)
      .Text("client_order_id", order.client_order_id(), out.client_order_id);
  out.price = domain::Price(order.price_ticks());
  out.stop_price = domain::Price(order.stop_price_ticks());
  out.quantity = domain::Quantity(order.quantity_lots());
  out.iceberg_quantity = domain::Quantity(order.iceberg_quantity_lots());
  out.quote_quantity = domain::Amount(order.quote_quantity());
  out.expire_time_ms = order.expire_time_ms();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::CancelOrder> FromProto(const pb::CancelOrder& cancel) {
  domain::CancelOrder out;
  FieldReader reader;
  reader.Integer("account_id", cancel.account_id(), out.account)
      .Integer("order_id", cancel.order_id(), out.order_id)
      .Text("client_order_id", cancel.client_order_id(), out.client_order_id);
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::DefineAsset> FromProto(const pb::DefineAsset& define) {
  domain::DefineAsset out;
  FieldReader reader;
  reader.Text("code", define.code(), out.code);
  out.decimals = define.decimals();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::DefineSymbol> FromProto(const pb::DefineSymbol& define) {
  auto symbol = FromProto(define.symbol());
  if (!symbol.ok()) return InField("symbol", symbol.status());
  return domain::DefineSymbol{*symbol};
}

absl::StatusOr<domain::SetSymbolStatus> FromProto(const pb::SetSymbolStatus& set) {
  domain::SetSymbolStatus out;
  FieldReader reader;
  reader.Integer("symbol_id", set.symbol_id(), out.symbol)
      .Value("status", set.status(), domain::SymbolStatus::kCancelOnly, out.status);
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::CreateAccount> FromProto(const pb::CreateAccount& create) {
  domain::CreateAccount out;
  FieldReader reader;
  reader.Text("name", create.name(), out.name);
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::Deposit> FromProto(const pb::Deposit& deposit) { return ReadTransfer<domain::Deposit>(deposit); }

absl::StatusOr<domain::Withdraw> FromProto(const pb::Withdraw& withdraw) {
  return ReadTransfer<domain::Withdraw>(withdraw);
}

absl::StatusOr<domain::EpochStart> FromProto(const pb::EpochStart& start) {
  return internal::Checked(FieldReader(), domain::EpochStart{domain::Epoch(start.epoch())});
}

}  // namespace xt::wire
