// The messages as docs/streams.md shows them to the authors of clients.
#include "services/notifier/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"

namespace xt::notifier {
namespace {

using domain::Price;
using domain::Quantity;
using domain::SequenceNumber;

constexpr std::int64_t kTimeNs = 1'700'000'000'000'000'000;

// Ticks of 1,000 KRW, lots of 0.01 BTC.
domain::Symbol BtcKrw() {
  domain::Symbol symbol;
  symbol.code = *domain::SymbolCode::From("BTC-KRW");
  symbol.base = domain::AssetId(0);
  symbol.quote = domain::AssetId(1);
  symbol.base_decimals = 8;
  symbol.quote_decimals = 4;
  symbol.tick_size = domain::Amount(10'000'000);
  symbol.lot_size = domain::Amount(1'000'000);
  EXPECT_FALSE(domain::Normalize(symbol));
  return symbol;
}

const domain::Asset kKrw{domain::AssetId(1), *domain::AssetCode::From("KRW"), 4};

class MessagesTest : public ::testing::Test {
 protected:
  MessagesTest() {
    std::ostringstream text;
    text << std::ifstream(XT_SOURCE_DIR "/docs/streams.md").rdbuf();
    documentation_ = text.str();
  }
  void ExpectShown(const std::string& text) { EXPECT_NE(documentation_.find(text), std::string::npos) << text; }

  std::string documentation_;
  const domain::Symbol symbol_ = BtcKrw();
};

TEST_F(MessagesTest, PublicOnes) {
  ExpectShown("\n" +
              TradeMessage({.id = {SequenceNumber(42), 3},
                            .timestamp_ns = kTimeNs,
                            .symbol = symbol_.id,
                            .code = symbol_.code,
                            .trade_id = domain::TradeId(17),
                            .price = Price(95'000),
                            .quantity = Quantity(25),
                            .taker_side = domain::Side::kBuy},
                           symbol_) +
              "\n");
  ports::Ticker ticker;
  ticker.sequence = SequenceNumber(42);
  ticker.timestamp_ns = kTimeNs;
  ticker.last = Price(95'000);
  ticker.open = Price(94'000);
  ticker.high = Price(95'500);
  ticker.low = Price(93'000);
  ticker.best_bid = Price(94'999);
  ticker.best_bid_quantity = Quantity(150);
  ticker.volume = Quantity(1'225);
  ticker.quote_volume = domain::Amount(11'550'000'000'000);
  ticker.trade_count = 31;
  ExpectShown("\n" + TickerMessage(ticker, symbol_) + "\n");
  ExpectShown("\n" +
              SnapshotMessage({symbol_.id,
                               SequenceNumber(40),
                               {{Price(94'999), Quantity(150)}, {Price(94'998), Quantity(10)}},
                               {{Price(95'000), Quantity(25)}}},
                              symbol_) +
              "\n");
  wire::MarketDepth depth;
  depth.sequence = SequenceNumber(42);
  depth.timestamp_ns = kTimeNs;
  depth.changes = {{symbol_.id, domain::Side::kBuy, Price(94'997), Quantity(200), 0},
                   {symbol_.id, domain::Side::kSell, Price(95'000), Quantity(0), 0}};
  ExpectShown("\n" + BookMessage(depth, SequenceNumber(40), symbol_) + "\n");
}

TEST_F(MessagesTest, PrivateOnes) {
  domain::ExecutionReport report;
  report.order_id = domain::OrderId(1005);
  report.client_order_id = *domain::ClientOrderId::From("my-1");
  report.side = domain::Side::kBuy;
  report.type = domain::OrderType::kLimit;
  report.time_in_force = domain::TimeInForce::kGtc;
  report.execution_type = domain::ExecutionType::kTrade;
  report.status = domain::OrderStatus::kPartiallyFilled;
  report.price = Price(95'000);
  report.quantity = Quantity(100);
  report.executed_quantity = Quantity(25);
  report.trade_id = domain::TradeId(17);
  report.last_price = Price(95'000);
  report.last_quantity = Quantity(25);
  report.fee = domain::Amount(237'500'000);
  report.fee_asset = kKrw.id;
  ExpectShown("\n" + ExecutionMessage({SequenceNumber(42), 1}, kTimeNs, report, symbol_, kKrw) + "\n");
  report.order_id = domain::OrderId(1006);
  report.client_order_id = *domain::ClientOrderId::From("my-2");
  report.side = domain::Side::kSell;
  report.type = domain::OrderType::kStopLossLimit;
  report.time_in_force = domain::TimeInForce::kGtd;
  report.execution_type = domain::ExecutionType::kTriggered;
  report.status = domain::OrderStatus::kNew;
  report.executed_quantity = Quantity(0);
  report.stop_price = Price(95'500);
  report.expire_time_ms = 1'700'003'600'000;
  report.group = domain::OrderGroup(3);
  ExpectShown("\n" + ExecutionMessage({SequenceNumber(42), 7}, kTimeNs, report, symbol_, kKrw) + "\n");
  report.type = domain::OrderType::kIceberg;
  report.iceberg_quantity = Quantity(25);
  EXPECT_THAT(ExecutionMessage({SequenceNumber(42), 7}, kTimeNs, report, symbol_, kKrw),
              ::testing::HasSubstr(R"("icebergQuantity":"0.25")"));
  domain::BalanceChange change;
  change.asset = kKrw.id;
  change.reason = domain::BalanceReason::kTrade;
  change.available = domain::Amount(50'000'000'000);
  change.locked = domain::Amount(712'500'000'000);
  ExpectShown("\n" + BalanceMessage({SequenceNumber(42), 4}, kTimeNs, change, kKrw) + "\n");
}

TEST_F(MessagesTest, AnswersAndTheSignature) {
  ExpectShown("\n" + ResultMessage("1", {"trade.BTC-KRW", "orderbook.ETH-KRW"}, "7") + "\n");
  ExpectShown("\n" + ErrorMessage("1", domain::RejectReason::kUnknownSymbol, "params") + "\n");
  ExpectShown("\n" + auth::HmacSha256Hex("demo-secret", auth::LogonPayload(1'700'000'000'000, "demo-key")) + "\n");
}

}  // namespace
}  // namespace xt::notifier
