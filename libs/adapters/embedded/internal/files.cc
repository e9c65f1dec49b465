#include "libs/adapters/embedded/internal/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/hash.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

constexpr std::size_t kMaxSmallFile = 64U << 20;

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::Reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

absl::Status ErrnoStatus(const char* what, const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(what, " ", path, ": ", std::generic_category().message(error));
  if (error == ENOSPC || error == EDQUOT) return absl::UnavailableError(message);
  return absl::InternalError(message);
}

absl::Status MakeFolders(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::InternalError(absl::StrCat("create folder ", folder, ": ", error.message()));
  return absl::OkStatus();
}

absl::StatusOr<Fd> OpenFile(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus("open", path);
  return Fd(fd);
}

bool FileExists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

absl::StatusOr<std::uint64_t> FileSize(const Fd& fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus("stat", path);
  return static_cast<std::uint64_t>(info.st_size);
}

absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
  if (!dir) return ErrnoStatus("list", folder);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoStatus("remove", path);
  return absl::OkStatus();
}

absl::Status ReadAt(int fd, std::uint64_t offset, std::size_t size, std::string& out, const std::string& path) {
  out.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(fd, out.data() + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("read", path);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return absl::OkStatus();
}

absl::Status WriteAllAt(int fd, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("write", absl::StrCat("at offset ", offset));
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  XT_ASSIGN_OR_RETURN(const Fd fd, OpenFile(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return ErrnoStatus("sync folder", folder);
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& folder, const std::string& name, std::string_view bytes) {
  const std::string path = folder + "/" + name;
  const std::string temporary = path + ".tmp";
  {
    XT_ASSIGN_OR_RETURN(const Fd fd, OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC));
    XT_RETURN_IF_ERROR(WriteAllAt(fd.get(), 0, bytes));
    if (::fsync(fd.get()) != 0) return ErrnoStatus("sync", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoStatus("rename", temporary);
  return SyncFolder(folder);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  if (!FileExists(path)) return absl::NotFoundError(absl::StrCat(path, " does not exist"));
  XT_ASSIGN_OR_RETURN(const Fd fd, OpenFile(path, O_RDONLY));
  XT_ASSIGN_OR_RETURN(const std::uint64_t size, FileSize(fd, path));
  if (size > kMaxSmallFile) return absl::DataLossError(absl::StrCat(path, " is too large"));
  std::string bytes;
  XT_RETURN_IF_ERROR(ReadAt(fd.get(), 0, size, bytes, path));
  return bytes;
}

absl::StatusOr<Fd> LockFolder(const std::string& folder) {
  const std::string path = folder + "/LOCK";
  XT_ASSIGN_OR_RETURN(Fd fd, OpenFile(path, O_RDWR | O_CREAT));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus("lock", path);
    std::string holder;
    XT_RETURN_IF_ERROR(ReadAt(fd.get(), 0, 32, holder, path));
    return absl::FailedPreconditionError(absl::StrCat("LOCKED: ", folder, " is in use by process ",
                                                      absl::StripAsciiWhitespace(holder),
                                                      "; only one may own it at a time"));
  }
  const std::string pid = absl::StrCat(::getpid(), "\n");
  if (::ftruncate(fd.get(), 0) != 0) return ErrnoStatus("truncate", path);
  XT_RETURN_IF_ERROR(WriteAllAt(fd.get(), 0, pid));
  return fd;
}

bool IsFileNamePart(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

std::string Seal(std::string_view text) { return absl::StrFormat("%08x\n%s", Crc32(text), text); }

absl::StatusOr<std::string> Unseal(std::string_view sealed, const std::string& path) {
  std::uint32_t crc = 0;
  if (sealed.size() < 9 || sealed[8] != '\n') return absl::DataLossError(absl::StrCat(path, " is damaged"));
  const auto parsed = std::from_chars(sealed.data(), sealed.data() + 8, crc, 16);
  const std::string_view text = sealed.substr(9);
  if (parsed.ec != std::errc() || parsed.ptr != sealed.data() + 8 || Crc32(text) != crc) {
    return absl::DataLossError(absl::StrCat(path, " is damaged: its checksum does not match"));
  }
  return std::string(text);
}

}  // namespace xt::embedded
