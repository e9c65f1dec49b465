#include "services/gateway/core/order_request.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "libs/base/check.h"

namespace xt::gateway {
namespace {

using domain::OrderType;
using domain::Reject;
using domain::RejectReason;
using domain::TimeInForce;

// BTC-USDT: tick 0.01, lot 0.00001, at least 5 USDT.
domain::Symbol MakeSymbol() {
  domain::Symbol symbol;
  symbol.id = domain::SymbolId(3);
  symbol.code = *domain::SymbolCode::From("BTC-USDT");
  symbol.base = domain::AssetId(0);
  symbol.quote = domain::AssetId(1);
  symbol.base_decimals = 8;
  symbol.quote_decimals = 8;
  symbol.tick_size = domain::Amount(1'000'000);
  symbol.lot_size = domain::Amount(1'000);
  symbol.min_notional = domain::Amount(500'000'000);
  symbol.max_quantity = domain::Quantity(1'000'000'000);
  symbol.max_price = domain::Price(1'000'000'000);
  XT_CHECK(!domain::Normalize(symbol));
  return symbol;
}

OrderRequest Order(const char* type) {
  OrderRequest request;
  request.symbol = "BTC-USDT";
  request.side = "BUY";
  request.type = type;
  return request;
}

OrderRequest LimitOrder() {
  OrderRequest request = Order("LIMIT");
  request.price = "50000.01";
  request.quantity = "0.5";
  return request;
}

OrderRequest MarketOrder() {
  OrderRequest request = Order("MARKET");
  request.quantity = "0.5";
  return request;
}

// With every field that the type needs.
OrderRequest Complete(const std::string& type) {
  OrderRequest request =
      type == "MARKET" || type == "STOP_LOSS" || type == "TAKE_PROFIT" ? MarketOrder() : LimitOrder();
  request.type = type;
  if (type.starts_with("STOP") || type.starts_with("TAKE")) request.stop_price = "40000";
  if (type == "ICEBERG") request.iceberg_quantity = "0.01";
  return request;
}

class OrderRequestTest : public testing::Test {
 protected:
  ValidatedOrder Validate(const OrderRequest& request) { return ValidateOrder(request, symbol_, domain::AccountId(7)); }
  void ExpectReject(const OrderRequest& request, RejectReason reason, std::string_view field) {
    const Reject reject = Validate(request).reject;
    EXPECT_EQ(domain::RejectReasonCode(reject.reason), domain::RejectReasonCode(reason));
    EXPECT_EQ(reject.field, field);
  }
  domain::Symbol symbol_ = MakeSymbol();
};

TEST_F(OrderRequestTest, ALimitOrderBecomesTicksAndLots) {
  OrderRequest request = LimitOrder();
  request.client_order_id = "mine/1";
  request.self_trade_prevention = "DECREMENT";
  const ValidatedOrder result = Validate(request);
  ASSERT_FALSE(result.reject);
  EXPECT_EQ(result.order.account, domain::AccountId(7));
  EXPECT_EQ(result.order.symbol, domain::SymbolId(3));
  EXPECT_EQ(result.order.price, domain::Price(5'000'001));
  EXPECT_EQ(result.order.quantity, domain::Quantity(50'000));
  EXPECT_EQ(result.order.time_in_force, TimeInForce::kGtc);
  EXPECT_EQ(result.order.self_trade_prevention, domain::SelfTradePrevention::kDecrement);
  EXPECT_EQ(result.order.client_order_id.view(), "mine/1");
}

TEST_F(OrderRequestTest, TheDefaultTimeInForceFollowsTheType) {
  EXPECT_EQ(Validate(MarketOrder()).order.time_in_force, TimeInForce::kIoc);
  OrderRequest stop = MarketOrder();
  stop.type = "STOP_LOSS";
  stop.stop_price = "40000";
  EXPECT_EQ(Validate(stop).order.time_in_force, TimeInForce::kIoc);
  stop = LimitOrder();
  stop.type = "TAKE_PROFIT_LIMIT";
  stop.stop_price = "40000";
  EXPECT_EQ(Validate(stop).order.time_in_force, TimeInForce::kGtc);
}

TEST_F(OrderRequestTest, RequiredFieldsAreNamed) {
  OrderRequest request = LimitOrder();
  request.side.reset();
  ExpectReject(request, RejectReason::kMissingField, "side");
  request = LimitOrder();
  request.type.reset();
  ExpectReject(request, RejectReason::kMissingField, "type");
  request = LimitOrder();
  request.price.reset();
  ExpectReject(request, RejectReason::kMissingField, "price");
  request = LimitOrder();
  request.quantity.reset();
  ExpectReject(request, RejectReason::kMissingField, "quantity");
  request = LimitOrder();
  request.type = "STOP_LOSS_LIMIT";
  ExpectReject(request, RejectReason::kMissingField, "stopPrice");
  request.type = "ICEBERG";
  ExpectReject(request, RejectReason::kMissingField, "icebergQuantity");
  request = LimitOrder();
  request.time_in_force = "GTD";
  ExpectReject(request, RejectReason::kMissingField, "expireTime");
}

TEST_F(OrderRequestTest, NamesOutsideOfTheVocabularyAreRefused) {
  for (const auto& [member, field] : {std::pair{&OrderRequest::side, "side"}, std::pair{&OrderRequest::type, "type"},
                                      std::pair{&OrderRequest::time_in_force, "timeInForce"},
                                      std::pair{&OrderRequest::self_trade_prevention, "selfTradePrevention"}}) {
    for (const char* text : {"", "buy", "UNSPECIFIED", "HOLD"}) {
      OrderRequest request = LimitOrder();
      request.*member = text;
      ExpectReject(request, RejectReason::kInvalidValue, field);
    }
  }
}

TEST_F(OrderRequestTest, ClientOrderIdsKeepTheirRule) {
  for (const std::string& text : {std::string(), std::string("a b"), std::string(37, 'a'), std::string("\xc3\xa4")}) {
    OrderRequest request = LimitOrder();
    request.client_order_id = text;
    ExpectReject(request, RejectReason::kInvalidValue, "clientOrderId");
  }
  OrderRequest request = LimitOrder();
  request.client_order_id = std::string(36, 'a');
  EXPECT_FALSE(Validate(request).reject);
}

TEST_F(OrderRequestTest, NumbersAreExactDecimals) {
  struct Case {
    const char* text;
    RejectReason price;
    RejectReason quantity;
  };
  for (const Case& bad : {Case{"", RejectReason::kInvalidValue, RejectReason::kInvalidValue},
                          Case{"abc", RejectReason::kInvalidValue, RejectReason::kInvalidValue},
                          Case{"1e3", RejectReason::kInvalidValue, RejectReason::kInvalidValue},
                          Case{"+1", RejectReason::kInvalidValue, RejectReason::kInvalidValue},
                          Case{" 1", RejectReason::kInvalidValue, RejectReason::kInvalidValue},
                          Case{"1,5", RejectReason::kInvalidValue, RejectReason::kInvalidValue},
                          Case{".5", RejectReason::kInvalidValue, RejectReason::kInvalidValue},
                          Case{"0", RejectReason::kNotPositive, RejectReason::kNotPositive},
                          Case{"0.0", RejectReason::kNotPositive, RejectReason::kNotPositive},
                          Case{"-1", RejectReason::kNotPositive, RejectReason::kNotPositive},
                          Case{"0.123456789", RejectReason::kTooManyDecimals, RejectReason::kTooManyDecimals},
                          Case{"99999999999999999999", RejectReason::kOverflow, RejectReason::kOverflow},
                          Case{"100.00000001", RejectReason::kTickSize, RejectReason::kLotSize},
                          Case{"10000000.01", RejectReason::kMaxPrice, RejectReason::kMaxQuantity}}) {
    OrderRequest request = LimitOrder();
    request.price = bad.text;
    ExpectReject(request, bad.price, "price");
    request = LimitOrder();
    request.quantity = bad.text;
    ExpectReject(request, bad.quantity, "quantity");
  }
}

TEST_F(OrderRequestTest, TheSmallestNotionalIsEnough) {
  OrderRequest request = LimitOrder();
  request.price = "5";
  request.quantity = "1";
  EXPECT_FALSE(Validate(request).reject);
  request.quantity = "0.99999";
  ExpectReject(request, RejectReason::kMinNotional, "quantity");
}

TEST_F(OrderRequestTest, AnOrderWorthMoreThanAnyBalanceOverflows) {
  symbol_.max_price = domain::kMaxPriceTicks;
  symbol_.max_quantity = domain::kMaxQuantityLots;
  OrderRequest request = LimitOrder();
  request.price = "10000000000";
  request.quantity = "10000000";
  ExpectReject(request, RejectReason::kOverflow, "quantity");
}

TEST_F(OrderRequestTest, FieldsOfOtherTypesAreRefused) {
  OrderRequest request = MarketOrder();
  request.price = "50000";
  ExpectReject(request, RejectReason::kInvalidCombination, "price");
  request = LimitOrder();
  request.stop_price = "40000";
  ExpectReject(request, RejectReason::kInvalidCombination, "stopPrice");
  request = LimitOrder();
  request.iceberg_quantity = "0.1";
  ExpectReject(request, RejectReason::kInvalidCombination, "icebergQuantity");
  request = LimitOrder();
  request.quantity.reset();
  request.quote_quantity = "100";
  ExpectReject(request, RejectReason::kInvalidCombination, "quoteQuantity");
  request = LimitOrder();
  request.expire_time_ms = 1'800'000'000'000;
  ExpectReject(request, RejectReason::kInvalidCombination, "expireTime");
}

TEST_F(OrderRequestTest, AMarketOrderHasOneQuantity) {
  OrderRequest request = MarketOrder();
  request.quote_quantity = "100.5";
  ExpectReject(request, RejectReason::kInvalidCombination, "quantity");
  request.quantity.reset();
  const ValidatedOrder result = Validate(request);
  ASSERT_FALSE(result.reject);
  EXPECT_EQ(result.order.quote_quantity, domain::Amount(10'050'000'000));
  EXPECT_EQ(result.order.quantity, domain::Quantity(0));
  request.self_trade_prevention = "DECREMENT";
  ExpectReject(request, RejectReason::kInvalidCombination, "selfTradePrevention");
  request.self_trade_prevention.reset();
  request.quote_quantity = "4.99999999";
  ExpectReject(request, RejectReason::kMinNotional, "quoteQuantity");
  request.quote_quantity = "-1";
  ExpectReject(request, RejectReason::kNotPositive, "quoteQuantity");
  request.quote_quantity = "0.000000001";
  ExpectReject(request, RejectReason::kTooManyDecimals, "quoteQuantity");
  request.quote_quantity.reset();
  ExpectReject(request, RejectReason::kMissingField, "quantity");
}

TEST_F(OrderRequestTest, TimeInForceFitsTheType) {
  struct Case {
    const char* type;
    std::set<std::string> times;
  };
  const std::set<std::string> market{"GTC", "IOC", "FOK"};
  const std::set<std::string> limit{"GTC", "IOC", "FOK", "GTD"};
  const std::set<std::string> resting{"GTC", "GTD"};
  for (const Case& one : {Case{"LIMIT", limit}, Case{"MARKET", market}, Case{"LIMIT_MAKER", resting},
                          Case{"STOP_LOSS", market}, Case{"TAKE_PROFIT", market}, Case{"STOP_LOSS_LIMIT", limit},
                          Case{"TAKE_PROFIT_LIMIT", limit}, Case{"ICEBERG", resting}}) {
    for (const std::string& time : limit) {
      SCOPED_TRACE(one.type + (" " + time));
      OrderRequest request = Complete(one.type);
      request.time_in_force = time;
      if (time == "GTD") request.expire_time_ms = 1'800'000'000'000;
      if (one.times.contains(time)) {
        EXPECT_FALSE(Validate(request).reject);
      } else {
        ExpectReject(request, RejectReason::kInvalidCombination, "timeInForce");
      }
    }
  }
}

TEST_F(OrderRequestTest, ExpireTimesHaveBounds) {
  OrderRequest request = LimitOrder();
  request.time_in_force = "GTD";
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{-1}}) {
    request.expire_time_ms = time;
    ExpectReject(request, RejectReason::kNotPositive, "expireTime");
  }
  request.expire_time_ms = domain::kMaxExpireTimeMs + 1;
  ExpectReject(request, RejectReason::kInvalidValue, "expireTime");
  request.expire_time_ms = domain::kMaxExpireTimeMs;
  EXPECT_EQ(Validate(request).order.expire_time_ms, domain::kMaxExpireTimeMs);
}

TEST_F(OrderRequestTest, EveryTypeIsReadWithWhatItHas) {
  for (const char* type : {"LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT",
                           "TAKE_PROFIT_LIMIT", "ICEBERG"}) {
    SCOPED_TRACE(type);
    const OrderRequest request = Complete(type);
    const ValidatedOrder result = Validate(request);
    ASSERT_FALSE(result.reject) << domain::RejectReasonCode(result.reject.reason) << result.reject.field;
    EXPECT_EQ(result.order.price, domain::Price(request.price ? 5'000'001 : 0));
    EXPECT_EQ(result.order.stop_price, domain::Price(request.stop_price ? 4'000'000 : 0));
    EXPECT_EQ(result.order.iceberg_quantity, domain::Quantity(request.iceberg_quantity ? 1'000 : 0));
    EXPECT_EQ(result.order.quantity, domain::Quantity(50'000));
  }
}

TEST_F(OrderRequestTest, StopPricesAreCheckedLikePrices) {
  OrderRequest request = Complete("STOP_LOSS");
  for (const auto& [text, reason] :
       {std::pair{"0", RejectReason::kNotPositive}, std::pair{"-1", RejectReason::kNotPositive},
        std::pair{"0.001", RejectReason::kTickSize}, std::pair{"10000000.01", RejectReason::kMaxPrice},
        std::pair{"x", RejectReason::kInvalidValue}}) {
    request.stop_price = text;
    ExpectReject(request, reason, "stopPrice");
  }
  // Without a limit price, the order is worth what it is at its stop price.
  request.stop_price = "9.99";
  ExpectReject(request, RejectReason::kMinNotional, "quantity");
}

TEST_F(OrderRequestTest, AnIcebergHasAtMostAHundredSlices) {
  OrderRequest request = Complete("ICEBERG");
  request.iceberg_quantity = "0.50001";
  ExpectReject(request, RejectReason::kInvalidValue, "icebergQuantity");
  request.iceberg_quantity = "0.5";
  EXPECT_FALSE(Validate(request).reject);
  request.iceberg_quantity = "0.005";
  EXPECT_FALSE(Validate(request).reject);
  request.iceberg_quantity = "0.00499";
  ExpectReject(request, RejectReason::kIcebergParts, "icebergQuantity");
  request.iceberg_quantity = "0.000001";
  ExpectReject(request, RejectReason::kLotSize, "icebergQuantity");
}

TEST_F(OrderRequestTest, AGroupIsANumber) {
  OrderRequest request = LimitOrder();
  for (const std::int64_t group : {std::int64_t{0}, std::int64_t{7}, std::int64_t{4'294'967'295}}) {
    request.group = group;
    EXPECT_EQ(Validate(request).order.group, domain::OrderGroup(static_cast<std::uint32_t>(group)));
  }
  for (const std::int64_t group : {std::int64_t{-1}, std::int64_t{4'294'967'296}}) {
    request.group = group;
    ExpectReject(request, RejectReason::kInvalidValue, "group");
  }
}

TEST_F(OrderRequestTest, AReplacementNamesOneOrder) {
  ReplaceRequest request;
  request.order = LimitOrder();
  const auto reject = [&] { return ValidateReplace(request, symbol_, domain::AccountId(7)).reject; };
  EXPECT_EQ(reject(), (Reject{RejectReason::kMissingField, "cancelOrderId"}));
  request.cancel_order_id = "0";
  EXPECT_EQ(reject(), (Reject{RejectReason::kInvalidValue, "cancelOrderId"}));
  request.cancel_order_id = "12";
  EXPECT_EQ(reject(), (Reject{RejectReason::kMissingField, "cancelReplaceMode"}));
  request.mode = "ALWAYS";
  EXPECT_EQ(reject(), (Reject{RejectReason::kInvalidValue, "cancelReplaceMode"}));
  request.mode = "ALLOW_FAILURE";
  const ValidatedReplace result = ValidateReplace(request, symbol_, domain::AccountId(7));
  ASSERT_FALSE(result.reject);
  EXPECT_EQ(result.replace.cancel_order_id, domain::OrderId(12));
  EXPECT_EQ(result.replace.mode, domain::ReplaceMode::kAllowFailure);
  EXPECT_EQ(result.replace.order.account, domain::AccountId(7));
  request.cancel_client_order_id = "mine";
  EXPECT_EQ(reject(), (Reject{RejectReason::kInvalidCombination, "cancelClientOrderId"}));
  request.cancel_order_id.reset();
  EXPECT_FALSE(reject());
  request.cancel_client_order_id = "a b";
  EXPECT_EQ(reject(), (Reject{RejectReason::kInvalidValue, "cancelClientOrderId"}));
  request.cancel_client_order_id = "mine";
  request.order.price = "0";
  EXPECT_EQ(reject(), (Reject{RejectReason::kNotPositive, "price"}));
}

TEST_F(OrderRequestTest, CountdownsAndAmendmentsAreBounded) {
  const auto countdown = [](std::optional<std::int64_t> timeout, std::optional<std::int64_t> group) {
    return ValidateCountdown({timeout, group}, domain::AccountId(7));
  };
  EXPECT_EQ(countdown({}, {}).reject, (Reject{RejectReason::kMissingField, "timeoutMs"}));
  EXPECT_EQ(countdown(-1, {}).reject, (Reject{RejectReason::kInvalidValue, "timeoutMs"}));
  EXPECT_EQ(countdown(86'400'001, {}).reject, (Reject{RejectReason::kInvalidValue, "timeoutMs"}));
  EXPECT_EQ(countdown(1, -1).reject, (Reject{RejectReason::kInvalidValue, "group"}));
  EXPECT_EQ(countdown(86'400'000, 3).countdown,
            (domain::SetCountdown{domain::AccountId(7), domain::OrderGroup(3), 86'400'000}));
  EXPECT_FALSE(countdown(0, {}).reject);
  EXPECT_EQ(ValidateQuantity(std::nullopt, symbol_).reject, (Reject{RejectReason::kMissingField, "quantity"}));
  EXPECT_EQ(ValidateQuantity("0", symbol_).reject, (Reject{RejectReason::kNotPositive, "quantity"}));
  EXPECT_EQ(ValidateQuantity("0.4", symbol_).quantity, domain::Quantity(40'000));
}

TEST_F(OrderRequestTest, NumbersThatAreTicksAlreadyAreBoundedToo) {
  domain::NewOrder order;
  order.side = domain::Side::kSell;
  order.type = OrderType::kLimit;
  order.price = domain::Price(100'000);
  order.quantity = domain::Quantity(100'000);
  EXPECT_FALSE(CheckOrder(symbol_, order));
  EXPECT_EQ(order.time_in_force, TimeInForce::kGtc);
  order.price = domain::Price(-1);
  EXPECT_EQ(CheckOrder(symbol_, order), (Reject{RejectReason::kNotPositive, "price"}));
  order.price = symbol_.max_price + domain::Price(1);
  EXPECT_EQ(CheckOrder(symbol_, order), (Reject{RejectReason::kMaxPrice, "price"}));
  order.price = domain::Price(100'000);
  order.quantity = symbol_.max_quantity + domain::Quantity(1);
  EXPECT_EQ(CheckOrder(symbol_, order), (Reject{RejectReason::kMaxQuantity, "quantity"}));
}

TEST(OrderIdTest, IsANumberWithoutDecoration) {
  EXPECT_EQ(ParseOrderId("18446744073709551615").id, domain::OrderId(18'446'744'073'709'551'615ULL));
  for (const char* text : {"", "0", "01", "-1", "+1", "1x", "18446744073709551616"}) {
    EXPECT_EQ(ParseOrderId(text).reject, (Reject{RejectReason::kInvalidValue, "orderId"})) << text;
  }
}

}  // namespace
}  // namespace xt::gateway
