// Kernel: a deterministic machine for threaded code. While it runs, every thread of the program is a fiber of one operating
// system thread, and every lock, wait, sleep and clock is the kernel's (interpose.cc puts it under the standard library):
// code that was written for threads runs unchanged, in virtual time, in an order that one seed decides. The same seed gives
// the same run, bit for bit.
//
// Fibers belong to processes, which can be paused, continued and killed: a killed one never runs again, its memory stays as it
// was. Process 0 is the world: servers, network and faults. It uses the kernel's own means (At, WaitQueue), never a lock
// that a process might hold when it is paused.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace xt::sim {

using Nanos = std::int64_t;
using ProcessId = std::uint32_t;

inline constexpr Nanos kMicro = 1'000;
inline constexpr Nanos kMilli = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;
inline constexpr Nanos kNever = INT64_MAX;
inline constexpr ProcessId kWorld = 0;

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t Next() { return engine_(); }
  // Below `bound`, which is > 0.
  std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }
  // From `low` to `high`, both included.
  Nanos Between(Nanos low, Nanos high) {
    return low + static_cast<Nanos>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  // True in `parts` of a million cases.
  bool Chance(std::uint64_t parts) { return Below(1'000'000) < parts; }

 private:
  std::mt19937_64 engine_;
};

struct Fiber;

// Who waits for something. Entries of fibers that went on for another reason stay until they are met.
class WaitQueue {
 public:
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  friend class Kernel;
  struct Entry {
    Fiber* fiber;
    std::uint64_t wait;
  };
  std::deque<Entry> waiting_;
};

class Kernel {
 public:
  explicit Kernel(std::uint64_t seed);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // The one that runs; null outside of Run.
  static Kernel* Current();

  // Runs `main` as the world's first fiber, and returns when it has returned.
  void Run(const std::function<void()>& main);

  [[nodiscard]] Nanos now() const { return now_; }
  // What the process's clock of the day shows, in nanoseconds since 1970.
  [[nodiscard]] Nanos WallClock() const;
  void ShiftWallClock(ProcessId process, Nanos by);
  Rng& rng() { return rng_; }
  // A hash of everything that was scheduled, and when.
  [[nodiscard]] std::uint64_t trace_hash() const { return trace_; }
  [[nodiscard]] std::uint64_t switches() const { return switches_; }
  // How many of a million locks and unlocks give the processor away.
  void SetPreemption(std::uint64_t parts_per_million) { preemption_ = parts_per_million; }

  ProcessId NewProcess();
  [[nodiscard]] bool Alive(ProcessId process) const;
  void Kill(ProcessId process);
  void Pause(ProcessId process);
  void Continue(ProcessId process);
  // A file of the process that runs, which is closed when it is killed.
  void Opened(int descriptor);
  void Closed(int descriptor);
  // What is to happen when it is killed: its connections end.
  void OnKill(ProcessId process, std::function<void()> action);

  Fiber* Spawn(ProcessId process, std::function<void()> body);
  // On the scheduler's own stack, where nothing may block.
  void At(Nanos delay, std::function<void()> event);

  // For the fiber that runs.
  [[nodiscard]] Fiber* current() const { return running_; }
  [[nodiscard]] ProcessId process() const;
  void Yield();
  void MaybeYield();
  void Sleep(Nanos duration);
  // False: `deadline` passed first.
  bool Wait(WaitQueue& queue, Nanos deadline = kNever);
  void NotifyOne(WaitQueue& queue);
  void NotifyAll(WaitQueue& queue);
  void Join(Fiber* fiber);

  // Locks, by their address; used by interpose.cc.
  void Lock(void* mutex, bool recursive);
  bool TryLock(void* mutex, bool recursive);
  void Unlock(void* mutex);
  bool WaitOn(void* condition, void* mutex, Nanos deadline);
  void Signal(void* condition, bool all);

 private:
  struct Process;
  struct Timer {
    Nanos at;
    std::uint64_t number;
    Fiber* fiber;
    std::uint64_t wait;
    std::unique_ptr<std::function<void()>> event;  // null: it wakes the fiber
  };
  struct LockState {
    Fiber* owner = nullptr;
    int depth = 0;
    WaitQueue waiting;
  };

  static void Enter();
  void Schedule();
  void FireTimers();
  bool RunOne();
  void SwitchTo(Fiber& fiber);
  void SwitchToScheduler();
  void MakeReady(Fiber& fiber);
  void Block(Nanos deadline);
  void AddTimer(Nanos at, Fiber* fiber, std::uint64_t wait, std::unique_ptr<std::function<void()>> event);
  void Unwait(LockState& lock);

  Rng rng_;
  Nanos now_ = 0;
  std::uint64_t trace_ = 1469598103934665603ULL;
  std::uint64_t switches_ = 0;
  std::uint64_t preemption_ = 0;
  std::uint64_t last_timer_ = 0;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> ready_;
  std::vector<Timer> timers_;  // a heap, the next one first
  std::unordered_map<void*, LockState> locks_;
  std::unordered_map<void*, WaitQueue> conditions_;
  Fiber* running_ = nullptr;
  Fiber* main_ = nullptr;
  std::vector<void*> free_stacks_;
  struct Context;
  std::unique_ptr<Context> scheduler_;  // where it goes on when a fiber gives the processor away
};

}  // namespace xt::sim
