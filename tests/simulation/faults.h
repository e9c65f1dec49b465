// Faults: what happens to the machines and the network of a run, and how it is repaired after a while. Which faults a
// run has is its mix: the usual one has all that may overlap, the others are for what needs a few faults together, in
// an order that chance alone seldom finds.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/simulation/matching_host.h"
#include "tests/simulation/mistake.h"
#include "tests/simulation/sequencer_host.h"
#include "tests/simulation/world.h"

namespace xt::sim {

enum class Fault {
  kKill,
  kPowerLoss,
  kPause,
  kTerminate,
  kKillReplica,
  kPauseReplica,
  kKillRedis,
  kRedisPowerLoss,
  kBothPowerLoss,  // of Redis and a sequencer, of which each keeps what the other loses
  kZooKeeperAway,
  kCut,
  kCutFromZooKeeper,  // and not from Redis: it leads on, and another is elected
  kSlowDisk,
  kRedisDisk,
  kRedisDiskNearlyFull,
  kLoseExecutions,
  kCutAndKill,
  kStallAndCut,
  kClock,
  kDepose,     // one that is cut off misses its successor, and comes back while that one dies
  kLeaveTail,  // Redis keeps what its writer lost, who goes on without it; what it sends to Redis then is held up
  // Those that destroy data: never two at once.
  kFlushRedis,
  kWipe,
  kWipeAndCut,  // and nobody reaches Redis for a while
  // Of runs with the files of the sequencers that stand by.
  kCutSequencers,
  kStallSequencers,
  kLeaveOut,    // a standby is cut from the leader, who dies while nobody reaches Redis
  kAdoptAlone,  // the leader dies with one standby behind the other one, which leads alone and dies, too
  // Those destroy data again, but never all that is in sync.
  kWipeLeaderAndRedis,
  kWipeStandbys,      // the leader dies, and nobody reaches Redis for a while
  kStandbysLoseEnds,  // with their power, when their disks are slow; Redis and the leader's disk are wiped
};

struct Mix {
  std::vector<std::pair<Fault, std::uint64_t>> weights;
  bool alone = false;  // one fault at a time
};

// That which a mistake is found by; the usual one for most of them, and for none by the seed.
const Mix& MixOf(Mistake mistake, bool standby_files, Rng& rng);

class Faults {
 public:
  using Sequencers = std::vector<std::unique_ptr<SequencerHost>>;
  using Replicas = std::vector<std::unique_ptr<MatchingHost>>;

  Faults(World& world, const Sequencers& sequencers, const Replicas& replicas, ExecutionsServer& executions);

  // One of the mix; it is repaired within 5 s.
  void Inject(const Mix& mix);
  // What may still be broken is repaired.
  void RepairAll();

 private:
  void Begin(Fault fault, Nanos hold);
  void Later(Nanos delay, std::function<void()> repair) { world_.kernel.At(delay, std::move(repair)); }
  // The leader more often than each other.
  SequencerHost& AnySequencer();
  // Null when none serves.
  SequencerHost* Leader();
  SequencerHost& AnyOther(const SequencerHost& than);
  MatchingHost& AnyReplica();
  void Start(SequencerHost& host);
  void Stop(SequencerHost& host, bool power, Nanos hold);
  void Pause(ProcessId process, Nanos hold);
  void KillReplica(Nanos hold);
  void StopRedis(bool power, Nanos hold);
  void ZooKeeperAway(Nanos hold);
  void Cut(SequencerHost& host, Host server, bool both, Nanos hold);
  void CutSomething(Nanos hold);
  void CutAndKill(SequencerHost& host, Nanos hold);
  void StallAndCut(SequencerHost& host, Nanos hold);
  void Depose(SequencerHost& host);
  void LeaveTail();
  void CutAllFromRedis(Nanos hold);
  void KillLeader(Nanos hold);
  void SlowDisk(SequencerHost& host, Nanos hold);
  void TroubleRedisDisk(bool nearly_full, Nanos hold);
  void JumpClock(SequencerHost& host);
  void Wipe(SequencerHost& host, bool cut);
  void StallSequencers(SequencerHost& host, Nanos hold);
  void LeaveOut();
  void AdoptAlone();
  void WipeLeaderAndRedis();
  void WipeStandbys();
  void StandbysLoseEnds();
  void WipeIfSpare(SequencerHost& host);

  World& world_;
  const Sequencers& sequencers_;
  const Replicas& replicas_;
  ExecutionsServer& executions_;
};

}  // namespace xt::sim
