// Faults of one process's system: disks that are slow, full or broken, a link that is cut, a wall clock that jumps.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "tests/chaos/fault.h"
#include "tests/chaos/process_faults.h"
#include "tests/chaos/sabotage.h"

namespace xt::chaos {

// What the victim's system does until it is healed.
class SabotageProcess : public Fault {
 public:
  // kGoesOn: the same process goes on. kEnds: it has to end by itself. kIsKilled: it is killed while it lasts.
  enum class End { kGoesOn, kEnds, kIsKilled };
  SabotageProcess(Victim victim, std::function<void(SabotageControl&)> sabotage, End end)
      : victim_(std::move(victim)), sabotage_(std::move(sabotage)), end_(end) {}

  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  const Victim victim_;
  const std::function<void(SabotageControl&)> sabotage_;
  const End end_;
  std::string name_;
  pid_t pid_ = 0;
};

// All connections between the leader and a server are cut, and new ones as well, until it is healed.
class CutLink final : public Fault {
 public:
  // Whether the leader may go on, or another one has to lead afterwards.
  enum class Leadership { kStays, kMoves };
  CutLink(std::string server, Leadership leadership) : server_(std::move(server)), leadership_(leadership) {}

  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  const std::string server_;
  const Leadership leadership_;
  std::string leader_;
  std::int64_t epoch_ = 0;
};

}  // namespace xt::chaos
