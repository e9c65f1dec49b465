#include "services/gateway/core/order_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "libs/base/check.h"

namespace xt::gateway {
namespace {

using nlohmann::json;

domain::Symbol MakeSymbol() {
  domain::Symbol symbol;
  symbol.code = *domain::SymbolCode::From("BTC-KRW");
  symbol.base = domain::AssetId(0);
  symbol.quote = domain::AssetId(1);
  symbol.base_decimals = 8;
  symbol.quote_decimals = 4;
  symbol.tick_size = domain::Amount(10'000'000);
  symbol.lot_size = domain::Amount(10'000);
  XT_CHECK(!domain::Normalize(symbol));
  return symbol;
}

SymbolTable MakeTable() {
  return {{{domain::AssetId(0), *domain::AssetCode::From("BTC"), 8},
           {domain::AssetId(1), *domain::AssetCode::From("KRW"), 4}},
          {MakeSymbol()}};
}

domain::ExecutionReport MakeReport() {
  domain::ExecutionReport report;
  report.order_id = domain::OrderId(18'446'744'073'709'551'615ULL);
  report.client_order_id = *domain::ClientOrderId::From("mine");
  report.side = domain::Side::kSell;
  report.type = domain::OrderType::kLimit;
  report.time_in_force = domain::TimeInForce::kGtc;
  report.status = domain::OrderStatus::kPartiallyFilled;
  report.price = domain::Price(100'000);
  report.quantity = domain::Quantity(15'000);
  report.executed_quantity = domain::Quantity(3);
  report.executed_quote = domain::Amount(300'000'000);
  report.trade_id = domain::TradeId(4);
  report.last_price = domain::Price(100'000);
  report.last_quantity = domain::Quantity(3);
  report.fee = domain::Amount(1);
  report.fee_asset = domain::AssetId(1);
  return report;
}

TEST(OrderJsonTest, WhatTheTypeHasIsShown) {
  const SymbolTable table = MakeTable();
  domain::ExecutionReport report = MakeReport();
  report.type = domain::OrderType::kIceberg;
  report.stop_price = domain::Price(90'000);
  report.iceberg_quantity = domain::Quantity(5'000);
  report.expire_time_ms = 1'800'000'000'000;
  report.group = domain::OrderGroup(4'294'967'295);
  const json shown = json::parse(OrderAnswerJson({domain::SequenceNumber(12), 0, report, {}}, table));
  EXPECT_EQ(shown.at("stopPrice"), "90000000");
  EXPECT_EQ(shown.at("icebergQuantity"), "0.5");
  EXPECT_EQ(shown.at("expireTime"), 1'800'000'000'000);
  EXPECT_EQ(shown.at("group"), 4'294'967'295);
}

TEST(OrderJsonTest, SeveralResultsAreOrdersOrRefusals) {
  const auto table = std::make_shared<const SymbolTable>(
      std::vector<domain::Asset>{{domain::AssetId(0), *domain::AssetCode::From("BTC"), 8},
                                 {domain::AssetId(1), *domain::AssetCode::From("KRW"), 4}},
      std::vector<domain::Symbol>{MakeSymbol()});
  const OrderAnswer order{domain::SequenceNumber(12), 1'000'000, MakeReport(), {}};
  const Refusal refusal(domain::RejectReason::kWouldMatch, "price");
  const json batch = json::parse(BatchJson({{order, table}, {refusal, nullptr}}));
  ASSERT_EQ(batch.at("results").size(), 2u);
  EXPECT_EQ(batch.at("results")[0], json::parse(OrderAnswerJson(order, *table)));
  EXPECT_EQ(batch.at("results")[1], json::parse(RefusalJson(refusal)));
  ReplaceAnswer replace{domain::SequenceNumber(12), 1'000'000, refusal, order};
  json shown = json::parse(ReplaceJson(replace, *table));
  EXPECT_EQ(shown.at("cancel").at("code"), "WOULD_MATCH");
  EXPECT_EQ(shown.at("order").at("sequence"), 12);
  EXPECT_EQ(shown.at("time"), 1);
  replace.cancel.reset();
  EXPECT_TRUE(json::parse(ReplaceJson(replace, *table)).at("cancel").is_null());
}

TEST(OrderJsonTest, CancelsOfManyAndCountdowns) {
  const CancelAllAnswer canceled{domain::SequenceNumber(3), 2'000'000, {domain::OrderId(9), domain::OrderId(4)}};
  EXPECT_EQ(json::parse(CancelAllJson(canceled)),
            json::parse(R"({"count": 2, "orderIds": ["9", "4"], "sequence": 3, "time": 2})"));
  CountdownAnswer countdown{domain::SequenceNumber(3), 2'000'000, domain::OrderGroup(7), 12'000'000};
  EXPECT_EQ(json::parse(CountdownJson(countdown, 10)),
            json::parse(R"({"group": 7, "timeoutMs": 10, "deadline": 12, "sequence": 3, "time": 2})"));
  countdown = {domain::SequenceNumber(3), 2'000'000, {}, 0};
  EXPECT_EQ(json::parse(CountdownJson(countdown, 0)),
            json::parse(R"({"group": null, "timeoutMs": 0, "deadline": null, "sequence": 3, "time": 2})"));
}

TEST(OrderJsonTest, AnAnswerShowsTheOrderAndItsFills) {
  const SymbolTable table = MakeTable();
  const OrderAnswer answer{domain::SequenceNumber(12), 1'700'000'000'999'999'999, MakeReport(), {MakeReport()}};
  EXPECT_EQ(json::parse(OrderAnswerJson(answer, table)), json::parse(R"({
    "orderId": "18446744073709551615", "clientOrderId": "mine", "symbol": "BTC-KRW", "side": "SELL", "type": "LIMIT",
    "timeInForce": "GTC", "status": "PARTIALLY_FILLED", "price": "100000000", "stopPrice": null,
    "quantity": "1.5", "icebergQuantity": null, "quoteQuantity": null, "expireTime": null, "group": null,
    "executedQuantity": "0.0003", "executedQuoteQuantity": "30000", "averagePrice": "100000000",
    "sequence": 12, "time": 1700000000999,
    "fills": [{"tradeId": "4", "price": "100000000", "quantity": "0.0003", "fee": "0.0001", "feeAsset": "KRW"}]})"));
}

TEST(OrderJsonTest, TheAverageRoundsDown) {
  const domain::Symbol symbol = MakeSymbol();
  EXPECT_EQ(AveragePrice(symbol, domain::Quantity(0), domain::Amount(0)), std::nullopt);
  EXPECT_EQ(AveragePrice(symbol, domain::Quantity(30'000), domain::Amount(100'000)), "3.3333");
  EXPECT_EQ(AveragePrice(symbol, domain::Quantity(1), domain::Amount(9'223'372'036'854'775'807)),
            "9223372036854775807");
}

TEST(OrderJsonTest, ABookIsPairsOfDecimals) {
  const domain::BookSnapshot book{
      domain::SymbolId(0), domain::SequenceNumber(3), {{domain::Price(2), domain::Quantity(1)}}, {}};
  EXPECT_EQ(BookJson(book, MakeSymbol()), R"({"symbol":"BTC-KRW","sequence":3,"bids":[["2000","0.0001"]],"asks":[]})");
}

TEST(OrderJsonTest, ARefusalHasAFieldOnlyWhenItIsAboutOne) {
  EXPECT_EQ(json::parse(RefusalJson(Refusal(domain::RejectReason::kTickSize, "price"))),
            json::parse(R"({"code": "TICK_SIZE", "field": "price",
                            "message": "The price is not a multiple of the symbol's tick size."})"));
  EXPECT_FALSE(json::parse(RefusalJson(Refusal(domain::RejectReason::kInternal))).contains("field"));
}

TEST(JsonWriterTest, EscapesText) {
  JsonWriter writer;
  writer.BeginObject().Key("a\"b").String("\\\n\x01").Key("n").Integer(-1).Key("u").Unsigned(2).Key("b").Bool(false);
  writer.Key("l").BeginArray().Null().BeginObject().EndObject().EndArray().EndObject();
  EXPECT_EQ(writer.Take(), R"({"a\"b":"\\\u000a\u0001","n":-1,"u":2,"b":false,"l":[null,{}]})");
}

}  // namespace
}  // namespace xt::gateway
