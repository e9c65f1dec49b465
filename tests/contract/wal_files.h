// The files of a WalJournal as tests look into them and damage them.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "libs/adapters/embedded/wal_journal.h"

namespace xt::contract {

inline embedded::WalOptions SmallSegments(std::uint64_t bytes = 32768) {
  embedded::WalOptions options;
  options.segment_bytes = bytes;
  return options;
}

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Offsets of the records of a segment, and behind the last one.
inline std::vector<std::size_t> RecordOffsets(const std::string& bytes) {
  std::vector<std::size_t> offsets;
  std::size_t at = 64;
  while (at + 80 <= bytes.size() && bytes.compare(at + 4, 4, "XTWR") == 0) {
    offsets.push_back(at);
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data() + at + 8, 4);
    at += (80 + length + 7) / 8 * 8;
  }
  offsets.push_back(at);
  return offsets;
}

// Fails every write after the next `writes_left` ones.
class StoppingIo final : public embedded::FileIo {
 public:
  absl::Status WriteAt(int fd, std::uint64_t offset, std::string_view bytes) override {
    if (writes_left == 0) return absl::UnavailableError("write: stopped");
    --writes_left;
    return FileIo::WriteAt(fd, offset, bytes);
  }
  int writes_left = 1'000'000;
};

}  // namespace xt::contract
