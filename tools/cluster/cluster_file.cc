#include "tools/cluster/cluster_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/random_id.h"
#include "libs/http/client.h"
#include "tools/metrics/metrics_text.h"

namespace xt::cluster {
namespace {

using nlohmann::ordered_json;

std::string LockFile(const std::string& data) { return data + "/lock"; }

std::string HoldFile(const std::string& data, const std::string& name) { return data + "/held/" + name; }

std::string OperatorSecretFile(const std::string& data) { return data + "/operator.secret"; }

void AskService(ordered_json& service) {
  const std::string admin = service.at("admin");
  const std::string port = admin.substr(admin.rfind(':') + 1);
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  http::Client client({.port = number, .connect_timeout_ms = 500, .request_timeout_ms = 2'000});
  const auto ready = client.Get("/readyz");
  service["ready"] = ready.ok() && ready->status == 200;
  const auto page = client.Get("/metrics");
  if (!page.ok()) return;
  const auto samples = metrics::ParseMetrics(page->body);
  if (!samples.ok()) return;
  const auto roles = metrics::SamplesOf(*samples, "leader_is_leader");
  if (roles.empty()) return;
  service["leader"] = std::ranges::any_of(roles, [](const metrics::Sample& role) { return role.value == 1; });
}

}  // namespace

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

absl::Status MakeOperatorSecret(const std::string& data) {
  if (!ReadOperatorSecret(data).empty()) return absl::OkStatus();
  const std::string path = OperatorSecretFile(data);
  const std::string secret = RandomId();
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = file >= 0 && ::write(file, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size());
  if (file >= 0) ::close(file);
  return written ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write ", path));
}

std::string ReadOperatorSecret(const std::string& data) { return ReadText(OperatorSecretFile(data)); }

absl::Status HoldLock(const std::string& data) {
  std::filesystem::create_directories(data);
  const int file = ::open(LockFile(data).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return absl::UnavailableError(absl::StrCat("cannot open ", LockFile(data)));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return absl::UnavailableError(absl::StrCat("a cluster runs in ", data, " already"));
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file, 0) != 0 || ::write(file, pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
    return absl::UnavailableError(absl::StrCat("cannot write ", LockFile(data)));
  }
  return absl::OkStatus();  // the file stays open, and the lock held, until the process ends
}

pid_t SupervisorOf(const std::string& data) {
  const int file = ::open(LockFile(data).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const bool free = ::flock(file, LOCK_SH | LOCK_NB) == 0;
  ::close(file);
  if (free) return 0;
  const std::string text = ReadText(LockFile(data));
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

bool WaitForEnd(pid_t pid, std::chrono::milliseconds timeout) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return true;
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  const bool ended = ::poll(&watched, 1, static_cast<int>(timeout.count())) > 0;
  ::close(fd);
  return ended;
}

void Hold(const std::string& data, const std::string& name) {
  std::filesystem::create_directories(data + "/held");
  std::ofstream file(HoldFile(data, name));
}

void Release(const std::string& data, const std::string& name) { std::filesystem::remove(HoldFile(data, name)); }

bool IsHeld(const std::string& data, const std::string& name) { return std::filesystem::exists(HoldFile(data, name)); }

absl::StatusOr<ordered_json> ReadCluster(const std::string& data) {
  if (SupervisorOf(data) == 0) return absl::NotFoundError(absl::StrCat("no cluster runs in ", data));
  ordered_json cluster = ordered_json::parse(ReadText(data + "/ready.json"), nullptr, false);
  if (cluster.is_discarded()) return absl::NotFoundError(absl::StrCat("the cluster in ", data, " does not serve yet"));
  for (ordered_json& service : cluster["services"]) AskService(service);
  return cluster;
}

}  // namespace xt::cluster
