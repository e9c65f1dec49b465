// Loaded into a process by LD_PRELOAD, it makes the system fail as the control file says that the environment variable
// XTRADER_SABOTAGE names (sabotage.h): slow or failing syncs, a full disk, another wall clock. Without the file nothing
// is changed. Regular files only; the process's own threads call all of it.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "tests/chaos/sabotage.h"

namespace {

using xt::chaos::SabotageControl;

const SabotageControl* MapControl() {
  static const SabotageControl none{};
  const char* file = std::getenv("XTRADER_SABOTAGE");
  const int fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return &none;
  void* const page = ::mmap(nullptr, sizeof(SabotageControl), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  return page == MAP_FAILED ? &none : static_cast<const SabotageControl*>(page);
}

const SabotageControl& Control() {
  static const SabotageControl* const control = MapControl();
  return *control;
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool IsRegular(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

// True when the sync is to fail; errno says how.
bool SyncFails() {
  const std::int64_t delay_ms = Control().sync_delay_ms;
  if (delay_ms > 0) {
    const timespec pause{delay_ms / 1'000, delay_ms % 1'000 * 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  const auto error = static_cast<int>(Control().sync_errno);
  if (error != 0) errno = error;
  return error != 0;
}

// True when the write is to fail.
bool WriteFails(int fd) {
  const auto error = static_cast<int>(Control().write_errno);
  if (error == 0 || !IsRegular(fd)) return false;
  errno = error;
  return true;
}

}  // namespace

extern "C" {

int fsync(int fd) {
  static auto* const real = Real<int(int)>("fsync");
  return SyncFails() ? -1 : real(fd);
}

int fdatasync(int fd) {
  static auto* const real = Real<int(int)>("fdatasync");
  return SyncFails() ? -1 : real(fd);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  return WriteFails(fd) ? -1 : real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return WriteFails(fd) ? -1 : real(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return WriteFails(fd) ? -1 : real(fd, bytes, size, offset);
}

int clock_gettime(clockid_t id, timespec* now) noexcept {
  static auto* const real = Real<int(clockid_t, timespec*)>("clock_gettime");
  const int status = real(id, now);
  if (status == 0 && id == CLOCK_REALTIME) now->tv_sec += Control().clock_offset_s;
  return status;
}

}  // extern "C"
