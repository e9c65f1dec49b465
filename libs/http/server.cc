#include "libs/http/server.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <future>
#include <optional>

#include "libs/base/check.h"
#include "libs/http/internal/connection.h"
#include "libs/http/internal/io_loop.h"
#include "libs/http/internal/server_context.h"

namespace xt::http {
namespace internal {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

constexpr std::size_t kMaxRejectedAtOnce = 256;  // that get to read their 503; more are closed at once

absl::Status BindError(const ServerOptions& options, const ErrorCode& error) {
  const std::string where = options.bind_address + ":" + std::to_string(options.port);
  if (error == asio::error::address_in_use) return absl::FailedPreconditionError(where + " is already in use");
  return absl::UnavailableError("cannot listen on " + where + ": " + error.message());
}

// Precise to a quarter of the shortest time-out.
std::chrono::milliseconds TickFor(const ServerContext& context) {
  std::int64_t shortest = context.options.idle_timeout_ms;
  const auto consider = [&](std::int64_t timeout_ms) {
    if (timeout_ms > 0) shortest = std::min(shortest, timeout_ms);
  };
  for (const auto& [pattern, options] : context.websockets) {
    consider(options.ping_interval_ms);
    consider(options.idle_timeout_ms);
    consider(options.close_timeout_ms);
  }
  for (const auto& [prefix, options] : context.tunnels) consider(options.connect_timeout_ms);
  return std::chrono::milliseconds(std::clamp<std::int64_t>(shortest / 4, 5, 250));
}

}  // namespace

class ServerImpl {
 public:
  ServerImpl(ServerOptions options, Handler handler) {
    context_.options = std::move(options);
    context_.handler = std::move(handler);
  }

  absl::Status Start() {
    XT_CHECK(!started_, "a server is started once");
    ErrorCode error;
    const auto address = asio::ip::make_address(context_.options.bind_address, error);
    if (error) return absl::InvalidArgumentError("not an IP address: " + context_.options.bind_address);
    const int threads = std::max(1, context_.options.io_threads);
    for (int i = 0; i < threads; ++i) loops_.push_back(std::make_shared<IoLoop>(members_, TickFor(context_)));
    if (absl::Status status = Listen({address, context_.options.port}); !status.ok()) return status;
    started_ = true;
    for (const auto& loop : loops_) loop->Start();
    loops_.front()->Post([this] { Accept(); });
    return absl::OkStatus();
  }

  void Stop() {
    if (!started_ || std::exchange(stopped_, true)) return;
    for (const auto& loop : loops_) XT_CHECK(!loop->InThread(), "Stop() on an io thread would wait for itself");
    std::promise<void> no_more;
    loops_.front()->Post([&] {
      retry_timer_.reset();
      acceptor_.reset();
      no_more.set_value();
    });
    no_more.get_future().wait();
    for (const auto& loop : loops_) loop->StopMembers();
    // The wishes above may still be on their way; a round trip makes sure that members have been asked.
    for (const auto& loop : loops_) RoundTrip(*loop);
    members_.WaitForNone(std::chrono::milliseconds(context_.options.stop_deadline_ms));
    for (const auto& loop : loops_) loop->CutMembers();
    for (const auto& loop : loops_) loop->Finish();
  }

  ServerContext& context() { return context_; }
  [[nodiscard]] bool started() const { return started_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  static void RoundTrip(IoLoop& loop) {
    std::promise<void> done;
    loop.Post([&] { done.set_value(); });
    done.get_future().wait();
  }

  absl::Status Listen(const asio::ip::tcp::endpoint& endpoint) {
    ErrorCode error;
    acceptor_.emplace(loops_.front()->context());
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error) return BindError(context_.options, error);
    port_ = acceptor_->local_endpoint().port();
    retry_timer_.emplace(loops_.front()->context());
    return absl::OkStatus();
  }

  void Accept() {
    if (!acceptor_) return;
    const auto loop = loops_[next_loop_++ % loops_.size()];
    acceptor_->async_accept(loop->context(), [this, loop](ErrorCode error, TcpSocket socket) {
      if (!acceptor_) return;
      if (error) return RetryAccept();
      OnAccepted(loop, std::move(socket));
      Accept();
    });
  }

  // Out of file descriptors, most likely: accepting again at once would spin.
  void RetryAccept() {
    retry_timer_->expires_after(std::chrono::milliseconds(50));
    retry_timer_->async_wait([this](ErrorCode error) {
      if (!error) Accept();
    });
  }

  void OnAccepted(const std::shared_ptr<IoLoop>& loop, TcpSocket socket) {
    ErrorCode ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    const bool rejected = context_.connections_open >= context_.options.max_connections;
    ++(rejected ? context_.connections_rejected : context_.connections_total);
    if (rejected && context_.rejected_open >= kMaxRejectedAtOnce) return;
    GaugeTicket ticket(rejected ? context_.rejected_open : context_.connections_open);
    auto connection = std::make_shared<Connection>(context_, loop, std::move(socket), std::move(ticket));
    loop->Post([loop, rejected, connection = std::move(connection)] {
      if (loop->stopping()) return connection->Cut();
      loop->Add(connection);
      rejected ? connection->StartRejected() : connection->Start();
    });
  }

  ServerContext context_;
  MemberCount members_;
  std::vector<std::shared_ptr<IoLoop>> loops_;
  // On the first loop's thread once started.
  std::optional<Acceptor> acceptor_;
  std::optional<asio::steady_timer> retry_timer_;
  std::size_t next_loop_ = 0;

  bool started_ = false;
  bool stopped_ = false;
  std::uint16_t port_ = 0;
};

}  // namespace internal

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<internal::ServerImpl>(std::move(options), std::move(handler))) {}

Server::~Server() { Stop(); }

void Server::AddWebSocket(std::string pattern, WebSocketOptions options) {
  XT_CHECK(!impl_->started(), "routes are added before Start()");
  impl_->context().websockets.emplace_back(std::move(pattern), std::move(options));
}

void Server::AddTunnel(std::string path_prefix, TunnelOptions options) {
  XT_CHECK(!impl_->started(), "routes are added before Start()");
  impl_->context().tunnels.emplace_back(std::move(path_prefix), std::move(options));
}

absl::Status Server::Start() { return impl_->Start(); }
void Server::Stop() { impl_->Stop(); }
std::uint16_t Server::port() const { return impl_->port(); }

ServerCounters Server::counters() const {
  const internal::ServerContext& context = impl_->context();
  return {.connections_open = context.connections_open,
          .connections_total = context.connections_total,
          .connections_rejected_total = context.connections_rejected,
          .requests_total = context.requests,
          .bad_requests_total = context.bad_requests,
          .websocket_sessions_open = context.websocket_sessions_open,
          .tunnels_open = context.tunnels_open};
}

}  // namespace xt::http
