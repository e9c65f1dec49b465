#include "tests/simulation/mistake.h"

#include <map>

namespace xt::sim {

Mistake MistakeOf(const std::string& name) {
  static const std::map<std::string, Mistake> kMistakes{
      {"harmless", Mistake::kHarmless},
      {"no-fence", Mistake::kNoFence},
      {"no-generation", Mistake::kNoGeneration},
      {"no-compare", Mistake::kNoCompare},
      {"any-run-id", Mistake::kAnyRunId},
      {"any-disk", Mistake::kAnyDisk},
      {"ack-before-sync", Mistake::kAckBeforeSync},
      {"ack-before-redis", Mistake::kAckBeforeRedis},
      {"ack-from-memory", Mistake::kAckFromMemory},
      {"swallow-errors", Mistake::kSwallowErrors},
      {"set-without-compare", Mistake::kSetWithoutCompare},
      {"shrink-without-set", Mistake::kShrinkWithoutSet},
      {"grow-without-set", Mistake::kGrowWithoutSet},
      {"trust-own", Mistake::kTrustOwn},
      {"own-chain", Mistake::kOwnChain},
      {"redis-chain", Mistake::kRedisChain},
      {"same-epoch", Mistake::kSameEpoch},
      {"own-time", Mistake::kOwnTime},
      {"forget-duplicates", Mistake::kForgetDuplicates},
      {"remember-in-leader", Mistake::kRememberInLeader},
      {"duplicate-is-new", Mistake::kDuplicateIsNew},
      {"break-is-reject", Mistake::kBreakIsReject},
      {"apply-uncommitted", Mistake::kApplyUncommitted},
      {"publish-twice", Mistake::kPublishTwice},
      {"publish-gaps", Mistake::kPublishGaps},
      {"believe-cursor", Mistake::kBelieveCursor},
      {"ack-before-standby", Mistake::kAckBeforeStandby},
      {"any-standby", Mistake::kAnyStandby},
      {"leave-out-without-set", Mistake::kLeaveOutWithoutSet},
      {"adopt-alone", Mistake::kAdoptAlone},
  };
  const auto found = kMistakes.find(name);
  return found == kMistakes.end() ? Mistake::kNone : found->second;
}

bool IsOfStandbyFiles(Mistake mistake) {
  return mistake == Mistake::kAckBeforeStandby || mistake == Mistake::kAnyStandby ||
         mistake == Mistake::kLeaveOutWithoutSet || mistake == Mistake::kAdoptAlone;
}

}  // namespace xt::sim
