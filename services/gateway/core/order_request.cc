#include "services/gateway/core/order_request.h"

#include <charconv>
#include <string_view>

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
  bool immediate = false;  // may be IOC or FOK
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

// A field that the type has must be there, one that it does not have must not.
Reject CheckPresence(bool wanted, bool present, std::string_view field) {
  if (wanted && !present) return {RejectReason::kMissingField, field};
  if (!wanted && present) return {RejectReason::kInvalidCombination, field};
  return {};
}

Reject CheckTimeInForce(const TypeRules& rules, NewOrder& order) {
  if (order.time_in_force == TimeInForce::kUnspecified) {
    order.time_in_force = rules.rests ? TimeInForce::kGtc : TimeInForce::kIoc;
  }
  const bool immediate = order.time_in_force == TimeInForce::kIoc || order.time_in_force == TimeInForce::kFok;
  if (immediate ? !rules.immediate : !rules.rests) return {RejectReason::kInvalidCombination, "timeInForce"};
  return CheckPresence(order.time_in_force == TimeInForce::kGtd, order.expire_time_ms != 0, "expireTime");
}

Reject CheckQuantities(const TypeRules& rules, const NewOrder& order) {
  const bool by_quote = order.quote_quantity.value() != 0;
  if (by_quote && !rules.quote_quantity) return {RejectReason::kInvalidCombination, "quoteQuantity"};
  if (by_quote && order.quantity.value() != 0) return {RejectReason::kInvalidCombination, "quoteQuantity"};
  if (!by_quote && order.quantity.value() == 0) return {RejectReason::kMissingField, "quantity"};
  if (order.iceberg_quantity > order.quantity) return {RejectReason::kInvalidCombination, "icebergQuantity"};
  return {};
}

Reject CheckBounds(const domain::Symbol& symbol, const NewOrder& order) {
  if (order.price.value() < 0) return {RejectReason::kNotPositive, "price"};
  if (order.stop_price.value() < 0) return {RejectReason::kNotPositive, "stopPrice"};
  if (order.quantity.value() < 0) return {RejectReason::kNotPositive, "quantity"};
  if (order.iceberg_quantity.value() < 0) return {RejectReason::kNotPositive, "icebergQuantity"};
  if (order.quote_quantity.value() < 0) return {RejectReason::kNotPositive, "quoteQuantity"};
  if (order.expire_time_ms < 0) return {RejectReason::kNotPositive, "expireTime"};
  if (order.price > symbol.max_price) return {RejectReason::kMaxPrice, "price"};
  if (order.stop_price > symbol.max_price) return {RejectReason::kMaxPrice, "stopPrice"};
  if (order.quantity > symbol.max_quantity) return {RejectReason::kMaxQuantity, "quantity"};
  return {};
}

Reject CheckNotional(const domain::Symbol& symbol, const NewOrder& order) {
  if (order.price.value() == 0) return {};
  const auto notional = domain::Notional(symbol, order.price, order.quantity);
  if (!notional) return {RejectReason::kOverflow, "quantity"};
  if (*notional < symbol.min_notional) return {RejectReason::kMinNotional, "quantity"};
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
  return ReadQuoteQuantity(symbol, request.quote_quantity, order.quote_quantity);
}

Reject ReadClientOrderId(const std::optional<std::string>& text, domain::ClientOrderId& out) {
  if (!text) return {};
  if (!domain::IsValidClientOrderId(*text)) return {RejectReason::kInvalidValue, "clientOrderId"};
  out = *domain::ClientOrderId::From(*text);
  return {};
}

}  // namespace

Reject CheckOrder(const domain::Symbol& symbol, NewOrder& order) {
  if (order.side == domain::Side::kUnspecified) return {RejectReason::kMissingField, "side"};
  if (order.type == OrderType::kUnspecified) return {RejectReason::kMissingField, "type"};
  const TypeRules rules = RulesOf(order.type);
  if (const Reject reject = CheckBounds(symbol, order)) return reject;
  if (const Reject reject = CheckPresence(rules.price, order.price.value() != 0, "price")) return reject;
  if (const Reject reject = CheckPresence(rules.stop_price, order.stop_price.value() != 0, "stopPrice")) return reject;
  if (const Reject reject =
          CheckPresence(rules.iceberg_quantity, order.iceberg_quantity.value() != 0, "icebergQuantity")) {
    return reject;
  }
  if (const Reject reject = CheckQuantities(rules, order)) return reject;
  if (const Reject reject = CheckTimeInForce(rules, order)) return reject;
  return CheckNotional(symbol, order);
}

ValidatedOrder ValidateOrder(const OrderRequest& request, const domain::Symbol& symbol, domain::AccountId account) {
  ValidatedOrder result;
  result.order.account = account;
  result.order.symbol = symbol.id;
  result.reject = ReadClientOrderId(request.client_order_id, result.order.client_order_id);
  if (!result.reject) result.reject = ReadEnums(request, result.order);
  if (!result.reject) result.reject = ReadNumbers(request, symbol, result.order);
  if (!result.reject) result.reject = CheckOrder(symbol, result.order);
  return result;
}

ParsedOrderId ParseOrderId(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value == 0 || text.front() == '0') return {{}, {RejectReason::kInvalidValue, "orderId"}};
  return {domain::OrderId(value), {}};
}

}  // namespace xt::gateway
