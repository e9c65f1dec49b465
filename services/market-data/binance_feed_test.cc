// The feed against recorded messages, through a real WebSocket connection. The venue's own candles are the oracle.

#include "services/market-data/binance_feed.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "services/market-data/core/scaled_decimal.h"
#include "tests/support/replay_server.h"
#include "xtrader/v1/market_data.pb.h"

namespace xt::market_data {
namespace {

using nlohmann::json;

constexpr std::int64_t kTimeoutMs = 60'000;

std::string DataFolder() { return std::string(XT_SOURCE_DIR) + "/tests/data/binance"; }

class RecordingBus final : public ports::MarketBus {
 public:
  absl::Status Publish(const std::vector<ports::MarketMessage>& messages) override {
    std::lock_guard lock(mutex_);
    messages_.insert(messages_.end(), messages.begin(), messages.end());
    return absl::OkStatus();
  }
  absl::StatusOr<domain::EventId> LastId(std::string_view) override { return domain::EventId{}; }
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view, const std::vector<std::string>&,
                                                                   ports::StartAt) override {
    return absl::UnimplementedError("not consumed here");
  }
  void Close() override {}
  std::vector<ports::MarketMessage> messages() {
    std::lock_guard lock(mutex_);
    return messages_;
  }

 private:
  std::mutex mutex_;
  std::vector<ports::MarketMessage> messages_;
};

MarketDataConfig ConfigFor(const test::ReplayServer& server) {
  MarketDataConfig config;
  config.binance_port = server.port();
  config.binance_rest_port = server.port();
  config.binance_symbols = {"BTCUSDT", "ETHUSDT"};
  config.reconnect_min_ms = 1;
  return config;
}

class BinanceFeedTest : public testing::Test {
 protected:
  BinanceFeedTest() : feed_(ConfigFor(server_), bus_, SystemClock::Instance(), metrics_, health_) {
    feed_.Start();
    everything_ = feed_.WaitForMessages(server_.messages().size(), kTimeoutMs);
  }

  test::ReplayServer server_{DataFolder()};
  RecordingBus bus_;
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  BinanceFeed feed_;
  bool everything_ = false;
};

// Adds up the recorded trades that one recorded kline message covers, by trade ids, in the units of the feed.
MinuteCandle FromTrades(const json& kline, const std::vector<json>& trades) {
  CandleSeries series;
  for (const json& trade : trades) {
    if (trade.at("s") != kline.at("s") || trade.at("f") < kline.at("f") || trade.at("l") > kline.at("L")) continue;
    const std::int64_t price = *ParseScaled(trade.at("p").get<std::string>());
    const std::int64_t quantity = *ParseScaled(trade.at("q").get<std::string>());
    series.Add(
        {.time_ms = trade.at("T"),
         .price = domain::Price(price),
         .quantity = domain::Quantity(quantity),
         .quote = domain::Amount(static_cast<std::int64_t>(static_cast<__int128>(price) * quantity / 100'000'000)),
         .count = trade.at("l").get<std::uint64_t>() - trade.at("f").get<std::uint64_t>() + 1});
  }
  return series.Newest().value_or(MinuteCandle{});
}

TEST_F(BinanceFeedTest, CandlesEqualTheVenues) {
  ASSERT_TRUE(everything_);
  // The last kline message of the minute whose beginning was recorded, per symbol.
  std::map<std::string, json> klines;
  std::vector<json> trades;
  for (const auto& message : server_.messages()) {
    const json data = json::parse(*message).at("data");
    if (data.at("e") == "aggTrade") trades.push_back(data);
    if (data.at("e") == "kline") klines[data.at("s")] = data.at("k");
  }
  ASSERT_EQ(klines.size(), 2u);
  for (const auto& [symbol, kline] : klines) {
    const MinuteCandle expected = FromTrades(kline, trades);
    EXPECT_EQ(expected.open.value(), *ParseScaled(kline.at("o").get<std::string>())) << symbol;
    EXPECT_EQ(expected.high.value(), *ParseScaled(kline.at("h").get<std::string>())) << symbol;
    EXPECT_EQ(expected.low.value(), *ParseScaled(kline.at("l").get<std::string>())) << symbol;
    EXPECT_EQ(expected.close.value(), *ParseScaled(kline.at("c").get<std::string>())) << symbol;
    EXPECT_EQ(expected.volume.value(), *ParseScaled(kline.at("v").get<std::string>())) << symbol;
    EXPECT_EQ(expected.quote_volume.value(), *ParseScaled(kline.at("q").get<std::string>())) << symbol;
    EXPECT_EQ(expected.trade_count, kline.at("n").get<std::uint64_t>()) << symbol;
    // What the feed has is at least that: trades after the last kline message are in it, too.
    const auto candle = feed_.NewestCandle(symbol);
    ASSERT_TRUE(candle.has_value());
    EXPECT_EQ(candle->open_time_ms, kline.at("t").get<std::int64_t>());
    EXPECT_EQ(candle->open, expected.open);
    EXPECT_GE(candle->volume, expected.volume);
    EXPECT_GE(candle->trade_count, expected.trade_count);
  }
}

TEST_F(BinanceFeedTest, BooksFollowTheirSequenceToTheEnd) {
  ASSERT_TRUE(everything_);
  std::map<std::string, std::uint64_t> last_ids;
  for (const auto& message : server_.messages()) {
    const json data = json::parse(*message).at("data");
    if (data.at("e") == "depthUpdate") last_ids[data.at("s")] = data.at("u");
  }
  for (const auto& [symbol, last_id] : last_ids) {
    const auto quote = feed_.BestQuote(symbol);
    ASSERT_TRUE(quote.has_value()) << symbol;
    EXPECT_EQ(quote->last_id, last_id);
    ASSERT_TRUE(quote->bid && quote->ask);
    EXPECT_LT(quote->bid->price, quote->ask->price);
  }
  EXPECT_NE(metrics_.Text().find("md_sequence_gaps_total{channel=\"binance_depth\"} 0"), std::string::npos);
}

TEST_F(BinanceFeedTest, EveryTradeIsPublishedOnce) {
  ASSERT_TRUE(everything_);
  std::map<std::string, std::uint64_t> published;
  for (const ports::MarketMessage& message : bus_.messages()) {
    EXPECT_EQ(message.topic, "market.external");
    xtrader::v1::ExternalEvent event;
    ASSERT_TRUE(event.ParseFromString(*message.payload));
    if (!event.has_trade()) continue;
    EXPECT_EQ(event.trade().venue(), "binance");
    EXPECT_GT(event.trade().price().mantissa(), 0);
    ++published[event.trade().symbol()];
  }
  std::map<std::string, std::uint64_t> recorded;
  for (const auto& message : server_.messages()) {
    const json data = json::parse(*message).at("data");
    if (data.at("e") == "aggTrade") ++recorded[data.at("s")];
  }
  EXPECT_EQ(published, recorded);
}

TEST_F(BinanceFeedTest, StopsWhileConnected) {
  ASSERT_TRUE(everything_);
  feed_.Stop();
  feed_.Start();
  // The same recording again, on a new connection: its trades are known and count once.
  const auto before = feed_.NewestCandle("BTCUSDT");
  EXPECT_TRUE(feed_.WaitForMessages(2 * server_.messages().size(), kTimeoutMs));
  EXPECT_EQ(feed_.NewestCandle("BTCUSDT"), before);
}

TEST(BinanceMessagesTest, RefusesWhatIsNotExact) {
  EXPECT_FALSE(ParseBinanceMessage("{").ok());
  EXPECT_FALSE(
      ParseBinanceMessage(R"({"e":"aggTrade","s":"X","a":1,"p":"1e30","q":"1","f":1,"l":1,"T":1,"m":true})").ok());
  EXPECT_FALSE(
      ParseBinanceMessage(R"({"e":"aggTrade","s":"X","a":1,"p":"-1","q":"1","f":1,"l":1,"T":1,"m":true})").ok());
  EXPECT_FALSE(
      ParseBinanceMessage(R"({"e":"aggTrade","s":"X","a":1,"p":"1","q":"1","f":2,"l":1,"T":1,"m":true})").ok());
  EXPECT_FALSE(ParseBinanceMessage(R"({"e":"depthUpdate","s":"X","E":1,"U":1,"u":1,"b":[["1"]],"a":[]})").ok());
  EXPECT_FALSE(ParseBinanceSnapshot(R"({"lastUpdateId":1,"bids":[]})").ok());
}

TEST(BinanceMessagesTest, ReadsEveryRecordedMessage) {
  for (const char* name : {"depth", "aggTrade", "kline"}) {
    std::ifstream in(DataFolder() + "/" + name + ".20210404.ndjson");
    for (std::string line; std::getline(in, line);) ASSERT_TRUE(ParseBinanceMessage(line).ok()) << line;
  }
}

}  // namespace
}  // namespace xt::market_data
