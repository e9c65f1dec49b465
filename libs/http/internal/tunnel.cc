#include "libs/http/internal/tunnel.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "libs/http/internal/serialize.h"

namespace xt::http::internal {
namespace {

constexpr std::chrono::milliseconds kEndTimeout{2000};

}  // namespace

Tunnel::Tunnel(ServerContext& context, std::shared_ptr<IoLoop> loop, TcpSocket client, GaugeTicket ticket)
    : context_(context),
      loop_(std::move(loop)),
      client_(std::move(client)),
      upstream_(loop_->context()),
      resolver_(loop_->context().get_executor()),
      ticket_(std::move(ticket)),
      tunnel_ticket_(context.tunnels_open),
      up_{.from = &client_, .to = &upstream_, .buffer = {}},
      down_{.from = &upstream_, .to = &client_, .buffer = {}} {}

void Tunnel::Start(const TunnelOptions& options, Request request, std::string_view early) {
  std::string forwarded_for(request.headers.Get("X-Forwarded-For"));
  if (!forwarded_for.empty()) forwarded_for += ", ";
  request.headers.Set("X-Forwarded-For", forwarded_for + request.remote_address);
  AppendRequest(request, "localhost", first_bytes_);
  first_bytes_.append(early);
  connecting_ = true;
  deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(options.connect_timeout_ms);
  const std::string endpoint = options.endpoint ? options.endpoint() : std::string();
  if (endpoint.empty()) return Fail("the upstream is not available");
  Connect(endpoint);
}

void Tunnel::Connect(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  if (colon == std::string::npos) return Fail("the upstream's address has no port");
  std::string host = endpoint.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  resolver_.async_resolve(host, endpoint.substr(colon + 1), [self = Self()](ErrorCode error, const auto& results) {
    if (!self->connecting_ || self->closed_) return;
    if (error) return self->Fail("the upstream's name is unknown: " + error.message());
    asio::async_connect(self->upstream_, results, [self](ErrorCode connect_error, const auto&) {
      if (!self->connecting_ || self->closed_) return;
      if (connect_error) return self->Fail("the upstream cannot be reached: " + connect_error.message());
      self->OnConnected();
    });
  });
}

void Tunnel::OnConnected() {
  connecting_ = false;
  deadline_.reset();
  ErrorCode ignored;
  upstream_.set_option(asio::ip::tcp::no_delay(true), ignored);
  asio::async_write(upstream_, asio::buffer(first_bytes_), [self = Self()](ErrorCode error, std::size_t) {
    if (self->closed_) return;
    if (error) return self->Close();
    self->first_bytes_.clear();
    self->Pump(self->up_);
  });
  Pump(down_);
}

void Tunnel::Fail(std::string_view detail) {
  connecting_ = false;
  deadline_ = std::chrono::steady_clock::now() + kEndTimeout;
  first_bytes_.clear();
  AppendResponse(context_.options.error_response(502, detail), {.close = true}, first_bytes_);
  asio::async_write(client_, asio::buffer(first_bytes_), [self = Self()](ErrorCode, std::size_t) { self->Close(); });
}

void Tunnel::Pump(Direction& direction) {
  direction.from->async_read_some(asio::buffer(direction.buffer),
                                  [self = Self(), &direction](ErrorCode error, std::size_t bytes) {
                                    if (self->closed_) return;
                                    if (error) return self->End(direction);
                                    self->Forward(direction, bytes);
                                  });
}

void Tunnel::Forward(Direction& direction, std::size_t bytes) {
  asio::async_write(*direction.to, asio::buffer(direction.buffer, bytes),
                    [self = Self(), &direction](ErrorCode error, std::size_t) {
                      if (self->closed_) return;
                      if (error) return self->Close();
                      self->Pump(direction);
                    });
}

void Tunnel::End(Direction& direction) {
  direction.ended = true;
  if (up_.ended && down_.ended) return Close();
  ErrorCode ignored;
  direction.to->shutdown(TcpSocket::shutdown_send, ignored);
  deadline_ = std::chrono::steady_clock::now() + kEndTimeout;
}

void Tunnel::OnTick(TimePoint now) {
  if (!deadline_ || now <= *deadline_) return;
  if (!connecting_) return Close();
  resolver_.cancel();
  ErrorCode ignored;
  upstream_.close(ignored);
  Fail("the upstream does not answer");
}

void Tunnel::Close() {
  if (closed_) return;
  const auto self = shared_from_this();
  closed_ = true;
  ErrorCode ignored;
  resolver_.cancel();
  client_.close(ignored);
  upstream_.close(ignored);
  ticket_.Release();
  tunnel_ticket_.Release();
  loop_->Remove(this);
}

}  // namespace xt::http::internal
