#include "services/notifier/notification_intake.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/market_proto.h"

namespace xt::notifier {
namespace {

constexpr std::int64_t kLoopLimitMs = 10'000;
constexpr std::chrono::milliseconds kReadTimeout{100};
constexpr std::chrono::milliseconds kRetryPause{200};
constexpr domain::SequenceNumber kNever{std::numeric_limits<std::uint64_t>::max()};

runtime::Counter& ConsumerCounter(runtime::MetricsRegistry& metrics, const std::string& result) {
  return metrics.Counter(
      "mq_consumer_messages_total", "Messages consumed, by what became of them.",
      {{"broker", "notifications"}, {"topic", "market-notifications"}, {"group", "notifier"}, {"result", result}});
}

runtime::Histogram& DeliverySeconds(runtime::MetricsRegistry& metrics, const std::string& channel) {
  return metrics.Histogram("notifier_delivery_seconds", "From the journal's timestamp to the queues of the clients.",
                           {{"channel", channel}});
}

void Report(runtime::HealthCheck& check, const absl::Status& status) {
  check.Set(status.ok() ? runtime::HealthStatus::kOk : runtime::HealthStatus::kDown, MessageOf(status));
}

}  // namespace

NotificationIntake::NotificationIntake(const NotifierConfig& config, ports::NotificationBus& bus,
                                       ports::MatchingQueries& matching, Hub& hub, const Clock& clock,
                                       runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health)
    : config_(config),
      bus_(bus),
      matching_(matching),
      hub_(hub),
      clock_(clock),
      matching_health_(health.AddCheck("notifier.matching", runtime::Dependency::kHard)),
      bus_health_(health.AddCheck("notifier.notification_bus", runtime::Dependency::kHard)),
      heartbeat_(health.AddHeartbeat("notifier.bus", kLoopLimitMs)),
      handled_total_(ConsumerCounter(metrics, "ok")),
      duplicates_total_(ConsumerCounter(metrics, "duplicate")),
      refused_total_(ConsumerCounter(metrics, "refused")),
      gaps_total_(
          metrics.Counter("md_sequence_gaps_total", "Gaps seen in the changes of a book.", {{"channel", "orderbook"}})),
      lag_(metrics.Gauge("mq_consumer_lag", "Messages published and not consumed yet.",
                         {{"broker", "notifications"}, {"topic", "market-notifications"}, {"group", "notifier"}})),
      dead_letters_(metrics.Gauge("mq_dead_letter_depth", "Dead letters that wait for somebody to look at them.",
                                  {{"broker", "notifications"}, {"topic", "market-notifications"}})),
      trade_seconds_(DeliverySeconds(metrics, "trade")),
      orderbook_seconds_(DeliverySeconds(metrics, "orderbook")),
      ticker_seconds_(DeliverySeconds(metrics, "ticker")),
      private_seconds_(DeliverySeconds(metrics, "private")) {}

NotificationIntake::~NotificationIntake() { Stop(); }

absl::Status NotificationIntake::Start() {
  ports::QueueOptions queue;
  queue.bindings = {"trade.#", "orderbook.#", "ticker.#", "user.#"};
  queue.prefetch = config_.read_notifications * 2;
  XT_ASSIGN_OR_RETURN(consumer_, bus_.Consume(queue));
  bus_health_.SetOk();
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

absl::Status NotificationIntake::WaitUntilCurrent(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (wake_.wait_until(lock, deadline, [this] { return current_ || stopping_; }) && current_) return absl::OkStatus();
  return absl::DeadlineExceededError("the notifier does not have the books of all symbols");
}

void NotificationIntake::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  consumer_.reset();
  heartbeat_.Retire();
}

bool NotificationIntake::Stopping() {
  std::lock_guard lock(mutex_);
  return stopping_;
}

void NotificationIntake::Run() {
  if (Learn([this] { return hub_.Knows(domain::SymbolId(0)); }, kNever) == Outcome::kStopped) return;
  {
    std::lock_guard lock(mutex_);
    current_ = true;
  }
  wake_.notify_all();
  while (!Stopping()) {
    heartbeat_.Beat();
    const auto batch = consumer_->Read(config_.read_notifications, kReadTimeout);
    Report(bus_health_, batch.status());
    ShowWaiting();
    if (absl::IsCancelled(batch.status())) return;
    if (!batch.ok()) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kRetryPause, [this] { return stopping_; });
    } else if (!HandleAll(*batch)) {
      return;
    }
  }
}

void NotificationIntake::ShowWaiting() {
  const ports::WaitingMessages waiting = consumer_->Waiting();
  if (waiting.in_queue) lag_.Set(static_cast<std::int64_t>(*waiting.in_queue));
  if (waiting.dead_letters) dead_letters_.Set(static_cast<std::int64_t>(*waiting.dead_letters));
}

bool NotificationIntake::HandleAll(const std::vector<ports::NotificationDelivery>& deliveries) {
  for (const ports::NotificationDelivery& delivery : deliveries) {
    switch (Handle(delivery.notification)) {
      case Outcome::kStopped: return false;
      case Outcome::kFresh: handled_total_.Increment(); break;
      case Outcome::kDuplicate: duplicates_total_.Increment(); break;
      case Outcome::kRefused:
        refused_total_.Increment();
        runtime::Log(runtime::LogLevel::kError, "notification refused",
                     {{"component", "notification_bus"}, {"routing_key", delivery.notification.routing_key}});
    }
    if (const absl::Status status = consumer_->Acknowledge(delivery.tag); !status.ok()) {
      runtime::Log(runtime::LogLevel::kWarn, "acknowledgement failed",
                   {{"component", "notification_bus"}, runtime::LogField(status)});
    }
  }
  return true;
}

NotificationIntake::Outcome NotificationIntake::Handle(const ports::Notification& notification) {
  const std::string kind = notification.routing_key.substr(0, notification.routing_key.find('.'));
  if (kind == "trade") return HandleTrade(*notification.payload);
  if (kind == "orderbook") return HandleDepth(*notification.payload);
  if (kind == "ticker") return HandleTicker(*notification.payload);
  if (kind == "user") return HandleUserEvents(*notification.payload);
  return Outcome::kRefused;
}

NotificationIntake::Outcome NotificationIntake::HandleTrade(const std::string& payload) {
  const auto trade = wire::DecodeMarketTrade(payload);
  if (!trade.ok()) return Outcome::kRefused;
  const Outcome known = Learn([&] { return hub_.Knows(trade->symbol); }, trade->id.sequence);
  if (known != Outcome::kFresh) return known;
  return Delivered(hub_.OnTrade(*trade), trade_seconds_, trade->timestamp_ns);
}

NotificationIntake::Outcome NotificationIntake::HandleDepth(const std::string& payload) {
  const auto depth = wire::DecodeMarketDepth(payload);
  if (!depth.ok()) return Outcome::kRefused;
  const Outcome known = Learn([&] { return hub_.Knows(depth->symbol); }, depth->sequence);
  if (known != Outcome::kFresh) return known;
  DepthOutcome outcome = hub_.OnDepth(*depth);
  if (outcome == DepthOutcome::kGap) {
    // A publisher that started anew is no gap that was seen, only one that cannot be excluded.
    if (depth->previous_sequence.value() != 0) gaps_total_.Increment();
    if (!Relearn(depth->symbol, depth->sequence)) return Outcome::kStopped;
    outcome = hub_.OnDepth(*depth);
  }
  return Delivered(outcome == DepthOutcome::kApplied, orderbook_seconds_, depth->timestamp_ns);
}

NotificationIntake::Outcome NotificationIntake::HandleTicker(const std::string& payload) {
  const auto ticker = grpc_clients::DecodeTicker(payload);
  if (!ticker.ok()) return Outcome::kRefused;
  const Outcome known = Learn([&] { return hub_.Knows(ticker->ticker.symbol); }, ticker->ticker.sequence);
  if (known != Outcome::kFresh) return known;
  return Delivered(hub_.OnTicker(ticker->ticker), ticker_seconds_, ticker->ticker.timestamp_ns);
}

NotificationIntake::Outcome NotificationIntake::HandleUserEvents(const std::string& payload) {
  const auto events = wire::DecodeUserEvents(payload);
  if (!events.ok()) return Outcome::kRefused;
  for (const wire::UserEvent& event : events->events) {
    const auto names_known = [&] {
      if (const auto* report = std::get_if<domain::ExecutionReport>(&event.event)) {
        return hub_.Knows(report->symbol) && hub_.Knows(report->fee_asset);
      }
      const auto* change = std::get_if<domain::BalanceChange>(&event.event);
      return change == nullptr || hub_.Knows(change->asset);
    };
    const Outcome known = Learn(names_known, events->sequence);
    if (known != Outcome::kFresh) return known;
  }
  return Delivered(hub_.OnUserEvents(*events), private_seconds_, events->timestamp_ns);
}

NotificationIntake::Outcome NotificationIntake::Delivered(bool fresh, runtime::Histogram& seconds,
                                                          std::int64_t timestamp_ns) {
  if (!fresh) return Outcome::kDuplicate;
  seconds.ObserveSingleWriter(clock_.WallNs() - timestamp_ns);
  return Outcome::kFresh;
}

bool NotificationIntake::UntilMatchingAnswers(const std::function<absl::Status()>& attempt) {
  while (true) {
    heartbeat_.Beat();
    const absl::Status status = attempt();
    Report(matching_health_, status);
    std::unique_lock lock(mutex_);
    if (stopping_) return false;
    if (status.ok()) return true;
    if (wake_.wait_for(lock, kRetryPause, [this] { return stopping_; })) return false;
  }
}

absl::StatusOr<domain::SequenceNumber> NotificationIntake::LearnOnce() {
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, matching_.GetReferenceData());
  std::vector<domain::BookSnapshot> books;
  for (const domain::Symbol& symbol : data.symbols) {
    if (hub_.Knows(symbol.id)) continue;
    XT_ASSIGN_OR_RETURN(domain::BookSnapshot book, matching_.GetBook(symbol.id, 0));
    books.push_back(std::move(book));
  }
  hub_.Learn(data, books);
  return data.sequence;
}

NotificationIntake::Outcome NotificationIntake::Learn(const std::function<bool()>& known,
                                                      domain::SequenceNumber sequence) {
  if (known()) return Outcome::kFresh;
  bool is_known = false;
  const bool answered = UntilMatchingAnswers([&]() -> absl::Status {
    XT_ASSIGN_OR_RETURN(const domain::SequenceNumber at, LearnOnce());
    is_known = known();
    if (is_known || at >= sequence) return absl::OkStatus();
    return absl::UnavailableError("matching does not know the symbols yet");
  });
  if (!answered) return Outcome::kStopped;
  return is_known ? Outcome::kFresh : Outcome::kRefused;
}

bool NotificationIntake::Relearn(domain::SymbolId symbol, domain::SequenceNumber sequence) {
  return UntilMatchingAnswers([&]() -> absl::Status {
    XT_ASSIGN_OR_RETURN(const domain::BookSnapshot book, matching_.GetBook(symbol, 0));
    // Matching that was asked may be a standby which has not applied yet what another one published.
    if (book.sequence.value() + 1 < sequence.value()) return absl::UnavailableError("matching lags behind the bus");
    hub_.ReplaceBook(book);
    return absl::OkStatus();
  });
}

}  // namespace xt::notifier
