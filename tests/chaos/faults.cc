// The table of faults.
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "tests/chaos/broker_faults.h"
#include "tests/chaos/fault.h"
#include "tests/chaos/journal_faults.h"
#include "tests/chaos/process_faults.h"
#include "tests/chaos/sabotage_faults.h"

namespace xt::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using End = SabotageProcess::End;

// What makes a fault of this kind with these arguments.
template <typename Kind, typename... Arguments>
std::function<std::unique_ptr<Fault>()> Make(Arguments... arguments) {
  return [=] { return std::make_unique<Kind>(arguments...); };
}

std::function<void(SabotageControl&)> SlowSync(std::int64_t ms) {
  return [ms](SabotageControl& control) { control.sync_delay_ms = ms; };
}
std::function<void(SabotageControl&)> FailingSync(int error) {
  return [error](SabotageControl& control) { control.sync_errno = error; };
}
std::function<void(SabotageControl&)> FailingWrites(int error) {
  return [error](SabotageControl& control) { control.write_errno = error; };
}
std::function<void(SabotageControl&)> WallClock(std::int64_t hours) {
  return [hours](SabotageControl& control) { control.clock_offset_s = hours * 3'600; };
}

std::vector<FaultEntry> LeaderFaults() {
  return {
      {1, "leader-kill", "SIGKILL of the sequencer that leads", seconds(0), false,
       Make<EndProcess>(TheLeader(), SIGKILL), ""},
      {2, "leader-pause", "it stands still for 3 s: then it is deposed and must not write", seconds(3), false,
       Make<PauseProcess>(TheLeader()), ""},
      {3, "leader-term", "SIGTERM of it: a clean hand-over", seconds(0), false, Make<EndProcess>(TheLeader(), SIGTERM),
       ""},
      {4, "standby-kill", "SIGKILL of the sequencer that stands by", seconds(0), false,
       Make<EndProcess>(TheStandby(), SIGKILL), ""},
      {13, "leader-redis-cut", "the leader and the journal's second copy are apart for 3 s", seconds(3), false,
       Make<CutLink>("redis-journal", CutLink::Leadership::kStays), ""},
      {14, "leader-zookeeper-cut", "the leader and ZooKeeper are apart for 3 s", seconds(3), false,
       Make<CutLink>("zookeeper", CutLink::Leadership::kMoves), ""},
      {22, "leader-clock-forward", "its wall clock is an hour ahead for 3 s", seconds(3), false,
       Make<SabotageProcess>(TheLeader(), WallClock(1), End::kGoesOn), ""},
      {22, "leader-clock-back", "its wall clock is an hour behind for 3 s", seconds(3), false,
       Make<SabotageProcess>(TheLeader(), WallClock(-1), End::kGoesOn), ""},
      {23, "leader-sync-error", "each sync of its disk fails (EIO): it has to end", seconds(0), true,
       Make<SabotageProcess>(TheLeader(), FailingSync(EIO), End::kEnds), ""},
      {23, "leader-disk-full", "its disk is full (ENOSPC): it has to end", seconds(0), true,
       Make<SabotageProcess>(TheLeader(), FailingWrites(ENOSPC), End::kEnds), ""},
  };
}

std::vector<FaultEntry> JournalFaults() {
  return {
      {8, "journal-kill", "SIGKILL of the Redis with the journal's second copy", seconds(0), false,
       Make<EndProcess>(Named("redis-journal"), SIGKILL), ""},
      {9, "journal-slow-sync", "its syncs take 2.5 s, then it is killed with what it had not written",
       milliseconds(3'500), true, Make<SabotageProcess>(Named("redis-journal"), SlowSync(2'500), End::kIsKilled), ""},
      {10, "journal-power-loss", "it loses its last second, and the leader is killed at once", seconds(0), true,
       Make<PowerLoss>(), ""},
      {11, "journal-wipe", "FLUSHALL", seconds(0), true, Make<WipeJournalCopy>(), ""},
      {12, "journal-disk-full", "its disk is full (ENOSPC) for 3 s", seconds(3), true,
       Make<SabotageProcess>(Named("redis-journal"), FailingWrites(ENOSPC), End::kGoesOn), ""},
  };
}

std::vector<FaultEntry> ServiceFaults() {
  return {
      {5, "matching-kill", "SIGKILL of the replica of matching that works for the leader", seconds(0), false,
       Make<EndProcess>(TheFedReplica(), SIGKILL), ""},
      {6, "matching-pause", "it stands still for 3 s", seconds(3), false, Make<PauseProcess>(TheFedReplica()), ""},
      {7, "replica-kill", "SIGKILL of the replica that is not fed", seconds(0), false,
       Make<EndProcess>(TheOtherReplica(), SIGKILL), ""},
      {18, "persistence-pause", "persistence stands still for 3 s", seconds(3), false,
       Make<PauseProcess>(Named("persistence-0")), ""},
      {21, "gateway-kill", "SIGKILL of a gateway; its clients go to the other one", seconds(0), false,
       Make<EndProcess>(Named("gateway-0"), SIGKILL), ""},
      {24, "slow-consumers", "20 WebSocket clients and a consumer of Kafka do not read for 5 s", seconds(5), false,
       Make<SlowConsumers>(), ""},
  };
}

std::vector<FaultEntry> ServerFaults() {
  return {
      {15, "zookeeper-away", "ZooKeeper is killed and away for 5 s; orders go on", seconds(5), false,
       Make<AwayProcess>("zookeeper"), ""},
      {17, "postgres-kill", "SIGKILL of PostgreSQL in the middle of batches", seconds(0), false,
       Make<EndProcess>(Named("postgres"), SIGKILL), ""},
      {19, "kafka-away", "Kafka is killed and away for 10 s", seconds(10), false, Make<AwayProcess>("kafka"), ""},
      {20, "rabbitmq-alarm", "RabbitMQ takes nothing for 3 s (memory alarm), then SIGKILL", seconds(3), false,
       Make<MemoryAlarm>(), ""},
  };
}

std::vector<FaultEntry> MakeTable() {
  std::vector<FaultEntry> table;
  for (const auto& part : {LeaderFaults(), JournalFaults(), ServiceFaults(), ServerFaults()}) {
    table.insert(table.end(), part.begin(), part.end());
  }
  return table;
}

}  // namespace

const std::vector<FaultEntry>& AllFaults() {
  static const std::vector<FaultEntry> table = MakeTable();
  return table;
}

}  // namespace xt::chaos
