#include "libs/runtime/internal/process_stats.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace xt::runtime::internal {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::int64_t TimevalNs(const timeval& time) { return time.tv_sec * kSecondNs + time.tv_usec * 1'000; }

// Field `number` (from 1, as in proc(5)) of /proc/self/stat; from 3 on, after the name, which may hold blanks.
std::int64_t StatField(std::size_t number) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string field;
  for (std::size_t i = 3; i <= number; ++i) {
    if (!(fields >> field)) return 0;
  }
  return std::stoll(field);
}

}  // namespace

std::uint64_t ProcessCpuNs() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(TimevalNs(usage.ru_utime) + TimevalNs(usage.ru_stime));
}

std::int64_t ProcessResidentBytes() { return StatField(24) * ::sysconf(_SC_PAGESIZE); }

std::int64_t ProcessOpenFds() {
  std::error_code error;
  std::int64_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // without the one that lists
}

std::int64_t ProcessMaxFds() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::int64_t>(limit.rlim_cur) : 0;
}

std::int64_t ProcessThreads() { return StatField(20); }

std::int64_t ProcessStartTimeNs() {
  timespec now{};
  timespec since_boot{};
  if (::clock_gettime(CLOCK_REALTIME, &now) != 0 || ::clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return 0;
  const std::int64_t boot_ns = (now.tv_sec - since_boot.tv_sec) * kSecondNs + (now.tv_nsec - since_boot.tv_nsec);
  return boot_ns + StatField(22) * (kSecondNs / ::sysconf(_SC_CLK_TCK));
}

}  // namespace xt::runtime::internal
