#include "services/gateway/symbol_directory.h"

#include <chrono>
#include <string>
#include <utility>

#include "libs/runtime/health.h"
#include "libs/runtime/log.h"

namespace xt::gateway {
namespace {

constexpr std::int64_t kRefreshIntervalNs = 1'000'000'000;
constexpr std::chrono::milliseconds kRetryInterval{200};

}  // namespace

SymbolDirectory::SymbolDirectory(ports::MatchingQueries& matching, const Clock& clock, runtime::HealthCheck& health)
    : matching_(matching), clock_(clock), health_(health) {}

SymbolDirectory::~SymbolDirectory() { Stop(); }

void SymbolDirectory::Start() {
  if (Refresh().ok()) return;
  thread_ = std::thread([this] { Run(); });
}

void SymbolDirectory::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const SymbolTable> SymbolDirectory::Current() const {
  std::lock_guard lock(mutex_);
  return table_;
}

absl::Status SymbolDirectory::Refresh() { return FetchedSince(clock_.MonotonicNs()); }

absl::Status SymbolDirectory::RefreshIfDue() { return FetchedSince(clock_.MonotonicNs() - kRefreshIntervalNs); }

absl::Status SymbolDirectory::FetchedSince(std::int64_t since_ns) {
  std::lock_guard fetching(fetching_);
  if (fetched_ns_ <= since_ns) {
    fetched_ns_ = clock_.MonotonicNs();
    fetched_ = Fetch();
  }
  return fetched_;
}

absl::Status SymbolDirectory::Fetch() {
  absl::StatusOr<ports::ReferenceData> data = matching_.GetReferenceData();
  if (!data.ok()) return data.status();
  auto table = std::make_shared<const SymbolTable>(std::move(data->assets), std::move(data->symbols));
  {
    std::lock_guard lock(mutex_);
    table_ = std::move(table);
  }
  health_.SetOk();
  return absl::OkStatus();
}

void SymbolDirectory::Run() {
  bool said = false;
  while (true) {
    const absl::Status status = Refresh();
    if (status.ok()) return;
    health_.Set(runtime::HealthStatus::kDown, "matching gives no reference data: " + std::string(status.message()));
    if (!std::exchange(said, true)) {
      runtime::Log(runtime::LogLevel::kWarn, "waiting for reference data", {runtime::LogField(status)});
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kRetryInterval, [&] { return stopping_; })) return;
  }
}

}  // namespace xt::gateway
