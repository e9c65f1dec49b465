// Known mistakes that can be planted into a run, to see that they are found. The simulator replaces or wraps what it
// needs for each; the code of the services knows nothing of them.
#pragma once

#include <string>
#include <vector>

namespace xt::sim {

enum class Mistake {
  kNone,               // an honest run
  kHarmless,           // nothing is planted, and nothing may be found
  kNoFence,            // Redis takes commands whatever their token is
  kNoGeneration,       // Redis takes those of an earlier connection of the same leader
  kNoCompare,          // Redis appends whatever the end of the chain is
  kAnyRunId,           // a restarted Redis passes for the one before
  kAnyDisk,            // an emptied disk passes for the one before
  kAckBeforeSync,      // the disk says that it has what it has not
  kAckBeforeRedis,     // Redis is said to have what was not sent yet
  kAckFromMemory,      // both
  kSwallowErrors,      // what Redis did not answer counts as confirmed
  kSetWithoutCompare,  // ZooKeeper writes whatever the version is
  kShrinkWithoutSet,   // the leader drops Redis from the in-sync set without ZooKeeper
  kGrowWithoutSet,     // the leader takes Redis back into it without ZooKeeper
  kTrustOwn,           // the leader takes its own copy for a member
  kOwnChain,           // the leader takes its own copy for the longest
  kRedisChain,         // the leader takes Redis for the longest
  kSameEpoch,          // the epoch does not rise with a new leader
  kOwnTime,            // journal time begins anew with a new leader
  kForgetDuplicates,   // matching forgets client order ids at once
  kRememberInLeader,   // so does it, and the leader remembers what it answered
  kDuplicateIsNew,     // a retry is not told of the first one's result
  kBreakIsReject,      // a lost connection is told as a rejection
  kApplyUncommitted,   // matching applies frames when they are offered
  kPublishTwice,       // the executions' server takes what it has
  kPublishGaps,        // the executions' server takes what does not follow
  kBelieveCursor,      // the publisher does not ask the executions' server what it has
  // With the files of the sequencers that stand by.
  kAckBeforeStandby,    // such a file is said to have what is not on its disk
  kAnyStandby,          // an emptied disk passes for the one before, also that of a sequencer that stands by
  kLeaveOutWithoutSet,  // the leader leaves such a file out of the in-sync set without ZooKeeper
  kAdoptAlone,          // what a new leader's file has is confirmed before another copy has it, too
};

// The mistake of this name; kNone for one that there is not, and for "none".
Mistake MistakeOf(const std::string& name);
// Whether it is planted into runs with the files of the sequencers that stand by.
bool IsOfStandbyFiles(Mistake mistake);

}  // namespace xt::sim
