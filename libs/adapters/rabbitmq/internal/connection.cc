#include "libs/adapters/rabbitmq/internal/connection.h"

#include <amqp_tcp_socket.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::rabbitmq {
namespace {

constexpr int kHeartbeatSeconds = 5;
constexpr std::chrono::milliseconds kHeartbeatStep{1'000};
constexpr timeval kCloseTimeout{1, 0};
constexpr timeval kNoWait{0, 0};
// A socket with a fixed buffer polls as writable when at least a third of it is free: more than the largest message.
constexpr int kSendBufferBytes = 1 << 20;

timeval Until(Deadline deadline) {
  // At least a millisecond: zero means for ever to some of these calls.
  const auto left = std::max<std::chrono::microseconds>(
      std::chrono::milliseconds(1), std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now()));
  return {left.count() / 1'000'000, left.count() % 1'000'000};
}

std::string ErrorText(int status) { return amqp_error_string2(status); }

amqp_table_entry_t Entry(const char* key, amqp_field_value_t value) { return {amqp_cstring_bytes(key), value}; }

amqp_field_value_t True() {
  amqp_field_value_t value{};
  value.kind = AMQP_FIELD_KIND_BOOLEAN;
  value.value.boolean = 1;
  return value;
}

}  // namespace

amqp_bytes_t BytesOf(const std::string& text) { return {text.size(), const_cast<char*>(text.data())}; }

std::string TextOf(amqp_bytes_t bytes) {
  return bytes.len == 0 ? std::string() : std::string(static_cast<const char*>(bytes.bytes), bytes.len);
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const RabbitMqConfig& config, Deadline deadline) {
  std::unique_ptr<Connection> connection(new Connection(amqp_new_connection()));
  XT_RETURN_IF_ERROR(connection->Connect(config, deadline));
  return connection;
}

Connection::~Connection() {
  if (working_) {
    amqp_set_rpc_timeout(state_, &kCloseTimeout);
    amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
  }
  amqp_destroy_connection(state_);
}

absl::Status Connection::Connect(const RabbitMqConfig& config, Deadline deadline) {
  std::string parsed_in_place = config.url;
  std::string default_vhost = AMQP_DEFAULT_VHOST;
  amqp_connection_info info{};
  amqp_default_connection_info(&info);
  XT_RETURN_IF_ERROR(CheckSent(amqp_parse_url(parsed_in_place.data(), &info), "url"));
  if (*info.vhost == '\0') info.vhost = default_vhost.data();  // "amqp://host/", as most clients read it
  amqp_socket_t* socket = amqp_tcp_socket_new(state_);
  const timeval patience = Until(deadline);
  XT_RETURN_IF_ERROR(CheckSent(amqp_socket_open_noblock(socket, info.host, info.port, &patience), "connect"));
  ::setsockopt(amqp_get_sockfd(state_), SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof(kSendBufferBytes));
  XT_RETURN_IF_ERROR(Login(info, deadline));
  const timeval request_timeout = Until(deadline);
  amqp_set_rpc_timeout(state_, &request_timeout);
  amqp_channel_open(state_, kChannel);
  return LastReply("channel.open");
}

absl::Status Connection::Login(const amqp_connection_info& info, Deadline deadline) {
  const timeval patience = Until(deadline);
  amqp_set_handshake_timeout(state_, &patience);
  // Without this one the broker does not say when it stops reading.
  std::array capabilities = {Entry("connection.blocked", True()), Entry("consumer_cancel_notify", True())};
  amqp_field_value_t table{};
  table.kind = AMQP_FIELD_KIND_TABLE;
  table.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
  std::array properties = {Entry("capabilities", table)};
  const amqp_table_t property_table = {static_cast<int>(properties.size()), properties.data()};
  // Its own reply, not amqp_get_rpc_reply, which is not valid here.
  const amqp_rpc_reply_t reply =
      amqp_login_with_properties(state_, info.vhost, 0, AMQP_DEFAULT_FRAME_SIZE, kHeartbeatSeconds, &property_table,
                                 AMQP_SASL_METHOD_PLAIN, info.user, info.password);
  working_ = reply.reply_type == AMQP_RESPONSE_NORMAL;
  return Check(reply, "login");
}

absl::Status Connection::Closed(const std::string& reason) {
  working_ = false;
  return absl::UnavailableError(absl::StrCat("rabbitmq: ", reason));
}

absl::Status Connection::CheckSent(int status, const std::string& what) {
  return status == AMQP_STATUS_OK ? absl::OkStatus() : Closed(what + ": " + ErrorText(status));
}

absl::Status Connection::Check(const amqp_rpc_reply_t& reply, const std::string& what) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return absl::OkStatus();
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) return Closed(what + ": " + ErrorText(reply.library_error));
  if (reply.reply.id != AMQP_CHANNEL_CLOSE_METHOD) {
    return Closed(what + ": " + TextOf(static_cast<const amqp_connection_close_t*>(reply.reply.decoded)->reply_text));
  }
  const auto* close = static_cast<const amqp_channel_close_t*>(reply.reply.decoded);
  const std::string text = what + ": " + TextOf(close->reply_text);
  if (close->reply_code != AMQP_PRECONDITION_FAILED) return Closed(text);
  working_ = false;
  return absl::FailedPreconditionError(absl::StrCat("rabbitmq: ", text));
}

absl::StatusOr<std::optional<amqp_frame_t>> Connection::NextFrame() {
  while (true) {
    amqp_maybe_release_buffers(state_);
    amqp_frame_t frame{};
    const int status = amqp_simple_wait_frame_noblock(state_, &frame, &kNoWait);
    if (status == AMQP_STATUS_TIMEOUT) return std::nullopt;
    XT_RETURN_IF_ERROR(CheckSent(status, "connection"));
    if (frame.frame_type != AMQP_FRAME_METHOD) return frame;
    switch (frame.payload.method.id) {
      case AMQP_CONNECTION_BLOCKED_METHOD: blocked_ = true; break;
      case AMQP_CONNECTION_UNBLOCKED_METHOD: blocked_ = false; break;
      case AMQP_CONNECTION_CLOSE_METHOD: return Closed("the broker closed the connection");
      case AMQP_CHANNEL_CLOSE_METHOD:
        if (frame.channel != kChannel) return frame;
        return Closed("the broker closed the channel: " +
                      TextOf(static_cast<const amqp_channel_close_t*>(frame.payload.method.decoded)->reply_text));
      case AMQP_BASIC_CANCEL_METHOD: return Closed("the queue was deleted");
      default: return frame;
    }
  }
}

bool Connection::Wait(Deadline deadline, const CloseSignal& closing, bool or_writable) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  const auto step = std::clamp(left, std::chrono::milliseconds(0), kHeartbeatStep);
  std::array<pollfd, 2> fds = {
      pollfd{amqp_get_sockfd(state_), static_cast<short>(POLLIN | (or_writable ? POLLOUT : 0)), 0},
      pollfd{closing.fd(), POLLIN, 0}};
  ::poll(fds.data(), fds.size(), static_cast<int>(step.count()));
  return (fds[0].revents & POLLOUT) != 0;
}

bool Connection::Writable() const {
  pollfd fd{amqp_get_sockfd(state_), POLLOUT, 0};
  return ::poll(&fd, 1, 0) == 1;
}

}  // namespace xt::rabbitmq
