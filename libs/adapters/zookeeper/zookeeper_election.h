// ZooKeeperElection: who of several processes leads a role. A candidate is an ephemeral sequential znode
// <root>/<role>/candidates/candidate-<guid>-<number>; the lowest number leads once it has written itself, with the next
// epoch, into <root>/<role>/leader by compare-and-set. The others each watch the one before them, so that one end wakes
// one successor, and that record, which tells them who leads.
//
// An expired session, or a candidate's znode that was deleted, is told as a step-down, and the candidacy begins again at
// the end of the line. A lost connection is neither: the leader goes on, fenced where the data is.
// Threads: Campaign and Resign from any; the observer is called on the session's thread. It may resign, and must not
// destroy the election.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"
#include "libs/ports/leader_election.h"

namespace xt::zookeeper {

struct ZooKeeperElectionStats {
  std::uint64_t line_reads = 0;  // how often it looked at its place in the line of candidates
  std::uint64_t elected = 0;
};

class ZooKeeperElection final : public ports::LeaderElection {
 public:
  // `id` names this process in Leadership::leader_id.
  ZooKeeperElection(std::shared_ptr<ZooKeeperSession> session, const std::string& role, std::string id);
  ~ZooKeeperElection() override;

  absl::Status Campaign(Observer observer) override;
  absl::StatusOr<std::size_t> OtherCandidates() override;
  // When the servers cannot be told, the session is given up with everything else in it, so that the candidacy ends with
  // the session's timeout at the latest.
  void Resign() override;

  [[nodiscard]] ZooKeeperElectionStats Stats() const;

 private:
  class Candidacy;
  const std::shared_ptr<ZooKeeperSession> session_;
  std::atomic<bool> campaigned_{false};
  std::unique_ptr<Candidacy> candidacy_;
};

// The id of the candidate in front of the line, which leads or is about to; empty when there is none. What every server
// has agreed on. UNAVAILABLE when there was no answer in time.
absl::StatusOr<std::string> FirstCandidate(ZooKeeperSession& session, const std::string& role);

}  // namespace xt::zookeeper
