// BinanceFeed: one connection to the venue's combined stream, kept while it should be there. It normalises trades and books,
// publishes them to topic `market.external`, and keeps 1-minute candles per symbol. One thread of its own connects, reads and
// fetches snapshots; the queries may be called from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "libs/ports/market_bus.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/market-data/binance_messages.h"
#include "services/market-data/config.h"
#include "services/market-data/core/candle_series.h"
#include "services/market-data/core/external_book.h"

namespace xt::market_data {

class BinanceFeed {
 public:
  BinanceFeed(const MarketDataConfig& config, ports::MarketBus& bus, const Clock& clock,
              runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health);
  ~BinanceFeed();  // Stop()

  // Connects as long as it is started. Both are idempotent and follow the leadership of the role.
  void Start();
  void Stop();

  [[nodiscard]] std::optional<MinuteCandle> NewestCandle(std::string_view symbol) const;
  [[nodiscard]] std::vector<MinuteCandle> Candles(std::string_view symbol) const;
  // Best bid and ask of a synchronised book.
  struct Quote {
    std::uint64_t last_id = 0;
    std::optional<ExternalLevel> bid, ask;
  };
  [[nodiscard]] std::optional<Quote> BestQuote(std::string_view symbol) const;
  // Messages handled since the start, for tests: waits until there were at least `count`. False after `timeout_ms`.
  bool WaitForMessages(std::uint64_t count, std::int64_t timeout_ms) const;

 private:
  struct SymbolState {
    ExternalBook book;
    CandleSeries candles;
    std::uint64_t last_aggregate_id = 0;
    Quote published;
    std::int64_t next_snapshot_ns = 0;  // monotonic; earlier ones would run into the venue's rate limit
  };

  void Run();
  absl::Status RunConnection();
  void Handle(std::string_view text);
  void OnTrade(const BinanceAggregateTrade& trade);
  void OnDepth(BinanceDepth depth);
  void FetchSnapshot(const std::string& symbol, SymbolState& state);
  void PublishTrade(const BinanceAggregateTrade& trade);
  void PublishQuote(const std::string& symbol, std::int64_t event_time_ms, SymbolState& state);
  void Publish(const std::string& symbol, std::string payload);
  [[nodiscard]] std::string StreamTarget() const;
  // False when stopped meanwhile.
  bool Pause(std::int64_t pause_ms);

  const MarketDataConfig config_;
  ports::MarketBus& bus_;
  const Clock& clock_;
  runtime::HealthCheck* health_ = nullptr;
  runtime::Counter& trades_total_;
  runtime::Counter& depths_total_;
  runtime::Counter& others_total_;
  runtime::Counter& refused_total_;
  runtime::Counter& gaps_total_;
  runtime::Counter& snapshots_total_;
  runtime::Counter& reconnects_total_;
  runtime::Counter& publish_errors_total_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopping_ = false;
  std::uint64_t handled_ = 0;
  std::map<std::string, SymbolState, std::less<>> symbols_;  // the keys never change after construction
  std::unique_ptr<http::WebSocketClient> stream_;
  std::unique_ptr<http::Client> rest_;
  std::thread thread_;
};

}  // namespace xt::market_data
