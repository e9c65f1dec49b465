#include "services/notifier/notifier_app.h"

#include <utility>
#include <vector>

#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "libs/base/status.h"
#include "libs/http/websocket.h"
#include "libs/runtime/log.h"
#include "libs/wire/market_proto.h"
#include "services/notifier/messages.h"

namespace xt::notifier {
namespace {

constexpr std::int64_t kLoopLimitMs = 10'000;
constexpr std::chrono::milliseconds kReadTimeout{100};
constexpr std::chrono::milliseconds kRetryPause{200};
constexpr std::chrono::seconds kLogonWait{1};

runtime::Counter& ConsumerCounter(runtime::MetricsRegistry& metrics, const std::string& result) {
  return metrics.Counter(
      "mq_consumer_messages_total", "Messages taken from a broker.",
      {{"broker", "rabbitmq"}, {"topic", "market-notifications"}, {"group", "notifier"}, {"result", result}});
}

std::string FirstWord(const std::string& routing_key) { return routing_key.substr(0, routing_key.find('.')); }

}  // namespace

// One handler for all clients: everything that a client is stands in the hub.
class NotifierApp::Stream final : public http::WebSocketHandler {
 public:
  explicit Stream(NotifierApp& app) : app_(app) {}

  void OnOpen(const http::WebSocketSessionPtr& session) override {
    Subscriptions subscriptions;
    const auto channels = session->request().Query("channels");
    if (!channels) subscriptions = Subscriptions::Everything();
    app_.hub_.Add(session, std::move(subscriptions));
    if (channels) SubscribeTo(session->id(), *channels);
  }
  void OnMessage(const http::WebSocketSessionPtr& session, std::string message, bool binary) override {
    if (binary) {
      session->Close(http::kClosePolicyViolation, "INVALID_VALUE: requests are text");
      return;
    }
    app_.OnRequest(session->id(), ParseClientRequest(message));
  }
  void OnClose(const http::WebSocketSessionPtr& session, std::uint16_t, std::string_view) override {
    app_.hub_.Remove(session->id());
  }

 private:
  // ?channels=trade.BTC-KRW,ticker.* is the first SUBSCRIBE.
  void SubscribeTo(std::uint64_t session, const std::string& channels) {
    SubscribeRequest subscribe;
    std::size_t begin = 0;
    while (begin <= channels.size()) {
      const std::size_t end = std::min(channels.find(',', begin), channels.size());
      const auto channel = ParseChannelName(channels.substr(begin, end - begin));
      if (!channel) {
        app_.hub_.Reply(session, ErrorMessage("null", domain::RejectReason::kInvalidValue, "channels"));
        return;
      }
      subscribe.channels.push_back(*channel);
      begin = end + 1;
    }
    app_.OnSubscribe(session, {}, subscribe);
  }

  NotifierApp& app_;
};

NotifierApp::NotifierApp(const NotifierConfig& config, ports::NotificationBus& bus, ports::MatchingQueries& matching,
                         ports::History& history, const Clock& clock, runtime::MetricsRegistry& metrics,
                         runtime::HealthRegistry& health)
    : config_(config),
      bus_(bus),
      matching_(matching),
      history_(history),
      clock_(clock),
      matching_health_(health.AddCheck("notifier.matching", runtime::Dependency::kHard)),
      bus_health_(health.AddCheck("notifier.notification_bus", runtime::Dependency::kHard)),
      heartbeat_(health.AddHeartbeat("notifier.bus", kLoopLimitMs)),
      handled_total_(ConsumerCounter(metrics, "ok")),
      duplicates_total_(ConsumerCounter(metrics, "duplicate")),
      refused_total_(ConsumerCounter(metrics, "dlq")),
      logon_failures_total_(metrics.Counter("gateway_auth_failures_total", "Sign-ins that were refused.",
                                            {{"reason", "logon"}})),
      hub_(config, metrics),
      logons_(config.logon_queue) {}

NotifierApp::~NotifierApp() { Stop(); }

absl::Status NotifierApp::Start() {
  ports::QueueOptions queue;
  queue.bindings = {"trade.#", "orderbook.#", "ticker.#", "user.#"};
  queue.prefetch = config_.read_notifications * 2;
  XT_ASSIGN_OR_RETURN(consumer_, bus_.Consume(queue));
  bus_health_.SetOk();
  Listen();
  XT_RETURN_IF_ERROR(server_->Start());
  bus_thread_ = std::thread([this] { ReadBus(); });
  logon_thread_ = std::thread([this] { CheckLogons(); });
  return absl::OkStatus();
}

void NotifierApp::Listen() {
  http::ServerOptions options;
  options.bind_address = config_.address;
  options.port = config_.port;
  options.io_threads = config_.io_threads;
  options.max_connections = config_.max_sessions;
  server_ = std::make_unique<http::Server>(options, [](http::Request, http::Responder responder) {
    responder.Send(http::DefaultErrorResponse(426, "this is a WebSocket endpoint"));
  });
  http::WebSocketOptions stream;
  const auto handler = std::make_shared<Stream>(*this);
  stream.factory = [handler](const http::Request&) { return handler; };
  stream.send_queue_bytes = config_.queue_bytes;
  stream.send_queue_messages = config_.queue_messages;
  server_->AddWebSocket("/ws/exchange", stream);
}

void NotifierApp::Drain(std::chrono::steady_clock::time_point) { hub_.CloseAll(); }

void NotifierApp::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  logons_.Close();
  if (server_) server_->Stop();
  if (bus_thread_.joinable()) bus_thread_.join();
  if (logon_thread_.joinable()) logon_thread_.join();
  heartbeat_.Retire();
}

void NotifierApp::OnRequest(std::uint64_t session, const ClientRequest& request) {
  if (const auto* reject = std::get_if<domain::Reject>(&request.body)) {
    hub_.Reply(session, ErrorMessage(request.id, reject->reason, reject->field));
  } else if (const auto* subscribe = std::get_if<SubscribeRequest>(&request.body)) {
    OnSubscribe(session, request, *subscribe);
  } else if (std::holds_alternative<ListRequest>(request.body)) {
    hub_.Reply(session, ResultMessage(request.id, hub_.Channels(session), ""));
  } else if (!logons_.TryPush({session, request.id, std::get<LogonRequest>(request.body)})) {
    hub_.Reply(session, ErrorMessage(request.id, domain::RejectReason::kBackpressure, ""));
  }
}

void NotifierApp::OnSubscribe(std::uint64_t session, const ClientRequest& request, const SubscribeRequest& subscribe) {
  std::vector<std::pair<Channel, std::optional<domain::SymbolId>>> channels;
  for (const ChannelName& name : subscribe.channels) {
    std::optional<domain::SymbolId> symbol;
    if (!name.symbol.empty()) {
      symbol = hub_.FindSymbol(name.symbol);
      if (!symbol) {
        hub_.Reply(session, ErrorMessage(request.id, domain::RejectReason::kUnknownSymbol, "params"));
        return;
      }
    }
    channels.emplace_back(name.channel, symbol);
  }
  const std::vector<std::string> names = hub_.Subscribe(session, channels, subscribe.add);
  hub_.Reply(session, ResultMessage(request.id, names, ""));
}

void NotifierApp::CheckLogons() {
  std::vector<LogonTask> tasks;
  while (logons_.PopBatch(tasks, 16, kLogonWait)) {
    for (const LogonTask& task : tasks) CheckLogon(task);
  }
}

void NotifierApp::CheckLogon(const LogonTask& task) {
  ports::ApiKeyRow key;
  if (const domain::Reject reject = Verify(task.request, key)) {
    logon_failures_total_.Increment();
    hub_.Reply(task.session, ErrorMessage(task.id, reject.reason, reject.field));
    return;
  }
  hub_.SignIn(task.session, key.account);
  hub_.Reply(task.session, ResultMessage(task.id, hub_.Channels(task.session), std::to_string(key.account.value())));
}

domain::Reject NotifierApp::Verify(const LogonRequest& request, ports::ApiKeyRow& key) {
  if (!auth::IsFresh(request.timestamp_ms, clock_.WallNs() / 1'000'000, config_.signature_window_ms)) {
    return {domain::RejectReason::kStaleTimestamp, "timestamp"};
  }
  const absl::StatusOr<ports::ApiKeyRow> row = history_.GetApiKey(request.api_key);
  if (absl::IsNotFound(row.status())) return {domain::RejectReason::kUnauthenticated, "apiKey"};
  if (!row.ok()) return {domain::RejectReason::kUnavailable, ""};
  const std::string expected = auth::HmacSha256Hex(row->secret, auth::LogonPayload(request.timestamp_ms, request.api_key));
  if (!auth::ConstantTimeEquals(expected, request.signature)) return {domain::RejectReason::kInvalidSignature, "signature"};
  key = *row;
  return {};
}

absl::Status NotifierApp::LearnOnce() {
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, matching_.GetReferenceData());
  std::vector<domain::BookSnapshot> books;
  for (const domain::Symbol& symbol : data.symbols) {
    if (hub_.Knows(symbol.id)) continue;
    XT_ASSIGN_OR_RETURN(domain::BookSnapshot book, matching_.GetBook(symbol.id, 0));
    books.push_back(std::move(book));
  }
  hub_.Learn(data, books);
  return absl::OkStatus();
}

bool NotifierApp::Learn(const std::function<bool()>& enough) {
  while (true) {
    heartbeat_.Beat();
    absl::Status status = LearnOnce();
    if (status.ok() && !enough()) status = absl::UnavailableError("matching does not know the symbols yet");
    matching_health_.Set(status.ok() ? runtime::HealthStatus::kOk : runtime::HealthStatus::kDown, MessageOf(status));
    std::unique_lock lock(mutex_);
    if (stopping_) return false;
    if (status.ok()) return true;
    if (wake_.wait_for(lock, kRetryPause, [this] { return stopping_; })) return false;
  }
}

absl::Status NotifierApp::WaitUntilCurrent(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (wake_.wait_until(lock, deadline, [this] { return current_ || stopping_; }) && current_) return absl::OkStatus();
  return absl::DeadlineExceededError("the notifier does not have the books of all symbols");
}

void NotifierApp::ReadBus() {
  if (!Learn([this] { return hub_.Knows(domain::SymbolId(0)); })) return;
  {
    std::lock_guard lock(mutex_);
    current_ = true;
  }
  wake_.notify_all();
  while (true) {
    heartbeat_.Beat();
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    const auto batch = consumer_->Read(config_.read_notifications, kReadTimeout);
    if (absl::IsCancelled(batch.status())) return;
    bus_health_.Set(batch.ok() ? runtime::HealthStatus::kOk : runtime::HealthStatus::kDown, MessageOf(batch.status()));
    if (!batch.ok()) {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kRetryPause, [this] { return stopping_; });
      continue;
    }
    for (const ports::NotificationDelivery& delivery : *batch) {
      if (!Handle(delivery.notification)) return;
      if (const absl::Status status = consumer_->Acknowledge(delivery.tag); !status.ok()) {
        runtime::Log(runtime::LogLevel::kWarn, "acknowledgement failed", {{"component", "notification_bus"}, runtime::LogField(status)});
      }
    }
  }
}

bool NotifierApp::Handle(const ports::Notification& notification) {
  const std::string kind = FirstWord(notification.routing_key);
  const auto count = [this](bool fresh) { (fresh ? handled_total_ : duplicates_total_).Increment(); };
  const auto known = [this](domain::SymbolId symbol) {
    return hub_.Knows(symbol) || Learn([this, symbol] { return hub_.Knows(symbol); });
  };
  if (kind == "trade") {
    if (const auto trade = wire::DecodeMarketTrade(*notification.payload); trade.ok()) {
      if (!known(trade->symbol)) return false;
      count(hub_.OnTrade(*trade));
      return true;
    }
  } else if (kind == "orderbook") {
    if (const auto depth = wire::DecodeMarketDepth(*notification.payload); depth.ok()) {
      if (!known(depth->symbol)) return false;
      count(hub_.OnDepth(*depth));
      return true;
    }
  } else if (kind == "ticker") {
    if (const auto ticker = grpc_clients::DecodeTicker(*notification.payload); ticker.ok()) {
      if (!known(ticker->ticker.symbol)) return false;
      count(hub_.OnTicker(ticker->ticker));
      return true;
    }
  } else if (kind == "user") {
    if (const auto events = wire::DecodeUserEvents(*notification.payload); events.ok()) {
      for (const wire::UserEvent& event : events->events) {
        const auto* report = std::get_if<domain::ExecutionReport>(&event.event);
        if (report != nullptr && !known(report->symbol)) return false;
        const auto* change = std::get_if<domain::BalanceChange>(&event.event);
        if (change != nullptr && !hub_.Knows(change->asset) && !Learn([&] { return hub_.Knows(change->asset); })) return false;
      }
      count(hub_.OnUserEvents(*events));
      return true;
    }
  }
  // A notification that cannot be read would not be readable the next time either.
  refused_total_.Increment();
  runtime::Log(runtime::LogLevel::kError, "notification refused", {{"component", "notification_bus"}, {"routing_key", notification.routing_key}});
  return true;
}

}  // namespace xt::notifier
