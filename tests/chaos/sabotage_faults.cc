#include "tests/chaos/sabotage_faults.h"

#include <csignal>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::chaos {
namespace {

constexpr std::chrono::seconds kFailsWithin{120};

absl::Status Nobody() { return absl::NotFoundError("there is nobody to hit"); }

}  // namespace

absl::Status SabotageProcess::Inject(World& world) {
  name_ = victim_(world);
  if (name_.empty()) return Nobody();
  pid_ = world.Pid(name_);
  sabotage_(world.SabotageOf(name_).control());
  return absl::OkStatus();
}

absl::Status SabotageProcess::Heal(World& world) {
  if (name_.empty()) return absl::OkStatus();
  absl::Status status;
  if (end_ == End::kIsKilled) status = world.Signal(name_, SIGKILL);
  if (end_ == End::kEnds) {
    ::kill(pid_, SIGCONT);  // another fault may have paused it
    const std::string wrong = Await([&] { return world.Pid(name_) == pid_ ? name_ + " goes on" : ""; }, kFailsWithin);
    if (!wrong.empty()) status = absl::InternalError(wrong);
  }
  world.SabotageOf(name_).End();
  return status;
}

std::string SabotageProcess::WhatDoesNotHold(World& world) {
  const pid_t now = world.Pid(name_);
  if (end_ == End::kGoesOn) return now == pid_ ? "" : name_ + " has ended";
  return now != 0 && now != pid_ ? "" : name_ + " was not replaced";
}

absl::Status CutLink::Inject(World& world) {
  leader_ = world.Leader();
  if (leader_.empty()) return Nobody();
  epoch_ = world.Metric(leader_, "leader_epoch").value_or(0);
  world.Link(leader_, server_).Cut();
  return absl::OkStatus();
}

absl::Status CutLink::Heal(World& world) {
  // Until it is deposed, however slow ZooKeeper is.
  if (!leader_.empty() && leadership_ == Leadership::kMoves) {
    (void)Await([&] { return WhatDoesNotHold(world); }, std::chrono::seconds(30));
  }
  if (!leader_.empty()) world.Link(leader_, server_).Restore();
  return absl::OkStatus();
}

std::string CutLink::WhatDoesNotHold(World& world) {
  const std::string leader = world.Leader();
  if (leader.empty()) return "nobody leads";
  const std::int64_t epoch = world.Metric(leader, "leader_epoch").value_or(0);
  const bool moved = epoch > epoch_;
  if (moved == (leadership_ == Leadership::kMoves)) return "";
  return absl::StrCat("the epoch was ", epoch_, " and is ", epoch);
}

}  // namespace xt::chaos
