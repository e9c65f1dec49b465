// ZooKeeperHandle: one session of the C client, from its start to its end; a session that has expired is never revived.
// The calls are the library's, with a Status for an outcome: OK, NOT_FOUND, ALREADY_EXISTS, ABORTED (another version),
// UNAVAILABLE (the connection or the session was lost: whether a change was made is unknown), INTERNAL for the rest.
//
// Threads: calls from any thread, but not inside the listener: they block until the reply or the loss of the connection,
// which the library notices within the session timeout. The listener is called on the library's one thread for
// callbacks and must not block.
#pragma once

#include <zookeeper/zookeeper.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"

namespace xt::zookeeper {

class ZooKeeperHandle {
 public:
  enum class Event { kConnected, kDisconnected, kExpired, kChanged, kDeleted };
  // The path is that of the znode of kChanged and kDeleted: a watch was set on it, and has fired.
  using Listener = std::function<void(Event, const std::string& path)>;
  using RequestObserver = std::function<void(std::chrono::nanoseconds)>;

  struct Node {
    std::string data;
    std::int32_t version = 0;
    std::int64_t owner = 0;  // the session of an ephemeral znode, else 0
  };

  // Begins a session, or continues `session` when it is given. Does not wait for a connection.
  static absl::StatusOr<std::unique_ptr<ZooKeeperHandle>> Open(const std::string& servers,
                                                               std::chrono::milliseconds session_timeout,
                                                               const SessionCredentials* session, Listener listener,
                                                               RequestObserver on_request);
  // Ends the session, when connected: its ephemeral znodes vanish. May take seconds when the server hangs.
  ~ZooKeeperHandle();
  ZooKeeperHandle(const ZooKeeperHandle&) = delete;
  ZooKeeperHandle& operator=(const ZooKeeperHandle&) = delete;

  // Valid once connected.
  [[nodiscard]] SessionCredentials credentials() const;

  // Waits until the server has seen everything that was decided before the call.
  absl::Status Sync(const std::string& path);
  absl::StatusOr<Node> Get(const std::string& path, bool watch);
  absl::StatusOr<std::vector<std::string>> Children(const std::string& path, bool watch);
  // `mode` is ZOO_PERSISTENT, ZOO_EPHEMERAL or ZOO_EPHEMERAL_SEQUENTIAL. The path that it got.
  absl::StatusOr<std::string> Create(const std::string& path, const std::string& data, int mode);
  // The new version.
  absl::StatusOr<std::int32_t> Set(const std::string& path, const std::string& data, std::int32_t expected_version);
  absl::Status Delete(const std::string& path);
  // Creates this persistent znode and those above it, where they are missing.
  absl::Status CreateFolders(const std::string& path);

 private:
  class Timed;
  ZooKeeperHandle(Listener listener, RequestObserver on_request);
  static void Watcher(zhandle_t* handle, int type, int state, const char* path, void* self);

  const Listener listener_;
  const RequestObserver on_request_;
  zhandle_t* handle_ = nullptr;
};

}  // namespace xt::zookeeper
