// FakeKeeper: what a replica of matching says of its snapshots. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/ports/replica_snapshots.h"
#include "services/sequencer/testing/eventually.h"

namespace xt::sequencer::testing {

class FakeKeeper final : public ports::ReplicaSnapshots {
 public:
  absl::StatusOr<ports::SnapshotInfo> TakeSnapshot(bool) override { return absl::UnimplementedError(""); }
  absl::StatusOr<std::vector<domain::SequenceNumber>> ListSnapshots() override {
    return state_.Do([](State& s) -> absl::StatusOr<std::vector<domain::SequenceNumber>> {
      ++s.asked;
      if (!s.status.ok()) return s.status;
      return s.kept;
    });
  }
  absl::Status ReadSnapshot(domain::SequenceNumber, domain::SequenceNumber, const PieceVisitor&) override {
    return absl::UnimplementedError("");
  }
  absl::Status CopySnapshot(const std::string& source, domain::SequenceNumber at_least,
                            domain::SequenceNumber at_most) override {
    return state_.Do([&](State& s) -> absl::Status {
      s.copied.push_back(source + " " + std::to_string(at_least.value()) + ".." + std::to_string(at_most.value()));
      if (s.copy_status.ok()) s.kept.insert(s.kept.begin(), at_least);
      return s.copy_status;
    });
  }

  // Newest first.
  void Keep(const std::vector<std::uint64_t>& sequences) {
    state_.Do([&](State& s) {
      s.kept.clear();
      for (const std::uint64_t sequence : sequences) s.kept.emplace_back(sequence);
    });
  }
  void Fail(const absl::Status& status) {
    state_.Do([&](State& s) { s.status = status; });
  }
  void FailCopies(const absl::Status& status) {
    state_.Do([&](State& s) { s.copy_status = status; });
  }
  [[nodiscard]] std::vector<std::string> copied() { return state_.Get().copied; }
  // Until it was asked twice from now on: by then a whole look has passed that began from now on.
  [[nodiscard]] bool WaitForALook() {
    const std::size_t before = state_.Get().asked;
    return state_.WaitUntil([&](const State& s) { return s.asked >= before + 2; });
  }

 private:
  struct State {
    std::vector<domain::SequenceNumber> kept;
    std::vector<std::string> copied;
    absl::Status status, copy_status;
    std::size_t asked = 0;
  };
  Watched<State> state_;
};

}  // namespace xt::sequencer::testing
