#include "libs/adapters/zookeeper/zookeeper_session.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/zookeeper/internal/recipe.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace xt::zookeeper {
namespace {

// Between two tries of a step that failed, or of opening a handle.
constexpr std::chrono::milliseconds kRetryAfter{200};

absl::Status Validate(const ZooKeeperConfig& config) {
  if (config.servers.empty()) return absl::InvalidArgumentError("servers must be given");
  if (config.root.size() < 2 || config.root.front() != '/' || config.root.back() == '/') {
    return absl::InvalidArgumentError("root must be the path of a znode below /");
  }
  if (config.session_timeout.count() <= 0 || config.call_timeout.count() <= 0) {
    return absl::InvalidArgumentError("session_timeout and call_timeout must be > 0");
  }
  return absl::OkStatus();
}

}  // namespace

std::string ToText(const SessionCredentials& credentials) {
  const std::string password(credentials.password.begin(), credentials.password.end());
  return absl::StrCat(absl::Hex(static_cast<std::uint64_t>(credentials.id), absl::kZeroPad16),
                      absl::BytesToHexString(password));
}

absl::StatusOr<SessionCredentials> CredentialsFromText(std::string_view text) {
  SessionCredentials credentials;
  const std::size_t digits = 2 * (sizeof(credentials.id) + credentials.password.size());
  if (text.size() != digits || text.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("session credentials are ", digits, " hexadecimal digits"));
  }
  std::uint64_t id = 0;
  XT_CHECK(absl::SimpleHexAtoi(std::string(text.substr(0, 16)), &id));
  credentials.id = static_cast<std::int64_t>(id);
  const std::string password = absl::HexStringToBytes(std::string(text.substr(16)));
  std::copy(password.begin(), password.end(), credentials.password.begin());
  return credentials;
}

absl::Status CloseSession(const std::string& servers, const SessionCredentials& credentials,
                          std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  // Connected means that the session was still there; closing the handle ends it, unless its process lives and takes it
  // back first. So it is asked for until there is none.
  for (;;) {
    std::promise<ZooKeeperHandle::Event> promise;
    bool told = false;  // of the library's thread
    const auto listener = [&](ZooKeeperHandle::Event event, const std::string& /*path*/) {
      if (event == ZooKeeperHandle::Event::kDisconnected || std::exchange(told, true)) return;
      promise.set_value(event);
    };
    XT_ASSIGN_OR_RETURN(const auto handle, ZooKeeperHandle::Open(servers, timeout, &credentials, listener, nullptr));
    auto answer = promise.get_future();
    if (answer.wait_until(deadline) != std::future_status::ready) {
      return absl::UnavailableError(absl::StrCat("no ZooKeeper server at ", servers, " answers"));
    }
    if (answer.get() == ZooKeeperHandle::Event::kExpired) return absl::OkStatus();
  }
}

absl::StatusOr<std::shared_ptr<ZooKeeperSession>> ZooKeeperSession::Open(ZooKeeperConfig config) {
  XT_RETURN_IF_ERROR(Validate(config));
  std::shared_ptr<ZooKeeperSession> session(new ZooKeeperSession(std::move(config)));
  XT_RETURN_IF_ERROR(session->OpenHandle());
  session->thread_ = std::thread([raw = session.get()] { raw->Loop(); });
  return session;
}

ZooKeeperSession::ZooKeeperSession(ZooKeeperConfig config) : config_(std::move(config)) {}
ZooKeeperSession::~ZooKeeperSession() { Close(); }

void ZooKeeperSession::Close() {
  XT_CHECK(std::this_thread::get_id() != thread_.get_id(), "an observer must not close its session");
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  std::lock_guard ending(after_end_);
  if (thread_.joinable()) thread_.join();
}

std::optional<SessionCredentials> ZooKeeperSession::credentials() const {
  std::lock_guard lock(mutex_);
  return credentials_;
}

ZooKeeperSessionStats ZooKeeperSession::Stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

void ZooKeeperSession::Add(Recipe* recipe) {
  Run([&] { recipes_.push_back(recipe); });
}

void ZooKeeperSession::Remove(Recipe* recipe) {
  Run([&] { recipes_.erase(std::remove(recipes_.begin(), recipes_.end(), recipe), recipes_.end()); });
}

void ZooKeeperSession::Run(const std::function<void()>& task) {
  if (std::this_thread::get_id() == thread_.get_id()) return task();
  {
    std::unique_lock lock(mutex_);
    if (!ended_) {
      Task waiting{task};
      tasks_.push_back(&waiting);
      changed_.notify_all();
      return changed_.wait(lock, [&] { return waiting.done; });
    }
  }
  std::lock_guard alone(after_end_);  // a task may run another
  task();
}

ZooKeeperHandle* ZooKeeperSession::connected_handle() const {
  std::lock_guard lock(mutex_);
  return stats_.connected ? handle_.get() : nullptr;
}

void ZooKeeperSession::Renew() {
  EndSession();
  steps_wanted_ = true;  // the loop opens the next handle
}

absl::StatusOr<std::shared_ptr<ZooKeeperHandle>> ZooKeeperSession::WaitForHandle(
    std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return closing_ || (handle_ && stats_.connected); });
  if (closing_) return absl::UnavailableError("the ZooKeeper session was closed");
  if (!handle_ || !stats_.connected) return absl::UnavailableError("no connection to ZooKeeper");
  return handle_;
}

void ZooKeeperSession::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    WaitForWork(lock);
    if (closing_) break;
    while (!events_.empty()) {
      const Event event = std::move(events_.front());
      events_.pop_front();
      lock.unlock();
      Handle(event);
      lock.lock();
    }
    RunTasks(lock);
    lock.unlock();
    TakeSteps();
    lock.lock();
  }
  lock.unlock();
  EndSession();
  lock.lock();
  RunTasks(lock);
  ended_ = true;
}

void ZooKeeperSession::WaitForWork(std::unique_lock<std::mutex>& lock) {
  if (steps_wanted_) return;
  const auto something = [this] { return closing_ || !events_.empty() || !tasks_.empty(); };
  if (!std::exchange(retry_wanted_, false)) {
    changed_.wait(lock, something);
  } else {
    changed_.wait_for(lock, kRetryAfter, something);
  }
}

void ZooKeeperSession::RunTasks(std::unique_lock<std::mutex>& lock) {
  while (!tasks_.empty()) {
    Task* const task = tasks_.front();
    tasks_.pop_front();
    lock.unlock();
    task->run();
    lock.lock();
    task->done = true;
    changed_.notify_all();
  }
}

absl::Status ZooKeeperSession::OpenHandle() {
  std::uint64_t generation = 0;
  {
    std::lock_guard lock(mutex_);
    generation = ++generation_;
  }
  const auto listener = [this, generation](ZooKeeperHandle::Event event, const std::string& path) {
    std::lock_guard lock(mutex_);
    if (generation != generation_) return;
    const bool connected = event == ZooKeeperHandle::Event::kConnected;
    switch (event) {
      case ZooKeeperHandle::Event::kConnected: events_.push_back({EventKind::kConnected, generation, ""}); break;
      case ZooKeeperHandle::Event::kExpired: events_.push_back({EventKind::kExpired, generation, ""}); break;
      case ZooKeeperHandle::Event::kChanged: events_.push_back({EventKind::kChanged, generation, path}); break;
      case ZooKeeperHandle::Event::kDeleted: events_.push_back({EventKind::kDeleted, generation, path}); break;
      case ZooKeeperHandle::Event::kDisconnected: break;
    }
    if (event != ZooKeeperHandle::Event::kChanged && event != ZooKeeperHandle::Event::kDeleted) {
      if (stats_.connected && !connected) ++stats_.disconnections;
      stats_.connected = connected;
    }
    changed_.notify_all();
  };
  XT_ASSIGN_OR_RETURN(auto handle, ZooKeeperHandle::Open(config_.servers, config_.session_timeout, nullptr, listener,
                                                         config_.on_request));
  std::lock_guard lock(mutex_);
  handle_ = std::move(handle);
  changed_.notify_all();
  return absl::OkStatus();
}

void ZooKeeperSession::Handle(const Event& event) {
  steps_wanted_ = true;
  {
    std::lock_guard lock(mutex_);
    if (event.generation != generation_) return;
    if (event.kind == EventKind::kExpired) ++stats_.expirations;
  }
  if (event.kind == EventKind::kConnected) return Connected();
  if (event.kind == EventKind::kExpired) return EndSession();
  for (Recipe* const recipe : std::vector<Recipe*>(recipes_)) {
    recipe->Changed(event.path, event.kind == EventKind::kDeleted);
  }
}

void ZooKeeperSession::Connected() {
  const SessionCredentials credentials = handle_->credentials();
  {
    std::lock_guard lock(mutex_);
    if (credentials_ == credentials) return;
    credentials_ = credentials;
    ++stats_.sessions;
  }
  if (config_.on_session) config_.on_session(credentials);
}

void ZooKeeperSession::EndSession() {
  for (Recipe* const recipe : std::vector<Recipe*>(recipes_)) recipe->Expired();
  std::shared_ptr<ZooKeeperHandle> ended;
  std::lock_guard lock(mutex_);
  ++generation_;
  stats_.connected = false;
  ended = std::move(handle_);
}

void ZooKeeperSession::TakeSteps() {
  steps_wanted_ = false;
  if (!handle_) {
    const absl::Status opened = OpenHandle();
    retry_wanted_ = !opened.ok();
    if (!opened.ok()) Report(opened);
    return;
  }
  if (connected_handle() == nullptr) return;
  const std::shared_ptr<ZooKeeperHandle> handle = handle_;
  for (Recipe* const recipe : std::vector<Recipe*>(recipes_)) {
    // An observer that an earlier one told may have resigned.
    if (handle != handle_) return;
    if (std::find(recipes_.begin(), recipes_.end(), recipe) == recipes_.end()) continue;
    const absl::Status status = recipe->Step(*handle);
    if (status.ok()) continue;
    if (absl::IsAborted(status)) {
      steps_wanted_ = true;  // something else changed in between: at once
    } else {
      retry_wanted_ = true;
      if (!absl::IsUnavailable(status)) Report(status);  // a lost connection is a state, no error
    }
  }
}

void ZooKeeperSession::Report(const absl::Status& status) {
  {
    std::lock_guard lock(mutex_);
    ++stats_.errors;
  }
  if (config_.on_error) config_.on_error(status);
}

}  // namespace xt::zookeeper
