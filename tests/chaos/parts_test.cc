// The parts of a chaos run that need no cluster: the schedule, the report, the history and the sabotage of one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/chaos/fault.h"
#include "tests/chaos/history_log.h"
#include "tests/chaos/report.h"
#include "tests/chaos/sabotage.h"
#include "tests/chaos/schedule.h"
#include "tests/support/cluster.h"
#include "tests/support/files.h"
#include "tools/xtraderctl/verify/history.h"

namespace xt::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

std::vector<const FaultEntry*> All() {
  std::vector<const FaultEntry*> all;
  for (const FaultEntry& entry : AllFaults()) all.push_back(&entry);
  return all;
}

TEST(FaultTableTest, NamesAreUnique) {
  std::set<std::string> names;
  for (const FaultEntry& entry : AllFaults()) EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
}

TEST(ScheduleTest, TheSeedDecides) {
  EXPECT_EQ(InSomeOrder(All(), 7), InSomeOrder(All(), 7));
  EXPECT_NE(InSomeOrder(All(), 7), InSomeOrder(All(), 8));
  EXPECT_THAT(InSomeOrder(All(), 7), testing::UnorderedElementsAreArray(All()));
}

TEST(ScheduleTest, NowAndThenTwoAndOneDestructionAMinute) {
  Schedule schedule(All(), 7);
  Schedule same(All(), 7);
  Schedule::Clock::time_point now;
  Schedule::Clock::time_point destroyed = now - seconds(60);
  std::set<std::size_t> sizes;
  for (int i = 0; i < 200; ++i, now += seconds(5)) {
    const auto next = schedule.Next(now);
    EXPECT_EQ(same.Next(now), next);
    sizes.insert(next.size());
    for (const FaultEntry* entry : next) {
      if (!entry->destroys_data) continue;
      EXPECT_GE(now - destroyed, seconds(60));
      destroyed = now;
    }
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{1, 2}));
}

TEST(ScheduleTest, NothingWhileOnlyDestructionIsLeft) {
  std::vector<const FaultEntry*> destroying = All();
  std::erase_if(destroying, [](const FaultEntry* entry) { return !entry->destroys_data; });
  Schedule schedule(destroying, 7);
  const Schedule::Clock::time_point now;
  EXPECT_EQ(schedule.Next(now).size(), 1U);
  EXPECT_TRUE(schedule.Next(now + seconds(59)).empty());
  EXPECT_EQ(schedule.Next(now + seconds(60)).size(), 1U);
}

TEST(ReportTest, WhatViolates) {
  Report report;
  FaultResult& fault = report.Of("leader-kill");
  fault.injected = 3;
  fault.first_acknowledgement = {milliseconds(30), milliseconds(10), milliseconds(20)};
  EXPECT_FALSE(report.violated());
  EXPECT_THAT(TextOf(report), HasSubstr("20         30"));
  fault.violations.emplace_back("no order is acknowledged any more");
  EXPECT_TRUE(report.violated());
  EXPECT_THAT(TextOf(report), HasSubstr("VIOLATED: no order is acknowledged any more"));
  fault.known = "a reason";
  EXPECT_FALSE(report.violated());
  EXPECT_THAT(TextOf(report), HasSubstr("known: a reason"));
  report.Of("leader-kill").lost = 1;
  EXPECT_TRUE(report.violated()) << "what is lost is never only known";
  EXPECT_THAT(JsonOf(report), HasSubstr("\"violated\": true"));
}

TEST(HistoryLogTest, VerifyReadsIt) {
  const test::TemporaryFolder folder;
  HistoryLog log(folder / "history");
  log.Invoke(1, "a");
  log.Invoke(1, "a");
  log.Acknowledge(1, "a", 42);
  log.Invoke(2, "b");
  log.TimeOut(2, "b");
  log.Flush();
  std::ifstream lines(folder / "history");
  const auto history = ctl::ReadHistory(lines);
  ASSERT_TRUE(history.ok()) << history.status();
  const ctl::ClientOrder& order = history->at({1, "a"});
  EXPECT_EQ(order.sequence, 42U);
  EXPECT_LE(order.invoked_ns, order.acknowledged_ns.value_or(0));
  EXPECT_FALSE(history->at({2, "b"}).acknowledged_ns.has_value());
}

TEST(SabotageTest, OneProcessHasAnotherSystem) {
  const test::TemporaryFolder folder;
  Sabotage sabotage(folder / "control");
  const auto run = [&](const std::string& command) {
    return test::RunTool(
        {"LD_PRELOAD=" XT_SABOTAGE_PRELOAD, "XTRADER_SABOTAGE=" + (folder / "control"), "bash", "-c", command});
  };
  const std::string write = "dd if=/dev/zero of=" + (folder / "file") + " bs=1 count=1 conv=fsync 2>&1";
  EXPECT_EQ(run(write).status, 0) << run(write).output;
  sabotage.control().sync_errno = EIO;
  EXPECT_THAT(run(write).output, HasSubstr("Input/output error"));
  sabotage.End();
  sabotage.control().write_errno = ENOSPC;
  EXPECT_THAT(run(write).output, HasSubstr("No space left on device"));
  sabotage.End();
  sabotage.control().clock_offset_s = 86'400 * 365 * 100LL;
  EXPECT_THAT(run("date +%Y").output, HasSubstr("21"));
  sabotage.End();
  EXPECT_EQ(run(write).status, 0);
  EXPECT_THAT(run("date +%Y").output, HasSubstr("20"));
}

}  // namespace
}  // namespace xt::chaos
