// The server side of WebSocket: an owner gives Server::AddWebSocket a factory of WebSocketHandlers and gets, per peer,
// a WebSocketSession to push with. Payloads are shared: the same string goes to any number of sessions without a copy,
// and what waits for one peer is written with one system call. Each session has a bounded send queue; when it is full
// Send() says so and the owner decides (usually Close with a reason). Sessions are thread-safe. Callbacks of one
// session run one at a time on its io thread and must not block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "libs/http/message.h"

namespace xt::http {

// Close codes of RFC 6455 that are used here.
inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseGoingAway = 1001;
inline constexpr std::uint16_t kCloseProtocolError = 1002;
inline constexpr std::uint16_t kCloseNoStatus = 1005;  // never sent: the peer gave no code
inline constexpr std::uint16_t kCloseAbnormal = 1006;  // never sent: the connection was lost or cut
inline constexpr std::uint16_t kCloseBadPayload = 1007;
inline constexpr std::uint16_t kClosePolicyViolation = 1008;
inline constexpr std::uint16_t kCloseTooBig = 1009;
inline constexpr std::uint16_t kCloseInternalError = 1011;
inline constexpr std::uint16_t kCloseTryAgainLater = 1013;

class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;

  // Queues one message. False, and nothing is queued, when the queue is full or the session is closing.
  virtual bool Send(std::shared_ptr<const std::string> text) = 0;
  virtual bool SendBinary(std::shared_ptr<const std::string> data) = 0;
  bool Send(std::string text) { return Send(std::make_shared<const std::string>(std::move(text))); }

  // Throws away what is queued and sends a close frame with the reason (cut to 123 bytes) as soon as the frames
  // already being written are out. The peer has close_timeout_ms to take it and to answer; then the socket is cut. The
  // first call counts, later ones do nothing.
  virtual void Close(std::uint16_t code, std::string_view reason) = 0;

  [[nodiscard]] virtual std::uint64_t id() const = 0;          // unique in the process, never 0
  [[nodiscard]] virtual bool open() const = 0;                 // false from Close() or the peer's close on
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;  // payload not yet given to the kernel
  [[nodiscard]] virtual std::size_t queued_messages() const = 0;
  // The upgrade request: target, query, headers, path parameters, remote address. Valid as long as the session.
  [[nodiscard]] virtual const Request& request() const = 0;
  [[nodiscard]] const std::string& remote_address() const { return request().remote_address; }
};

using WebSocketSessionPtr = std::shared_ptr<WebSocketSession>;

class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void OnOpen(const WebSocketSessionPtr& session) = 0;
  // A whole message, valid UTF-8 unless `binary`.
  virtual void OnMessage(const WebSocketSessionPtr& session, std::string message, bool binary) = 0;
  // Once, after OnOpen, when the connection is over: the peer's code and reason if it closed first, ours if we did
  // (also if the peer never took it), kCloseAbnormal if it was lost or silent. No callback follows; the session lets
  // go of the handler.
  virtual void OnClose(const WebSocketSessionPtr& session, std::uint16_t code, std::string_view reason) = 0;
};

struct WebSocketOptions {
  // Called on an io thread for each upgrade. One handler may serve many sessions (if it is thread-safe with several io
  // threads) or each session may get its own. nullptr refuses with 403.
  std::function<std::shared_ptr<WebSocketHandler>(const Request& upgrade)> factory = {};
  // Optional: an answer instead of an upgrade, such as 401 or 503.
  std::function<std::optional<Response>(const Request& upgrade)> refuse = {};
  std::size_t max_message_bytes = 64 * 1024;   // of a received message; over: closed with 1009
  std::size_t send_queue_bytes = 1024 * 1024;  // an empty queue takes any one message
  std::size_t send_queue_messages = 4096;
  std::int64_t ping_interval_ms = 20'000;  // a ping when the peer was silent that long; 0: never
  std::int64_t idle_timeout_ms = 60'000;   // not even a pong for that long: cut; 0: never
  std::int64_t close_timeout_ms = 3'000;
  int send_buffer_bytes = 0;  // SO_SNDBUF; 0: the system's default
};

}  // namespace xt::http
