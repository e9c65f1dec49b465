#include "libs/adapters/embedded/file_io.h"

#include <unistd.h>

#include "libs/adapters/embedded/internal/files.h"

namespace xt::embedded {

absl::Status FileIo::WriteAt(int fd, std::uint64_t offset, std::string_view bytes) {
  return WriteAllAt(fd, offset, bytes);
}

absl::Status FileIo::SyncData(int fd) {
  // Not retried on any error, EINTR included: a failed sync may have dropped the pages it was asked to keep.
  if (::fdatasync(fd) != 0) return ErrnoStatus("fdatasync", "journal segment");
  return absl::OkStatus();
}

FileIo& FileIo::Default() {
  static FileIo io;
  return io;
}

}  // namespace xt::embedded
