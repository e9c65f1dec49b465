// Faults of the journal's second copy that lose data.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "tests/chaos/fault.h"

namespace xt::chaos {

// FLUSHALL: the copy is empty. The leader has to notice, and to make it equal again from its own file.
class WipeJournalCopy final : public Fault {
 public:
  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  std::string leader_;
  std::int64_t losses_ = 0;
};

// The machines of the Redis and of the leader die at once, and the Redis loses the last second, which it had confirmed but
// not synced (`appendfsync everysec`). Only the leader's file has everything: it has to be waited for.
class PowerLoss final : public Fault {
 public:
  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  std::string leader_;
  pid_t leader_pid_ = 0;
  pid_t redis_pid_ = 0;
};

}  // namespace xt::chaos
