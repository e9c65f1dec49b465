#include "tests/simulation/faults.h"

#include <algorithm>
#include <string>

namespace xt::sim {
namespace {

const Mix kUsual{{{Fault::kKill, 2},
                  {Fault::kPowerLoss, 1},
                  {Fault::kPause, 1},
                  {Fault::kTerminate, 1},
                  {Fault::kKillReplica, 1},
                  {Fault::kPauseReplica, 1},
                  {Fault::kKillRedis, 1},
                  {Fault::kRedisPowerLoss, 1},
                  {Fault::kBothPowerLoss, 1},
                  {Fault::kZooKeeperAway, 1},
                  {Fault::kCut, 1},
                  {Fault::kSlowDisk, 1},
                  {Fault::kRedisDisk, 1},
                  {Fault::kRedisDiskNearlyFull, 1},
                  {Fault::kLoseExecutions, 1},
                  {Fault::kCutAndKill, 1},
                  {Fault::kStallAndCut, 1},
                  {Fault::kClock, 1}}};
// The same one at a time, and data is destroyed too.
const Mix kAlone = [] {
  Mix mix = kUsual;
  mix.weights.emplace_back(Fault::kFlushRedis, 4);
  mix.weights.emplace_back(Fault::kWipe, 8);
  mix.alone = true;
  return mix;
}();

// Leaders that do not know that they are none any more.
const Mix kStale{{{Fault::kCutFromZooKeeper, 6}, {Fault::kStallAndCut, 2}, {Fault::kPause, 1}, {Fault::kKill, 1}}};
const Mix kLate{{{Fault::kLeaveTail, 1}}, true};
const Mix kDeposed{{{Fault::kDepose, 1}}, true};
const Mix kNearlyFull{{{Fault::kRedisDiskNearlyFull, 4}, {Fault::kKill, 1}, {Fault::kKillRedis, 1}}};
const Mix kEmptied{{{Fault::kWipeAndCut, 3}, {Fault::kKillRedis, 1}, {Fault::kWipe, 1}}, true};
const Mix kLostEnds{{{Fault::kRedisPowerLoss, 2},
                     {Fault::kBothPowerLoss, 2},
                     {Fault::kPowerLoss, 2},
                     {Fault::kKill, 1},
                     {Fault::kCutAndKill, 2}}};
const Mix kCutOff{{{Fault::kCutAndKill, 5}, {Fault::kCut, 1}, {Fault::kRedisDisk, 1}}};
const Mix kLostExecutions{{{Fault::kLoseExecutions, 3}, {Fault::kKillReplica, 1}, {Fault::kTerminate, 1}}};
const Mix kClocks{{{Fault::kClock, 3}, {Fault::kKill, 2}, {Fault::kTerminate, 1}}};
const Mix kTakeOvers{{{Fault::kKill, 3}, {Fault::kPowerLoss, 2}, {Fault::kPause, 1}, {Fault::kCut, 1}}};

// With the files of the sequencers that stand by.
Mix With(Mix mix, const std::vector<std::pair<Fault, std::uint64_t>>& more) {
  mix.weights.insert(mix.weights.end(), more.begin(), more.end());
  return mix;
}
const std::vector<std::pair<Fault, std::uint64_t>> kBetweenSequencers{
    {Fault::kCutSequencers, 2}, {Fault::kStallSequencers, 2}, {Fault::kLeaveOut, 1}};
const Mix kUsualWithFiles = With(kUsual, kBetweenSequencers);
const Mix kAloneWithFiles =
    With(With(kAlone, kBetweenSequencers),
         {{Fault::kWipeLeaderAndRedis, 6}, {Fault::kWipeStandbys, 3}, {Fault::kStandbysLoseEnds, 3}});
const Mix kLeftOut{{{Fault::kLeaveOut, 4}, {Fault::kCutSequencers, 1}, {Fault::kKill, 1}}};
const Mix kAdopted{{{Fault::kAdoptAlone, 1}}, true};
const Mix kUnsynced{{{Fault::kStandbysLoseEnds, 1}}, true};
const Mix kEmptiedStandbys{{{Fault::kWipeStandbys, 3}, {Fault::kWipe, 1}}, true};
const Mix kTwoLost{{{Fault::kWipeLeaderAndRedis, 4}, {Fault::kWipe, 1}, {Fault::kFlushRedis, 1}}, true};
const Mix kLateStandbys{{{Fault::kStallSequencers, 4}, {Fault::kCutFromZooKeeper, 2}, {Fault::kKill, 1}}};

const Mix* DirectedMixOf(Mistake mistake) {
  switch (mistake) {
    case Mistake::kNoFence: return &kStale;
    case Mistake::kNoGeneration: return &kLate;
    case Mistake::kSetWithoutCompare: return &kDeposed;
    case Mistake::kNoCompare: return &kNearlyFull;
    case Mistake::kAnyDisk:
    case Mistake::kGrowWithoutSet: return &kEmptied;
    case Mistake::kAckBeforeSync:
    case Mistake::kAckFromMemory:
    case Mistake::kTrustOwn:
    case Mistake::kAnyRunId:
    case Mistake::kRedisChain: return &kLostEnds;
    case Mistake::kAckBeforeRedis:
    case Mistake::kShrinkWithoutSet:
    case Mistake::kSwallowErrors: return &kCutOff;
    case Mistake::kBelieveCursor:
    case Mistake::kPublishGaps: return &kLostExecutions;
    case Mistake::kOwnTime: return &kClocks;
    case Mistake::kOwnChain:
    case Mistake::kForgetDuplicates:
    case Mistake::kRememberInLeader:
    case Mistake::kDuplicateIsNew:
    case Mistake::kBreakIsReject:
    case Mistake::kApplyUncommitted: return &kTakeOvers;
    case Mistake::kAckBeforeStandby: return &kUnsynced;
    case Mistake::kAnyStandby: return &kEmptiedStandbys;
    case Mistake::kLeaveOutWithoutSet: return &kLeftOut;
    case Mistake::kAdoptAlone: return &kAdopted;
    case Mistake::kNone:
    case Mistake::kHarmless:
    case Mistake::kSameEpoch:
    case Mistake::kPublishTwice: return nullptr;
  }
  return nullptr;
}

}  // namespace

const Mix& MixOf(Mistake mistake, bool standby_files, Rng& rng) {
  if (const Mix* const directed = DirectedMixOf(mistake)) return *directed;
  static const std::vector<const Mix*> kDirected{&kStale,    &kLate,   &kDeposed,        &kNearlyFull, &kEmptied,
                                                 &kLostEnds, &kCutOff, &kLostExecutions, &kClocks,     &kTakeOvers};
  static const std::vector<const Mix*> kWithFiles{&kStale,           &kLate,    &kDeposed,      &kEmptied,
                                                  &kLostEnds,        &kCutOff,  &kLeftOut,      &kUnsynced,
                                                  &kEmptiedStandbys, &kTwoLost, &kLateStandbys, &kAdopted};
  const std::uint64_t drawn = rng.Below(100);
  if (drawn < 50) return standby_files ? kUsualWithFiles : kUsual;
  if (drawn < 75) return standby_files ? kAloneWithFiles : kAlone;
  const std::vector<const Mix*>& directed = standby_files ? kWithFiles : kDirected;
  return *directed[rng.Below(directed.size())];
}

Faults::Faults(World& world, const Sequencers& sequencers, const Replicas& replicas, ExecutionsServer& executions)
    : world_(world), sequencers_(sequencers), replicas_(replicas), executions_(executions) {}

void Faults::Inject(const Mix& mix) {
  Rng& rng = world_.kernel.rng();
  const Nanos hold =
      rng.Chance(500'000) ? rng.Between(10 * kMilli, 500 * kMilli) : rng.Between(500 * kMilli, 4 * kSecond);
  std::uint64_t all = 0;
  for (const auto& [fault, weight] : mix.weights) all += weight;
  std::uint64_t drawn = rng.Below(all);
  for (const auto& [fault, weight] : mix.weights) {
    if (drawn < weight) return Begin(fault, hold);
    drawn -= weight;
  }
}

void Faults::Begin(Fault fault, Nanos hold) {
  Rng& rng = world_.kernel.rng();
  switch (fault) {
    case Fault::kKill: return Stop(AnySequencer(), false, rng.Between(50 * kMilli, 3 * kSecond));
    case Fault::kPowerLoss: return Stop(AnySequencer(), true, rng.Between(50 * kMilli, 3 * kSecond));
    case Fault::kPause: return Pause(AnySequencer().process(), hold);
    case Fault::kTerminate: world_.Tell("terminate a sequencer"); return AnySequencer().Terminate();
    case Fault::kKillReplica: return KillReplica(hold);
    case Fault::kPauseReplica: return Pause(AnyReplica().process(), hold);
    case Fault::kKillRedis: return StopRedis(false, hold);
    case Fault::kRedisPowerLoss: return StopRedis(true, hold);
    case Fault::kBothPowerLoss:
      StopRedis(true, hold);
      return Stop(AnySequencer(), true, rng.Between(50 * kMilli, 3 * kSecond));
    case Fault::kZooKeeperAway: return ZooKeeperAway(hold);
    case Fault::kCut: return CutSomething(hold);
    case Fault::kCutFromZooKeeper:
      return Cut(AnySequencer(), kZooKeeperHost, true, rng.Between(1'500 * kMilli, 4 * kSecond));
    case Fault::kSlowDisk: return SlowDisk(AnySequencer(), hold);
    case Fault::kRedisDisk: return TroubleRedisDisk(false, hold);
    case Fault::kRedisDiskNearlyFull: return TroubleRedisDisk(true, hold);
    case Fault::kLoseExecutions:
      world_.Tell("the executions' server loses its tail");
      return executions_.Lose(rng.Below(40));
    case Fault::kCutAndKill: return CutAndKill(AnySequencer(), hold);
    case Fault::kStallAndCut: return StallAndCut(AnySequencer(), hold);
    case Fault::kClock: return JumpClock(AnySequencer());
    case Fault::kDepose: return Depose(AnySequencer());
    case Fault::kLeaveTail: return LeaveTail();
    case Fault::kFlushRedis: world_.Tell("FLUSHALL"); return world_.redis.FlushAll();
    case Fault::kWipe: return Wipe(AnySequencer(), false);
    case Fault::kWipeAndCut: return Wipe(AnySequencer(), true);
    case Fault::kCutSequencers: {
      SequencerHost& host = AnySequencer();
      return Cut(host, AnyOther(host).host(), rng.Chance(700'000), hold);
    }
    case Fault::kStallSequencers: return StallSequencers(AnySequencer(), hold);
    case Fault::kLeaveOut: return LeaveOut();
    case Fault::kAdoptAlone: return AdoptAlone();
    case Fault::kWipeLeaderAndRedis: return WipeLeaderAndRedis();
    case Fault::kWipeStandbys: return WipeStandbys();
    case Fault::kStandbysLoseEnds: return StandbysLoseEnds();
  }
}

void Faults::RepairAll() {
  world_.network.MendAll();
  world_.network.HoldUp(kRedisHost, 0);
  world_.redis.OnLateWrite(nullptr);
  world_.redis.Restart();
  world_.redis.SlowSync(0);
  world_.redis.RefuseWrites(0);
  world_.zookeeper.SetUp(true);
  for (const auto& host : sequencers_) host->disk().SlowSync(0);
}

SequencerHost* Faults::Leader() {
  for (const auto& host : sequencers_) {
    if (host->Serves()) return host.get();
  }
  return nullptr;
}

SequencerHost& Faults::AnySequencer() {
  SequencerHost* const leader = world_.kernel.rng().Chance(600'000) ? Leader() : nullptr;
  if (leader != nullptr) return *leader;
  return *sequencers_[world_.kernel.rng().Below(sequencers_.size())];
}

SequencerHost& Faults::AnyOther(const SequencerHost& than) {
  const std::size_t first = world_.kernel.rng().Below(sequencers_.size());
  SequencerHost& drawn = *sequencers_[first];
  return &drawn != &than ? drawn : *sequencers_[(first + 1) % sequencers_.size()];
}

MatchingHost& Faults::AnyReplica() { return *replicas_[world_.kernel.rng().Below(replicas_.size())]; }

void Faults::Start(SequencerHost& host) {
  if (world_.kernel.Alive(host.process())) return;
  world_.Tell("start " + host.name());
  host.Start();
}

void Faults::Stop(SequencerHost& host, bool power, Nanos hold) {
  if (!world_.kernel.Alive(host.process())) return;
  world_.Tell((power ? "no power for " : "kill ") + host.name());
  power ? host.LosePower() : host.Kill();
  Later(hold, [this, &host] { Start(host); });
}

void Faults::Pause(ProcessId process, Nanos hold) {
  world_.Tell("pause a process of host " + std::to_string(world_.hosts[process]));
  world_.kernel.Pause(process);
  Later(hold, [this, process] { world_.kernel.Continue(process); });
}

void Faults::KillReplica(Nanos hold) {
  MatchingHost& host = AnyReplica();
  if (!world_.kernel.Alive(host.process())) return;
  world_.Tell("kill a replica of matching");
  host.Kill();
  Later(hold, [this, &host] {
    if (!world_.kernel.Alive(host.process())) host.Start();
  });
}

void Faults::StopRedis(bool power, Nanos hold) {
  world_.Tell(power ? "Redis loses power" : "kill Redis");
  power ? world_.redis.LosePower() : world_.redis.Kill();
  Later(hold, [this] { world_.redis.Restart(); });
}

void Faults::ZooKeeperAway(Nanos hold) {
  world_.Tell("ZooKeeper is away");
  world_.zookeeper.SetUp(false);
  Later(hold, [this] { world_.zookeeper.SetUp(true); });
}

void Faults::Cut(SequencerHost& host, Host server, bool both, Nanos hold) {
  world_.Tell("cut " + host.name() + " from " + std::to_string(server));
  world_.network.Cut(host.host(), server);
  if (both) world_.network.Cut(server, host.host());
  Later(hold, [this, &host, server] {
    world_.network.Mend(host.host(), server);
    world_.network.Mend(server, host.host());
  });
}

void Faults::CutSomething(Nanos hold) {
  Rng& rng = world_.kernel.rng();
  const Host server = rng.Chance(500'000) ? kRedisHost : rng.Chance(500'000) ? kZooKeeperHost : kClientHost;
  Cut(AnySequencer(), server, rng.Chance(700'000), hold);
}

// It goes on alone, if it may, and is gone while Redis is not.
void Faults::CutAndKill(SequencerHost& host, Nanos hold) {
  Cut(host, kRedisHost, true, hold);
  const Nanos alone = world_.kernel.rng().Between(100 * kMilli, 2 * kSecond);
  Later(alone, [this, &host] { Stop(host, false, 3 * kSecond); });
}

// It does not hear that another leads, and what it sent comes late.
void Faults::StallAndCut(SequencerHost& host, Nanos hold) {
  world_.Tell("stall " + host.name() + " to Redis");
  world_.network.Stall(host.host(), kRedisHost, world_.kernel.now() + hold);
  if (world_.kernel.rng().Chance(500'000)) Cut(host, kZooKeeperHost, true, hold);
}

// It wants to be alone in the in-sync set before it hears of its successor, who dies while Redis cannot be reached.
void Faults::Depose(SequencerHost& host) {
  Rng& rng = world_.kernel.rng();
  Cut(host, kRedisHost, true, 4 * kSecond);
  const Nanos deaf = rng.Between(1'500 * kMilli, 2'500 * kMilli);
  Cut(host, kZooKeeperHost, true, deaf);
  const Nanos pause = deaf + rng.Between(100 * kMilli, 600 * kMilli);
  // Who serves is asked with a lock, for which an event must not wait.
  world_.kernel.Spawn(kWorld, [this, pause] {
    world_.kernel.Sleep(pause);
    CutAllFromRedis(1'500 * kMilli);
    KillLeader(1'500 * kMilli);
  });
}

void Faults::CutAllFromRedis(Nanos hold) {
  for (const auto& each : sequencers_) Cut(*each, kRedisHost, true, hold);
}

void Faults::KillLeader(Nanos hold) {
  if (SequencerHost* const leader = Leader()) Stop(*leader, false, hold);
}

// What it wrote last is in Redis and not on its disk. When it meets Redis again that has to go, over a connection that
// is held up in the middle of it; and the moment a write comes late it dies.
void Faults::LeaveTail() {
  SequencerHost* const host = Leader();
  if (host == nullptr) return;
  world_.Tell("slow disk of " + host->name());
  host->disk().SlowSync(300 * kMilli);
  Later(150 * kMilli, [this, host] {
    host->disk().SlowSync(0);
    for (const auto& each : sequencers_) {
      each.get() == host ? Stop(*host, true, 50 * kMilli) : Stop(*each, false, 2'800 * kMilli);
    }
    CutAllFromRedis(2'600 * kMilli);
  });
  Later(2'700 * kMilli, [this] {
    world_.network.HoldUp(kRedisHost, 11 + world_.kernel.rng().Below(8));
    world_.redis.OnLateWrite([this] {
      world_.redis.OnLateWrite(nullptr);
      world_.kernel.Spawn(kWorld, [this] { KillLeader(kSecond); });
    });
  });
  Later(4'800 * kMilli, [this] {
    world_.network.HoldUp(kRedisHost, 0);
    world_.redis.OnLateWrite(nullptr);
  });
}

void Faults::SlowDisk(SequencerHost& host, Nanos hold) {
  world_.Tell("slow disk of " + host.name());
  host.disk().SlowSync(world_.kernel.rng().Between(10 * kMilli, 900 * kMilli));
  Later(hold, [&host] { host.disk().SlowSync(0); });
}

void Faults::TroubleRedisDisk(bool nearly_full, Nanos hold) {
  Rng& rng = world_.kernel.rng();
  world_.Tell("slow or full disk of Redis");
  if (nearly_full) {
    world_.redis.RefuseWrites(10'000 + rng.Below(700'000));
  } else {
    rng.Chance(500'000) ? world_.redis.RefuseWrites(kAllWrites) : world_.redis.SlowSync(2 * kSecond);
  }
  Later(hold, [this] {
    world_.redis.RefuseWrites(0);
    world_.redis.SlowSync(0);
  });
}

void Faults::JumpClock(SequencerHost& host) {
  world_.Tell("the clock of " + host.name() + " jumps");
  world_.kernel.ShiftWallClock(host.process(),
                               world_.kernel.rng().Chance(500'000) ? 3'600 * kSecond : -3'600 * kSecond);
}

void Faults::Wipe(SequencerHost& host, bool cut) {
  Rng& rng = world_.kernel.rng();
  if (!world_.kernel.Alive(host.process())) return;
  world_.Tell("kill " + host.name() + " and wipe its disk");
  host.Kill();
  host.WipeDisk();
  Later(rng.Between(50 * kMilli, cut ? 500 * kMilli : 3 * kSecond), [this, &host] { Start(host); });
  if (!cut) return;
  CutAllFromRedis(3'500 * kMilli);
}

// What it sent to those that stand by comes late, when another may lead and send, too.
void Faults::StallSequencers(SequencerHost& host, Nanos hold) {
  world_.Tell("stall " + host.name() + " to the others");
  for (const auto& each : sequencers_) {
    if (each.get() == &host) continue;
    world_.network.Stall(host.host(), each->host(), world_.kernel.now() + hold);
  }
  if (world_.kernel.rng().Chance(500'000)) Cut(host, kZooKeeperHost, true, hold);
}

// The leader goes on without the one that it does not reach, which then may be elected.
void Faults::LeaveOut() {
  SequencerHost* const host = Leader();
  if (host == nullptr) return;
  Cut(*host, AnyOther(*host).host(), true, 4 * kSecond);
  const Nanos pause = world_.kernel.rng().Between(1'300 * kMilli, 1'900 * kMilli);
  world_.kernel.Spawn(kWorld, [this, pause] {
    world_.kernel.Sleep(pause);
    CutAllFromRedis(3 * kSecond);
    KillLeader(3 * kSecond);
  });
}

// What the leader could not have confirmed any more, one of the two that are left has, and the other one not.
void Faults::AdoptAlone() {
  SequencerHost* const host = Leader();
  if (host == nullptr) return;
  SequencerHost& behind = AnyOther(*host);
  const auto last =
      std::ranges::find_if(sequencers_, [&](const auto& each) { return each.get() != host && each.get() != &behind; });
  SequencerHost& ahead = **last;
  CutAllFromRedis(4'500 * kMilli);
  Cut(*host, behind.host(), true, 4'500 * kMilli);
  Cut(ahead, behind.host(), true, 4'500 * kMilli);
  Later(150 * kMilli, [this, host] { Stop(*host, false, 4'500 * kMilli); });
  Later(world_.kernel.rng().Between(1'800 * kMilli, 2'800 * kMilli),
        [this, &ahead] { Stop(ahead, false, 2 * kSecond); });
}

// Of a dead host, whose requests to ZooKeeper have arrived. Not when nobody else has what was confirmed.
void Faults::WipeIfSpare(SequencerHost& host) {
  const bool spare =
      std::ranges::any_of(sequencers_, [&](const auto& each) { return each.get() != &host && each->IsInSync(); });
  if (!spare || world_.kernel.Alive(host.process())) return;
  world_.Tell("wipe the disk of " + host.name() + ", and Redis");
  host.WipeDisk();
  world_.redis.FlushAll();
}

void Faults::WipeLeaderAndRedis() {
  SequencerHost* const host = Leader();
  if (host == nullptr) return;
  Stop(*host, false, world_.kernel.rng().Between(500 * kMilli, 3 * kSecond));
  Later(200 * kMilli, [this, host] { WipeIfSpare(*host); });
}

// Those that are left, the leader's disk and Redis, are back in time, and must be waited for.
void Faults::WipeStandbys() {
  SequencerHost* const host = Leader();
  if (host == nullptr) return;
  for (const auto& each : sequencers_) {
    if (each.get() != host) Wipe(*each, false);
  }
  Stop(*host, false, 3 * kSecond);
  CutAllFromRedis(3'500 * kMilli);
}

void Faults::StandbysLoseEnds() {
  SequencerHost* const host = Leader();
  if (host == nullptr) return;
  for (const auto& each : sequencers_) {
    if (each.get() == host) continue;
    world_.Tell("slow disk of " + each->name());
    each->disk().SlowSync(300 * kMilli);
  }
  Later(150 * kMilli, [this, host] {
    for (const auto& each : sequencers_) {
      each->disk().SlowSync(0);
      Stop(*each, each.get() != host, each.get() != host ? 400 * kMilli : 3 * kSecond);
    }
  });
  Later(350 * kMilli, [this, host] { WipeIfSpare(*host); });
}

}  // namespace xt::sim
