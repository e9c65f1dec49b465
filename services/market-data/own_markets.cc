#include "services/market-data/own_markets.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/market_proto.h"

namespace xt::market_data {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::size_t kMaxCandles = 1'000;  // published at once, per symbol
constexpr std::int64_t kLoopLimitMs = 10'000;
constexpr std::chrono::milliseconds kPollTimeout{50};
constexpr std::chrono::milliseconds kRetryPause{200};

runtime::Counter& MessageCounter(runtime::MetricsRegistry& metrics, std::string_view channel) {
  return metrics.Counter("md_messages_total", "Market data messages handled.", {{"channel", std::string(channel)}});
}

runtime::Counter& DuplicateCounter(runtime::MetricsRegistry& metrics, std::string_view topic) {
  return metrics.Counter("mq_duplicates_dropped_total", "Messages dropped by their event id.",
                         {{"broker", "market"}, {"topic", std::string(topic)}, {"group", "market-data"}});
}

ports::Candle ToCandle(const MinuteCandle& candle, std::int64_t now_ms) {
  return {.open_time_ms = candle.open_time_ms,
          .interval_ms = kMinuteMs,
          .open = candle.open,
          .high = candle.high,
          .low = candle.low,
          .close = candle.close,
          .volume = candle.volume,
          .quote_volume = candle.quote_volume,
          .trade_count = candle.trade_count,
          .closed = now_ms >= candle.open_time_ms + kMinuteMs};
}

ports::MarketMessage Message(std::string_view topic, const domain::Symbol& symbol, std::string payload) {
  return {.topic = std::string(topic),
          .key = std::string(symbol.code.view()),
          .id = {},
          .payload = std::make_shared<const std::string>(std::move(payload))};
}

}  // namespace

OwnMarkets::OwnMarkets(const MarketDataConfig& config, ports::MarketBus& market_bus,
                       ports::NotificationBus& notification_bus, ports::MatchingQueries& matching, const Clock& clock,
                       runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health,
                       const ExecutionFallback& executions)
    : config_(config),
      market_bus_(market_bus),
      notification_bus_(notification_bus),
      matching_(matching),
      clock_(clock),
      metrics_(metrics),
      matching_health_(health.AddCheck("market-data.matching", runtime::Dependency::kHard)),
      bus_health_(health.AddCheck("market-data.market_bus", runtime::Dependency::kHard)),
      heartbeat_(health.AddHeartbeat("market-data.markets", kLoopLimitMs)),
      trades_total_(MessageCounter(metrics, "trade")),
      depths_total_(MessageCounter(metrics, "depth")),
      duplicate_trades_total_(DuplicateCounter(metrics, ports::topic::kTrade)),
      duplicate_depths_total_(DuplicateCounter(metrics, ports::topic::kDepth)),
      refused_total_(MessageCounter(metrics, "refused")),
      snapshots_total_(metrics.Counter("md_snapshots_total", "Book snapshots taken.", {{"channel", "own"}})),
      gaps_total_(
          metrics.Counter("md_sequence_gaps_total", "Gaps seen in the changes of a book.", {{"channel", "depth"}})),
      missed_total_(metrics.Counter("md_missed_commands_total", "Commands that no source had any more.", {})),
      lag_(metrics.Gauge("mq_consumer_lag", "Messages published and not consumed yet.",
                         {{"broker", "market"}, {"topic", "market.*"}, {"group", "market-data"}})),
      conflated_total_(metrics.Counter("md_conflated_total", "Changes that no ticker of their own was published for.",
                                       {{"channel", "ticker"}})),
      publish_errors_total_(
          metrics.Counter("md_publish_errors_total", "Messages that the bus did not take.", {{"channel", "own"}})),
      fallen_back_(metrics.Gauge("mq_consumer_fallback", "1: read from the other broker, since this one is away.",
                                 {{"broker", "market"}})),
      source_(config_, market_bus, executions, clock) {}

OwnMarkets::~OwnMarkets() { Stop(); }

absl::Status OwnMarkets::Start() {
  XT_RETURN_IF_ERROR(source_.Start());
  ShowSource(absl::OkStatus());
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void OwnMarkets::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  heartbeat_.Retire();
}

bool OwnMarkets::Stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void OwnMarkets::Run() {
  if (!Learn(domain::SymbolId(0))) return;
  while (!Stopping()) {
    heartbeat_.Beat();
    const auto code_of = [this](domain::SymbolId symbol) { return LearnCode(symbol); };
    const auto batch = source_.Poll(config_.poll_messages, kPollTimeout, code_of);
    if (absl::IsCancelled(batch.status())) return;
    ShowSource(batch.status());
    if (!batch.ok()) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kRetryPause, [this] { return stopping_; });
      continue;
    }
    if (!HandleAll(*batch)) return;
    // Without a group that is kept nowhere; the lag counts from there.
    if (source_.Commit().ok()) lag_.Set(static_cast<std::int64_t>(source_.Lag()));
    // The state of an hour ago is nobody's ticker: nothing is published before the backlog is worked off.
    caught_up_ = caught_up_ || batch->size() < config_.poll_messages;
    if (caught_up_) PublishChanges();
    if (batch->size() < config_.poll_messages) {
      std::lock_guard lock(mutex_);
      ++emptied_;
    }
    wake_.notify_all();
  }
}

bool OwnMarkets::HandleAll(const MarketSource::Deliveries& deliveries) {
  missed_total_.Increment(source_.TakeMissed());
  if (source_.TakeNewStart()) {
    for (const auto& entry : markets_) {
      if (entry && !LoadBook(*entry)) return false;
    }
  }
  for (const ports::MarketDelivery& delivery : deliveries) {
    if (!Handle(delivery)) return false;
  }
  return true;
}

void OwnMarkets::ShowSource(const absl::Status& status) {
  fallen_back_.Set(source_.fallen_back() ? 1 : 0);
  if (!status.ok()) {
    bus_health_.Set(runtime::HealthStatus::kDown, MessageOf(status));
  } else if (source_.fallen_back()) {
    bus_health_.Set(runtime::HealthStatus::kDegraded, "Kafka is not there: the executions in Redis are read instead");
  } else {
    bus_health_.SetOk();
  }
}

absl::Status OwnMarkets::WaitUntilCurrent(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  // The turn under way may have begun before the call; the one after it has not.
  const std::uint64_t enough = emptied_ + 2;
  if (wake_.wait_until(lock, deadline, [&] { return emptied_ >= enough || stopping_; }) && !stopping_) {
    return absl::OkStatus();
  }
  return absl::DeadlineExceededError("market data lags behind the market bus");
}

absl::Status OwnMarkets::LearnOnce() {
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, matching_.GetReferenceData());
  for (const domain::Symbol& symbol : data.symbols) {
    if (Find(symbol.id) != nullptr) continue;
    XT_ASSIGN_OR_RETURN(const domain::BookSnapshot book, matching_.GetBook(symbol.id, 0));
    snapshots_total_.Increment();
    auto entry = std::make_unique<Entry>(symbol);
    entry->market.ResetBook(book);
    entry->dirty = true;
    entry->last_update = &metrics_.Gauge("md_last_update_timestamp_seconds", "Journal time of the last change.",
                                         {{"symbol", std::string(symbol.code.view())}}, runtime::Scale::kNanosecond);
    std::lock_guard lock(mutex_);
    if (markets_.size() <= symbol.id.value()) markets_.resize(symbol.id.value() + std::size_t{1});
    markets_[symbol.id.value()] = std::move(entry);
  }
  return absl::OkStatus();
}

bool OwnMarkets::AskMatching(absl::FunctionRef<absl::Status()> question) {
  while (true) {
    heartbeat_.Beat();
    const absl::Status status = question();
    matching_health_.Set(status.ok() ? runtime::HealthStatus::kOk : runtime::HealthStatus::kDown, MessageOf(status));
    std::unique_lock lock(mutex_);
    if (stopping_) return false;
    if (status.ok()) return true;
    if (wake_.wait_for(lock, kRetryPause, [this] { return stopping_; })) return false;
  }
}

bool OwnMarkets::Learn(domain::SymbolId symbol) {
  return AskMatching([&]() -> absl::Status {
    XT_RETURN_IF_ERROR(LearnOnce());
    if (Find(symbol) != nullptr) return absl::OkStatus();
    return absl::UnavailableError("matching does not know the symbols yet");
  });
}

bool OwnMarkets::LoadBook(Entry& entry) {
  return AskMatching([&]() -> absl::Status {
    XT_ASSIGN_OR_RETURN(const domain::BookSnapshot book, matching_.GetBook(entry.market.symbol().id, 0));
    snapshots_total_.Increment();
    std::lock_guard lock(mutex_);
    entry.market.ResetBook(book);
    entry.dirty = true;
    return absl::OkStatus();
  });
}

domain::SymbolCode OwnMarkets::LearnCode(domain::SymbolId symbol) {
  if (Find(symbol) == nullptr && !Learn(symbol)) return {};  // the end
  return CodeOf(symbol);
}

bool OwnMarkets::Handle(const ports::MarketDelivery& delivery) {
  const std::string& payload = *delivery.message.payload;
  return delivery.message.topic == ports::topic::kTrade ? HandleTrade(payload) : HandleDepth(payload);
}

bool OwnMarkets::HandleTrade(const std::string& payload) {
  const absl::StatusOr<wire::MarketTrade> trade = wire::DecodeMarketTrade(payload);
  if (!trade.ok()) {
    refused_total_.Increment();
    return true;
  }
  if (Find(trade->symbol) == nullptr && !Learn(trade->symbol)) return false;
  std::lock_guard lock(mutex_);
  Entry& entry = *markets_[trade->symbol.value()];
  const bool fresh = entry.market.AddTrade({.id = trade->id,
                                            .timestamp_ns = trade->timestamp_ns,
                                            .trade_id = trade->trade_id,
                                            .price = trade->price,
                                            .quantity = trade->quantity,
                                            .taker_side = trade->taker_side});
  (fresh ? trades_total_ : duplicate_trades_total_).Increment();
  if (!fresh) return true;
  if (entry.dirty) conflated_total_.Increment();
  entry.dirty = true;
  entry.traded = true;
  return true;
}

bool OwnMarkets::HandleDepth(const std::string& payload) {
  const absl::StatusOr<wire::MarketDepth> depth = wire::DecodeMarketDepth(payload);
  if (!depth.ok()) {
    refused_total_.Increment();
    return true;
  }
  if (Find(depth->symbol) == nullptr && !Learn(depth->symbol)) return false;
  // The bus keeps messages for a while only; who is slower than that misses some.
  if (depth->previous_sequence > Find(depth->symbol)->market.book_sequence()) {
    gaps_total_.Increment();
    if (!LoadBook(*Find(depth->symbol))) return false;
  }
  std::lock_guard lock(mutex_);
  Entry& entry = *markets_[depth->symbol.value()];
  const bool fresh = entry.market.ApplyDepth(depth->sequence, depth->timestamp_ns, depth->changes);
  (fresh ? depths_total_ : duplicate_depths_total_).Increment();
  if (!fresh) return true;
  if (entry.dirty) conflated_total_.Increment();
  entry.dirty = true;
  return true;
}

void OwnMarkets::PublishChanges() {
  const std::int64_t now_ns = clock_.MonotonicNs();
  if (now_ns < next_publish_ns_) return;
  next_publish_ns_ = now_ns + config_.publish_interval_ms * kNsPerMs;
  std::vector<ports::MarketMessage> messages;
  std::vector<ports::Notification> notifications;
  std::vector<Entry*> published;
  {
    std::lock_guard lock(mutex_);
    const std::int64_t wall_ms = clock_.WallNs() / kNsPerMs;
    for (const auto& entry : markets_) {
      if (!entry || !(entry->dirty || CandleEnded(*entry, wall_ms))) continue;
      published.push_back(entry.get());
      // Those of the time without Kafka are published when it is back.
      if (!source_.fallen_back()) TakeCandles(*entry, wall_ms, messages);
      if (entry->dirty) TakeTicker(*entry, messages, notifications);
    }
  }
  if (messages.empty()) return;
  // A Kafka that is away would hold this thread for as long as a publish may take.
  const absl::Status sent = source_.fallen_back() ? absl::OkStatus() : market_bus_.Publish(messages);
  if (!sent.ok()) {
    source_.BusFailed(sent);
    publish_errors_total_.Increment();
    std::lock_guard lock(mutex_);
    for (Entry* entry : published) entry->dirty = entry->traded = true;
    return;
  }
  if (!notification_bus_.Publish(notifications).ok()) publish_errors_total_.Increment();
}

void OwnMarkets::TakeTicker(Entry& entry, std::vector<ports::MarketMessage>& messages,
                            std::vector<ports::Notification>& notifications) {
  const domain::Symbol& symbol = entry.market.symbol();
  messages.push_back(
      Message(ports::topic::kTicker, symbol, grpc_clients::EncodeTicker(MakeTicker(entry.market), symbol.code)));
  notifications.push_back(
      {.routing_key = "ticker." + std::string(symbol.code.view()), .id = {}, .payload = messages.back().payload});
  entry.last_update->Set(entry.market.last_update_ns());
  entry.dirty = false;
}

bool OwnMarkets::CandleEnded(const Entry& entry, std::int64_t wall_ms) {
  return !entry.last_candle_closed && wall_ms >= entry.last_candle_open_ms + kMinuteMs;
}

void OwnMarkets::TakeCandles(Entry& entry, std::int64_t wall_ms, std::vector<ports::MarketMessage>& messages) {
  if (!entry.traded && !CandleEnded(entry, wall_ms)) return;
  const domain::Symbol& symbol = entry.market.symbol();
  // Everything from the candle that was published last, which may have been closed by a later one.
  for (const MinuteCandle& minute :
       entry.market.candles().Range(entry.last_candle_open_ms, entry.market.last_update_ns() / kNsPerMs, kMaxCandles)) {
    const ports::Candle candle = ToCandle(minute, wall_ms);
    messages.push_back(
        Message(ports::topic::kKline, symbol, grpc_clients::EncodeCandle(candle, symbol.id, symbol.code)));
    entry.last_candle_open_ms = candle.open_time_ms;
    entry.last_candle_closed = candle.closed;
  }
  entry.traded = false;
}

OwnMarkets::Entry* OwnMarkets::Find(domain::SymbolId symbol) const {
  std::lock_guard lock(mutex_);
  return symbol.value() < markets_.size() ? markets_[symbol.value()].get() : nullptr;
}

// Requires mutex_.
absl::StatusOr<const OwnMarkets::Entry*> OwnMarkets::Get(domain::SymbolId symbol) const {
  if (symbol.value() >= markets_.size() || !markets_[symbol.value()]) return absl::NotFoundError("no such symbol");
  return markets_[symbol.value()].get();
}

ports::Ticker OwnMarkets::MakeTicker(const Market& market) const {
  ports::Ticker ticker{
      .symbol = market.symbol().id, .sequence = market.last_sequence(), .timestamp_ns = market.last_update_ns()};
  const TopOfBook top = market.Top();
  if (top.bid) {
    ticker.best_bid = top.bid->price;
    ticker.best_bid_quantity = top.bid->quantity;
  }
  if (top.ask) {
    ticker.best_ask = top.ask->price;
    ticker.best_ask_quantity = top.ask->quantity;
  }
  const std::int64_t now_ms = std::max(market.last_update_ns(), clock_.WallNs()) / kNsPerMs;
  if (const auto day = market.candles().Day(now_ms)) {
    ticker.last = day->last;
    ticker.open = day->open;
    ticker.high = day->high;
    ticker.low = day->low;
    ticker.volume = day->volume;
    ticker.quote_volume = day->quote_volume;
    ticker.trade_count = day->trade_count;
  }
  return ticker;
}

domain::SymbolCode OwnMarkets::CodeOf(domain::SymbolId symbol) const {
  std::lock_guard lock(mutex_);
  const auto entry = Get(symbol);
  return entry.ok() ? (*entry)->market.symbol().code : domain::SymbolCode();
}

absl::StatusOr<domain::BookSnapshot> OwnMarkets::Book(domain::SymbolId symbol, std::size_t depth) const {
  std::lock_guard lock(mutex_);
  XT_ASSIGN_OR_RETURN(const Entry* entry, Get(symbol));
  return entry->market.Book(depth);
}

absl::StatusOr<std::vector<MarketTradeEvent>> OwnMarkets::Trades(domain::SymbolId symbol, std::size_t limit) const {
  std::lock_guard lock(mutex_);
  XT_ASSIGN_OR_RETURN(const Entry* entry, Get(symbol));
  return entry->market.Trades(limit);
}

absl::StatusOr<ports::Ticker> OwnMarkets::Ticker(domain::SymbolId symbol) const {
  std::lock_guard lock(mutex_);
  XT_ASSIGN_OR_RETURN(const Entry* entry, Get(symbol));
  return MakeTicker(entry->market);
}

absl::StatusOr<std::vector<ports::Candle>> OwnMarkets::Candles(domain::SymbolId symbol, std::int64_t from_ms,
                                                               std::int64_t to_ms, std::size_t limit) const {
  std::lock_guard lock(mutex_);
  XT_ASSIGN_OR_RETURN(const Entry* entry, Get(symbol));
  std::vector<ports::Candle> candles;
  for (const MinuteCandle& candle : entry->market.candles().Range(from_ms, to_ms, limit)) {
    candles.push_back(ToCandle(candle, clock_.WallNs() / kNsPerMs));
  }
  return candles;
}

}  // namespace xt::market_data
