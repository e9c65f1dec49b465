// An in-sync set for tests: a file with a line for each member, so that it outlives the leader's process. Thread-safe.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "libs/ports/in_sync_set.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

class FileInSyncSet final : public ports::InSyncSet {
 public:
  using Names = std::vector<std::string>;
  absl::StatusOr<Names> Claim(domain::Epoch) override { return Get(); }
  absl::Status Replace(const Names& members) override {
    if (on_replace) on_replace(members);
    if (permits) {
      if (absl::Status status = permits(); !status.ok()) return status;
    }
    Set(members);
    return absl::OkStatus();
  }
  void Set(const Names& members) {
    std::lock_guard lock(mutex_);
    std::ofstream out(path() + ".new");
    for (const std::string& member : members) out << member << "\n";
    out.close();
    std::filesystem::rename(path() + ".new", path());
  }
  Names Get() {
    std::lock_guard lock(mutex_);
    Names members;
    std::ifstream in(path());
    for (std::string line; std::getline(in, line);) members.push_back(line);
    return members;
  }

  std::function<void(const Names&)> on_replace;  // set before the journal is opened
  std::function<absl::Status()> permits;         // the same; empty: always

 private:
  [[nodiscard]] std::string path() const { return folder_.path() + "/in-sync"; }
  std::mutex mutex_;
  TemporaryFolder folder_;
};

}  // namespace xt::contract
