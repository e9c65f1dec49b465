// Loaded into a server by LD_PRELOAD, it makes gettimeofday, the wall clock that Redis goes by, tell what stands in the
// file XT_MANUAL_CLOCK: microseconds since the epoch, 8 bytes, which a test moves (tests/contract/redis_support.h).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

const std::atomic<std::int64_t>* MapClock() {
  const int fd = ::open(std::getenv("XT_MANUAL_CLOCK"), O_RDONLY | O_CLOEXEC);
  void* const page = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) std::abort();
  ::close(fd);
  return static_cast<const std::atomic<std::int64_t>*>(page);
}

}  // namespace

extern "C" int gettimeofday(timeval* now, void*) noexcept {
  static const std::atomic<std::int64_t>* const clock_us = MapClock();
  const std::int64_t us = clock_us->load();
  now->tv_sec = us / 1'000'000;
  now->tv_usec = us % 1'000'000;
  return 0;
}
