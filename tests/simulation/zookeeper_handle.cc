// ZooKeeperHandle over the simulated network, in place of the one over the C client (libs/adapters/zookeeper/internal).
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"

#include <zookeeper/zookeeper.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tests/simulation/world.h"

namespace xt::zookeeper {
namespace {

using sim::Host;
using sim::Kernel;
using sim::kMilli;
using sim::kZooKeeperHost;
using sim::Nanos;
using sim::World;
using sim::ZooKeeperServer;
using Answer = ZooKeeperServer::Answer;
using Code = ZooKeeperServer::Code;

struct Client {
  Host host = 0;
  Nanos timeout = 0;
  ZooKeeperHandle::Listener listener;
  std::int64_t session = 0;
  bool connected = false;
  bool over = false;  // expired, or closed
  bool closing = false;
  std::deque<std::pair<std::string, bool>> fired;  // at the server, on its way
  std::deque<std::pair<std::string, bool>> events;
  sim::WaitQueue changed;
  sim::Fiber* thread = nullptr;
};
using ClientPtr = std::shared_ptr<Client>;

ClientPtr& ClientOf(zhandle_t* handle) { return *reinterpret_cast<ClientPtr*>(handle); }

void Arrive(const ClientPtr& client) {
  for (auto& event : std::exchange(client->fired, {})) client->events.push_back(std::move(event));
  World::Current()->kernel.NotifyAll(client->changed);
}

// Asks the server, if it can be reached.
template <typename T>
std::optional<T> Ask(const ClientPtr& client, std::function<T(ZooKeeperServer&)> question) {
  World& world = *World::Current();
  return world.network.Call<T>(client->host, kZooKeeperHost, client->timeout / 3, [&world, question] {
    return world.zookeeper.up() ? std::optional<T>(question(world.zookeeper)) : std::nullopt;
  });
}

void Lose(const ClientPtr& client, bool expired) {
  client->connected = false;
  client->over = expired;
  World::Current()->kernel.NotifyAll(client->changed);
  client->listener(expired ? ZooKeeperHandle::Event::kExpired : ZooKeeperHandle::Event::kDisconnected, "");
}

void Connect(const ClientPtr& client) {
  Kernel& kernel = World::Current()->kernel;
  const auto session =
      Ask<std::int64_t>(client, [id = client->session, timeout = client->timeout](ZooKeeperServer& zk) {
        if (id == 0) return zk.NewSession(timeout);
        return zk.Touch(id) ? id : std::int64_t{-1};
      });
  if (client->closing) return;
  if (!session) return kernel.Sleep(kernel.rng().Between(50 * kMilli, 200 * kMilli));
  if (*session < 0) return Lose(client, true);
  client->session = *session;
  client->connected = true;
  kernel.NotifyAll(client->changed);
  client->listener(ZooKeeperHandle::Event::kConnected, "");
  Arrive(client);
}

// The library's thread.
void Loop(const ClientPtr& client) {
  Kernel& kernel = World::Current()->kernel;
  Nanos ping_at = 0;
  while (!client->closing && !client->over) {
    if (!client->connected) {
      Connect(client);
      ping_at = kernel.now() + client->timeout / 3;
    } else if (!client->events.empty()) {
      const auto [path, deleted] = client->events.front();
      client->events.pop_front();
      client->listener(deleted ? ZooKeeperHandle::Event::kDeleted : ZooKeeperHandle::Event::kChanged, path);
    } else if (kernel.now() < ping_at) {
      kernel.Wait(client->changed, ping_at);
    } else {
      const auto alive = Ask<bool>(client, [id = client->session](ZooKeeperServer& zk) { return zk.Touch(id); });
      if (!alive || !*alive) {
        Lose(client, alive.has_value());
      } else {
        Arrive(client);  // what a short cut kept back is sent again
      }
      ping_at = kernel.now() + client->timeout / 3;
    }
  }
}

absl::StatusOr<Answer> Request(zhandle_t* handle, std::function<Answer(ZooKeeperServer&, std::int64_t)> request) {
  Kernel& kernel = World::Current()->kernel;
  const ClientPtr client = ClientOf(handle);
  const Nanos deadline = kernel.now() + client->timeout;
  while (!client->connected && !client->over) {
    if (!kernel.Wait(client->changed, deadline)) break;
  }
  if (!client->connected) return absl::UnavailableError("no connection");
  const auto answer =
      Ask<Answer>(client, [id = client->session, request](ZooKeeperServer& zk) { return request(zk, id); });
  if (!answer) return absl::UnavailableError("connection loss");
  switch (answer->code) {
    case Code::kOk: return *answer;
    case Code::kNoNode: return absl::NotFoundError("no node");
    case Code::kNodeExists: return absl::AlreadyExistsError("node exists");
    case Code::kBadVersion: return absl::AbortedError("bad version");
    case Code::kSessionExpired: break;
  }
  return absl::UnavailableError("session expired");
}

}  // namespace

ZooKeeperHandle::ZooKeeperHandle(Listener listener, RequestObserver on_request)
    : listener_(std::move(listener)), on_request_(std::move(on_request)) {}

absl::StatusOr<std::unique_ptr<ZooKeeperHandle>> ZooKeeperHandle::Open(const std::string& /*servers*/,
                                                                       std::chrono::milliseconds session_timeout,
                                                                       const SessionCredentials* session,
                                                                       Listener listener, RequestObserver on_request) {
  std::unique_ptr<ZooKeeperHandle> handle(new ZooKeeperHandle(std::move(listener), std::move(on_request)));
  World& world = *World::Current();
  auto client = std::make_shared<Client>();
  client->host = world.host();
  client->timeout = session_timeout.count() * kMilli;
  client->listener = handle->listener_;
  if (session != nullptr) client->session = session->id;
  handle->handle_ = reinterpret_cast<zhandle_t*>(new ClientPtr(client));
  client->thread = world.kernel.Spawn(world.kernel.process(), [client] { Loop(client); });
  return handle;
}

ZooKeeperHandle::~ZooKeeperHandle() {
  const ClientPtr client = ClientOf(handle_);
  client->closing = true;
  World::Current()->kernel.NotifyAll(client->changed);
  World::Current()->kernel.Join(client->thread);
  if (client->connected) {
    Ask<bool>(client, [id = client->session](ZooKeeperServer& zk) {
      zk.CloseSession(id);
      return true;
    });
  }
  delete &ClientOf(handle_);
}

SessionCredentials ZooKeeperHandle::credentials() const {
  SessionCredentials credentials;
  credentials.id = ClientOf(handle_)->session;
  return credentials;
}

absl::Status ZooKeeperHandle::Sync(const std::string& /*path*/) {
  return Request(handle_,
                 [](ZooKeeperServer& zk, std::int64_t id) {
                   return Answer{zk.Touch(id) ? Code::kOk : Code::kSessionExpired, {}, {}, {}};
                 })
      .status();
}

absl::StatusOr<ZooKeeperHandle::Node> ZooKeeperHandle::Get(const std::string& path, bool watch) {
  const ClientPtr client = ClientOf(handle_);
  ZooKeeperServer::Watch fire;
  if (watch) {
    fire = [client](const std::string& changed, bool deleted) {
      client->fired.emplace_back(changed, deleted);
      World::Current()->network.Send(kZooKeeperHost, client->host, [client] { Arrive(client); });
    };
  }
  XT_ASSIGN_OR_RETURN(const Answer answer, Request(handle_, [path, fire](ZooKeeperServer& zk, std::int64_t id) {
                        return zk.Get(id, path, fire);
                      }));
  return Node{answer.node.data, answer.node.version, answer.node.owner};
}

absl::StatusOr<std::vector<std::string>> ZooKeeperHandle::Children(const std::string& path, bool /*watch*/) {
  XT_ASSIGN_OR_RETURN(Answer answer,
                      Request(handle_, [path](ZooKeeperServer& zk, std::int64_t id) { return zk.Children(id, path); }));
  return std::move(answer.children);
}

absl::StatusOr<std::string> ZooKeeperHandle::Create(const std::string& path, const std::string& data, int mode) {
  const bool ephemeral = mode == ZOO_EPHEMERAL || mode == ZOO_EPHEMERAL_SEQUENTIAL;
  const bool sequential = mode == ZOO_EPHEMERAL_SEQUENTIAL;
  XT_ASSIGN_OR_RETURN(const Answer answer, Request(handle_, [=](ZooKeeperServer& zk, std::int64_t id) {
                        return zk.Create(id, path, data, ephemeral, sequential);
                      }));
  return answer.path;
}

absl::StatusOr<std::int32_t> ZooKeeperHandle::Set(const std::string& path, const std::string& data,
                                                  std::int32_t expected_version) {
  XT_ASSIGN_OR_RETURN(const Answer answer, Request(handle_, [=](ZooKeeperServer& zk, std::int64_t id) {
                        return zk.Set(id, path, data, expected_version);
                      }));
  return answer.node.version;
}

absl::Status ZooKeeperHandle::Delete(const std::string& path) {
  return Request(handle_, [path](ZooKeeperServer& zk, std::int64_t id) { return zk.Delete(id, path); }).status();
}

}  // namespace xt::zookeeper
