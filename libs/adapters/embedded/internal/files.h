// Files of one folder: open descriptors that close themselves, whole reads, replacing a small file atomically, locks.
// All errors are a Status that names the path: UNAVAILABLE for a full disk, INTERNAL for the rest. No state,
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt::embedded {

// Owns a file descriptor; movable.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { Reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void Reset();

 private:
  int fd_ = -1;
};

// errno as a Status: "write wal-00000001.log: No space left on device".
absl::Status ErrnoStatus(const char* what, const std::string& path);

absl::Status MakeFolders(const std::string& folder);
absl::StatusOr<Fd> OpenFile(const std::string& path, int flags);
bool FileExists(const std::string& path);
absl::StatusOr<std::uint64_t> FileSize(const Fd& fd, const std::string& path);
// Names in the folder, sorted, without "." and "..".
absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder);
absl::Status RemoveFile(const std::string& path);

// Up to `size` bytes at `offset`; fewer only at the end of the file.
absl::Status ReadAt(int fd, std::uint64_t offset, std::size_t size, std::string& out, const std::string& path);
absl::Status WriteAllAt(int fd, std::uint64_t offset, std::string_view bytes);
absl::Status SyncFolder(const std::string& folder);

// Writes and syncs a temporary file, renames it and syncs the folder: afterwards, and after any crash, there is the old
// content or the new, never a mixture.
absl::Status ReplaceFile(const std::string& folder, const std::string& name, std::string_view bytes);
// NOT_FOUND when absent.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// Takes an exclusive flock on `folder`/LOCK; FAILED_PRECONDITION "LOCKED ..." naming the holder's pid when another has
// it.
absl::StatusOr<Fd> LockFolder(const std::string& folder);

// 1..64 characters of [A-Za-z0-9._-], not starting with '.': safe as a file name.
bool IsFileNamePart(std::string_view name);

// A small text with its checksum on a line of its own, for ReplaceFile; Unseal returns DATA_LOSS when it is damaged.
std::string Seal(std::string_view text);
absl::StatusOr<std::string> Unseal(std::string_view sealed, const std::string& path);

}  // namespace xt::embedded
