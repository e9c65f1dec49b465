#include "tests/chaos/journal_faults.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tests/support/signed_client.h"
#include "tools/servers/server_process.h"

namespace xt::chaos {
namespace {

namespace fs = std::filesystem;

constexpr char kJournal[] = "redis-journal";
constexpr std::chrono::seconds kNotSynced{1};

// The file that Redis appends to.
fs::path AppendOnlyFile(const World& world) {
  for (const auto& file : fs::directory_iterator(world.Folder(kJournal) + "/appendonlydir")) {
    if (file.path().string().ends_with(".incr.aof")) return file.path();
  }
  return {};
}

std::int64_t Losses(const World& world, const std::string& leader) {
  return world.Metric(leader, "journal_remote_losses_total").value_or(0);
}

}  // namespace

absl::Status WipeJournalCopy::Inject(World& world) {
  leader_ = world.Leader();
  if (leader_.empty()) return absl::NotFoundError("nobody leads");
  losses_ = Losses(world, leader_);
  const std::string answer = servers::Ask(test::PortOf(world.Field(kJournal, "address")), "FLUSHALL\r\n",
                                          std::string_view("+OK").size(), std::chrono::seconds(60));
  return answer.starts_with("+OK") ? absl::OkStatus() : absl::UnavailableError("FLUSHALL: " + answer);
}

absl::Status WipeJournalCopy::Heal(World&) { return absl::OkStatus(); }  // the leader's work

std::string WipeJournalCopy::WhatDoesNotHold(World& world) {
  if (world.Leader() == leader_ && Losses(world, leader_) == losses_)
    return leader_ + " has not noticed the empty copy";
  return "";
}

absl::Status PowerLoss::Inject(World& world) {
  leader_ = world.Leader();
  if (leader_.empty()) return absl::NotFoundError("nobody leads");
  leader_pid_ = world.Pid(leader_);
  redis_pid_ = world.Pid(kJournal);
  const fs::path file = AppendOnlyFile(world);
  if (file.empty()) return absl::NotFoundError("the journal's Redis has no file");
  const auto synced = fs::file_size(file);
  std::this_thread::sleep_for(kNotSynced);  // what comes now is lost
  const absl::Status leader_killed = world.Signal(leader_, SIGKILL);
  XT_RETURN_IF_ERROR(world.KillAway(kJournal));
  fs::resize_file(file, synced);
  world.Release(kJournal);
  return leader_killed;
}

absl::Status PowerLoss::Heal(World&) { return absl::OkStatus(); }  // the supervisor's work

std::string PowerLoss::WhatDoesNotHold(World& world) {
  if (const pid_t now = world.Pid(leader_); now == 0 || now == leader_pid_) return leader_ + " was not replaced";
  if (const pid_t now = world.Pid(kJournal); now == 0 || now == redis_pid_) return "the Redis was not replaced";
  return "";
}

}  // namespace xt::chaos
