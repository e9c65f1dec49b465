// Faults of processes: killed, ended, paused, away for a while.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "tests/chaos/fault.h"

namespace xt::chaos {

// Who is hit, asked when the fault is injected; empty when there is nobody.
using Victim = std::function<std::string(const World&)>;
Victim Named(std::string name);
Victim TheLeader();
Victim TheStandby();
Victim TheFedReplica();
Victim TheOtherReplica();

// A signal that ends a process, which the supervisor then starts again. When the leader ends, another epoch begins.
class EndProcess final : public Fault {
 public:
  EndProcess(Victim victim, int signal) : victim_(std::move(victim)), signal_(signal) {}
  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  const Victim victim_;
  const int signal_;
  std::string name_;
  pid_t pid_ = 0;
  std::int64_t led_epoch_ = 0;  // 0: it did not lead
};

// SIGSTOP, and SIGCONT when it is healed. A leader that was paused for longer than its session must not write any more:
// the journal refuses it and its process ends.
class PauseProcess : public Fault {
 public:
  explicit PauseProcess(Victim victim) : victim_(std::move(victim)) {}
  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  const Victim victim_;
  std::string name_;
  pid_t pid_ = 0;
  std::int64_t led_epoch_ = 0;
};

// SIGKILL, and not started again until it is healed.
class AwayProcess final : public Fault {
 public:
  explicit AwayProcess(std::string name) : name_(std::move(name)) {}
  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  const std::string name_;
  pid_t pid_ = 0;
};

}  // namespace xt::chaos
