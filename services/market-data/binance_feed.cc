#include "services/market-data/binance_feed.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "services/market-data/core/scaled_decimal.h"
#include "xtrader/v1/market_data.pb.h"

namespace xt::market_data {
namespace {

constexpr std::string_view kVenue = "binance";
constexpr std::int64_t kNsPerMs = 1'000'000;
// The venue bans addresses that ask for snapshots in a tight loop.
constexpr std::int64_t kSnapshotPauseNs = 1'000'000'000;

void SetScaled(xtrader::v1::ScaledDecimal& out, std::int64_t units) {
  out.set_mantissa(units);
  out.set_exponent(-kExternalDecimals);
}

// price x quantity in units of 10^-8; what lies below is cut.
domain::Amount QuoteAmount(std::int64_t price, std::int64_t quantity) {
  return domain::Amount(static_cast<std::int64_t>(static_cast<__int128>(price) * quantity / 100'000'000));
}

runtime::Counter& MessageCounter(runtime::MetricsRegistry& metrics, std::string_view channel) {
  return metrics.Counter("md_messages_total", "Market data messages handled.", {{"channel", std::string(channel)}});
}

}  // namespace

BinanceFeed::BinanceFeed(const MarketDataConfig& config, ports::MarketBus& bus, const Clock& clock,
                         runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health)
    : config_(config),
      bus_(bus),
      clock_(clock),
      trades_total_(MessageCounter(metrics, "binance_trade")),
      depths_total_(MessageCounter(metrics, "binance_depth")),
      others_total_(MessageCounter(metrics, "binance_other")),
      refused_total_(MessageCounter(metrics, "binance_refused")),
      gaps_total_(metrics.Counter("md_sequence_gaps_total", "Gaps seen in the changes of a book.",
                                  {{"channel", "binance_depth"}})),
      snapshots_total_(metrics.Counter("md_snapshots_total", "Book snapshots taken.", {{"channel", "binance_depth"}})),
      reconnects_total_(metrics.Counter("md_reconnects_total", "Upstream connections made.", {{"channel", "binance"}})),
      publish_errors_total_(
          metrics.Counter("md_publish_errors_total", "Messages that the bus did not take.", {{"channel", "binance"}})) {
  for (const std::string& symbol : config_.binance_symbols) symbols_.try_emplace(symbol);
  if (config_.upstream()) health_ = &health.AddCheck("binance", runtime::Dependency::kSoft);
}

BinanceFeed::~BinanceFeed() { Stop(); }

void BinanceFeed::Start() {
  if (!config_.upstream() || thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = false;
    stream_ = std::make_unique<http::WebSocketClient>();
    rest_ = std::make_unique<http::Client>(
        http::ClientOptions{.host = config_.binance_rest_host, .port = config_.binance_rest_port});
  }
  thread_ = std::thread([this] { Run(); });
}

void BinanceFeed::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (stream_) stream_->Cancel();
    if (rest_) rest_->Cancel();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool BinanceFeed::Pause(std::int64_t pause_ms) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(pause_ms), [this] { return stopping_; });
}

void BinanceFeed::Run() {
  std::int64_t pause_ms = config_.reconnect_min_ms;
  while (true) {
    const std::uint64_t before = trades_total_.value() + depths_total_.value();
    const absl::Status status = RunConnection();
    health_->Set(runtime::HealthStatus::kDown, MessageOf(status));
    const bool useful = trades_total_.value() + depths_total_.value() > before;
    pause_ms = useful ? config_.reconnect_min_ms : std::min(pause_ms * 2, config_.reconnect_max_ms);
    if (!Pause(pause_ms)) return;
    runtime::Log(runtime::LogLevel::kWarn, "upstream connection lost",
                 {{"component", kVenue}, runtime::LogField(status)});
  }
}

std::string BinanceFeed::StreamTarget() const {
  std::string target = "/stream?streams=";
  for (const auto& [symbol, state] : symbols_) {
    const std::string lower = absl::AsciiStrToLower(symbol);
    absl::StrAppend(&target, target.back() == '=' ? "" : "/", lower, "@depth@100ms/", lower, "@aggTrade");
  }
  return target;
}

absl::Status BinanceFeed::RunConnection() {
  {
    std::lock_guard lock(mutex_);
    for (auto& [symbol, state] : symbols_) state.book.Reset();
  }
  XT_RETURN_IF_ERROR(stream_->Connect(config_.binance_host, config_.binance_port, StreamTarget()));
  reconnects_total_.Increment();
  health_->SetOk();
  while (true) {
    const absl::StatusOr<http::WebSocketMessage> message = stream_->Read(config_.silence_timeout_ms);
    if (!message.ok()) {
      stream_->Close();
      return message.status();
    }
    Handle(message->data);
  }
}

void BinanceFeed::Handle(std::string_view text) {
  absl::StatusOr<BinanceMessage> message = ParseBinanceMessage(text);
  if (!message.ok()) {
    refused_total_.Increment();
    runtime::Log(runtime::LogLevel::kWarn, "upstream message refused",
                 {{"component", kVenue}, runtime::LogField(message.status())});
  } else if (const auto* trade = std::get_if<BinanceAggregateTrade>(&*message)) {
    OnTrade(*trade);
  } else if (auto* depth = std::get_if<BinanceDepth>(&*message)) {
    OnDepth(std::move(*depth));
  } else {
    others_total_.Increment();
  }
  {
    std::lock_guard lock(mutex_);
    ++handled_;
  }
  changed_.notify_all();
}

void BinanceFeed::OnTrade(const BinanceAggregateTrade& trade) {
  {
    std::lock_guard lock(mutex_);
    const auto found = symbols_.find(trade.symbol);
    if (found == symbols_.end() || trade.aggregate_id <= found->second.last_aggregate_id) return;
    SymbolState& state = found->second;
    state.last_aggregate_id = trade.aggregate_id;
    state.candles.Add({.time_ms = trade.trade_time_ms,
                       .price = domain::Price(trade.price),
                       .quantity = domain::Quantity(trade.quantity),
                       .quote = QuoteAmount(trade.price, trade.quantity),
                       .count = trade.last_trade_id - trade.first_trade_id + 1});
  }
  trades_total_.Increment();
  PublishTrade(trade);
}

void BinanceFeed::OnDepth(BinanceDepth depth) {
  const auto found = symbols_.find(depth.symbol);
  if (found == symbols_.end()) return;
  SymbolState& state = found->second;
  ExternalBook::Outcome outcome;
  {
    std::lock_guard lock(mutex_);
    outcome = state.book.OnDifference(std::move(depth.difference));
  }
  depths_total_.Increment();
  if (outcome == ExternalBook::Outcome::kNeedSnapshot) gaps_total_.Increment();
  if (outcome != ExternalBook::Outcome::kApplied) FetchSnapshot(depth.symbol, state);
  PublishQuote(depth.symbol, depth.event_time_ms, state);
}

void BinanceFeed::FetchSnapshot(const std::string& symbol, SymbolState& state) {
  if (clock_.MonotonicNs() < state.next_snapshot_ns) return;
  state.next_snapshot_ns = clock_.MonotonicNs() + kSnapshotPauseNs;
  const absl::StatusOr<http::Response> response =
      rest_->Get(absl::StrCat("/api/v3/depth?symbol=", symbol, "&limit=1000"));
  if (!response.ok() || response->status != 200) {
    runtime::Log(runtime::LogLevel::kWarn, "upstream snapshot not available",
                 {{"component", kVenue}, {"symbol", symbol}, {"status", response.ok() ? response->status : 0}});
    return;
  }
  const absl::StatusOr<ExternalSnapshot> snapshot = ParseBinanceSnapshot(response->body);
  if (!snapshot.ok()) {
    refused_total_.Increment();
    return;
  }
  snapshots_total_.Increment();
  std::lock_guard lock(mutex_);
  if (state.book.OnSnapshot(*snapshot) == ExternalBook::Outcome::kNeedSnapshot) gaps_total_.Increment();
}

void BinanceFeed::PublishTrade(const BinanceAggregateTrade& trade) {
  xtrader::v1::ExternalEvent event;
  xtrader::v1::ExternalTrade& out = *event.mutable_trade();
  out.set_venue(std::string(kVenue));
  out.set_symbol(trade.symbol);
  out.set_trade_id(trade.aggregate_id);
  out.set_trade_time_ns(trade.trade_time_ms * kNsPerMs);
  out.set_received_ns(clock_.WallNs());
  SetScaled(*out.mutable_price(), trade.price);
  SetScaled(*out.mutable_quantity(), trade.quantity);
  out.set_taker_side(static_cast<xtrader::v1::Side>(trade.taker_side));
  Publish(trade.symbol, event.SerializeAsString());
}

void BinanceFeed::PublishQuote(const std::string& symbol, std::int64_t event_time_ms, SymbolState& state) {
  const std::optional<Quote> quote = BestQuote(symbol);
  if (!quote || (quote->bid == state.published.bid && quote->ask == state.published.ask)) return;
  state.published = *quote;
  xtrader::v1::ExternalEvent event;
  xtrader::v1::ExternalQuote& out = *event.mutable_quote();
  out.set_venue(std::string(kVenue));
  out.set_symbol(symbol);
  out.set_event_time_ns(event_time_ms * kNsPerMs);
  out.set_received_ns(clock_.WallNs());
  if (quote->bid) {
    SetScaled(*out.mutable_best_bid(), quote->bid->price);
    SetScaled(*out.mutable_best_bid_quantity(), quote->bid->quantity);
  }
  if (quote->ask) {
    SetScaled(*out.mutable_best_ask(), quote->ask->price);
    SetScaled(*out.mutable_best_ask_quantity(), quote->ask->quantity);
  }
  Publish(symbol, event.SerializeAsString());
}

void BinanceFeed::Publish(const std::string& symbol, std::string payload) {
  ports::MarketMessage message{.topic = std::string(ports::topic::kExternal),
                               .key = std::string(kVenue) + ":" + symbol,
                               .id = {},
                               .payload = std::make_shared<const std::string>(std::move(payload))};
  if (!bus_.Publish({std::move(message)}).ok()) publish_errors_total_.Increment();
}

std::optional<MinuteCandle> BinanceFeed::NewestCandle(std::string_view symbol) const {
  std::lock_guard lock(mutex_);
  const auto found = symbols_.find(symbol);
  return found == symbols_.end() ? std::nullopt : found->second.candles.Newest();
}

std::vector<MinuteCandle> BinanceFeed::Candles(std::string_view symbol) const {
  std::lock_guard lock(mutex_);
  const auto found = symbols_.find(symbol);
  if (found == symbols_.end()) return {};
  return found->second.candles.Range(0, std::numeric_limits<std::int64_t>::max(), 1'000);
}

std::optional<BinanceFeed::Quote> BinanceFeed::BestQuote(std::string_view symbol) const {
  std::lock_guard lock(mutex_);
  const auto found = symbols_.find(symbol);
  if (found == symbols_.end() || !found->second.book.synchronized()) return std::nullopt;
  const ExternalBook& book = found->second.book;
  return Quote{book.last_id(), book.BestBid(), book.BestAsk()};
}

bool BinanceFeed::WaitForMessages(std::uint64_t count, std::int64_t timeout_ms) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return handled_ >= count; });
}

}  // namespace xt::market_data
