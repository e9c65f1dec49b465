#include "libs/adapters/embedded/internal/slot_file.h"

#include <fcntl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/bytes.h"
#include "libs/base/hash.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

// u32 crc (of what follows, up to the length told), u32 length of the content, u64 generation, content.
constexpr std::size_t kHeadBytes = 16;

}  // namespace

absl::StatusOr<SlotFile> SlotFile::Open(std::string path) {
  SlotFile file;
  file.path_ = std::move(path);
  for (std::size_t slot = 0; slot < 2; ++slot) {
    XT_ASSIGN_OR_RETURN(file.slots_[slot], OpenFile(absl::StrCat(file.path_, ".", slot), O_RDWR | O_CREAT));
    XT_RETURN_IF_ERROR(file.Load(slot));
  }
  return file;
}

absl::StatusOr<std::vector<std::string>> SlotFile::List(const std::string& folder, const std::string& prefix) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder));
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (!name.starts_with(prefix) || !name.ends_with(".0")) continue;
    found.push_back(name.substr(prefix.size(), name.size() - prefix.size() - 2));
  }
  return found;
}

absl::Status SlotFile::Load(std::size_t slot) {
  XT_ASSIGN_OR_RETURN(const std::uint64_t size, FileSize(slots_[slot], path_));
  std::string bytes;
  XT_RETURN_IF_ERROR(ReadAt(slots_[slot].get(), 0, size, bytes, path_));
  has_bytes_ = has_bytes_ || !bytes.empty();
  if (bytes.size() < kHeadBytes) return absl::OkStatus();
  const std::size_t length = GetInt<std::uint32_t>(bytes, 4);
  const auto generation = GetInt<std::uint64_t>(bytes, 8);
  const bool good =
      bytes.size() >= kHeadBytes + length &&
      Crc32(std::string_view(bytes).substr(4, kHeadBytes - 4 + length)) == GetInt<std::uint32_t>(bytes, 0);
  if (!good || generation <= generation_ || generation % 2 != slot) return absl::OkStatus();
  generation_ = generation;
  content_ = bytes.substr(kHeadBytes, length);
  return absl::OkStatus();
}

absl::Status SlotFile::Store(std::string_view content) {
  const std::uint64_t generation = generation_ + 1;
  std::string body;
  PutInt(body, static_cast<std::uint32_t>(content.size()));
  PutInt(body, generation);
  body.append(content);
  std::string bytes;
  PutInt(bytes, Crc32(body));
  bytes.append(body);
  XT_RETURN_IF_ERROR(WriteAllAt(slots_[generation % 2].get(), 0, bytes));
  generation_ = generation;
  content_ = content;
  return absl::OkStatus();
}

}  // namespace xt::embedded
