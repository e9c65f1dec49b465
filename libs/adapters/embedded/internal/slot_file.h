// SlotFile: a small state that is written often and must survive the process at any moment: two files, written in turn
// and in place, each with a generation and a checksum. A torn write leaves the other one, which is one step older.
// Nothing is synced and nothing renamed: replacing a file by rename makes the file system write it out at once, which
// costs milliseconds and disturbs the journal. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/adapters/embedded/internal/files.h"

namespace xt::embedded {

class SlotFile {
 public:
  SlotFile() = default;
  // `path` without the slot's suffix; the folder exists.
  static absl::StatusOr<SlotFile> Open(std::string path);
  // The names of the states in a folder that begin with `prefix`, without it.
  static absl::StatusOr<std::vector<std::string>> List(const std::string& folder, const std::string& prefix);

  // What was stored last; empty when nothing was, or both slots are damaged.
  [[nodiscard]] const std::string& content() const { return content_; }
  // Something was stored, but nothing of it is good.
  [[nodiscard]] bool damaged() const { return generation_ == 0 && has_bytes_; }
  absl::Status Store(std::string_view content);

 private:
  absl::Status Load(std::size_t slot);

  std::string path_;
  std::array<Fd, 2> slots_;
  std::uint64_t generation_ = 0;
  bool has_bytes_ = false;
  std::string content_;
};

}  // namespace xt::embedded
