// FileIo: the two system calls whose failure decides whether an acknowledgement is true, behind a seam. The default
// does what it says; a test passes one that fails, stalls or writes half. Thread-safe when the implementation is; the
// default is.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace xt::embedded {

class FileIo {
 public:
  virtual ~FileIo() = default;
  // Writes all of `bytes` at `offset`.
  virtual absl::Status WriteAt(int fd, std::uint64_t offset, std::string_view bytes);
  // Makes everything that was written to `fd` durable (fdatasync).
  virtual absl::Status SyncData(int fd);
  // The real thing; valid for the whole life of the process.
  static FileIo& Default();
};

}  // namespace xt::embedded
