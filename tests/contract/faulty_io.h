// A file system that stalls, counts and fails on demand, for tests of the WAL.
#pragma once

#include <atomic>
#include <string_view>

#include "libs/adapters/embedded/file_io.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

class FaultyIo final : public embedded::FileIo {
 public:
  absl::Status WriteAt(int fd, std::uint64_t offset, std::string_view bytes) override {
    if (fail_writes) return absl::UnavailableError("write: No space left on device");
    return FileIo::WriteAt(fd, offset, bytes);
  }
  absl::Status SyncData(int fd) override {
    ++syncs;
    if (Gate* const holding = gate) holding->Pass();
    if (fail_syncs) return absl::InternalError("fdatasync: Input/output error");
    return FileIo::SyncData(fd);
  }
  std::atomic<int> syncs{0};
  std::atomic<bool> fail_writes{false};
  std::atomic<bool> fail_syncs{false};
  std::atomic<Gate*> gate{nullptr};
};

}  // namespace xt::contract
