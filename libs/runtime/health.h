// HealthRegistry: what the process says about itself. A service reports each dependency by its name as ok, degraded or
// down; loops report that they still turn; the runtime moves the state from starting over serving to draining. From
// that follow /livez, /readyz, /startupz, the metric component_up, and gRPC health.
//
// Alive: every heartbeat is younger than its limit; no dependency counts. Ready: serving, and no hard dependency down.
// Thread-safe. Handles are owned by the registry and live as long as it does.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/base/clock.h"

namespace xt::runtime {

class MetricsRegistry;

enum class HealthStatus { kOk, kDegraded, kDown };
enum class ServingState { kStarting, kServing, kDraining };
// A hard dependency that is down makes the process not ready; a soft one is only reported.
enum class Dependency { kHard, kSoft };

[[nodiscard]] std::string_view HealthStatusName(HealthStatus status);  // "ok", "degraded", "down"
[[nodiscard]] std::string_view ServingStateName(ServingState state);   // "starting", "serving", "draining"

class HealthRegistry;

// One named check; its owner reports every change. Thread-safe.
class HealthCheck {
 public:
  // `reason` is for people: one short sentence without secrets. Empty when ok.
  void Set(HealthStatus status, std::string_view reason = "");
  void SetOk() { Set(HealthStatus::kOk); }

 private:
  friend class HealthRegistry;
  HealthCheck(HealthRegistry* registry, std::size_t index) : registry_(registry), index_(index) {}
  HealthRegistry* const registry_;
  const std::size_t index_;
};

// One loop. Its thread calls Beat() each turn (also when idle): one relaxed store. A loop that ends on purpose retires.
class Heartbeat {
 public:
  void Beat() { last_ns_.store(clock_.MonotonicNs(), std::memory_order_relaxed); }
  void Retire() { retired_.store(true, std::memory_order_relaxed); }

 private:
  friend class HealthRegistry;
  Heartbeat(const Clock& clock, std::string name, std::int64_t limit_ns)
      : clock_(clock), name_(std::move(name)), limit_ns_(limit_ns), last_ns_(clock.MonotonicNs()) {}
  const Clock& clock_;
  const std::string name_;
  const std::int64_t limit_ns_;
  std::atomic<std::int64_t> last_ns_;
  std::atomic<bool> retired_{false};
};

struct ComponentHealth {
  std::string component;
  Dependency dependency = Dependency::kHard;
  HealthStatus status = HealthStatus::kDown;
  std::string reason;
};

class HealthRegistry {
 public:
  // `metrics` may be null; it gets component_up{component}. Both must outlive the registry.
  explicit HealthRegistry(MetricsRegistry* metrics, const Clock& clock = SystemClock::Instance());
  ~HealthRegistry();
  HealthRegistry(const HealthRegistry&) = delete;
  HealthRegistry& operator=(const HealthRegistry&) = delete;

  // A check starts as down, "not checked yet". A component's name is given once.
  HealthCheck& AddCheck(std::string_view component, Dependency dependency);
  // `limit_ms` is how long the loop may stand still before /livez fails.
  Heartbeat& AddHeartbeat(std::string_view name, std::int64_t limit_ms);

  void SetState(ServingState state);
  [[nodiscard]] ServingState state() const;

  [[nodiscard]] bool Alive() const;
  [[nodiscard]] bool Started() const { return state() != ServingState::kStarting; }
  [[nodiscard]] bool Ready() const;
  [[nodiscard]] std::vector<ComponentHealth> Components() const;
  // Names of the loops that stand still.
  [[nodiscard]] std::vector<std::string> StalledLoops() const;

  // {"ready":true,"state":"serving","checks":[{"component":"journal","status":"ok","hard":true,"reason":""}]}
  [[nodiscard]] std::string ReadyJson() const;
  // {"alive":false,"stalled":["matching"]}
  [[nodiscard]] std::string LiveJson() const;

  // `listener` is called once now and after each change of Ready(), from the thread that made the change, never two at a
  // time; it must not call back into the registry. The returned function ends the subscription and waits for a running
  // call.
  [[nodiscard]] std::function<void()> OnReadyChange(std::function<void(bool ready)> listener);

 private:
  friend class HealthCheck;
  struct Impl;
  void SetCheck(std::size_t index, HealthStatus status, std::string_view reason);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::runtime
