// The functions of the C library below the standard library's threads, locks, waits and clocks, of which the simulator has
// its own: the kernel's while one runs, the C library's before and after. The linker prefers what the program itself
// defines, for the shared libraries too.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>

#include <cstdarg>
#include <future>

#include "tests/simulation/kernel.h"

namespace {

using xt::sim::Fiber;
using xt::sim::Kernel;
using xt::sim::kMicro;
using xt::sim::kNever;
using xt::sim::kSecond;
using xt::sim::Nanos;

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool IsRecursive(const pthread_mutex_t* mutex) { return (mutex->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE; }

Nanos ToNanos(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }
timespec ToTimespec(Nanos time) { return {time / kSecond, time % kSecond}; }

// On the kernel's clock.
Nanos DeadlineOf(const Kernel& kernel, clockid_t clock, const timespec& time) {
  const Nanos shift = clock == CLOCK_REALTIME ? kernel.WallClock() - kernel.now() : kSecond;
  return ToNanos(time) - shift;
}

struct ThreadStart {
  void* (*routine)(void*);
  void* argument;
};

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  if (Kernel* const kernel = Kernel::Current()) {
    kernel->Lock(mutex, IsRecursive(mutex));
    return 0;
  }
  static auto* const real = Real<int(pthread_mutex_t*)>("pthread_mutex_lock");
  return real(mutex);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  if (Kernel* const kernel = Kernel::Current()) return kernel->TryLock(mutex, IsRecursive(mutex)) ? 0 : EBUSY;
  static auto* const real = Real<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  return real(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  if (Kernel* const kernel = Kernel::Current()) {
    kernel->Unlock(mutex);
    return 0;
  }
  static auto* const real = Real<int(pthread_mutex_t*)>("pthread_mutex_unlock");
  return real(mutex);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  if (Kernel* const kernel = Kernel::Current()) {
    kernel->WaitOn(condition, mutex, kNever);
    return 0;
  }
  static auto* const real = Real<int(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait");
  return real(condition, mutex);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* time) {
  if (Kernel* const kernel = Kernel::Current()) {
    return kernel->WaitOn(condition, mutex, DeadlineOf(*kernel, clock, *time)) ? 0 : ETIMEDOUT;
  }
  static auto* const real =
      Real<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>("pthread_cond_clockwait");
  return real(condition, mutex, clock, time);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* time) {
  if (Kernel::Current() != nullptr) return pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, time);
  static auto* const real = Real<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  return real(condition, mutex, time);
}

int pthread_cond_signal(pthread_cond_t* condition) {
  if (Kernel* const kernel = Kernel::Current()) {
    kernel->Signal(condition, false);
    return 0;
  }
  static auto* const real = Real<int(pthread_cond_t*)>("pthread_cond_signal");
  return real(condition);
}

int pthread_cond_broadcast(pthread_cond_t* condition) {
  if (Kernel* const kernel = Kernel::Current()) {
    kernel->Signal(condition, true);
    return 0;
  }
  static auto* const real = Real<int(pthread_cond_t*)>("pthread_cond_broadcast");
  return real(condition);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*), void* argument) {
  if (Kernel* const kernel = Kernel::Current()) {
    Fiber* const fiber = kernel->Spawn(kernel->process(), [routine, argument] { routine(argument); });
    *thread = reinterpret_cast<pthread_t>(fiber);
    kernel->MaybeYield();
    return 0;
  }
  static auto* const real = Real<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  return real(thread, attributes, routine, argument);
}

int pthread_join(pthread_t thread, void** result) {
  if (Kernel* const kernel = Kernel::Current()) {
    kernel->Join(reinterpret_cast<Fiber*>(thread));
    if (result != nullptr) *result = nullptr;
    return 0;
  }
  static auto* const real = Real<int(pthread_t, void**)>("pthread_join");
  return real(thread, result);
}

int pthread_detach(pthread_t thread) {
  if (Kernel::Current() != nullptr) return 0;
  static auto* const real = Real<int(pthread_t)>("pthread_detach");
  return real(thread);
}

pthread_t pthread_self() noexcept {
  if (Kernel* const kernel = Kernel::Current(); kernel != nullptr && kernel->current() != nullptr) {
    return reinterpret_cast<pthread_t>(kernel->current());
  }
  static auto* const real = Real<pthread_t()>("pthread_self");
  return real();
}

int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  if (Kernel::Current() != nullptr) return 0;
  static auto* const real = Real<int(pthread_t, const char*)>("pthread_setname_np");
  return real(thread, name);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (const Kernel* const kernel = Kernel::Current()) {
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
      *time = ToTimespec(kernel->WallClock());
      return 0;
    }
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME) {
      *time = ToTimespec(kSecond + kernel->now());
      return 0;
    }
  }
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  return real(clock, time);
}

int gettimeofday(timeval* time, void* zone) noexcept {
  if (const Kernel* const kernel = Kernel::Current()) {
    const timespec wall = ToTimespec(kernel->WallClock());
    *time = {wall.tv_sec, wall.tv_nsec / 1'000};
    return 0;
  }
  static auto* const real = Real<int(timeval*, void*)>("gettimeofday");
  return real(time, zone);
}

time_t time(time_t* time) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (time != nullptr) *time = now.tv_sec;
  return now.tv_sec;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  if (Kernel* const kernel = Kernel::Current()) {
    const Nanos wait =
        (flags & TIMER_ABSTIME) != 0 ? DeadlineOf(*kernel, clock, *time) - kernel->now() : ToNanos(*time);
    kernel->Sleep(wait);
    return 0;
  }
  static auto* const real = Real<int(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep");
  return real(clock, flags, time, left);
}

int nanosleep(const timespec* time, timespec* left) { return clock_nanosleep(CLOCK_MONOTONIC, 0, time, left); }

// By its names for the linker: which one is called is the headers' choice, and here they are the same.
int OpenFile(const char* path, int flags, ...) __asm__("open");
int OpenFile64(const char* path, int flags, ...) __asm__("open64") __attribute__((alias("open")));
int OpenFile(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  static auto* const real = Real<int(const char*, int, ...)>("open");
  const int descriptor = real(path, flags, mode);
  if (Kernel* const kernel = Kernel::Current(); kernel != nullptr && descriptor >= 0) kernel->Opened(descriptor);
  return descriptor;
}

int close(int descriptor) {
  if (Kernel* const kernel = Kernel::Current()) kernel->Closed(descriptor);
  static auto* const real = Real<int(int)>("close");
  return real(descriptor);
}

// Takes its time, and nothing else: what a loss of power leaves of a file is the business of Disk (sequencer_host.h).
int fsync(int descriptor) {
  if (Kernel* const kernel = Kernel::Current()) {
    if (kernel->current() != nullptr) kernel->Sleep(kernel->rng().Between(80 * kMicro, 400 * kMicro));
    return 0;
  }
  static auto* const real = Real<int(int)>("fsync");
  return real(descriptor);
}

int fdatasync(int descriptor) { return fsync(descriptor); }

int sched_yield() noexcept {
  if (Kernel* const kernel = Kernel::Current()) {
    kernel->Yield();
    return 0;
  }
  static auto* const real = Real<int()>("sched_yield");
  return real();
}

ssize_t getrandom(void* buffer, size_t size, unsigned flags) {
  if (Kernel* const kernel = Kernel::Current()) {
    auto* const bytes = static_cast<unsigned char*>(buffer);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(kernel->rng().Below(256));
    return static_cast<ssize_t>(size);
  }
  static auto* const real = Real<ssize_t(void*, size_t, unsigned)>("getrandom");
  return real(buffer, size, flags);
}

}  // extern "C"

// What std::future waits on.
namespace std {

namespace {

xt::sim::WaitQueue& FutexQueue(unsigned* address) {
  static std::unordered_map<unsigned*, xt::sim::WaitQueue> queues;
  return queues[address];
}

bool WaitForFutex(unsigned* address, unsigned value, Nanos deadline) {
  Kernel* const kernel = Kernel::Current();
  while (__atomic_load_n(address, __ATOMIC_ACQUIRE) == value) {
    if (!kernel->Wait(FutexQueue(address), deadline)) return false;
  }
  return true;
}

}  // namespace

bool __atomic_futex_unsigned_base::_M_futex_wait_until(unsigned* address, unsigned value, bool has_timeout,
                                                       chrono::seconds s, chrono::nanoseconds ns) {
  const Kernel& kernel = *Kernel::Current();
  return WaitForFutex(address, value, has_timeout ? (s + ns).count() - (kernel.WallClock() - kernel.now()) : kNever);
}

bool __atomic_futex_unsigned_base::_M_futex_wait_until_steady(unsigned* address, unsigned value, bool has_timeout,
                                                              chrono::seconds s, chrono::nanoseconds ns) {
  return WaitForFutex(address, value, has_timeout ? (s + ns).count() - kSecond : kNever);
}

void __atomic_futex_unsigned_base::_M_futex_notify_all(unsigned* address) {
  if (Kernel* const kernel = Kernel::Current()) kernel->NotifyAll(FutexQueue(address));
}

}  // namespace std
