#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::zookeeper {
namespace {

constexpr std::size_t kUsualBytes = 4096;
constexpr std::size_t kMaxPathBytes = 1024;

absl::Status StatusOf(int result, const std::string& path) {
  const std::string text = absl::StrCat(path, ": ", zerror(result));
  switch (result) {
    case ZOK: return absl::OkStatus();
    case ZNONODE: return absl::NotFoundError(text);
    case ZNODEEXISTS: return absl::AlreadyExistsError(text);
    case ZBADVERSION: return absl::AbortedError(text);
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZSESSIONEXPIRED:
    case ZSESSIONMOVED:
    case ZINVALIDSTATE:
    case ZCLOSING:
    case ZTHROTTLEDOP: return absl::UnavailableError(text);
    default: return absl::InternalError(text);
  }
}

// What matters is told as states and errors; the library's own lines would go to stderr.
void DropLogLine(const char* /*line*/) {}

}  // namespace

// Measures a request from the construction to the end of the scope.
class ZooKeeperHandle::Timed {
 public:
  explicit Timed(const RequestObserver& observer) : observer_(observer) {}
  ~Timed() {
    if (observer_) observer_(std::chrono::steady_clock::now() - start_);
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  const RequestObserver& observer_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

ZooKeeperHandle::ZooKeeperHandle(Listener listener, RequestObserver on_request)
    : listener_(std::move(listener)), on_request_(std::move(on_request)) {}

absl::StatusOr<std::unique_ptr<ZooKeeperHandle>> ZooKeeperHandle::Open(const std::string& servers,
                                                                       std::chrono::milliseconds session_timeout,
                                                                       const SessionCredentials* session,
                                                                       Listener listener, RequestObserver on_request) {
  std::unique_ptr<ZooKeeperHandle> handle(new ZooKeeperHandle(std::move(listener), std::move(on_request)));
  clientid_t id{};
  if (session != nullptr) {
    id.client_id = session->id;
    static_assert(sizeof(id.passwd) == sizeof(session->password));
    std::copy(session->password.begin(), session->password.end(), id.passwd);
  }
  handle->handle_ =
      ::zookeeper_init2(servers.c_str(), &ZooKeeperHandle::Watcher, static_cast<int>(session_timeout.count()),
                        session != nullptr ? &id : nullptr, handle.get(), ZOO_NO_LOG_CLIENTENV, &DropLogLine);
  if (handle->handle_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("ZooKeeper at ", servers, ": ", std::generic_category().message(errno)));
  }
  return handle;
}

ZooKeeperHandle::~ZooKeeperHandle() {
  if (handle_ != nullptr) ::zookeeper_close(handle_);
}

void ZooKeeperHandle::Watcher(zhandle_t* /*handle*/, int type, int state, const char* path, void* self) {
  const Listener& listener = static_cast<ZooKeeperHandle*>(self)->listener_;
  if (type != ZOO_SESSION_EVENT) {
    listener(type == ZOO_DELETED_EVENT ? Event::kDeleted : Event::kChanged, path);
  } else if (state == ZOO_CONNECTED_STATE) {
    listener(Event::kConnected, "");
  } else if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
    listener(Event::kExpired, "");
  } else {
    listener(Event::kDisconnected, "");
  }
}

SessionCredentials ZooKeeperHandle::credentials() const {
  const clientid_t* id = ::zoo_client_id(handle_);
  SessionCredentials credentials;
  credentials.id = id->client_id;
  std::copy(std::begin(id->passwd), std::end(id->passwd), credentials.password.begin());
  return credentials;
}

absl::Status ZooKeeperHandle::Sync(const std::string& path) {
  const Timed timed(on_request_);
  std::promise<int> done;
  const string_completion_t completion = [](int result, const char* /*path*/, const void* promise) {
    static_cast<std::promise<int>*>(const_cast<void*>(promise))->set_value(result);
  };
  const int result = ::zoo_async(handle_, path.c_str(), completion, &done);
  return StatusOf(result == ZOK ? done.get_future().get() : result, path);
}

absl::StatusOr<ZooKeeperHandle::Node> ZooKeeperHandle::Get(const std::string& path, bool watch) {
  const Timed timed(on_request_);
  Node node;
  node.data.resize(kUsualBytes);
  for (;;) {
    int size = static_cast<int>(node.data.size());
    Stat stat{};
    XT_RETURN_IF_ERROR(StatusOf(::zoo_get(handle_, path.c_str(), watch ? 1 : 0, node.data.data(), &size, &stat), path));
    // What did not fit was cut off.
    const auto needed = static_cast<std::size_t>(std::max(stat.dataLength, 0));
    const bool complete = needed <= node.data.size();
    node.data.resize(needed);
    node.version = stat.version;
    node.owner = stat.ephemeralOwner;
    if (complete) return node;
  }
}

absl::StatusOr<std::vector<std::string>> ZooKeeperHandle::Children(const std::string& path, bool watch) {
  const Timed timed(on_request_);
  String_vector names{};
  XT_RETURN_IF_ERROR(StatusOf(::zoo_get_children(handle_, path.c_str(), watch ? 1 : 0, &names), path));
  std::vector<std::string> children(names.data, names.data + names.count);
  ::deallocate_String_vector(&names);
  return children;
}

absl::StatusOr<std::string> ZooKeeperHandle::Create(const std::string& path, const std::string& data, int mode) {
  const Timed timed(on_request_);
  std::array<char, kMaxPathBytes> created{};
  const int result = ::zoo_create(handle_, path.c_str(), data.data(), static_cast<int>(data.size()),
                                  &ZOO_OPEN_ACL_UNSAFE, mode, created.data(), static_cast<int>(created.size()));
  XT_RETURN_IF_ERROR(StatusOf(result, path));
  return std::string(created.data());
}

absl::StatusOr<std::int32_t> ZooKeeperHandle::Set(const std::string& path, const std::string& data,
                                                  std::int32_t expected_version) {
  const Timed timed(on_request_);
  Stat stat{};
  XT_RETURN_IF_ERROR(StatusOf(
      ::zoo_set2(handle_, path.c_str(), data.data(), static_cast<int>(data.size()), expected_version, &stat), path));
  return stat.version;
}

absl::Status ZooKeeperHandle::Delete(const std::string& path) {
  const Timed timed(on_request_);
  return StatusOf(::zoo_delete(handle_, path.c_str(), -1), path);
}

}  // namespace xt::zookeeper
