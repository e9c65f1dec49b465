#include "services/market-data/market_data_app.h"

#include <algorithm>

#include "libs/base/status.h"

namespace xt::market_data {
namespace {

constexpr std::size_t kMaxLimit = 1'000;

runtime::Labels Role() { return {{"role", "market-data"}, {"shard", "0"}}; }

}  // namespace

MarketDataApp::MarketDataApp(const MarketDataConfig& config, ports::MarketBus& market_bus,
                             ports::NotificationBus& notification_bus, ports::MatchingQueries& matching,
                             ports::LeaderElection& election, const Clock& clock, runtime::MetricsRegistry& metrics,
                             runtime::HealthRegistry& health, const ExecutionFallback& executions)
    : election_(election),
      clock_(clock),
      is_leader_(metrics.Gauge("leader_is_leader", "1 while this process leads the role.", Role())),
      epoch_(metrics.Gauge("leader_epoch", "Epoch of the leader that this process knows of.", Role())),
      transitions_(metrics.Counter("leader_transitions_total", "Changes of leadership seen.", Role())),
      markets_(config, market_bus, notification_bus, matching, clock, metrics, health, executions),
      feed_(config, market_bus, clock, metrics, health) {}

MarketDataApp::~MarketDataApp() { Stop(); }

absl::Status MarketDataApp::Start() {
  XT_RETURN_IF_ERROR(markets_.Start());
  return election_.Campaign([this](const ports::Leadership& leadership) {
    is_leader_.Set(leadership.leader ? 1 : 0);
    epoch_.Set(static_cast<std::int64_t>(leadership.epoch.value()));
    transitions_.Increment();
    if (leadership.leader) {
      feed_.Start();
    } else {
      feed_.Stop();
    }
  });
}

void MarketDataApp::Drain(std::chrono::steady_clock::time_point) { election_.Resign(); }

void MarketDataApp::Stop() {
  election_.Resign();
  feed_.Stop();
  markets_.Stop();
}

absl::StatusOr<domain::BookSnapshot> MarketDataApp::GetBook(domain::SymbolId symbol, std::size_t depth) {
  return markets_.Book(symbol, depth);
}

absl::StatusOr<std::vector<ports::PublicTrade>> MarketDataApp::GetTrades(domain::SymbolId symbol, std::size_t limit) {
  XT_ASSIGN_OR_RETURN(const std::vector<MarketTradeEvent> trades,
                      markets_.Trades(symbol, std::clamp(limit, std::size_t{1}, kMaxLimit)));
  std::vector<ports::PublicTrade> result;
  result.reserve(trades.size());
  for (const MarketTradeEvent& trade : trades) {
    result.push_back({trade.id, trade.timestamp_ns, trade.trade_id, trade.price, trade.quantity, trade.taker_side});
  }
  return result;
}

absl::StatusOr<ports::Ticker> MarketDataApp::GetTicker(domain::SymbolId symbol) { return markets_.Ticker(symbol); }

absl::StatusOr<std::vector<ports::Candle>> MarketDataApp::GetCandles(domain::SymbolId symbol, std::int64_t from_ms,
                                                                     std::int64_t to_ms, std::size_t limit) {
  return markets_.Candles(symbol, from_ms, to_ms, std::clamp(limit, std::size_t{1}, kMaxLimit));
}

absl::StatusOr<ports::Candle> MarketDataApp::GetExternalCandle(std::string_view venue, std::string_view symbol) {
  const auto candle = venue == "binance" ? feed_.NewestCandle(symbol) : std::nullopt;
  if (!candle) return absl::NotFoundError("no candle of this venue and symbol");
  return ports::Candle{.open_time_ms = candle->open_time_ms,
                       .interval_ms = kMinuteMs,
                       .open = candle->open,
                       .high = candle->high,
                       .low = candle->low,
                       .close = candle->close,
                       .volume = candle->volume,
                       .quote_volume = candle->quote_volume,
                       .trade_count = candle->trade_count,
                       .closed = clock_.WallNs() / 1'000'000 >= candle->open_time_ms + kMinuteMs};
}

}  // namespace xt::market_data
