// RedisConnection over the simulated network, in place of libs/adapters/redis/internal/redis_connection.cc. What does not
// depend on what carries the connection is the real one (redis_commands.cc).
#include "libs/adapters/redis/internal/redis_connection.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tests/simulation/world.h"

namespace xt::redis {
namespace {

using sim::Host;
using sim::Kernel;
using sim::kMilli;
using sim::kRedisHost;
using sim::Nanos;
using sim::Pipe;
using sim::RedisServer;
using sim::World;

// What lies behind a context.
struct Link {
  Link(World& world, Host client)
      : host(client),
        life(world.redis.life()),
        to(std::make_shared<Pipe>(world.kernel, world.network, client, kRedisHost)),
        from(std::make_shared<Pipe>(world.kernel, world.network, kRedisHost, client)) {}
  const Host host;
  const std::uint64_t life;
  const std::shared_ptr<Pipe> to;
  const std::shared_ptr<Pipe> from;
  std::deque<RedisServer::Args> queued;
  std::deque<redisReply*> replies;
  bool reset = false;  // by the server
  bool interrupted = false;
  sim::WaitQueue changed;
};
using LinkPtr = std::shared_ptr<Link>;

LinkPtr& LinkOf(redisContext* context) { return *reinterpret_cast<LinkPtr*>(context); }

// A server that is not the one that was connected to resets the connection.
void Serve(const LinkPtr& link, const RedisServer::Args& args) {
  World& world = *World::Current();
  if (!world.redis.up() || world.redis.life() != link->life) {
    link->from->Send([link] {
      link->reset = true;
      World::Current()->kernel.NotifyAll(link->changed);
    });
    return;
  }
  redisReply* const reply = world.redis.Execute(args);
  link->from->Send([link, reply] {
    link->replies.push_back(reply);
    World::Current()->kernel.NotifyAll(link->changed);
  });
}

}  // namespace

RedisConnection::RedisConnection(RedisConfig config) : config_(std::move(config)), interrupt_fd_(-1) {}
RedisConnection::~RedisConnection() { Drop(); }

void RedisConnection::Drop() {
  if (context_ != nullptr) delete &LinkOf(std::exchange(context_, nullptr));
  out_.clear();
  digests_.clear();
}

absl::Status RedisConnection::Connect() {
  if (interrupted_) return absl::CancelledError("redis: closed");
  if (context_ != nullptr) return absl::OkStatus();
  World& world = *World::Current();
  const Host host = world.host();
  const auto up = world.network.Call<bool>(host, kRedisHost, config_.connect_timeout_ms * kMilli,
                                           [&world] { return std::optional<bool>(world.redis.up()); });
  if (!up) return Lost("connection timed out");
  if (!*up) return Lost("connection refused");
  context_ = reinterpret_cast<redisContext*>(new LinkPtr(std::make_shared<Link>(world, host)));
  ++connects_;
  return absl::OkStatus();
}

void RedisConnection::Queue(const Args& args) {
  if (context_ != nullptr) LinkOf(context_)->queued.emplace_back(args.begin(), args.end());
}

absl::Status RedisConnection::Flush() {
  if (context_ == nullptr) return Lost("not connected");
  const LinkPtr link = LinkOf(context_);
  for (RedisServer::Args& args : std::exchange(link->queued, {})) {
    link->to->Send([link, args = std::move(args)] { Serve(link, args); });
  }
  return absl::OkStatus();
}

absl::StatusOr<Reply> RedisConnection::Receive(std::chrono::milliseconds patience) {
  if (context_ == nullptr) return Lost("not connected");
  Kernel& kernel = World::Current()->kernel;
  const LinkPtr link = LinkOf(context_);
  const Nanos deadline = kernel.now() + (config_.command_timeout_ms + patience.count()) * kMilli;
  while (link->replies.empty()) {
    if (interrupted_) {
      Drop();
      return absl::CancelledError("redis: closed");
    }
    if (link->reset) return Lost("connection reset by peer");
    if (!kernel.Wait(link->changed, deadline) && link->replies.empty()) return Lost("timed out");
  }
  Reply reply(link->replies.front());
  link->replies.pop_front();
  if (reply->type == REDIS_REPLY_ERROR) return Refused({reply->str, reply->len});
  return reply;
}

void RedisConnection::Interrupt() {
  interrupted_ = true;
  if (context_ != nullptr) World::Current()->kernel.NotifyAll(LinkOf(context_)->changed);
}

absl::Status RedisConnection::Lost(std::string_view what) {
  Drop();
  return absl::UnavailableError(absl::StrCat("redis: ", std::string(what)));
}

}  // namespace xt::redis
