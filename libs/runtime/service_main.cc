#include "libs/runtime/service_main.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/runtime/admin_server.h"
#include "libs/runtime/build_info.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/json_text.h"
#include "libs/runtime/log.h"

namespace xt::runtime {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int kExitFailed = 1;
constexpr int kExitBadConfig = 2;
constexpr int kExitDrainStuck = 3;
constexpr std::chrono::seconds kDrainGrace{2};

// The request to end: a signal, or a call from any thread. Created before any other thread, which then inherits the
// blocked signals, so that they only ever arrive here.
class ShutdownRequest {
 public:
  ShutdownRequest() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    XT_CHECK(::pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
    ::signal(SIGPIPE, SIG_IGN);
    signal_fd_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
    event_fd_ = ::eventfd(0, EFD_CLOEXEC);
    XT_CHECK(signal_fd_ >= 0 && event_fd_ >= 0);
  }
  ~ShutdownRequest() {
    ::close(signal_fd_);
    ::close(event_fd_);
  }
  ShutdownRequest(const ShutdownRequest&) = delete;
  ShutdownRequest& operator=(const ShutdownRequest&) = delete;

  void Request(absl::Status why) {
    {
      std::lock_guard lock(mutex_);
      if (!why_.has_value()) why_ = std::move(why);
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_fd_, &one, sizeof one);
  }

  // Waits. OK for a signal.
  absl::Status Wait() {
    pollfd fds[2] = {{signal_fd_, POLLIN, 0}, {event_fd_, POLLIN, 0}};
    while (::poll(fds, 2, -1) < 0) XT_CHECK(errno == EINTR);
    std::lock_guard lock(mutex_);
    if (why_.has_value()) {
      Log(why_->ok() ? LogLevel::kInfo : LogLevel::kError, "shutdown requested", {LogField(*why_)});
      return *why_;
    }
    signalfd_siginfo info{};
    const ssize_t got = ::read(signal_fd_, &info, sizeof info);
    Log(LogLevel::kInfo, "shutdown requested",
        {{"signal", got == sizeof info ? ::sigabbrev_np(static_cast<int>(info.ssi_signo)) : "unknown"}});
    return absl::OkStatus();
  }

 private:
  int signal_fd_ = -1;
  int event_fd_ = -1;
  std::mutex mutex_;
  std::optional<absl::Status> why_;
};

// Ends the process when the orderly end hangs. What was acknowledged is in the journal, so nothing is lost by it.
class Watchdog {
 public:
  explicit Watchdog(SteadyTime deadline) : thread_([this, deadline] { Run(deadline); }) {}
  ~Watchdog() {
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Run(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_until(lock, deadline, [&] { return done_; })) return;
    Log(LogLevel::kError, "drain did not end in time, exiting");
    FlushLogs();
    ::_exit(kExitDrainStuck);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

// One process from start to end. Members are destroyed in reverse order: first the app, last the metrics.
class ServiceRunner {
 public:
  ServiceRunner(const ServiceDefinition& definition, const RuntimeConfig& config)
      : config_(config),
        metrics_(config.metrics_max_symbols),
        health_(&metrics_),
        context_{definition.name, config_, metrics_, health_, SystemClock::Instance(), [this](absl::Status why) {
                   shutdown_.Request(std::move(why));
                 }} {
    metrics_.ExportProcess();
    metrics_.ExportBuildInfo(definition.name);
    log_metrics_ = ExportLogMetrics(metrics_);
  }

  int Run(const ServiceDefinition& definition) {
    Log(LogLevel::kInfo, "starting", {{"version", BuildVersion()}, {"revision", BuildRevision()}, {"pid", ::getpid()}});
    absl::Status status = StartAdmin();
    if (status.ok()) {
      app_ = definition.make_app(context_);
      status = StartApp();
    }
    if (status.ok()) {
      status = shutdown_.Wait();
    } else {
      Log(LogLevel::kError, "cannot start", {LogField(status)});
    }
    End();
    if (!status.ok()) std::fprintf(stderr, "%s: %s\n", definition.name.c_str(), std::string(status.message()).c_str());
    return status.ok() ? EXIT_SUCCESS : kExitFailed;
  }

 private:
  absl::Status StartAdmin() {
    AdminOptions options;
    options.address = config_.admin_address;
    options.port = config_.admin_port;
    XT_ASSIGN_OR_RETURN(admin_, AdminServer::Start(options, health_, metrics_));
    Log(LogLevel::kInfo, "admin port open", {{"url", admin_->url()}});
    return absl::OkStatus();
  }

  absl::Status StartApp() {
    XT_RETURN_IF_ERROR(app_->Start());
    GrpcOptions options;
    options.address = config_.grpc_address;
    options.port = config_.grpc_port;
    options.reflection = config_.ReflectionEnabled();
    options.max_message_bytes = config_.grpc_max_message_bytes;
    XT_ASSIGN_OR_RETURN(grpc_, GrpcHost::Start(options, app_->GrpcServices(), health_, metrics_));
    const Endpoints endpoints{grpc_->address(), admin_->url()};
    health_.SetState(ServingState::kServing);
    Log(LogLevel::kInfo, "serving", {{"grpc", endpoints.grpc}, {"admin", endpoints.admin}});
    XT_RETURN_IF_ERROR(app_->OnServing(endpoints));
    return WriteReadyFile(endpoints);
  }

  absl::Status WriteReadyFile(const Endpoints& endpoints) {
    if (config_.ready_file.empty()) return absl::OkStatus();
    std::string content = app_->ReadyFile(endpoints);
    if (content.empty()) {
      content =
          internal::Concat(R"({"service":)", internal::JsonString(context_.name), R"(,"instance":)",
                           internal::JsonString(config_.instance), R"(,"grpc":)", internal::JsonString(endpoints.grpc),
                           R"(,"admin":)", internal::JsonString(endpoints.admin), R"(,"pid":)", ::getpid(), "}\n");
    }
    const absl::Status written = WriteFileAtomically(config_.ready_file, content);
    if (written.ok()) return written;
    return absl::Status(written.code(), internal::Concat("config key ready_file: ", std::string(written.message())));
  }

  // Not ready is said first, so that nobody new comes while what is accepted is finished.
  void End() {
    const SteadyTime begin = std::chrono::steady_clock::now();
    const auto delay = std::chrono::milliseconds(config_.drain_delay_ms);
    const SteadyTime deadline = begin + delay + std::chrono::milliseconds(config_.drain_timeout_ms);
    const Watchdog watchdog(deadline + kDrainGrace);
    const bool was_serving = health_.state() == ServingState::kServing;
    health_.SetState(ServingState::kDraining);
    if (was_serving) {
      // Nothing to wait for but time: balancers poll readiness.
      ::poll(nullptr, 0, static_cast<int>(config_.drain_delay_ms));
      app_->Drain(deadline);
    }
    if (grpc_ != nullptr) grpc_->Shutdown(deadline);
    if (app_ != nullptr) app_->Stop();
    app_.reset();
    if (admin_ != nullptr) admin_->Stop();
    Log(LogLevel::kInfo, "stopped");
  }

  ShutdownRequest shutdown_;
  const RuntimeConfig& config_;
  MetricsRegistry metrics_;
  HealthRegistry health_;
  std::vector<MetricCallback> log_metrics_;
  ServiceContext context_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<App> app_;
  std::unique_ptr<GrpcHost> grpc_;
};

// An exit status when the process has nothing further to do.
std::optional<int> Inform(const ServiceDefinition& definition, const ConfigSchema& schema,
                          const ConfigRequest& request) {
  std::string text;
  if (request.help) {
    text = schema.Help(definition.name, definition.summary);
  } else if (request.help_markdown) {
    text = schema.Markdown();
  } else if (request.version) {
    text = internal::Concat(definition.name, " ", BuildVersion(), " (", BuildRevision(), ")\n");
  } else if (request.print_config) {
    text = schema.Toml();
  } else {
    return std::nullopt;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return EXIT_SUCCESS;
}

int RefuseToStart(const ServiceDefinition& definition, const absl::Status& status) {
  std::fprintf(stderr, "%s: %s\n", definition.name.c_str(), std::string(status.message()).c_str());
  return kExitBadConfig;
}

absl::Status WriteAndSync(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, internal::Concat("write ", path));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, internal::Concat("fsync ", path));
}

// So that the name is durable, too.
absl::Status SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, internal::Concat("open ", folder));
  const int synced = ::fsync(fd);
  ::close(fd);
  return synced == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, internal::Concat("fsync ", folder));
}

}  // namespace

ConfigSchema MakeServiceSchema(const ServiceDefinition& definition, RuntimeConfig& config) {
  ConfigSchema schema;
  config.Describe(schema);
  if (definition.describe) definition.describe(schema);
  return schema;
}

int ServiceMain(int argc, char** argv, const ServiceDefinition& definition) {
  // Debian's Abseil looks for deadlocks at every lock of gRPC, under one lock of its own.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  RuntimeConfig config;
  ConfigSchema schema = MakeServiceSchema(definition, config);
  const absl::StatusOr<ConfigRequest> request = schema.Load(ConfigSources::FromProcess(argc, argv));
  if (!request.ok()) return RefuseToStart(definition, request.status());
  if (const auto status = Inform(definition, schema, *request)) return *status;

  LogOptions log;
  log.level = config.log_level;
  log.service = definition.name;
  log.instance = config.instance;
  log.file = config.log_file;
  log.queue_messages = config.log_queue_messages;
  int exit_status = kExitFailed;
  {
    ServiceRunner runner(definition, config);
    // After the runner blocked the signals, which the log's thread must inherit.
    if (const absl::Status started = StartLogging(log); !started.ok()) return RefuseToStart(definition, started);
    exit_status = runner.Run(definition);
  }
  StopLogging();
  return exit_status;
}

absl::Status WriteFileAtomically(const std::string& path, const std::string& content) {
  const std::string temporary = internal::Concat(path, ".", ::getpid(), ".tmp");
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return absl::ErrnoToStatus(errno, internal::Concat("open ", temporary));
  absl::Status status = WriteAndSync(fd, content, temporary);
  ::close(fd);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = absl::ErrnoToStatus(errno, internal::Concat("rename to ", path));
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncFolderOf(path);
}

}  // namespace xt::runtime
