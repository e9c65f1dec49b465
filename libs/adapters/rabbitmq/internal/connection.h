// Connection: one connection to the broker with one channel, kChannel; its owner may use others besides. No call waits
// beyond a deadline. Any error is final: the owner throws the object away and opens another one. Not thread-safe.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/rabbitmq/internal/close_signal.h"
#include "libs/adapters/rabbitmq/rabbitmq_config.h"

namespace xt::rabbitmq {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

inline constexpr amqp_channel_t kChannel = 1;

amqp_bytes_t BytesOf(const std::string& text);  // points into `text`
std::string TextOf(amqp_bytes_t bytes);

class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const RabbitMqConfig& config, Deadline deadline);
  ~Connection();  // closes it in good order when it still works, within a second
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] amqp_connection_state_t state() const { return state_; }
  // The next frame that is there, without waiting. Its pointers are valid until the next call.
  absl::StatusOr<std::optional<amqp_frame_t>> NextFrame();
  // Until there is something to read (or, with `or_writable`, room to write), the deadline, or Close. It also wakes in
  // time for NextFrame to send heartbeats. True when there is room to write.
  bool Wait(Deadline deadline, const CloseSignal& closing, bool or_writable);
  // Whether a message of kMaxMessageBytes can be written without waiting.
  [[nodiscard]] bool Writable() const;
  // The outcome of a call of the library that waited for its answer.
  absl::Status Check(const amqp_rpc_reply_t& reply, const std::string& what);
  // The same of one that only sends.
  absl::Status CheckSent(int status, const std::string& what);
  absl::Status LastReply(const std::string& what) { return Check(amqp_get_rpc_reply(state_), what); }
  // The broker has raised an alarm and reads nothing from us.
  [[nodiscard]] bool blocked() const { return blocked_; }

 private:
  explicit Connection(amqp_connection_state_t state) : state_(state) {}
  absl::Status Connect(const RabbitMqConfig& config, Deadline deadline);
  absl::Status Login(const amqp_connection_info& info, Deadline deadline);
  absl::Status Closed(const std::string& reason);

  const amqp_connection_state_t state_;
  bool working_ = false;
  bool blocked_ = false;
};

}  // namespace xt::rabbitmq
