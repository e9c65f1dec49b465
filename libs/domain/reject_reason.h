// RejectReason: why the exchange refused a command. The list is closed and the codes are stable: clients match on them.
// docs/errors.md lists each with its HTTP status; a test keeps the two equal. Values equal those of RejectReason in
// protos/xtrader/v1/execution.proto.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace xt::domain {

enum class RejectReason : std::uint8_t {
  kNone = 0,
  // The request itself.
  kMalformedRequest = 1,
  kMissingField = 2,
  kUnknownField = 3,
  kInvalidValue = 4,  // wrong enum, wrong characters, too long
  kBodyTooLarge = 5,
  // Authentication.
  kUnauthenticated = 10,  // no or unknown key
  kInvalidSignature = 11,
  kStaleTimestamp = 12,
  kRateLimited = 13,
  // Reference data.
  kUnknownSymbol = 20,
  kUnknownAccount = 21,
  kUnknownAsset = 22,
  kUnknownOrder = 23,
  kAlreadyExists = 24,  // account, asset or symbol
  kSymbolHalted = 25,
  // Numbers.
  kNotPositive = 30,  // zero or negative
  kTooManyDecimals = 31,
  kOverflow = 32,
  kTickSize = 33,
  kLotSize = 34,
  kMinNotional = 35,
  kMaxQuantity = 36,
  kMaxPrice = 37,
  kIcebergParts = 38,  // the iceberg quantity would need more than kMaxIcebergParts slices
  // Business rules of matching.
  kInsufficientBalance = 50,
  kDuplicateClientOrderId = 51,  // same id, other content
  kUnsupportedOrderType = 52,
  kInvalidCombination = 53,  // e.g. a MARKET order with a price, FOK on a resting type
  kNoLiquidity = 54,         // a MARKET order into an empty book
  kCapacity = 55,            // a bounded table of matching is full
  kWouldMatch = 56,          // a LIMIT_MAKER order that would trade at once
  kWouldTrigger = 57,        // a stop whose price is reached already
  kAccountNotEmpty = 58,     // closing an account that owns something or has open orders
  // Risk rules of matching.
  kMaxNotional = 60,
  kMaxOpenOrders = 61,
  kMaxPosition = 62,
  kPriceDeviation = 63,
  kOrderRate = 64,
  kAccountFrozen = 65,
  kAccountBlacklisted = 66,
  kAccountClosed = 67,
  kPriceBand = 68,  // in the audit of a circuit breaker: the next trade would have left the price band
  // The exchange, not the order.
  kBackpressure = 70,    // a bounded queue is full: not accepted, retry later
  kUnavailable = 71,     // no leader, draining: not accepted, retry later
  kUnknownOutcome = 72,  // may have been applied: resend with the same client order id
  kNotFound = 73,        // no such route or resource
  kMethodNotAllowed = 74,
  kInternal = 75,
};

// "INSUFFICIENT_BALANCE".
std::string_view RejectReasonCode(RejectReason reason);
// One sentence for people, without the values of the request.
std::string_view RejectReasonText(RejectReason reason);
// Every reason but kNone, in the order of its value.
std::span<const RejectReason> AllRejectReasons();

// A refusal: the reason and the name of the request's field that broke the rule ("quantity"), empty when it is not about
// one field. `field` points to a string literal.
struct Reject {
  RejectReason reason = RejectReason::kNone;
  std::string_view field;
  explicit operator bool() const { return reason != RejectReason::kNone; }
  friend bool operator==(const Reject&, const Reject&) = default;
};

}  // namespace xt::domain
