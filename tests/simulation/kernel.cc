#include "tests/simulation/kernel.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

namespace xt::sim {
namespace {

constexpr std::size_t kStackBytes = 512UL << 10;
// What a fiber's turn costs: time goes on although nobody sleeps.
constexpr Nanos kTurnMin = 200;
constexpr Nanos kTurnMax = 2'000;
constexpr Nanos kWallStart = 1'800'000'000 * kSecond;  // 2027
constexpr std::uint64_t kPrime = 1099511628211ULL;

Kernel* g_kernel = nullptr;

// For a heap, which has the greatest first.
constexpr auto kLater = [](const auto& a, const auto& b) { return a.at != b.at ? a.at > b.at : a.number > b.number; };

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "simulation: %s\n", what);
  std::abort();
}

void* MapStack() {
  void* const stack =
      ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) Fail("no memory for a stack");
  if (::mprotect(stack, 4096, PROT_NONE) != 0) Fail("no guard below a stack");
  return stack;
}

}  // namespace

// Switches by setjmp: swapcontext asks the operating system for the signal mask each time.
struct Kernel::Context {
  jmp_buf place;
};

struct Kernel::Process {
  bool alive = true;
  bool paused = false;
  Nanos wall_shift = 0;
  std::vector<Fiber*> held_back;  // ready, while it is paused
  std::set<int> descriptors;
  std::vector<std::function<void()>> on_kill;
};

struct Fiber {
  std::uint64_t id = 0;
  ProcessId process = kWorld;
  std::function<void()> body;
  ucontext_t start;
  jmp_buf place;
  bool started = false;
  void* stack = nullptr;
  bool done = false;
  bool blocked = false;
  bool timed_out = false;
  std::uint64_t wait = 0;  // counts its waits
  std::vector<void*> locks;
  WaitQueue joiners;
};

Kernel::Kernel(std::uint64_t seed) : rng_(seed), scheduler_(std::make_unique<Context>()) { NewProcess(); }
Kernel::~Kernel() = default;

Kernel* Kernel::Current() { return g_kernel; }

void Kernel::Run(const std::function<void()>& main) {
  g_kernel = this;
  main_ = Spawn(kWorld, main);
  Schedule();
  g_kernel = nullptr;
}

void Kernel::Schedule() {
  while (!main_->done) {
    FireTimers();
    if (RunOne()) continue;
    if (timers_.empty()) Fail("everything waits, for ever");
    now_ = std::max(now_, timers_.front().at);
  }
}

void Kernel::FireTimers() {
  while (!timers_.empty() && timers_.front().at <= now_) {
    std::ranges::pop_heap(timers_, kLater);
    const Timer timer = std::move(timers_.back());
    timers_.pop_back();
    if (timer.event != nullptr) {
      trace_ = (trace_ ^ timer.number) * kPrime;
      (*timer.event)();
    } else if (timer.fiber->blocked && timer.fiber->wait == timer.wait) {
      timer.fiber->timed_out = true;
      MakeReady(*timer.fiber);
    }
  }
}

bool Kernel::RunOne() {
  while (!ready_.empty()) {
    const std::size_t at = rng_.Below(ready_.size());
    Fiber* const fiber = ready_[at];
    ready_[at] = ready_.back();
    ready_.pop_back();
    Process& process = *processes_[fiber->process];
    if (!process.alive) continue;
    if (process.paused) {
      process.held_back.push_back(fiber);
      continue;
    }
    SwitchTo(*fiber);
    return true;
  }
  return false;
}

void Kernel::SwitchTo(Fiber& fiber) {
  now_ += rng_.Between(kTurnMin, kTurnMax);
  trace_ = ((trace_ ^ fiber.id) * kPrime ^ static_cast<std::uint64_t>(now_)) * kPrime;
  ++switches_;
  running_ = &fiber;
  if (_setjmp(scheduler_->place) == 0) {
    if (std::exchange(fiber.started, true)) _longjmp(fiber.place, 1);
    ::setcontext(&fiber.start);
  }
  running_ = nullptr;
  if (fiber.done && fiber.stack != nullptr) free_stacks_.push_back(std::exchange(fiber.stack, nullptr));
}

void Kernel::SwitchToScheduler() {
  if (_setjmp(running_->place) == 0) _longjmp(scheduler_->place, 1);
}

void Kernel::Enter() {
  Kernel& kernel = *g_kernel;
  Fiber& fiber = *kernel.running_;
  fiber.body();
  fiber.body = nullptr;
  fiber.done = true;
  kernel.NotifyAll(fiber.joiners);
  kernel.SwitchToScheduler();
}

Fiber* Kernel::Spawn(ProcessId process, std::function<void()> body) {
  auto fiber = std::make_unique<Fiber>();
  fiber->id = fibers_.size() + 1;
  fiber->process = process;
  fiber->body = std::move(body);
  if (free_stacks_.empty()) free_stacks_.push_back(MapStack());
  fiber->stack = free_stacks_.back();
  free_stacks_.pop_back();
  ::getcontext(&fiber->start);
  fiber->start.uc_stack.ss_sp = fiber->stack;
  // Not all begin at the same place of their pages: the processor's caches would have room for few of them.
  fiber->start.uc_stack.ss_size = kStackBytes;
  fiber->start.uc_link = nullptr;
  ::makecontext(&fiber->start, &Kernel::Enter, 0);
  fibers_.push_back(std::move(fiber));
  ready_.push_back(fibers_.back().get());
  return fibers_.back().get();
}

void Kernel::At(Nanos delay, std::function<void()> event) {
  AddTimer(now_ + delay, nullptr, 0, std::make_unique<std::function<void()>>(std::move(event)));
}

void Kernel::AddTimer(Nanos at, Fiber* fiber, std::uint64_t wait, std::unique_ptr<std::function<void()>> event) {
  timers_.push_back({at, ++last_timer_, fiber, wait, std::move(event)});
  std::ranges::push_heap(timers_, kLater);
}

ProcessId Kernel::NewProcess() {
  processes_.push_back(std::make_unique<Process>());
  return static_cast<ProcessId>(processes_.size() - 1);
}

bool Kernel::Alive(ProcessId process) const { return processes_[process]->alive; }
void Kernel::Pause(ProcessId process) { processes_[process]->paused = true; }

void Kernel::Continue(ProcessId process) {
  Process& p = *processes_[process];
  p.paused = false;
  for (Fiber* fiber : std::exchange(p.held_back, {})) ready_.push_back(fiber);
}

void Kernel::OnKill(ProcessId process, std::function<void()> action) {
  processes_[process]->on_kill.push_back(std::move(action));
}

void Kernel::Opened(int descriptor) { processes_[process()]->descriptors.insert(descriptor); }
void Kernel::Closed(int descriptor) { processes_[process()]->descriptors.erase(descriptor); }

// Locks that all share, the log's for instance, are not its own: they are given back.
void Kernel::Kill(ProcessId process) {
  Process& p = *processes_[process];
  p.alive = false;
  for (const auto& fiber : fibers_) {
    if (fiber->process != process || fiber->done) continue;
    for (void* mutex : std::exchange(fiber->locks, {})) {
      LockState& lock = locks_[mutex];
      lock.owner = nullptr;
      lock.depth = 0;
      NotifyOne(lock.waiting);
    }
  }
  for (const int descriptor : std::exchange(p.descriptors, {})) ::close(descriptor);
  for (const auto& action : std::exchange(p.on_kill, {})) action();
  if (running_ != nullptr && running_->process == process) SwitchToScheduler();
}

ProcessId Kernel::process() const { return running_ != nullptr ? running_->process : kWorld; }
Nanos Kernel::WallClock() const { return kWallStart + now_ + processes_[process()]->wall_shift; }
void Kernel::ShiftWallClock(ProcessId process, Nanos by) { processes_[process]->wall_shift += by; }

void Kernel::MakeReady(Fiber& fiber) {
  fiber.blocked = false;
  ready_.push_back(&fiber);
}

void Kernel::Block(Nanos deadline) {
  if (running_ == nullptr) Fail("an event of the world blocks");
  Fiber& fiber = *running_;
  fiber.blocked = true;
  fiber.timed_out = false;
  if (deadline != kNever) AddTimer(deadline, &fiber, fiber.wait, nullptr);
  SwitchToScheduler();
}

void Kernel::Yield() {
  ready_.push_back(running_);
  SwitchToScheduler();
}

void Kernel::MaybeYield() {
  if (preemption_ != 0 && running_ != nullptr && rng_.Chance(preemption_)) Yield();
}

void Kernel::Sleep(Nanos duration) {
  ++running_->wait;
  Block(now_ + std::max<Nanos>(0, duration));
}

bool Kernel::Wait(WaitQueue& queue, Nanos deadline) {
  if (running_ == nullptr) Fail("an event of the world waits");
  queue.waiting_.push_back({running_, ++running_->wait});
  Block(deadline);
  return !running_->timed_out;
}

void Kernel::NotifyOne(WaitQueue& queue) {
  while (!queue.waiting_.empty()) {
    const WaitQueue::Entry entry = queue.waiting_.front();
    queue.waiting_.pop_front();
    if (!entry.fiber->blocked || entry.fiber->wait != entry.wait || !processes_[entry.fiber->process]->alive) continue;
    MakeReady(*entry.fiber);
    return;
  }
}

void Kernel::NotifyAll(WaitQueue& queue) {
  while (!queue.waiting_.empty()) NotifyOne(queue);
}

void Kernel::Join(Fiber* fiber) {
  while (!fiber->done) Wait(fiber->joiners);
}

bool Kernel::TryLock(void* mutex, bool recursive) {
  LockState& lock = locks_[mutex];
  if (lock.depth != 0 && !(recursive && lock.owner == running_)) return false;
  lock.owner = running_;
  if (++lock.depth == 1 && running_ != nullptr) running_->locks.push_back(mutex);
  return true;
}

void Kernel::Lock(void* mutex, bool recursive) {
  MaybeYield();
  while (!TryLock(mutex, recursive)) {
    if (!recursive && locks_[mutex].owner == running_) Fail("a thread locks its own mutex");
    Wait(locks_[mutex].waiting);
  }
}

void Kernel::Unlock(void* mutex) {
  LockState& lock = locks_[mutex];
  if (lock.depth == 0 || --lock.depth > 0) return;  // 0: locked before the simulation, or given back by Kill
  if (lock.owner != nullptr) std::erase(lock.owner->locks, mutex);
  lock.owner = nullptr;
  NotifyOne(lock.waiting);
  MaybeYield();
}

bool Kernel::WaitOn(void* condition, void* mutex, Nanos deadline) {
  if (running_ == nullptr) Fail("an event of the world waits");
  LockState& lock = locks_[mutex];
  const int depth = std::exchange(lock.depth, 0);
  std::erase(running_->locks, mutex);
  lock.owner = nullptr;
  NotifyOne(lock.waiting);
  const bool told = Wait(conditions_[condition], deadline);
  while (!TryLock(mutex, false)) Wait(locks_[mutex].waiting);
  locks_[mutex].depth = depth;
  return told;
}

void Kernel::Signal(void* condition, bool all) {
  const auto found = conditions_.find(condition);
  if (found == conditions_.end()) return;
  all ? NotifyAll(found->second) : NotifyOne(found->second);
}

}  // namespace xt::sim
