// The closed vocabularies of the exchange. Values are stable: they stand in the journal and are equal to the values of
// the enums of the same name in protos/xtrader/v1. 0 is never valid in a command.
#pragma once

#include <cstdint>

namespace xt::domain {

enum class Side : std::uint8_t { kUnspecified = 0, kBuy = 1, kSell = 2 };

enum class OrderType : std::uint8_t {
  kUnspecified = 0,
  kLimit = 1,
  kMarket = 2,
  kLimitMaker = 3,
  kStopLoss = 4,
  kStopLossLimit = 5,
  kTakeProfit = 6,
  kTakeProfitLimit = 7,
  kIceberg = 8,
};

enum class TimeInForce : std::uint8_t { kUnspecified = 0, kGtc = 1, kIoc = 2, kFok = 3, kGtd = 4 };

// kUnspecified in an order means the account's default, which is kExpireTaker until it is configured.
enum class SelfTradePrevention : std::uint8_t {
  kUnspecified = 0,
  kNone = 1,
  kExpireTaker = 2,
  kExpireMaker = 3,
  kExpireBoth = 4,
  kDecrement = 5,
};

enum class OrderStatus : std::uint8_t {
  kUnspecified = 0,
  kNew = 1,
  kPartiallyFilled = 2,
  kFilled = 3,
  kCanceled = 4,
  kExpired = 5,
  kRejected = 6,
};

// What happened to the order in one execution report (FIX ExecType, tag 150).
enum class ExecutionType : std::uint8_t {
  kUnspecified = 0,
  kNew = 1,
  kTrade = 2,
  kCanceled = 3,
  kExpired = 4,
  kRejected = 5,
  kTriggered = 6,  // a stop's price was reached; it works now ('L')
  kReplaced = 7,   // the quantity was amended ('5')
  kPrevented = 8,  // self-trade prevention took a part of the quantity ('D')
};

// What a cancel-replace does when its cancel is refused.
enum class ReplaceMode : std::uint8_t { kUnspecified = 0, kStopOnFailure = 1, kAllowFailure = 2 };

enum class AccountStatus : std::uint8_t {
  kUnspecified = 0,
  kActive = 1,
  kFrozen = 2,       // no new orders, nothing goes out
  kBlacklisted = 3,  // nothing goes in or out; its orders were cancelled
  kClosed = 4,       // for good; it owns nothing
};

// The rules that decide about the risk of an order, in the order in which they are checked. A rule's bit in a mask is
// 1 << value.
enum class RiskRule : std::uint8_t {
  kUnspecified = 0,
  kAccountStatus = 1,
  kOrderRate = 2,
  kMaxOpenOrders = 3,
  kMaxNotional = 4,
  kMaxPosition = 5,
  kPriceDeviation = 6,
  kPriceBand = 7,
};

// Why several orders were cancelled at once.
enum class MassCancelReason : std::uint8_t { kUnspecified = 0, kCommand = 1, kCountdown = 2, kBlacklisted = 3 };

enum class SymbolStatus : std::uint8_t { kUnspecified = 0, kTrading = 1, kHalted = 2, kCancelOnly = 3 };

// Why a balance changed; the ledger's transaction kind.
enum class BalanceReason : std::uint8_t {
  kUnspecified = 0,
  kDeposit = 1,
  kWithdrawal = 2,
  kReservation = 3,  // available -> locked at entry of an order
  kRelease = 4,      // locked -> available when an order ends or improves
  kTrade = 5,        // settlement of a fill, without its fee
  kFee = 6,
  kTransfer = 7,  // between two accounts
};

}  // namespace xt::domain
