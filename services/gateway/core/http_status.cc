#include "services/gateway/core/http_status.h"

namespace xt::gateway {

using domain::RejectReason;

int HttpStatusOf(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNone: return 200;
    case RejectReason::kMalformedRequest:
    case RejectReason::kMissingField:
    case RejectReason::kUnknownField:
    case RejectReason::kInvalidValue:
    case RejectReason::kUnknownSymbol:
    case RejectReason::kUnknownAsset:
    case RejectReason::kNotPositive:
    case RejectReason::kTooManyDecimals:
    case RejectReason::kOverflow:
    case RejectReason::kTickSize:
    case RejectReason::kLotSize:
    case RejectReason::kMinNotional:
    case RejectReason::kMaxQuantity:
    case RejectReason::kMaxPrice:
    case RejectReason::kIcebergParts:
    case RejectReason::kInvalidCombination: return 400;
    case RejectReason::kUnauthenticated:
    case RejectReason::kInvalidSignature:
    case RejectReason::kStaleTimestamp: return 401;
    case RejectReason::kUnknownAccount:
    case RejectReason::kUnknownOrder:
    case RejectReason::kNotFound: return 404;
    case RejectReason::kMethodNotAllowed: return 405;
    case RejectReason::kAlreadyExists:
    case RejectReason::kAccountNotEmpty:
    case RejectReason::kSymbolHalted:
    case RejectReason::kDuplicateClientOrderId: return 409;
    case RejectReason::kBodyTooLarge: return 413;
    case RejectReason::kInsufficientBalance:
    case RejectReason::kUnsupportedOrderType:
    case RejectReason::kNoLiquidity:
    case RejectReason::kWouldMatch:
    case RejectReason::kWouldTrigger:
    case RejectReason::kMaxNotional:
    case RejectReason::kMaxOpenOrders:
    case RejectReason::kMaxPosition:
    case RejectReason::kPriceDeviation:
    case RejectReason::kOrderRate:
    case RejectReason::kAccountFrozen:
    case RejectReason::kAccountBlacklisted:
    case RejectReason::kAccountClosed:
    case RejectReason::kPriceBand: return 422;
    case RejectReason::kRateLimited: return 429;
    case RejectReason::kInternal: return 500;
    case RejectReason::kCapacity:
    case RejectReason::kBackpressure:
    case RejectReason::kUnavailable: return 503;
    case RejectReason::kUnknownOutcome: return 504;
  }
  return 500;
}

Retry RetryOf(RejectReason reason) {
  switch (reason) {
    case RejectReason::kStaleTimestamp:
    case RejectReason::kRateLimited:
    case RejectReason::kSymbolHalted:
    case RejectReason::kInsufficientBalance:
    case RejectReason::kNoLiquidity:
    case RejectReason::kWouldMatch:
    case RejectReason::kWouldTrigger:
    case RejectReason::kAccountNotEmpty:
    case RejectReason::kMaxOpenOrders:
    case RejectReason::kMaxPosition:
    case RejectReason::kPriceDeviation:
    case RejectReason::kOrderRate:
    case RejectReason::kAccountFrozen:
    case RejectReason::kPriceBand:
    case RejectReason::kCapacity:
    case RejectReason::kBackpressure:
    case RejectReason::kUnavailable: return Retry::kLater;
    case RejectReason::kUnknownOutcome:
    case RejectReason::kInternal: return Retry::kSameId;
    default: return Retry::kNo;
  }
}

std::string_view RetryName(Retry retry) {
  switch (retry) {
    case Retry::kNo: return "no";
    case Retry::kLater: return "later";
    case Retry::kSameId: return "same clientOrderId";
  }
  return "no";
}

}  // namespace xt::gateway
