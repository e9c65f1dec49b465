#include "libs/runtime/health.h"

#include <list>
#include <mutex>

#include "libs/base/check.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/json_text.h"
#include "libs/runtime/metrics.h"

namespace xt::runtime {

std::string_view HealthStatusName(HealthStatus status) {
  switch (status) {
    case HealthStatus::kOk: return "ok";
    case HealthStatus::kDegraded: return "degraded";
    case HealthStatus::kDown: return "down";
  }
  return "";
}

std::string_view ServingStateName(ServingState state) {
  switch (state) {
    case ServingState::kStarting: return "starting";
    case ServingState::kServing: return "serving";
    case ServingState::kDraining: return "draining";
  }
  return "";
}

struct HealthRegistry::Impl {
  struct Check {
    ComponentHealth health;
    Gauge* up = nullptr;
    std::unique_ptr<HealthCheck> handle;
  };

  [[nodiscard]] bool ReadyLocked() const {
    if (state != ServingState::kServing) return false;
    for (const Check& check : checks) {
      if (check.health.dependency == Dependency::kHard && check.health.status == HealthStatus::kDown) return false;
    }
    return true;
  }

  // Runs `change` and then tells the listeners, if readiness changed. `notify_mutex` keeps their calls in order; it is
  // taken first, so that a listener may take its time while others read.
  template <typename Change>
  void ChangeAndNotify(Change change) {
    std::lock_guard notify_lock(notify_mutex);
    bool ready = false;
    {
      std::lock_guard lock(mutex);
      const bool before = ReadyLocked();
      change();
      ready = ReadyLocked();
      if (ready == before) return;
    }
    for (const auto& listener : listeners) listener(ready);
  }

  MetricsRegistry* metrics = nullptr;
  const Clock* clock = nullptr;

  std::mutex notify_mutex;  // before `mutex`
  std::list<std::function<void(bool)>> listeners;

  mutable std::mutex mutex;
  ServingState state = ServingState::kStarting;
  std::vector<Check> checks;
  std::vector<std::unique_ptr<Heartbeat>> heartbeats;
};

void HealthCheck::Set(HealthStatus status, std::string_view reason) { registry_->SetCheck(index_, status, reason); }

HealthRegistry::HealthRegistry(MetricsRegistry* metrics, const Clock& clock) : impl_(std::make_unique<Impl>()) {
  impl_->metrics = metrics;
  impl_->clock = &clock;
}
HealthRegistry::~HealthRegistry() = default;

HealthCheck& HealthRegistry::AddCheck(std::string_view component, Dependency dependency) {
  Gauge* up = nullptr;
  if (impl_->metrics != nullptr) {
    up = &impl_->metrics->Gauge("component_up", "Whether a dependency is usable (1) or down (0).",
                                {{"component", std::string(component)}});
  }
  HealthCheck* handle = nullptr;
  impl_->ChangeAndNotify([&] {
    for (const Impl::Check& other : impl_->checks) XT_CHECK(other.health.component != component, component);
    impl_->checks.push_back({{std::string(component), dependency, HealthStatus::kDown, "not checked yet"},
                             up,
                             std::unique_ptr<HealthCheck>(new HealthCheck(this, impl_->checks.size()))});
    handle = impl_->checks.back().handle.get();
  });
  return *handle;
}

Heartbeat& HealthRegistry::AddHeartbeat(std::string_view name, std::int64_t limit_ms) {
  std::lock_guard lock(impl_->mutex);
  impl_->heartbeats.push_back(
      std::unique_ptr<Heartbeat>(new Heartbeat(*impl_->clock, std::string(name), limit_ms * 1'000'000)));
  return *impl_->heartbeats.back();
}

void HealthRegistry::SetCheck(std::size_t index, HealthStatus status, std::string_view reason) {
  impl_->ChangeAndNotify([&] {
    Impl::Check& check = impl_->checks[index];
    check.health.status = status;
    check.health.reason = reason;
    if (check.up != nullptr) check.up->Set(status == HealthStatus::kDown ? 0 : 1);
  });
}

void HealthRegistry::SetState(ServingState state) {
  impl_->ChangeAndNotify([&] { impl_->state = state; });
}

ServingState HealthRegistry::state() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->state;
}

bool HealthRegistry::Alive() const { return StalledLoops().empty(); }

bool HealthRegistry::Ready() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->ReadyLocked();
}

std::vector<ComponentHealth> HealthRegistry::Components() const {
  std::lock_guard lock(impl_->mutex);
  std::vector<ComponentHealth> components;
  for (const Impl::Check& check : impl_->checks) components.push_back(check.health);
  return components;
}

std::vector<std::string> HealthRegistry::StalledLoops() const {
  std::lock_guard lock(impl_->mutex);
  std::vector<std::string> stalled;
  const std::int64_t now_ns = impl_->clock->MonotonicNs();
  for (const auto& heartbeat : impl_->heartbeats) {
    if (heartbeat->retired_.load(std::memory_order_relaxed)) continue;
    const std::int64_t age_ns = now_ns - heartbeat->last_ns_.load(std::memory_order_relaxed);
    if (age_ns > heartbeat->limit_ns_) stalled.push_back(heartbeat->name_);
  }
  return stalled;
}

std::string HealthRegistry::ReadyJson() const {
  std::lock_guard lock(impl_->mutex);
  std::string out = internal::Concat(R"({"ready":)", impl_->ReadyLocked() ? "true" : "false", R"(,"state":")",
                                     ServingStateName(impl_->state), R"(","checks":[)");
  const char* separator = "";
  for (const Impl::Check& check : impl_->checks) {
    internal::Append(out, separator, R"({"component":)", internal::JsonString(check.health.component), R"(,"status":")",
                     HealthStatusName(check.health.status), R"(","hard":)",
                     check.health.dependency == Dependency::kHard ? "true" : "false", R"(,"reason":)",
                     internal::JsonString(check.health.reason), "}");
    separator = ",";
  }
  return out + "]}";
}

std::string HealthRegistry::LiveJson() const {
  const std::vector<std::string> stalled = StalledLoops();
  std::string out = internal::Concat(R"({"alive":)", stalled.empty() ? "true" : "false", R"(,"stalled":[)");
  const char* separator = "";
  for (const std::string& name : stalled) {
    internal::Append(out, separator, internal::JsonString(name));
    separator = ",";
  }
  return out + "]}";
}

std::function<void()> HealthRegistry::OnReadyChange(std::function<void(bool ready)> listener) {
  std::lock_guard notify_lock(impl_->notify_mutex);
  listener(Ready());
  const auto position = impl_->listeners.insert(impl_->listeners.end(), std::move(listener));
  return [this, position] {
    std::lock_guard lock(impl_->notify_mutex);
    impl_->listeners.erase(position);
  };
}

}  // namespace xt::runtime
