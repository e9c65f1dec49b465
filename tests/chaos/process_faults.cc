#include "tests/chaos/process_faults.h"

#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::chaos {
namespace {

// The epoch in which this one leads; 0 when it does not lead.
std::int64_t LedEpoch(const World& world, const std::string& name) {
  return world.Leader() == name ? world.Metric(name, "leader_epoch").value_or(0) : 0;
}

// Whether somebody leads in an epoch above this one; empty, or what does not hold.
std::string LaterEpoch(const World& world, std::int64_t epoch) {
  if (epoch == 0) return "";
  const std::string leader = world.Leader();
  const std::int64_t now = leader.empty() ? 0 : world.Metric(leader, "leader_epoch").value_or(0);
  return now > epoch ? "" : absl::StrCat("the epoch is ", now, " and was ", epoch);
}

absl::Status Nobody() { return absl::NotFoundError("there is nobody to hit"); }

}  // namespace

Victim Named(std::string name) {
  return [name = std::move(name)](const World&) { return name; };
}
Victim TheLeader() {
  return [](const World& world) { return world.Leader(); };
}
Victim TheStandby() {
  return [](const World& world) { return world.Other(world.Leader()); };
}
Victim TheFedReplica() {
  return [](const World& world) { return world.FedReplica(); };
}
Victim TheOtherReplica() {
  return [](const World& world) { return world.Other(world.FedReplica()); };
}

absl::Status EndProcess::Inject(World& world) {
  name_ = victim_(world);
  if (name_.empty()) return Nobody();
  pid_ = world.Pid(name_);
  led_epoch_ = LedEpoch(world, name_);
  return world.Signal(name_, signal_);
}

absl::Status EndProcess::Heal(World&) { return absl::OkStatus(); }  // the supervisor's work

std::string EndProcess::WhatDoesNotHold(World& world) {
  if (const pid_t now = world.Pid(name_); now == 0 || now == pid_) return absl::StrCat(name_, " was not replaced");
  return LaterEpoch(world, led_epoch_);
}

absl::Status PauseProcess::Inject(World& world) {
  name_ = victim_(world);
  if (name_.empty()) return Nobody();
  pid_ = world.Pid(name_);
  led_epoch_ = LedEpoch(world, name_);
  return world.Signal(name_, SIGSTOP);
}

absl::Status PauseProcess::Heal(World& world) {
  // Until it is deposed, however slow ZooKeeper is.
  (void)Await([&] { return LaterEpoch(world, led_epoch_); }, std::chrono::seconds(30));
  // Another fault may have killed it meanwhile.
  ::kill(pid_, SIGCONT);
  return absl::OkStatus();
}

std::string PauseProcess::WhatDoesNotHold(World& world) {
  if (led_epoch_ != 0 && world.Pid(name_) == pid_) return absl::StrCat(name_, " was deposed and goes on");
  return LaterEpoch(world, led_epoch_);
}

absl::Status AwayProcess::Inject(World& world) {
  pid_ = world.Pid(name_);
  return world.KillAway(name_);
}

absl::Status AwayProcess::Heal(World& world) {
  world.Release(name_);
  return absl::OkStatus();
}

std::string AwayProcess::WhatDoesNotHold(World& world) {
  const pid_t now = world.Pid(name_);
  return now != 0 && now != pid_ ? "" : name_ + " is not there again";
}

}  // namespace xt::chaos
