#include "libs/adapters/redis/internal/redis_connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

timeval ToTimeval(std::int64_t ms) {
  return {static_cast<time_t>(ms / 1000), static_cast<suseconds_t>(ms % 1000 * 1000)};
}

absl::Status Interrupted() { return absl::CancelledError("redis: closed"); }

}  // namespace

RedisConnection::RedisConnection(RedisConfig config)
    : config_(std::move(config)), interrupt_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  XT_CHECK(interrupt_fd_ >= 0, "eventfd");
}

RedisConnection::~RedisConnection() {
  Drop();
  ::close(interrupt_fd_);
}

void RedisConnection::Drop() {
  if (context_ != nullptr) ::redisFree(std::exchange(context_, nullptr));
  out_.clear();
  digests_.clear();
}

absl::Status RedisConnection::Connect() {
  if (interrupted_) return Interrupted();
  if (context_ != nullptr) return absl::OkStatus();
  // hiredis sets TCP_NODELAY itself.
  context_ = ::redisConnectWithTimeout(config_.host.c_str(), config_.port, ToTimeval(config_.connect_timeout_ms));
  if (context_ == nullptr) return Lost("out of memory");
  if (context_->err != 0) return Lost(std::string(context_->errstr));
  ::redisEnableKeepAlive(context_);  // at worst a dead peer is noticed later
  ++connects_;
  return absl::OkStatus();
}

void RedisConnection::Queue(const Args& args) {
  absl::StrAppend(&out_, "*", args.size(), "\r\n");
  for (const std::string_view arg : args) {
    absl::StrAppend(&out_, "$", arg.size(), "\r\n");
    out_.append(arg);
    out_.append("\r\n");
  }
}

// hiredis would write with write(2), and a connection that Redis has closed would then raise SIGPIPE.
absl::Status RedisConnection::Flush() {
  if (context_ == nullptr) return Lost("not connected");
  const Deadline deadline = DeadlineAfter(std::chrono::milliseconds(0));
  std::size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t n = ::send(context_->fd, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      XT_RETURN_IF_ERROR(Wait(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Lost(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): glibc's is thread-safe
    }
  }
  out_.clear();
  return absl::OkStatus();
}

absl::StatusOr<Reply> RedisConnection::Receive(std::chrono::milliseconds patience) {
  if (context_ == nullptr) return Lost("not connected");
  const Deadline deadline = DeadlineAfter(patience);
  while (true) {
    void* raw = nullptr;
    if (::redisGetReplyFromReader(context_, &raw) != REDIS_OK) return Lost(std::string(context_->errstr));
    if (raw != nullptr) {
      Reply reply(static_cast<redisReply*>(raw));
      if (reply->type == REDIS_REPLY_ERROR) return Refused({reply->str, reply->len});
      return reply;
    }
    XT_RETURN_IF_ERROR(Wait(POLLIN, deadline));
    if (::redisBufferRead(context_) != REDIS_OK) return Lost(std::string(context_->errstr));
  }
}

absl::Status RedisConnection::Wait(short events, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> fds{pollfd{context_->fd, events, 0}, pollfd{interrupt_fd_, POLLIN, 0}};
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    XT_CHECK(ready >= 0, "poll");
    if (fds[1].revents != 0) {
      Drop();
      return Interrupted();
    }
    if (fds[0].revents != 0) return absl::OkStatus();
    if (left.count() <= 0) return Lost("timed out");
  }
}

void RedisConnection::Interrupt() {
  interrupted_ = true;
  const std::uint64_t one = 1;
  XT_CHECK(::write(interrupt_fd_, &one, sizeof(one)) == sizeof(one), "eventfd");
}

RedisConnection::Deadline RedisConnection::DeadlineAfter(std::chrono::milliseconds patience) const {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(config_.command_timeout_ms) + patience;
}

absl::Status RedisConnection::Lost(std::string_view what) {
  Drop();
  return absl::UnavailableError(absl::StrCat("redis ", config_.host, ":", config_.port, ": ", std::string(what)));
}

}  // namespace xt::redis
