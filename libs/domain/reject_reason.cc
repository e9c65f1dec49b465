#include "libs/domain/reject_reason.h"

#include <array>

#include "libs/base/check.h"

namespace xt::domain {
namespace {

struct Entry {
  RejectReason reason;
  std::string_view code;
  std::string_view text;
};

constexpr std::array kEntries{
    Entry{RejectReason::kMalformedRequest, "MALFORMED_REQUEST", "The request is not well formed."},
    Entry{RejectReason::kMissingField, "MISSING_FIELD", "A required field is missing."},
    Entry{RejectReason::kUnknownField, "UNKNOWN_FIELD", "The request has a field that this call does not know."},
    Entry{RejectReason::kInvalidValue, "INVALID_VALUE", "The field's value is not one that it can take."},
    Entry{RejectReason::kBodyTooLarge, "BODY_TOO_LARGE", "The request body is larger than the limit."},
    Entry{RejectReason::kUnauthenticated, "UNAUTHENTICATED", "The API key is missing or unknown."},
    Entry{RejectReason::kInvalidSignature, "INVALID_SIGNATURE", "The signature does not match the request."},
    Entry{RejectReason::kStaleTimestamp, "STALE_TIMESTAMP", "The timestamp is outside the accepted window."},
    Entry{RejectReason::kRateLimited, "RATE_LIMITED", "Too many requests; retry later."},
    Entry{RejectReason::kUnknownSymbol, "UNKNOWN_SYMBOL", "The symbol does not exist."},
    Entry{RejectReason::kUnknownAccount, "UNKNOWN_ACCOUNT", "The account does not exist."},
    Entry{RejectReason::kUnknownAsset, "UNKNOWN_ASSET", "The asset does not exist."},
    Entry{RejectReason::kUnknownOrder, "UNKNOWN_ORDER", "The account has no such open order."},
    Entry{RejectReason::kAlreadyExists, "ALREADY_EXISTS", "The name is already taken."},
    Entry{RejectReason::kSymbolHalted, "SYMBOL_HALTED",
          "The symbol does not accept this command in its present status."},
    Entry{RejectReason::kNotPositive, "NOT_POSITIVE", "The value must be greater than zero."},
    Entry{RejectReason::kTooManyDecimals, "TOO_MANY_DECIMALS", "The value has more decimals than the asset."},
    Entry{RejectReason::kOverflow, "OVERFLOW", "The value is larger than the exchange can represent."},
    Entry{RejectReason::kTickSize, "TICK_SIZE", "The price is not a multiple of the symbol's tick size."},
    Entry{RejectReason::kLotSize, "LOT_SIZE", "The quantity is not a multiple of the symbol's lot size."},
    Entry{RejectReason::kMinNotional, "MIN_NOTIONAL", "Price times quantity is below the symbol's minimum."},
    Entry{RejectReason::kMaxQuantity, "MAX_QUANTITY", "The quantity is above the symbol's maximum."},
    Entry{RejectReason::kMaxPrice, "MAX_PRICE", "The price is above the symbol's maximum."},
    Entry{RejectReason::kIcebergParts, "ICEBERG_PARTS", "The iceberg quantity divides the order into too many slices."},
    Entry{RejectReason::kInsufficientBalance, "INSUFFICIENT_BALANCE",
          "The available balance does not cover the order."},
    Entry{RejectReason::kDuplicateClientOrderId, "DUPLICATE_CLIENT_ORDER_ID",
          "The client order id was used for an order with other content."},
    Entry{RejectReason::kUnsupportedOrderType, "UNSUPPORTED_ORDER_TYPE", "This order type is not offered."},
    Entry{RejectReason::kInvalidCombination, "INVALID_COMBINATION",
          "The fields do not go together for this order type."},
    Entry{RejectReason::kNoLiquidity, "NO_LIQUIDITY", "There is nothing on the other side of the book."},
    Entry{RejectReason::kCapacity, "CAPACITY", "A table of the exchange is full; the order was not accepted."},
    Entry{RejectReason::kWouldMatch, "WOULD_MATCH", "The order is post-only and would trade at once."},
    Entry{RejectReason::kWouldTrigger, "WOULD_TRIGGER", "The stop price is reached already."},
    Entry{RejectReason::kAccountNotEmpty, "ACCOUNT_NOT_EMPTY", "The account owns something or has open orders."},
    Entry{RejectReason::kMaxNotional, "MAX_NOTIONAL", "Price times quantity is above the symbol's limit."},
    Entry{RejectReason::kMaxOpenOrders, "MAX_OPEN_ORDERS", "The account has as many open orders as it may have."},
    Entry{RejectReason::kMaxPosition, "MAX_POSITION", "The account would own more of the asset than it may."},
    Entry{RejectReason::kPriceDeviation, "PRICE_DEVIATION", "The price is too far from the last price."},
    Entry{RejectReason::kOrderRate, "ORDER_RATE", "The account enters orders faster than it may."},
    Entry{RejectReason::kAccountFrozen, "ACCOUNT_FROZEN", "The account is frozen."},
    Entry{RejectReason::kAccountBlacklisted, "ACCOUNT_BLACKLISTED", "The account is black-listed."},
    Entry{RejectReason::kAccountClosed, "ACCOUNT_CLOSED", "The account is closed."},
    Entry{RejectReason::kPriceBand, "PRICE_BAND", "The next trade would have left the symbol's price band."},
    Entry{RejectReason::kBackpressure, "BACKPRESSURE", "The exchange is at capacity; the command was not accepted."},
    Entry{RejectReason::kUnavailable, "UNAVAILABLE", "The exchange does not accept commands now; retry later."},
    Entry{RejectReason::kUnknownOutcome, "UNKNOWN_OUTCOME",
          "The command may have been applied; resend it with the same client order id to learn its result."},
    Entry{RejectReason::kNotFound, "NOT_FOUND", "There is no such resource."},
    Entry{RejectReason::kMethodNotAllowed, "METHOD_NOT_ALLOWED", "The resource does not offer this method."},
    Entry{RejectReason::kInternal, "INTERNAL", "The exchange failed to answer; the failure is logged."},
};

constexpr auto kReasons = [] {
  std::array<RejectReason, kEntries.size()> reasons{};
  for (std::size_t i = 0; i < kEntries.size(); ++i) reasons[i] = kEntries[i].reason;
  return reasons;
}();

const Entry& Find(RejectReason reason) {
  for (const Entry& entry : kEntries) {
    if (entry.reason == reason) return entry;
  }
  static constexpr Entry kNoEntry{RejectReason::kNone, "NONE", "Not refused."};
  XT_CHECK(reason == RejectReason::kNone, "a reject reason without a code");
  return kNoEntry;
}

}  // namespace

std::string_view RejectReasonCode(RejectReason reason) { return Find(reason).code; }
std::string_view RejectReasonText(RejectReason reason) { return Find(reason).text; }
std::span<const RejectReason> AllRejectReasons() { return kReasons; }

}  // namespace xt::domain
