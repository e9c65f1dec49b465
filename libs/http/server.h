// Server: HTTP/1.1 with keep-alive and pipelining, WebSocket routes and WebSocket tunnels on one port. A few io threads
// each own a share of the connections; a connection never changes its thread. The handler runs on an io thread and must
// not block: it answers at once or hands the Responder to whoever will. Everything is bounded: connections, header and
// body bytes, requests in flight per connection, bytes waiting for a slow reader (then the connection is not read).
// Routes are added before Start(). All public functions may be called from any thread that is not an io thread of this
// server; port() and counters() from any. Plain TCP only: TLS would be another stream type below internal/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "libs/http/message.h"
#include "libs/http/websocket.h"

namespace xt::http {

namespace internal {
// Where an answer goes. Implemented by the connection; outlives it harmlessly.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual void Answer(std::uint64_t slot, Response response) = 0;
  virtual void Drop(std::uint64_t slot) = 0;
};
class ServerImpl;
}  // namespace internal

// The right and duty to answer one request, exactly once. Send() may be called from any thread, also after the server
// has stopped or the client has gone (then the answer is thrown away). One that is destroyed unanswered sends 500.
class Responder {
 public:
  Responder() = default;
  Responder(std::shared_ptr<internal::ResponseSink> sink, std::uint64_t slot) : sink_(std::move(sink)), slot_(slot) {}
  Responder(Responder&& other) noexcept = default;  // leaves `other` without a sink
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  void Send(Response response);
  // False after Send() or a move.
  [[nodiscard]] bool pending() const { return sink_ != nullptr; }

 private:
  std::shared_ptr<internal::ResponseSink> sink_;
  std::uint64_t slot_ = 0;
};

using Handler = std::function<void(Request, Responder)>;

// Makes the body of an answer that the server gives by itself: 400 malformed, 403, 408, 413, 426, 431, 500 dropped,
// 502, 503. Called on an io thread. The default is {"code": "<NAME>", "message": "<detail>"}.
using ErrorResponse = std::function<Response(int status, std::string_view detail)>;
Response DefaultErrorResponse(int status, std::string_view detail);

struct ServerOptions {
  std::string bind_address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one, see port()
  int io_threads = 1;
  std::size_t max_connections = 10'000;      // over: 503 and close
  std::size_t max_header_bytes = 16 * 1024;  // over: 431 and close
  std::size_t max_body_bytes = 1024 * 1024;  // over: 413 and close
  std::size_t max_pipelined_requests = 64;   // unanswered ones per connection; over: not read until one is answered
  std::int64_t idle_timeout_ms = 60'000;     // no request, a request that does not complete, or an answer not taken
  std::int64_t stop_deadline_ms = 5'000;     // for requests in flight at Stop()
  ErrorResponse error_response = DefaultErrorResponse;
};

struct TunnelOptions {
  // "host:port" of the upstream, asked for at each upgrade on an io thread: must not block. Empty: not available (502).
  std::function<std::string()> endpoint = {};
  std::int64_t connect_timeout_ms = 2'000;
};

struct ServerCounters {
  std::uint64_t connections_open = 0;  // of every kind
  std::uint64_t connections_total = 0;
  std::uint64_t connections_rejected_total = 0;  // over max_connections
  std::uint64_t requests_total = 0;              // complete and well-formed, upgrades included
  std::uint64_t bad_requests_total = 0;          // answered 400, 408, 413 or 431 by the server itself
  std::uint64_t websocket_sessions_open = 0;
  std::uint64_t tunnels_open = 0;
};

class Server {
 public:
  Server(ServerOptions options, Handler handler);
  ~Server();  // Stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Upgrades on `pattern` go to a handler made by `options.factory`. Patterns are as in Router, and may end in "/*".
  // A plain request on the same path goes to the Handler.
  void AddWebSocket(std::string pattern, WebSocketOptions options);
  // Upgrades whose path starts with `path_prefix`, and that no WebSocket route takes, are forwarded: the request is
  // sent on as it came, plus X-Forwarded-For, and then bytes flow both ways until either side closes.
  void AddTunnel(std::string path_prefix, TunnelOptions options);

  // Binds, listens and starts the threads. The error of an address in use names address and port.
  [[nodiscard]] absl::Status Start();
  // Stops accepting, lets requests in flight finish within stop_deadline_ms, sends WebSocket peers 1001, then cuts.
  // When it returns no callback is running and none will. Idempotent; Start() again is not possible.
  void Stop();

  [[nodiscard]] std::uint16_t port() const;  // valid after Start()
  [[nodiscard]] ServerCounters counters() const;

 private:
  std::unique_ptr<internal::ServerImpl> impl_;
};

}  // namespace xt::http
