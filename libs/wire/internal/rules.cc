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

absl::Status CheckTransfer(const domain::ClientOrderId& reference) {
  return Valid("reference", reference.view(), domain::IsValidClientOrderId);
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
  if (cancel.order_id != domain::OrderId(0)) {
    return ValidOrEmpty("client_order_id", cancel.client_order_id.view(), domain::IsValidClientOrderId);
  }
  return Valid("client_order_id", cancel.client_order_id.view(), domain::IsValidClientOrderId);
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

absl::Status Check(const domain::Deposit& deposit) { return CheckTransfer(deposit.reference); }
absl::Status Check(const domain::Withdraw& withdraw) { return CheckTransfer(withdraw.reference); }

absl::Status Check(const domain::EpochStart& start) { return NotZero("epoch", start.epoch == domain::Epoch(0)); }

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
  XT_RETURN_IF_ERROR(Set("execution_type", report.execution_type, domain::ExecutionType::kRejected));
  XT_RETURN_IF_ERROR(Set("status", report.status, domain::OrderStatus::kRejected));
  if (!IsKnownRejectReason(static_cast<int>(report.reject_reason))) {
    return UnknownValue("reject_reason", static_cast<int>(report.reject_reason));
  }
  return absl::OkStatus();
}

absl::Status Check(const domain::Trade& trade) { return Set("taker_side", trade.taker_side, domain::Side::kSell); }

absl::Status Check(const domain::BookChange& change) { return Set("side", change.side, domain::Side::kSell); }

absl::Status Check(const domain::BalanceChange& change) {
  return Set("reason", change.reason, domain::BalanceReason::kFee);
}

absl::Status Check(const domain::AccountCreated& created) {
  return Valid("name", created.name.view(), domain::IsValidAccountName);
}

absl::Status Check(const domain::CommandRejected& rejected) {
  if (!IsKnownRejectReason(static_cast<int>(rejected.reason))) {
    return UnknownValue("reason", static_cast<int>(rejected.reason));
  }
  XT_RETURN_IF_ERROR(ValidOrEmpty("field", rejected.field.view(), IsFieldName));
  return ValidOrEmpty("client_order_id", rejected.client_order_id.view(), domain::IsValidClientOrderId);
}

absl::Status Check(const domain::EpochStarted& started) { return NotZero("epoch", started.epoch == domain::Epoch(0)); }

bool IsKnownRejectReason(int value) {
  const auto reasons = domain::AllRejectReasons();
  return value == 0 ||
         std::ranges::any_of(reasons, [&](domain::RejectReason r) { return static_cast<int>(r) == value; });
}

std::string_view FieldName(const domain::CommandBody& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<domain::CommandBody>> kNames{
      "new_order",      "cancel_order", "define_asset", "define_symbol", "set_symbol_status",
      "create_account", "deposit",      "withdraw",     "epoch_start"};
  return kNames.at(body.index());
}

}  // namespace xt::wire::internal
