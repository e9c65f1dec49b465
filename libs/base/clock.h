// Clock: the only way to read time. Cores never hold one; they receive time as a value. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace xt {

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds since the Unix epoch, UTC. May jump when the machine's clock is set.
  [[nodiscard]] virtual std::int64_t WallNs() const = 0;
  // Nanoseconds since an arbitrary point; never falls.
  [[nodiscard]] virtual std::int64_t MonotonicNs() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t WallNs() const override;
  [[nodiscard]] std::int64_t MonotonicNs() const override;
  // A process-wide instance; valid for the whole life of the process.
  static const SystemClock& Instance();
};

// A clock that moves only when told; both readings move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t start_ns = 0) : now_ns_(start_ns) {}
  [[nodiscard]] std::int64_t WallNs() const override { return now_ns_.load(); }
  [[nodiscard]] std::int64_t MonotonicNs() const override { return now_ns_.load(); }
  void AdvanceNs(std::int64_t by_ns) { now_ns_ += by_ns; }

 private:
  std::atomic<std::int64_t> now_ns_;
};

}  // namespace xt
