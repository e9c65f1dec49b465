#include "libs/wire/command_proto.h"

#include <string_view>
#include <variant>

#include "libs/base/status.h"
#include "libs/wire/account_proto.h"
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
  void operator()(const domain::CancelAll& body) const { ToProto(body, *out.mutable_cancel_all()); }
  void operator()(const domain::CancelReplace& body) const { ToProto(body, *out.mutable_cancel_replace()); }
  void operator()(const domain::AmendOrder& body) const { ToProto(body, *out.mutable_amend_order()); }
  void operator()(const domain::SetCountdown& body) const { ToProto(body, *out.mutable_set_countdown()); }
  void operator()(const domain::Transfer& body) const { ToProto(body, *out.mutable_transfer()); }
  void operator()(const domain::SetAccountStatus& body) const { ToProto(body, *out.mutable_set_account_status()); }
  void operator()(const domain::ConfigureAccount& body) const { ToProto(body, *out.mutable_configure_account()); }
  void operator()(const domain::DefineFeeTier& body) const { ToProto(body, *out.mutable_define_fee_tier()); }
  void operator()(const domain::SetSymbolLimits& body) const { ToProto(body, *out.mutable_set_symbol_limits()); }
  void operator()(const domain::Tick& body) const { ToProto(body, *out.mutable_tick()); }
};

template <typename Movement, typename Message>
void WriteMovement(const Movement& movement, Message& out) {
  out.Clear();
  out.set_account_id(movement.account.value());
  out.set_asset_id(movement.asset.value());
  out.set_amount(movement.amount.value());
  out.set_reference(movement.reference.view().data(), movement.reference.view().size());
}

template <typename Movement, typename Message>
absl::StatusOr<Movement> ReadMovement(const Message& message) {
  Movement out;
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
  out.set_order_group(order.group.value());
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

void ToProto(const domain::Deposit& deposit, pb::Deposit& out) { WriteMovement(deposit, out); }
void ToProto(const domain::Withdraw& withdraw, pb::Withdraw& out) { WriteMovement(withdraw, out); }
void ToProto(const domain::EpochStart& start, pb::EpochStart& out) { out.set_epoch(start.epoch.value()); }

void ToProto(const domain::CancelAll& cancel, pb::CancelAll& out) {
  out.Clear();
  out.set_account_id(cancel.account.value());
  out.set_symbol_id(cancel.symbol.value());
  out.set_order_group(cancel.group.value());
}

void ToProto(const domain::CancelReplace& replace, pb::CancelReplace& out) {
  out.Clear();
  const auto cancelled = replace.cancel_client_order_id.view();
  out.set_cancel_order_id(replace.cancel_order_id.value());
  out.set_cancel_client_order_id(cancelled.data(), cancelled.size());
  out.set_mode(static_cast<pb::ReplaceMode>(replace.mode));
  ToProto(replace.order, *out.mutable_order());
}

void ToProto(const domain::AmendOrder& amend, pb::AmendOrder& out) {
  out.Clear();
  out.set_account_id(amend.account.value());
  out.set_order_id(amend.order_id.value());
  out.set_client_order_id(amend.client_order_id.view().data(), amend.client_order_id.view().size());
  out.set_quantity_lots(amend.quantity.value());
}

void ToProto(const domain::SetCountdown& set, pb::SetCountdown& out) {
  out.Clear();
  out.set_account_id(set.account.value());
  out.set_order_group(set.group.value());
  out.set_timeout_ms(set.timeout_ms);
}

void ToProto(const domain::Transfer& transfer, pb::Transfer& out) {
  WriteMovement(transfer, out);
  out.set_to_account_id(transfer.to_account.value());
}

void ToProto(const domain::SetAccountStatus& set, pb::SetAccountStatus& out) {
  out.Clear();
  out.set_account_id(set.account.value());
  out.set_status(static_cast<pb::AccountStatus>(set.status));
}

void ToProto(const domain::ConfigureAccount& configure, pb::ConfigureAccount& out) {
  out.Clear();
  out.set_account_id(configure.account.value());
  ToProto(configure.settings, *out.mutable_settings());
}

void ToProto(const domain::DefineFeeTier& define, pb::DefineFeeTier& out) { ToProto(define.tier, *out.mutable_tier()); }

void ToProto(const domain::SetSymbolLimits& set, pb::SetSymbolLimits& out) {
  out.Clear();
  out.set_symbol_id(set.symbol.value());
  ToProto(set.limits, *out.mutable_limits());
}

void ToProto(const domain::Tick& /*tick*/, pb::Tick& out) { out.Clear(); }

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
    case pb::Command::kCancelAll: return Body("cancel_all", command.cancel_all());
    case pb::Command::kCancelReplace: return Body("cancel_replace", command.cancel_replace());
    case pb::Command::kAmendOrder: return Body("amend_order", command.amend_order());
    case pb::Command::kSetCountdown: return Body("set_countdown", command.set_countdown());
    case pb::Command::kTransfer: return Body("transfer", command.transfer());
    case pb::Command::kSetAccountStatus: return Body("set_account_status", command.set_account_status());
    case pb::Command::kConfigureAccount: return Body("configure_account", command.configure_account());
    case pb::Command::kDefineFeeTier: return Body("define_fee_tier", command.define_fee_tier());
    case pb::Command::kSetSymbolLimits: return Body("set_symbol_limits", command.set_symbol_limits());
    case pb::Command::kTick: return Body("tick", command.tick());
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
      .Text("client_order_id", order.client_order_id(), out.client_order_id)
      .Integer("order_group", order.order_group(), out.group);
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

absl::StatusOr<domain::Deposit> FromProto(const pb::Deposit& deposit) { return ReadMovement<domain::Deposit>(deposit); }

absl::StatusOr<domain::Withdraw> FromProto(const pb::Withdraw& withdraw) {
  return ReadMovement<domain::Withdraw>(withdraw);
}

absl::StatusOr<domain::EpochStart> FromProto(const pb::EpochStart& start) {
  return internal::Checked(FieldReader(), domain::EpochStart{domain::Epoch(start.epoch())});
}

absl::StatusOr<domain::CancelAll> FromProto(const pb::CancelAll& cancel) {
  domain::CancelAll out;
  FieldReader reader;
  reader.Integer("account_id", cancel.account_id(), out.account)
      .Integer("symbol_id", cancel.symbol_id(), out.symbol)
      .Integer("order_group", cancel.order_group(), out.group);
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::CancelReplace> FromProto(const pb::CancelReplace& replace) {
  domain::CancelReplace out;
  FieldReader reader;
  reader.Integer("cancel_order_id", replace.cancel_order_id(), out.cancel_order_id)
      .Text("cancel_client_order_id", replace.cancel_client_order_id(), out.cancel_client_order_id)
      .Value("mode", replace.mode(), domain::ReplaceMode::kAllowFailure, out.mode);
  XT_RETURN_IF_ERROR(reader.status());
  const auto order = FromProto(replace.order());
  if (!order.ok()) return InField("order", order.status());
  out.order = *order;
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::AmendOrder> FromProto(const pb::AmendOrder& amend) {
  domain::AmendOrder out;
  FieldReader reader;
  reader.Integer("account_id", amend.account_id(), out.account)
      .Integer("order_id", amend.order_id(), out.order_id)
      .Text("client_order_id", amend.client_order_id(), out.client_order_id);
  out.quantity = domain::Quantity(amend.quantity_lots());
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::SetCountdown> FromProto(const pb::SetCountdown& set) {
  domain::SetCountdown out;
  FieldReader reader;
  reader.Integer("account_id", set.account_id(), out.account).Integer("order_group", set.order_group(), out.group);
  out.timeout_ms = set.timeout_ms();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::Transfer> FromProto(const pb::Transfer& transfer) {
  auto out = ReadMovement<domain::Transfer>(transfer);
  if (!out.ok()) return out;
  FieldReader reader;
  reader.Integer("to_account_id", transfer.to_account_id(), out->to_account);
  return internal::Checked(reader, *out);
}

absl::StatusOr<domain::SetAccountStatus> FromProto(const pb::SetAccountStatus& set) {
  domain::SetAccountStatus out;
  FieldReader reader;
  reader.Integer("account_id", set.account_id(), out.account)
      .Value("status", set.status(), domain::AccountStatus::kClosed, out.status);
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::ConfigureAccount> FromProto(const pb::ConfigureAccount& configure) {
  const auto settings = FromProto(configure.settings());
  if (!settings.ok()) return InField("settings", settings.status());
  return domain::ConfigureAccount{domain::AccountId(configure.account_id()), *settings};
}

absl::StatusOr<domain::DefineFeeTier> FromProto(const pb::DefineFeeTier& define) {
  const auto tier = FromProto(define.tier());
  if (!tier.ok()) return InField("tier", tier.status());
  return domain::DefineFeeTier{*tier};
}

absl::StatusOr<domain::SetSymbolLimits> FromProto(const pb::SetSymbolLimits& set) {
  domain::SetSymbolLimits out;
  FieldReader reader;
  reader.Integer("symbol_id", set.symbol_id(), out.symbol);
  XT_RETURN_IF_ERROR(reader.status());
  const auto limits = FromProto(set.limits());
  if (!limits.ok()) return InField("limits", limits.status());
  out.limits = *limits;
  return out;
}

absl::StatusOr<domain::Tick> FromProto(const pb::Tick& /*tick*/) { return domain::Tick{}; }

}  // namespace xt::wire
