#include "libs/wire/internal/rules.h"

#include <algorithm>
#include <array>

#include "libs/base/status.h"
#include "libs/domain/names.h"
#include "libs/domain/reject_reason.h"

namespace xt::wire::internal {
namespace {

// A value made by static_cast from outside could be beyond the last one; both ends are checked.
template <typename Enum>
absl::Status Known(std::string_view field, Enum value, Enum last) {
  if (value > last) return UnknownValue(field, static_cast<int>(value));
  return absl::OkStatus();
}

template <typename Enum>
absl::Status Set(std::string_view field, Enum value, Enum last) {
  if (value == Enum::kUnspecified) return FieldError(field, "must be set");
  return Known(field, value, last);
}

absl::Status Valid(std::string_view field, std::string_view text, bool (*is_valid)(std::string_view)) {
  if (is_valid(text)) return absl::OkStatus();
  return FieldError(field, text.empty() ? "must be set" : "has characters that are not allowed");
}

absl::Status ValidOrEmpty(std::string_view field, std::string_view text, bool (*is_valid)(std::string_view)) {
  return text.empty() ? absl::OkStatus() : Valid(field, text, is_valid);
}

absl::Status NotZero(std::string_view field, bool zero) {
  return zero ? FieldError(field, "must not be 0") : absl::OkStatus();
}

bool IsFieldName(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

absl::Status CheckReference(const domain::ClientOrderId& reference) {
  return Valid("reference", reference.view(), domain::IsValidClientOrderId);
}

// An order is named by id, or by client order id when the id is 0.
absl::Status CheckOrderName(domain::OrderId id, std::string_view field, const domain::ClientOrderId& client_order_id) {
  if (id == domain::OrderId(0)) return Valid(field, client_order_id.view(), domain::IsValidClientOrderId);
  return ValidOrEmpty(field, client_order_id.view(), domain::IsValidClientOrderId);
}

absl::Status CheckReason(std::string_view field, domain::RejectReason reason) {
  if (IsKnownRejectReason(static_cast<int>(reason))) return absl::OkStatus();
  return UnknownValue(field, static_cast<int>(reason));
}

}  // namespace

absl::Status Check(const domain::NewOrder& order) {
  XT_RETURN_IF_ERROR(Set("side", order.side, domain::Side::kSell));
  XT_RETURN_IF_ERROR(Set("type", order.type, domain::OrderType::kIceberg));
  XT_RETURN_IF_ERROR(Known("time_in_force", order.time_in_force, domain::TimeInForce::kGtd));
  XT_RETURN_IF_ERROR(
      Known("self_trade_prevention", order.self_trade_prevention, domain::SelfTradePrevention::kDecrement));
  return Valid("client_order_id", order.client_order_id.view(), domain::IsValidClientOrderId);
}

absl::Status Check(const domain::CancelOrder& cancel) {
  return CheckOrderName(cancel.order_id, "client_order_id", cancel.client_order_id);
}

absl::Status Check(const domain::DefineAsset& define) {
  return Valid("code", define.code.view(), domain::IsValidAssetCode);
}

absl::Status Check(const domain::DefineSymbol& define) { return InField("symbol", Check(define.symbol)); }

absl::Status Check(const domain::SetSymbolStatus& set) {
  return Set("status", set.status, domain::SymbolStatus::kCancelOnly);
}

absl::Status Check(const domain::CreateAccount& create) {
  return Valid("name", create.name.view(), domain::IsValidAccountName);
}

absl::Status Check(const domain::Deposit& deposit) { return CheckReference(deposit.reference); }
absl::Status Check(const domain::Withdraw& withdraw) { return CheckReference(withdraw.reference); }

absl::Status Check(const domain::EpochStart& start) { return NotZero("epoch", start.epoch == domain::Epoch(0)); }

absl::Status Check(const domain::CancelAll& /*cancel*/) { return absl::OkStatus(); }

absl::Status Check(const domain::CancelReplace& replace) {
  XT_RETURN_IF_ERROR(CheckOrderName(replace.cancel_order_id, "cancel_client_order_id", replace.cancel_client_order_id));
  XT_RETURN_IF_ERROR(Set("mode", replace.mode, domain::ReplaceMode::kAllowFailure));
  return InField("order", Check(replace.order));
}

absl::Status Check(const domain::AmendOrder& amend) {
  return CheckOrderName(amend.order_id, "client_order_id", amend.client_order_id);
}

absl::Status Check(const domain::SetCountdown& /*set*/) { return absl::OkStatus(); }
absl::Status Check(const domain::Transfer& transfer) { return CheckReference(transfer.reference); }

absl::Status Check(const domain::SetAccountStatus& set) {
  return Set("status", set.status, domain::AccountStatus::kClosed);
}

absl::Status Check(const domain::ConfigureAccount& configure) { return InField("settings", Check(configure.settings)); }

absl::Status Check(const domain::DefineFeeTier& define) { return InField("tier", Check(define.tier)); }
absl::Status Check(const domain::SetSymbolLimits& /*set*/) { return absl::OkStatus(); }
absl::Status Check(const domain::Tick& /*tick*/) { return absl::OkStatus(); }

absl::Status Check(const domain::AccountSettings& settings) {
  return Known("self_trade_prevention", settings.self_trade_prevention, domain::SelfTradePrevention::kDecrement);
}

absl::Status Check(const domain::FeeTier& /*tier*/) { return absl::OkStatus(); }

absl::Status Check(const domain::Asset& asset) { return Valid("code", asset.code.view(), domain::IsValidAssetCode); }

absl::Status Check(const domain::Symbol& symbol) {
  XT_RETURN_IF_ERROR(Valid("code", symbol.code.view(), domain::IsValidSymbolCode));
  return Known("status", symbol.status, domain::SymbolStatus::kCancelOnly);
}

absl::Status Check(const domain::ExecutionReport& report) {
  XT_RETURN_IF_ERROR(ValidOrEmpty("client_order_id", report.client_order_id.view(), domain::IsValidClientOrderId));
  XT_RETURN_IF_ERROR(Set("side", report.side, domain::Side::kSell));
  XT_RETURN_IF_ERROR(Set("type", report.type, domain::OrderType::kIceberg));
  XT_RETURN_IF_ERROR(Known("time_in_force", report.time_in_force, domain::TimeInForce::kGtd));
  XT_RETURN_IF_ERROR(Set("execution_type", report.execution_type, domain::ExecutionType::kPrevented));
  XT_RETURN_IF_ERROR(Set("status", report.status, domain::OrderStatus::kRejected));
  return CheckReason("reject_reason", report.reject_reason);
}

absl::Status Check(const domain::Trade& trade) { return Set("taker_side", trade.taker_side, domain::Side::kSell); }

absl::Status Check(const domain::BookChange& change) { return Set("side", change.side, domain::Side::kSell); }

absl::Status Check(const domain::BalanceChange& change) {
  return Set("reason", change.reason, domain::BalanceReason::kTransfer);
}

absl::Status Check(const domain::AccountCreated& created) {
  return Valid("name", created.name.view(), domain::IsValidAccountName);
}

absl::Status Check(const domain::CommandRejected& rejected) {
  XT_RETURN_IF_ERROR(CheckReason("reason", rejected.reason));
  XT_RETURN_IF_ERROR(ValidOrEmpty("field", rejected.field.view(), IsFieldName));
  return ValidOrEmpty("client_order_id", rejected.client_order_id.view(), domain::IsValidClientOrderId);
}

absl::Status Check(const domain::EpochStarted& started) { return NotZero("epoch", started.epoch == domain::Epoch(0)); }

absl::Status Check(const domain::RiskDecision& decision) {
  XT_RETURN_IF_ERROR(ValidOrEmpty("client_order_id", decision.client_order_id.view(), domain::IsValidClientOrderId));
  return CheckReason("reason", decision.reason);
}

absl::Status Check(const domain::OrdersCanceled& canceled) {
  return Set("reason", canceled.reason, domain::MassCancelReason::kBlacklisted);
}

bool IsKnownRejectReason(int value) {
  const auto reasons = domain::AllRejectReasons();
  return value == 0 ||
         std::ranges::any_of(reasons, [&](domain::RejectReason r) { return static_cast<int>(r) == value; });
}

std::string_view FieldName(const domain::CommandBody& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<domain::CommandBody>> kNames{
      "new_order",         "cancel_order",    "define_asset",      "define_symbol", "set_symbol_status",
      "create_account",    "deposit",         "withdraw",          "epoch_start",   "cancel_all",
      "cancel_replace",    "amend_order",     "set_countdown",     "transfer",      "set_account_status",
      "configure_account", "define_fee_tier", "set_symbol_limits", "tick"};
  return kNames.at(body.index());
}

}  // namespace xt::wire::internal
