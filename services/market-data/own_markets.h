// OwnMarkets: the exchange's own symbols. One thread takes trades and depth from the market bus, from the oldest that it
// keeps, and rebuilds books, candles and tickers; a book starts from matching's snapshot. Changed tickers and candles are
// published, once the backlog is worked off. The queries may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/market_queries.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/notification_bus.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/market-data/config.h"
#include "services/market-data/core/market.h"
#include "services/market-data/market_source.h"

namespace xt::market_data {

class OwnMarkets {
 public:
  OwnMarkets(const MarketDataConfig& config, ports::MarketBus& market_bus, ports::NotificationBus& notification_bus,
             ports::MatchingQueries& matching, const Clock& clock, runtime::MetricsRegistry& metrics,
             runtime::HealthRegistry& health, const ExecutionFallback& executions = {});
  ~OwnMarkets();  // Stop()

  absl::Status Start();
  // OK when everything that stood in the topics at the call is taken in.
  absl::Status WaitUntilCurrent(std::chrono::steady_clock::time_point deadline);
  void Stop();

  // Empty for an unknown symbol.
  [[nodiscard]] domain::SymbolCode CodeOf(domain::SymbolId symbol) const;
  absl::StatusOr<domain::BookSnapshot> Book(domain::SymbolId symbol, std::size_t depth) const;
  absl::StatusOr<std::vector<MarketTradeEvent>> Trades(domain::SymbolId symbol, std::size_t limit) const;
  absl::StatusOr<ports::Ticker> Ticker(domain::SymbolId symbol) const;
  absl::StatusOr<std::vector<ports::Candle>> Candles(domain::SymbolId symbol, std::int64_t from_ms, std::int64_t to_ms,
                                                     std::size_t limit) const;

 private:
  // A market and what was published of it.
  struct Entry {
    explicit Entry(const domain::Symbol& symbol) : market(symbol) {}
    Market market;
    bool dirty = false;   // changed since its ticker was published
    bool traded = false;  // the same for its candles
    std::int64_t last_candle_open_ms = -1;
    bool last_candle_closed = true;
    runtime::Gauge* last_update = nullptr;
  };

  void Run();
  // These ask matching, again and again until it answers. False when stopped.
  bool AskMatching(absl::FunctionRef<absl::Status()> question);
  bool Learn(domain::SymbolId symbol);  // symbols and their books, until the symbol is known
  bool LoadBook(Entry& entry);
  absl::Status LearnOnce();
  bool HandleAll(const MarketSource::Deliveries& deliveries);
  bool Handle(const ports::MarketDelivery& delivery);
  [[nodiscard]] domain::SymbolCode LearnCode(domain::SymbolId symbol);
  // What is read now, or why nothing.
  void ShowSource(const absl::Status& status);
  bool HandleTrade(const std::string& payload);
  bool HandleDepth(const std::string& payload);
  // Tickers and candles that changed, and candles whose minute is over.
  void PublishChanges();
  void TakeTicker(Entry& entry, std::vector<ports::MarketMessage>& messages,
                  std::vector<ports::Notification>& notifications);
  void TakeCandles(Entry& entry, std::int64_t wall_ms, std::vector<ports::MarketMessage>& messages);
  [[nodiscard]] static bool CandleEnded(const Entry& entry, std::int64_t wall_ms);
  [[nodiscard]] bool Stopping() const;
  [[nodiscard]] Entry* Find(domain::SymbolId symbol) const;
  absl::StatusOr<const Entry*> Get(domain::SymbolId symbol) const;
  [[nodiscard]] ports::Ticker MakeTicker(const Market& market) const;

  const MarketDataConfig config_;
  ports::MarketBus& market_bus_;
  ports::NotificationBus& notification_bus_;
  ports::MatchingQueries& matching_;
  const Clock& clock_;
  runtime::MetricsRegistry& metrics_;
  runtime::HealthCheck& matching_health_;
  runtime::HealthCheck& bus_health_;
  runtime::Heartbeat& heartbeat_;
  runtime::Counter& trades_total_;
  runtime::Counter& depths_total_;
  runtime::Counter& duplicate_trades_total_;
  runtime::Counter& duplicate_depths_total_;
  runtime::Counter& refused_total_;
  runtime::Counter& snapshots_total_;
  runtime::Counter& gaps_total_;
  runtime::Counter& missed_total_;
  runtime::Gauge& lag_;
  runtime::Counter& conflated_total_;
  runtime::Counter& publish_errors_total_;
  runtime::Gauge& fallen_back_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool caught_up_ = false;
  std::uint64_t emptied_ = 0;  // times that the thread took all there was
  std::int64_t next_publish_ns_ = 0;
  std::vector<std::unique_ptr<Entry>> markets_;  // position == symbol id; written by the thread under mutex_
  MarketSource source_;
  std::thread thread_;
};

}  // namespace xt::market_data
