// SoleLeader: the election of a process that is alone: it leads as soon as it campaigns. The epoch lies in a file that
// is synced before the observer learns of it, and grows by one at each Campaign, also across restarts. The folder is
// locked: a second process is refused, so that the only one really is.
//
// Threads: any. The observer is called inside Campaign and, with leader false, inside the first Resign.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "libs/ports/leader_election.h"

namespace xt::embedded {

class SoleLeader final : public ports::LeaderElection {
 public:
  // `id` names this process in Leadership::leader_id. A damaged epoch file is DATA_LOSS: a lower epoch would be refused
  // by the journal anyway.
  static absl::StatusOr<std::unique_ptr<SoleLeader>> Open(std::string folder, std::string id);
  ~SoleLeader() override;

  absl::Status Campaign(Observer observer) override;
  absl::StatusOr<std::size_t> OtherCandidates() override { return 0; }
  void Resign() override;

 private:
  class Lock;
  SoleLeader(std::string folder, std::string id, domain::Epoch last, std::unique_ptr<Lock> lock);

  const std::string folder_;
  const std::string id_;
  std::unique_ptr<Lock> lock_;
  std::mutex mutex_;
  domain::Epoch epoch_;
  Observer observer_;
  bool campaigned_ = false;
};

}  // namespace xt::embedded
