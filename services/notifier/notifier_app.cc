#include "services/notifier/notifier_app.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/http/websocket.h"
#include "services/notifier/messages.h"

namespace xt::notifier {

// One handler for all clients: everything that a client is stands in the hub.
class NotifierApp::Stream final : public http::WebSocketHandler {
 public:
  explicit Stream(NotifierApp& app) : app_(app) {}

  void OnOpen(const http::WebSocketSessionPtr& session) override {
    const auto channels = session->request().Query("channels");
    app_.hub_.Add(session, channels ? Subscriptions() : Subscriptions::Everything());
    if (channels) SubscribeTo(session->id(), *channels);
  }
  void OnMessage(const http::WebSocketSessionPtr& session, std::string message, bool binary) override {
    if (binary) return session->Close(http::kClosePolicyViolation, "INVALID_VALUE: requests are text");
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
      const auto channel = ParseChannelName(std::string_view(channels).substr(begin, end - begin));
      if (!channel) {
        return app_.hub_.Reply(session, ErrorMessage("null", domain::RejectReason::kInvalidValue, "channels"));
      }
      subscribe.channels.push_back(*channel);
      begin = end + 1;
    }
    app_.OnSubscribe(session, "null", subscribe, "channels");
  }

  NotifierApp& app_;
};

NotifierApp::NotifierApp(const NotifierConfig& config, ports::NotificationBus& bus, ports::MatchingQueries& matching,
                         ports::History& history, const Clock& clock, runtime::MetricsRegistry& metrics,
                         runtime::HealthRegistry& health)
    : config_(config),
      hub_(config, metrics),
      logons_(config, history, clock, hub_, metrics, health),
      intake_(config, bus, matching, hub_, clock, metrics, health) {}

NotifierApp::~NotifierApp() { Stop(); }

absl::Status NotifierApp::Start() {
  Listen();
  XT_RETURN_IF_ERROR(server_->Start());
  XT_RETURN_IF_ERROR(intake_.Start());
  logons_.Start();
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
  stream.send_buffer_bytes = config_.send_buffer_bytes;
  stream.close_timeout_ms = config_.close_timeout_ms;
  server_->AddWebSocket("/ws/exchange", stream);
}

void NotifierApp::Drain(std::chrono::steady_clock::time_point) { hub_.CloseAll(); }

void NotifierApp::Stop() {
  if (server_) server_->Stop();
  intake_.Stop();
  logons_.Stop();
}

void NotifierApp::OnRequest(std::uint64_t session, const ClientRequest& request) {
  if (const auto* reject = std::get_if<domain::Reject>(&request.body)) {
    hub_.Reply(session, ErrorMessage(request.id, reject->reason, reject->field));
  } else if (const auto* subscribe = std::get_if<SubscribeRequest>(&request.body)) {
    OnSubscribe(session, request.id, *subscribe, "params");
  } else if (const auto* logon = std::get_if<LogonRequest>(&request.body)) {
    logons_.Submit(session, request.id, *logon);
  } else {
    hub_.List(session, request.id);
  }
}

void NotifierApp::OnSubscribe(std::uint64_t session, std::string_view request_id, const SubscribeRequest& request,
                              std::string_view field) {
  std::vector<Hub::ChannelId> channels;
  for (const ChannelName& name : request.channels) {
    const auto symbol = name.symbol.empty() ? std::nullopt : hub_.FindSymbol(name.symbol);
    if (!name.symbol.empty() && !symbol) {
      // Before the books are there, no name is known.
      const bool learnt = hub_.Knows(domain::SymbolId(0));
      const auto reason = learnt ? domain::RejectReason::kUnknownSymbol : domain::RejectReason::kUnavailable;
      return hub_.Reply(session, ErrorMessage(request_id, reason, field));
    }
    channels.emplace_back(name.channel, symbol);
  }
  hub_.Subscribe(session, request_id, channels, request.add);
}

}  // namespace xt::notifier
