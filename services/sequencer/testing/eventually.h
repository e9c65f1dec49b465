// Watched: a value that fakes change and tests wait on. No test sleeps: it waits for a condition, and a deadline only ends
// a run that has gone wrong. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace xt::sequencer::testing {

inline constexpr std::chrono::seconds kPatience{60};

inline std::chrono::steady_clock::time_point Soon() { return std::chrono::steady_clock::now() + kPatience; }

template <typename T>
class Watched {
 public:
  // Runs `change` on the value under the lock, and returns what it returns.
  template <typename Change>
  auto Do(Change change) {
    const Notifier notifier{*this};
    const std::lock_guard lock(mutex_);
    return change(value_);
  }
  // False when the condition did not come true in time.
  template <typename Condition>
  [[nodiscard]] bool WaitUntil(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return condition(std::as_const(value_)); });
  }
  // Waits up to `timeout`; for fakes whose contract has one.
  template <typename Condition>
  void WaitUpTo(std::chrono::milliseconds timeout, Condition condition) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return condition(std::as_const(value_)); });
  }
  [[nodiscard]] T Get() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  struct Notifier {
    Watched& watched;
    ~Notifier() { watched.changed_.notify_all(); }
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  T value_;
};

}  // namespace xt::sequencer::testing
