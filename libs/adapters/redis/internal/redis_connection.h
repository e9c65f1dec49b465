// RedisConnection: one blocking connection to Redis, over hiredis. Used by one thread at a time, but for Interrupt.
//
// Errors: after a failed connect, a broken connection, a time-out or a reply that cannot be read the hiredis context is
// freed at once (it is of no use after any error) and the status is UNAVAILABLE: a command that was sent may or may not
// have been executed, and may still be executed later. The next command connects anew. What Redis itself refuses is
// another status, with the text of Redis, on a connection that stays good: RESOURCE_EXHAUSTED (OOM, MISCONF: it cannot
// take writes now) or FAILED_PRECONDITION (anything else). A Redis that is loading, or that does not know a script that
// this connection has loaded, was restarted or is not the one we knew: that is UNAVAILABLE as well.
#pragma once

#include <hiredis/hiredis.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/redis/redis_config.h"

namespace xt::redis {

struct ReplyDeleter {
  void operator()(redisReply* reply) const { ::freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, ReplyDeleter>;

// Views into a reply; empty, or zero, for a reply of another type.
inline std::string_view Text(const redisReply& reply) {
  const bool text = reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS;
  return text ? std::string_view(reply.str, reply.len) : std::string_view();
}
inline std::span<redisReply* const> Elements(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) return {};
  return {reply.element, reply.elements};
}
inline std::int64_t Integer(const redisReply& reply) { return reply.type == REDIS_REPLY_INTEGER ? reply.integer : 0; }
inline bool IsNil(const redisReply& reply) { return reply.type == REDIS_REPLY_NIL; }

// The argument of PX. Redis keeps a key for one millisecond more than it is told, and refuses 0.
inline std::string PxArgument(std::chrono::milliseconds time_to_live) {
  return std::to_string(std::max<std::int64_t>(1, time_to_live.count() - 1));
}

// A Lua script, which is one literal of the program. It runs by its digest; each connection loads it when it first needs
// it, so that a Redis that was restarted under a connection cannot run it unnoticed.
struct Script {
  const char* text;
};

class RedisConnection {
 public:
  using Args = std::vector<std::string_view>;  // of any bytes

  explicit RedisConnection(RedisConfig config);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  absl::Status Connect();  // when there is no connection
  void Drop();
  [[nodiscard]] bool connected() const { return context_ != nullptr; }
  // Connections made so far.
  [[nodiscard]] std::uint64_t connects() const { return connects_; }

  // One command and its reply. `patience` is added to the command's time-out: for commands that wait.
  absl::StatusOr<Reply> Run(const Args& args, std::chrono::milliseconds patience = std::chrono::milliseconds(0));
  absl::StatusOr<Reply> Eval(const Script& script, const Args& keys, const Args& args);

  // A pipeline: queue commands, flush them, receive one reply for each, in order. There must be a connection (Connect),
  // and the scripts must be loaded. When it breaks, all outstanding replies are UNAVAILABLE.
  absl::Status Load(const Script& script);
  void Queue(const Args& args);
  void QueueEval(const Script& script, const Args& keys, const Args& args);
  absl::Status Flush();
  absl::StatusOr<Reply> Receive(std::chrono::milliseconds patience = std::chrono::milliseconds(0));

  // Makes what waits and everything later fail with CANCELLED. Any thread.
  void Interrupt();

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  [[nodiscard]] Deadline DeadlineAfter(std::chrono::milliseconds patience) const;
  // Waits until the socket is ready for `events`.
  absl::Status Wait(short events, Deadline deadline);
  absl::Status Lost(std::string_view what);
  absl::Status Refused(std::string_view error);

  const RedisConfig config_;
  const int interrupt_fd_;
  std::atomic<bool> interrupted_{false};
  redisContext* context_ = nullptr;
  std::string out_;                             // encoded commands that were not sent
  std::map<const char*, std::string> digests_;  // of the scripts that this connection has loaded
  std::uint64_t connects_ = 0;
};

}  // namespace xt::redis
