// ZooKeeperSession: the one session of a process with ZooKeeper, shared by its elections, records and registrations. It
// is opened again after each expiry; those who use it are told and begin again. A lost connection is no expiry: nothing
// is given up, the library connects again and goes on.
//
// Threads: everything from any thread. A thread of its own, fed by a queue from the library's watcher, runs whatever
// follows from an event and calls all observers; they must not block, nor destroy what calls them. The library's own
// threads only put events into the queue.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt::zookeeper {

class Recipe;
class ZooKeeperHandle;

// Whoever has them can end the session.
struct SessionCredentials {
  std::int64_t id = 0;
  std::array<char, 16> password{};
  friend bool operator==(const SessionCredentials&, const SessionCredentials&) = default;
};
// As one word of hexadecimal digits, and back.
std::string ToText(const SessionCredentials& credentials);
absl::StatusOr<SessionCredentials> CredentialsFromText(std::string_view text);

// Ends a session from outside, so that its ephemeral znodes vanish at once and not after its timeout: for a supervisor
// that has seen the process die. OK when a server says that the session is gone. UNAVAILABLE when none does in time.
absl::Status CloseSession(const std::string& servers, const SessionCredentials& credentials,
                          std::chrono::milliseconds timeout);

struct ZooKeeperConfig {
  std::string servers;                               // "host:port,host:port,..."
  std::string root = "/xt";                          // the znode below which everything lies
  std::chrono::milliseconds session_timeout{1'500};  // the servers clamp it to 2..20 of their ticks
  // How long a record's call tries to learn its outcome over lost connections; one session timeout may come on top.
  std::chrono::milliseconds call_timeout{5'000};
  // A new session, before anything is stored in it; for the supervisor. On the session's thread.
  std::function<void(const SessionCredentials&)> on_session;
  // What went wrong and will be tried again; for the log. On the session's thread.
  std::function<void(const absl::Status&)> on_error;
  // How long each request took. Any thread.
  std::function<void(std::chrono::nanoseconds)> on_request;
};

struct ZooKeeperSessionStats {
  bool connected = false;
  std::uint64_t sessions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t disconnections = 0;
  std::uint64_t errors = 0;  // of steps that are tried again
};

class ZooKeeperSession {
 public:
  // Begins; does not wait for a connection. INVALID_ARGUMENT for a bad configuration, UNAVAILABLE when the servers' names
  // cannot be resolved.
  static absl::StatusOr<std::shared_ptr<ZooKeeperSession>> Open(ZooKeeperConfig config);
  ~ZooKeeperSession();
  ZooKeeperSession(const ZooKeeperSession&) = delete;
  ZooKeeperSession& operator=(const ZooKeeperSession&) = delete;

  // Ends the session: its ephemeral znodes vanish, whoever leads is told that it does not. Idempotent.
  void Close();

  // Of the present session; none before the first connection.
  [[nodiscard]] std::optional<SessionCredentials> credentials() const;
  [[nodiscard]] ZooKeeperSessionStats Stats() const;
  [[nodiscard]] const ZooKeeperConfig& config() const { return config_; }

  // For this folder.
  //
  // From here on the recipe is called, until Remove has returned.
  void Add(Recipe* recipe);
  void Remove(Recipe* recipe);
  // Runs it on the session's thread and returns afterwards. After Close there is no such thread, and it runs on the
  // caller's, one at a time.
  void Run(const std::function<void()>& task);
  // Inside Run: the handle when there is a connection, else null.
  [[nodiscard]] ZooKeeperHandle* connected_handle() const;
  // Inside Run: gives the session up and begins another; whatever the old one left ends with its timeout at the latest.
  void Renew();
  // A handle with a connection; UNAVAILABLE when there is none until the deadline.
  absl::StatusOr<std::shared_ptr<ZooKeeperHandle>> WaitForHandle(std::chrono::steady_clock::time_point deadline);

 private:
  enum class EventKind { kConnected, kExpired, kChanged, kDeleted };
  struct Event {
    EventKind kind;
    std::uint64_t generation;  // of the handle that it comes from
    std::string path;
  };
  struct Task {
    const std::function<void()>& run;
    bool done = false;
  };
  explicit ZooKeeperSession(ZooKeeperConfig config);

  // Of the session's thread.
  void Loop();
  void WaitForWork(std::unique_lock<std::mutex>& lock);
  void RunTasks(std::unique_lock<std::mutex>& lock);
  absl::Status OpenHandle();
  void Handle(const Event& event);
  void Connected();
  void EndSession();
  void TakeSteps();
  void Report(const absl::Status& status);

  const ZooKeeperConfig config_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Bounded by what the recipes watch, as a watch fires once, and by the callers that wait. Changes of state come as
  // slowly as connections are made.
  std::deque<Event> events_;
  std::deque<Task*> tasks_;
  std::shared_ptr<ZooKeeperHandle> handle_;  // replaced by the session's thread alone
  std::uint64_t generation_ = 0;             // grows with every handle; what an earlier one tells is of no interest
  std::optional<SessionCredentials> credentials_;
  ZooKeeperSessionStats stats_;
  bool closing_ = false;
  bool ended_ = false;

  // Of the session's thread.
  std::vector<Recipe*> recipes_;
  bool steps_wanted_ = false;
  bool retry_wanted_ = false;

  std::recursive_mutex after_end_;  // of those who end the thread, or run a task after it has ended
  std::thread thread_;
};

}  // namespace xt::zookeeper
