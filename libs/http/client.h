// Blocking clients for programs that want one answer at a time: tests, benchmarks, tools, the snapshot fetch and the
// upstream connection of market data. Client is one keep-alive HTTP connection; WebSocketClient one WebSocket. Every
// wait has a deadline, and Cancel() from another thread ends it. Plain TCP only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/http/message.h"

namespace xt::http {

struct ClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::int64_t connect_timeout_ms = 2'000;
  std::int64_t request_timeout_ms = 10'000;  // from the first byte sent to the last byte received
  std::size_t max_response_bytes = 64 * 1024 * 1024;
};

// One thread at a time, except Cancel(). The connection is made at the first request, kept, and made again when needed.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Any HTTP status is an answer. Errors: kUnavailable: nothing was sent (no connection). kDeadlineExceeded and
  // kUnknown (connection lost, not HTTP): the server may have acted on it. kCancelled. A kept connection that the
  // server has closed meanwhile is replaced; a request is sent a second time only if it is a GET or HEAD.
  absl::StatusOr<Response> Send(const Request& request);
  absl::StatusOr<Response> Get(std::string_view target);
  absl::StatusOr<Response> Post(std::string_view target, std::string body,
                                std::string_view content_type = "application/json");

  // From any thread. Final: the request in progress and all later ones return kCancelled.
  void Cancel();
  void Close();  // the connection, not the client
  [[nodiscard]] bool connected() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct WebSocketClientOptions {
  std::int64_t connect_timeout_ms = 5'000;           // resolve, connect and upgrade
  std::size_t max_message_bytes = 16 * 1024 * 1024;  // over: the connection fails
  // Received ahead of Read(); at this many the socket is not read any more, and the peer feels it.
  std::size_t read_ahead_bytes = 1024 * 1024;
  std::int64_t idle_timeout_ms = 0;  // pings a silent peer, and fails when not even a pong came; 0: never
  std::int64_t send_timeout_ms = 5'000;
  int receive_buffer_bytes = 0;  // SO_RCVBUF; 0: the system's default
};

struct WebSocketMessage {
  std::string data;
  bool binary = false;
};

// Read, Send, Cancel and the getters may be called from different threads at the same time. Pings are answered also
// while nobody reads, by one background thread that all WebSocketClients of the process share.
class WebSocketClient {
 public:
  explicit WebSocketClient(WebSocketClientOptions options = {});
  ~WebSocketClient();  // cuts a connection that is still open
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  // kUnavailable: no connection. kFailedPrecondition: the server answered without upgrading (see handshake_response()).
  // kDeadlineExceeded, kCancelled. A client whose connection is over may connect again.
  absl::Status Connect(const std::string& host, std::uint16_t port, const std::string& target,
                       const Headers& headers = {});
  // Returns when the message has been given to the kernel. kUnavailable when the connection is over.
  absl::Status Send(std::string_view text);
  absl::Status SendBinary(std::string_view data);
  // The next message. kDeadlineExceeded: none within the timeout, and nothing is lost by it. kUnavailable: the
  // connection is over and everything received was read; see close_code(). kCancelled.
  absl::StatusOr<WebSocketMessage> Read(std::int64_t timeout_ms);
  // Sends a close frame and waits up to `timeout_ms` for the peer's; then the connection is over either way.
  void Close(std::uint16_t code = 1000, std::string_view reason = {}, std::int64_t timeout_ms = 2'000);
  // From any thread. Final: Connect, Read and Send return kCancelled, now and later.
  void Cancel();

  [[nodiscard]] bool connected() const;
  // What the peer's close frame said; 0 before one came, 1006 when the connection was lost without.
  [[nodiscard]] std::uint16_t close_code() const;
  [[nodiscard]] std::string close_reason() const;
  // The server's answer to the upgrade: status and headers.
  [[nodiscard]] Response handshake_response() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xt::http
