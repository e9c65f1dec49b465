// MarketDataApp: the service. It keeps the picture of the exchange's own markets everywhere it runs, and the upstream connection
// only where it leads. It implements ports::MarketQueries; the ports that it uses must outlive it.
#pragma once

#include <chrono>
#include <memory>

#include "libs/ports/leader_election.h"
#include "libs/ports/market_queries.h"
#include "services/market-data/binance_feed.h"
#include "services/market-data/own_markets.h"

namespace xt::market_data {

class MarketDataApp final : public ports::MarketQueries {
 public:
  MarketDataApp(const MarketDataConfig& config, ports::MarketBus& market_bus, ports::NotificationBus& notification_bus,
                ports::MatchingQueries& matching, ports::LeaderElection& election, const Clock& clock,
                runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health,
                const ExecutionFallback& executions = {});
  ~MarketDataApp() override;

  absl::Status Start();
  // OK when everything that stood on the market bus at the call is taken in.
  absl::Status WaitUntilCurrent(std::chrono::steady_clock::time_point deadline) {
    return markets_.WaitUntilCurrent(deadline);
  }
  void Drain(std::chrono::steady_clock::time_point deadline);
  void Stop();

  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override;
  absl::StatusOr<std::vector<ports::PublicTrade>> GetTrades(domain::SymbolId symbol, std::size_t limit) override;
  absl::StatusOr<ports::Ticker> GetTicker(domain::SymbolId symbol) override;
  absl::StatusOr<std::vector<ports::Candle>> GetCandles(domain::SymbolId symbol, std::int64_t from_ms,
                                                        std::int64_t to_ms, std::size_t limit) override;
  absl::StatusOr<ports::Candle> GetExternalCandle(std::string_view venue, std::string_view symbol) override;

  // "BTC-KRW"; empty for an unknown symbol.
  [[nodiscard]] domain::SymbolCode CodeOf(domain::SymbolId symbol) const { return markets_.CodeOf(symbol); }
  [[nodiscard]] const BinanceFeed& feed() const { return feed_; }

 private:
  ports::LeaderElection& election_;
  const Clock& clock_;
  runtime::Gauge& is_leader_;
  runtime::Gauge& epoch_;
  runtime::Counter& transitions_;
  OwnMarkets markets_;
  BinanceFeed feed_;
};

}  // namespace xt::market_data
