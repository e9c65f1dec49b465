// The engine against the naive one: random streams of commands, hostile values included, must give the same events, the
// same balances and the same books; and the stream must have made happen whatever the rules know. XT_RANDOM_COMMANDS says
// how many commands (the nightly run: 20,000,000), XT_RANDOM_SEED runs one stream alone.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "tests/scenarios/naive_comparison.h"

namespace xt::scenarios {
namespace {

constexpr std::int64_t kCommandsPerStream = 25'000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kDefaultCommands = 500'000;
#else
constexpr std::int64_t kDefaultCommands = 3'000'000;
#endif

std::int64_t FromEnvironment(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoll(text, nullptr, 10) : otherwise;
}

// Most streams have a table that gets full.
ComparisonConfig ConfigOf(std::uint64_t seed) {
  ComparisonConfig config;
  config.seed = seed;
  config.limits.max_orders = 10'000;
  config.limits.max_client_ids = 50'000;
  config.limits.max_countdowns = 1'000;
  if (seed % 6 == 3) {
    config.limits.max_price_blocks = 12;
    config.limits.max_accounts = 20;
  }
  if (seed % 6 == 0) {
    config.limits.max_assets = 7;
    config.limits.max_symbols = 6;
  }
  if (seed % 3 == 1) {
    config.limits.max_orders = 60;
    config.limits.max_countdowns = 2;
  }
  if (seed % 3 == 2) {
    config.limits.max_client_ids = 600;
    config.jump_one_in = 1'500;
  }
  return config;
}

// "order type, what its reports say", "reason, field", "risk, decision", and the first word of other events.
constexpr const char* kMustOccur[] = {
    "LIMIT NEW NEW",
    "LIMIT NEW PARTIALLY_FILLED",
    "LIMIT TRADE PARTIALLY_FILLED",
    "LIMIT TRADE FILLED",
    "LIMIT CANCELED CANCELED",
    "LIMIT EXPIRED EXPIRED",
    "LIMIT REPLACED NEW",
    "LIMIT REPLACED PARTIALLY_FILLED",
    "LIMIT PREVENTED NEW",
    "LIMIT PREVENTED PARTIALLY_FILLED",
    "MARKET TRADE PARTIALLY_FILLED",
    "MARKET TRADE FILLED",
    "MARKET EXPIRED EXPIRED",
    "LIMIT_MAKER NEW NEW",
    "LIMIT_MAKER TRADE PARTIALLY_FILLED",
    "LIMIT_MAKER TRADE FILLED",
    "LIMIT_MAKER CANCELED CANCELED",
    "LIMIT_MAKER EXPIRED EXPIRED",
    "LIMIT_MAKER REPLACED NEW",
    "LIMIT_MAKER REPLACED PARTIALLY_FILLED",
    "LIMIT_MAKER PREVENTED NEW",
    "LIMIT_MAKER PREVENTED PARTIALLY_FILLED",
    "ICEBERG NEW NEW",
    "ICEBERG NEW PARTIALLY_FILLED",
    "ICEBERG TRADE PARTIALLY_FILLED",
    "ICEBERG TRADE FILLED",
    "ICEBERG CANCELED CANCELED",
    "ICEBERG EXPIRED EXPIRED",
    "ICEBERG REPLACED NEW",
    "ICEBERG REPLACED PARTIALLY_FILLED",
    "ICEBERG PREVENTED NEW",
    "ICEBERG PREVENTED PARTIALLY_FILLED",
    "STOP_LOSS NEW NEW",
    "STOP_LOSS TRIGGERED NEW",
    "STOP_LOSS TRADE PARTIALLY_FILLED",
    "STOP_LOSS TRADE FILLED",
    "STOP_LOSS CANCELED CANCELED",
    "STOP_LOSS EXPIRED EXPIRED",
    "STOP_LOSS REPLACED NEW",
    "TAKE_PROFIT NEW NEW",
    "TAKE_PROFIT TRIGGERED NEW",
    "TAKE_PROFIT TRADE PARTIALLY_FILLED",
    "TAKE_PROFIT TRADE FILLED",
    "TAKE_PROFIT CANCELED CANCELED",
    "TAKE_PROFIT EXPIRED EXPIRED",
    "TAKE_PROFIT REPLACED NEW",
    "STOP_LOSS_LIMIT NEW NEW",
    "STOP_LOSS_LIMIT NEW PARTIALLY_FILLED",
    "STOP_LOSS_LIMIT TRIGGERED NEW",
    "STOP_LOSS_LIMIT TRADE PARTIALLY_FILLED",
    "STOP_LOSS_LIMIT TRADE FILLED",
    "STOP_LOSS_LIMIT CANCELED CANCELED",
    "STOP_LOSS_LIMIT EXPIRED EXPIRED",
    "STOP_LOSS_LIMIT REPLACED NEW",
    "STOP_LOSS_LIMIT REPLACED PARTIALLY_FILLED",
    "STOP_LOSS_LIMIT PREVENTED NEW",
    "STOP_LOSS_LIMIT PREVENTED PARTIALLY_FILLED",
    "TAKE_PROFIT_LIMIT NEW NEW",
    "TAKE_PROFIT_LIMIT NEW PARTIALLY_FILLED",
    "TAKE_PROFIT_LIMIT TRIGGERED NEW",
    "TAKE_PROFIT_LIMIT TRADE PARTIALLY_FILLED",
    "TAKE_PROFIT_LIMIT TRADE FILLED",
    "TAKE_PROFIT_LIMIT CANCELED CANCELED",
    "TAKE_PROFIT_LIMIT EXPIRED EXPIRED",
    "TAKE_PROFIT_LIMIT REPLACED NEW",
    "TAKE_PROFIT_LIMIT REPLACED PARTIALLY_FILLED",
    "TAKE_PROFIT_LIMIT PREVENTED NEW",
    "TAKE_PROFIT_LIMIT PREVENTED PARTIALLY_FILLED",

    "UNKNOWN_ACCOUNT account",
    "UNKNOWN_ACCOUNT toAccount",
    "UNKNOWN_SYMBOL symbol",
    "UNKNOWN_ASSET asset",
    "UNKNOWN_ASSET baseAsset",
    "UNKNOWN_ASSET quoteAsset",
    "UNKNOWN_ORDER orderId",
    "UNKNOWN_ORDER clientOrderId",
    "UNKNOWN_ORDER cancelOrderId",
    "UNKNOWN_ORDER cancelClientOrderId",
    "ALREADY_EXISTS code",
    "ALREADY_EXISTS name",
    "SYMBOL_HALTED symbol",
    "MISSING_FIELD orderId",
    "MISSING_FIELD cancelOrderId",
    "MISSING_FIELD cancelReplaceMode",
    "MISSING_FIELD reference",
    "MISSING_FIELD side",
    "MISSING_FIELD type",
    "MISSING_FIELD timeInForce",
    "MISSING_FIELD status",
    "INVALID_VALUE cancelReplaceMode",
    "INVALID_VALUE clientOrderId",
    "INVALID_VALUE code",
    "INVALID_VALUE decimals",
    "INVALID_VALUE epoch",
    "INVALID_VALUE expireTime",
    "INVALID_VALUE feeTier",
    "INVALID_VALUE icebergQuantity",
    "INVALID_VALUE lowerPrice",
    "INVALID_VALUE upperPrice",
    "INVALID_VALUE makerFeeBps",
    "INVALID_VALUE takerFeeBps",
    "INVALID_VALUE maxNotional",
    "INVALID_VALUE maxPosition",
    "INVALID_VALUE priceDeviationBps",
    "INVALID_VALUE name",
    "INVALID_VALUE orderIntervalMs",
    "INVALID_VALUE quantity",
    "INVALID_VALUE reference",
    "INVALID_VALUE selfTradePrevention",
    "INVALID_VALUE side",
    "INVALID_VALUE type",
    "INVALID_VALUE timeInForce",
    "INVALID_VALUE status",
    "INVALID_VALUE symbol",
    "INVALID_VALUE timeout",
    "INVALID_VALUE toAccount",
    "INVALID_COMBINATION expireTime",
    "INVALID_COMBINATION icebergQuantity",
    "INVALID_COMBINATION price",
    "INVALID_COMBINATION quantity",
    "INVALID_COMBINATION quoteQuantity",
    "INVALID_COMBINATION selfTradePrevention",
    "INVALID_COMBINATION stopPrice",
    "INVALID_COMBINATION timeInForce",
    "NOT_POSITIVE amount",
    "NOT_POSITIVE expireTime",
    "NOT_POSITIVE icebergQuantity",
    "NOT_POSITIVE price",
    "NOT_POSITIVE quantity",
    "NOT_POSITIVE quoteQuantity",
    "NOT_POSITIVE stopPrice",
    "MAX_PRICE price",
    "MAX_PRICE stopPrice",
    "MAX_QUANTITY quantity",
    "OVERFLOW quantity",
    "OVERFLOW amount",
    "MIN_NOTIONAL quantity",
    "MIN_NOTIONAL quoteQuantity",
    "ICEBERG_PARTS icebergQuantity",
    "DUPLICATE_CLIENT_ORDER_ID clientOrderId",
    "DUPLICATE_CLIENT_ORDER_ID reference",
    "REPEATED ",
    "CAPACITY ",
    "CAPACITY price",
    "CAPACITY stopPrice",
    "CAPACITY name",
    "CAPACITY code",
    "CAPACITY symbol",
    "CAPACITY clientOrderId",
    "CAPACITY reference",
    "CAPACITY group",
    "WOULD_MATCH price",
    "WOULD_TRIGGER stopPrice",
    "NO_LIQUIDITY ",
    "INSUFFICIENT_BALANCE quantity",
    "INSUFFICIENT_BALANCE quoteQuantity",
    "INSUFFICIENT_BALANCE amount",
    "ACCOUNT_FROZEN account",
    "ACCOUNT_BLACKLISTED account",
    "ACCOUNT_CLOSED account",
    "ACCOUNT_BLACKLISTED toAccount",
    "ACCOUNT_CLOSED toAccount",
    "ACCOUNT_NOT_EMPTY account",
    "ORDER_RATE ",
    "MAX_OPEN_ORDERS ",
    "MAX_NOTIONAL quantity",
    "MAX_NOTIONAL quoteQuantity",
    "MAX_POSITION quantity",
    "MAX_POSITION quoteQuantity",
    "PRICE_DEVIATION price",

    "risk allowed",
    "risk ACCOUNT_FROZEN",
    "risk ACCOUNT_BLACKLISTED",
    "risk ACCOUNT_CLOSED",
    "risk ORDER_RATE",
    "risk MAX_OPEN_ORDERS",
    "risk MAX_NOTIONAL",
    "risk MAX_POSITION",
    "risk PRICE_DEVIATION",
    "risk PRICE_BAND",
    "COMMAND some",
    "COMMAND none",
    "COUNTDOWN some",
    "COUNTDOWN none",
    "BLACKLISTED some",
    "BLACKLISTED none",
    "account",
    "asset",
    "countdown",
    "epoch",
    "fee",
    "limits",
    "symbol",
    "ticked",
    "trade",
};

TEST(NaiveEngineTest, SaysTheSameAsTheEngine) {
  const std::int64_t only = FromEnvironment("XT_RANDOM_SEED", 0);
  const std::int64_t commands = FromEnvironment("XT_RANDOM_COMMANDS", kDefaultCommands);
  const std::int64_t first = only != 0 ? only : 1;
  const std::int64_t last = only != 0 ? only : (commands + kCommandsPerStream - 1) / kCommandsPerStream;
  std::map<std::string, std::uint64_t> seen;
  for (std::int64_t seed = first; seed <= last; ++seed) {
    Comparison comparison(ConfigOf(static_cast<std::uint64_t>(seed)));
    const std::string difference = comparison.Run(static_cast<int>(kCommandsPerStream));
    ASSERT_TRUE(difference.empty()) << difference;
    for (const auto& [what, times] : comparison.seen()) seen[what] += times;
  }
  if (commands < kDefaultCommands || only != 0) return;
  for (const char* what : kMustOccur) EXPECT_GT(seen[what], 0u) << what << " never occurred";
}

}  // namespace
}  // namespace xt::scenarios
