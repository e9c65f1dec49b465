#include "services/gateway/core/order_request.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "libs/domain/decimal.h"
#include "libs/domain/names.h"

namespace xt::gateway {
namespace {

using domain::NewOrder;
using domain::OrderType;
using domain::Reject;
using domain::RejectReason;
using domain::TimeInForce;

// Which fields an order type has.
struct TypeRules {
  bool price = false;
  bool stop_price = false;
  bool iceberg_quantity = false;
  bool quote_quantity = false;
  bool rests = false;      // may wait in the book: GTC and GTD
  bool immediate = false;  // may be IOC or FOK; without `rests`, GTC means IOC
};

constexpr TypeRules RulesOf(OrderType type) {
  switch (type) {
    case OrderType::kLimit: return {.price = true, .rests = true, .immediate = true};
    case OrderType::kMarket: return {.quote_quantity = true, .immediate = true};
    case OrderType::kLimitMaker: return {.price = true, .rests = true};
    case OrderType::kStopLoss:
    case OrderType::kTakeProfit: return {.stop_price = true, .immediate = true};
    case OrderType::kStopLossLimit:
    case OrderType::kTakeProfitLimit: return {.price = true, .stop_price = true, .rests = true, .immediate = true};
    case OrderType::kIceberg: return {.price = true, .iceberg_quantity = true, .rests = true};
    case OrderType::kUnspecified: break;
  }
  return {};
}

Reject CheckTimeInForce(const TypeRules& rules, NewOrder& order) {
  constexpr Reject kWrong{RejectReason::kInvalidCombination, "timeInForce"};
  switch (order.time_in_force) {
    case TimeInForce::kUnspecified:
      order.time_in_force = rules.rests ? TimeInForce::kGtc : TimeInForce::kIoc;
      return {};
    case TimeInForce::kGtc: return {};
    case TimeInForce::kIoc:
    case TimeInForce::kFok: return rules.immediate ? Reject{} : kWrong;
    case TimeInForce::kGtd: return rules.rests ? Reject{} : kWrong;
  }
  return kWrong;
}

// What the type, or the time in force, does not have.
Reject CheckAbsence(const TypeRules& rules, const NewOrder& order) {
  constexpr RejectReason kExtra = RejectReason::kInvalidCombination;
  if (!rules.stop_price && order.stop_price.value() != 0) return {kExtra, "stopPrice"};
  if (!rules.iceberg_quantity && order.iceberg_quantity.value() != 0) return {kExtra, "icebergQuantity"};
  if (order.time_in_force != TimeInForce::kGtd && order.expire_time_ms != 0) return {kExtra, "expireTime"};
  if (!rules.quote_quantity && order.quote_quantity.value() != 0) return {kExtra, "quoteQuantity"};
  if (!rules.price && order.price.value() != 0) return {kExtra, "price"};
  return {};
}

Reject CheckPrice(bool wanted, domain::Price price, const domain::Symbol& symbol, std::string_view field) {
  if (!wanted) return {};
  if (price.value() == 0) return {RejectReason::kMissingField, field};
  if (price.value() < 0) return {RejectReason::kNotPositive, field};
  if (price > symbol.max_price) return {RejectReason::kMaxPrice, field};
  return {};
}

Reject CheckQuoteQuantity(const domain::Symbol& symbol, const NewOrder& order) {
  if (order.quantity.value() != 0) return {RejectReason::kInvalidCombination, "quantity"};
  if (order.quote_quantity.value() < 0) return {RejectReason::kNotPositive, "quoteQuantity"};
  if (order.quote_quantity < symbol.min_notional) return {RejectReason::kMinNotional, "quoteQuantity"};
  return {};
}

Reject CheckQuantity(const domain::Symbol& symbol, const NewOrder& order) {
  if (order.quantity.value() == 0) return {RejectReason::kMissingField, "quantity"};
  if (order.quantity.value() < 0) return {RejectReason::kNotPositive, "quantity"};
  if (order.quantity > symbol.max_quantity) return {RejectReason::kMaxQuantity, "quantity"};
  if (!domain::BaseAmount(symbol, order.quantity)) return {RejectReason::kOverflow, "quantity"};
  return {};
}

// At the limit price, else at the stop price; a MARKET order has neither.
Reject CheckNotional(const domain::Symbol& symbol, const NewOrder& order) {
  const domain::Price price = order.price.value() != 0 ? order.price : order.stop_price;
  if (price.value() == 0) return {};
  const auto notional = domain::Notional(symbol, price, order.quantity);
  if (!notional) return {RejectReason::kOverflow, "quantity"};
  if (*notional < symbol.min_notional) return {RejectReason::kMinNotional, "quantity"};
  return {};
}

Reject CheckIceberg(const TypeRules& rules, const NewOrder& order) {
  constexpr std::string_view kField = "icebergQuantity";
  const std::int64_t slice = order.iceberg_quantity.value();
  if (!rules.iceberg_quantity) return {};
  if (slice == 0) return {RejectReason::kMissingField, kField};
  if (slice < 0) return {RejectReason::kNotPositive, kField};
  if (slice > order.quantity.value()) return {RejectReason::kInvalidValue, kField};
  const std::int64_t parts = (order.quantity.value() - 1) / slice + 1;
  if (parts > domain::kMaxIcebergParts) return {RejectReason::kIcebergParts, kField};
  return {};
}

Reject CheckExpireTime(const NewOrder& order) {
  if (order.time_in_force != TimeInForce::kGtd) return {};
  if (order.expire_time_ms == 0) return {RejectReason::kMissingField, "expireTime"};
  if (order.expire_time_ms < 0) return {RejectReason::kNotPositive, "expireTime"};
  if (order.expire_time_ms > domain::kMaxExpireTimeMs) return {RejectReason::kInvalidValue, "expireTime"};
  return {};
}

// One enum field; `parse` gives kUnspecified for what is not a name.
template <typename Enum, typename Parse>
Reject ReadEnum(const std::optional<std::string>& text, std::string_view field, Parse parse, Enum& out) {
  if (!text) return {};
  out = parse(*text);
  if (out == Enum::kUnspecified) return {RejectReason::kInvalidValue, field};
  return {};
}

Reject ReadEnums(const OrderRequest& request, NewOrder& order) {
  if (const Reject reject = ReadEnum(request.side, "side", domain::ParseSide, order.side)) return reject;
  if (const Reject reject = ReadEnum(request.type, "type", domain::ParseOrderType, order.type)) return reject;
  if (const Reject reject =
          ReadEnum(request.time_in_force, "timeInForce", domain::ParseTimeInForce, order.time_in_force)) {
    return reject;
  }
  return ReadEnum(request.self_trade_prevention, "selfTradePrevention", domain::ParseSelfTradePrevention,
                  order.self_trade_prevention);
}

Reject ReadPrice(const domain::Symbol& symbol, const std::optional<std::string>& text, std::string_view field,
                 domain::Price& out) {
  if (!text) return {};
  const auto parsed = domain::ParsePrice(symbol, *text, field);
  out = parsed.price;
  return parsed.reject;
}

Reject ReadQuantity(const domain::Symbol& symbol, const std::optional<std::string>& text, std::string_view field,
                    domain::Quantity& out) {
  if (!text) return {};
  const auto parsed = domain::ParseQuantity(symbol, *text, field);
  out = parsed.quantity;
  return parsed.reject;
}

Reject ReadQuoteQuantity(const domain::Symbol& symbol, const std::optional<std::string>& text, domain::Amount& out) {
  if (!text) return {};
  const auto parsed = domain::ParseDecimal(*text, symbol.quote_decimals);
  if (parsed.error != RejectReason::kNone) return {parsed.error, "quoteQuantity"};
  if (parsed.units <= 0) return {RejectReason::kNotPositive, "quoteQuantity"};
  out = domain::Amount(parsed.units);
  return {};
}

Reject ReadGroup(const std::optional<std::int64_t>& number, domain::OrderGroup& out) {
  if (!number) return {};
  if (!std::in_range<std::uint32_t>(*number)) return {RejectReason::kInvalidValue, "group"};
  out = domain::OrderGroup(static_cast<std::uint32_t>(*number));
  return {};
}

Reject ReadNumbers(const OrderRequest& request, const domain::Symbol& symbol, NewOrder& order) {
  if (const Reject reject = ReadPrice(symbol, request.price, "price", order.price)) return reject;
  if (const Reject reject = ReadPrice(symbol, request.stop_price, "stopPrice", order.stop_price)) return reject;
  if (const Reject reject = ReadQuantity(symbol, request.quantity, "quantity", order.quantity)) return reject;
  if (const Reject reject = ReadQuantity(symbol, request.iceberg_quantity, "icebergQuantity", order.iceberg_quantity)) {
    return reject;
  }
  if (request.expire_time_ms) {
    if (*request.expire_time_ms <= 0) return {RejectReason::kNotPositive, "expireTime"};
    order.expire_time_ms = *request.expire_time_ms;
  }
  if (const Reject reject = ReadGroup(request.group, order.group)) return reject;
  return ReadQuoteQuantity(symbol, request.quote_quantity, order.quote_quantity);
}

Reject ReadClientOrderId(const std::optional<std::string>& text, std::string_view field, domain::ClientOrderId& out) {
  if (!text) return {};
  if (!domain::IsValidClientOrderId(*text)) return {RejectReason::kInvalidValue, field};
  out = *domain::ClientOrderId::From(*text);
  return {};
}

}  // namespace

Reject CheckOrder(const domain::Symbol& symbol, NewOrder& order) {
  if (order.side == domain::Side::kUnspecified) return {RejectReason::kMissingField, "side"};
  if (order.type == OrderType::kUnspecified) return {RejectReason::kMissingField, "type"};
  const TypeRules rules = RulesOf(order.type);
  if (const Reject reject = CheckTimeInForce(rules, order)) return reject;
  const bool decrement = order.self_trade_prevention == domain::SelfTradePrevention::kDecrement;
  if (decrement && order.quote_quantity.value() != 0) return {RejectReason::kInvalidCombination, "selfTradePrevention"};
  if (const Reject reject = CheckAbsence(rules, order)) return reject;
  if (const Reject reject = CheckPrice(rules.stop_price, order.stop_price, symbol, "stopPrice")) return reject;
  if (const Reject reject = CheckPrice(rules.price, order.price, symbol, "price")) return reject;
  if (order.quote_quantity.value() != 0) return CheckQuoteQuantity(symbol, order);
  if (const Reject reject = CheckQuantity(symbol, order)) return reject;
  if (const Reject reject = CheckNotional(symbol, order)) return reject;
  if (const Reject reject = CheckIceberg(rules, order)) return reject;
  return CheckExpireTime(order);
}

ValidatedOrder ValidateOrder(const OrderRequest& request, const domain::Symbol& symbol, domain::AccountId account) {
  ValidatedOrder result;
  result.order.account = account;
  result.order.symbol = symbol.id;
  result.reject = ReadClientOrderId(request.client_order_id, "clientOrderId", result.order.client_order_id);
  if (!result.reject) result.reject = ReadEnums(request, result.order);
  if (!result.reject) result.reject = ReadNumbers(request, symbol, result.order);
  if (!result.reject) result.reject = CheckOrder(symbol, result.order);
  return result;
}

namespace {

// The order that a cancel-replace cancels: named in exactly one way.
Reject ReadCanceled(const ReplaceRequest& request, domain::CancelReplace& out) {
  const bool by_id = request.cancel_order_id.has_value();
  const bool by_name = request.cancel_client_order_id.has_value();
  if (!by_id && !by_name) return {RejectReason::kMissingField, "cancelOrderId"};
  if (by_id && by_name) return {RejectReason::kInvalidCombination, "cancelClientOrderId"};
  if (by_name) {
    return ReadClientOrderId(request.cancel_client_order_id, "cancelClientOrderId", out.cancel_client_order_id);
  }
  const ParsedOrderId parsed = ParseOrderId(*request.cancel_order_id, "cancelOrderId");
  out.cancel_order_id = parsed.id;
  return parsed.reject;
}

}  // namespace

ValidatedReplace ValidateReplace(const ReplaceRequest& request, const domain::Symbol& symbol,
                                 domain::AccountId account) {
  ValidatedReplace result;
  result.reject = ReadCanceled(request, result.replace);
  if (!result.reject && !request.mode) result.reject = {RejectReason::kMissingField, "cancelReplaceMode"};
  if (!result.reject) {
    result.reject = ReadEnum(request.mode, "cancelReplaceMode", domain::ParseReplaceMode, result.replace.mode);
  }
  if (result.reject) return result;
  const ValidatedOrder validated = ValidateOrder(request.order, symbol, account);
  result.replace.order = validated.order;
  result.reject = validated.reject;
  return result;
}

ValidatedQuantity ValidateQuantity(const std::optional<std::string>& text, const domain::Symbol& symbol) {
  if (!text) return {{}, {RejectReason::kMissingField, "quantity"}};
  const auto parsed = domain::ParseQuantity(symbol, *text, "quantity");
  return {parsed.quantity, parsed.reject};
}

ValidatedCountdown ValidateCountdown(const CountdownRequest& request, domain::AccountId account) {
  ValidatedCountdown result{{account, {}, request.timeout_ms.value_or(0)}, {}};
  const std::int64_t timeout_ms = result.countdown.timeout_ms;
  if (!request.timeout_ms) {
    result.reject = {RejectReason::kMissingField, "timeoutMs"};
  } else if (timeout_ms < 0 || timeout_ms > domain::kMaxCountdownMs) {
    result.reject = {RejectReason::kInvalidValue, "timeoutMs"};
  } else {
    result.reject = ReadGroup(request.group, result.countdown.group);
  }
  return result;
}

ParsedOrderId ParseOrderId(std::string_view text, std::string_view field) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value == 0 || text.front() == '0') return {{}, {RejectReason::kInvalidValue, field}};
  return {domain::OrderId(value), {}};
}

}  // namespace xt::gateway
