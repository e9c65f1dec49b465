// `xtraderctl unclean-leader`: when nobody leads, since no copy of the journal is trusted, an operator gives up what
// the copies lack. The command only leaves a mark in the in-sync set; the next leader acts on it, and writes what was
// lost into the audit log, which `--list` shows. Plain values and functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/zookeeper/zookeeper_in_sync_set.h"
#include "libs/domain/ids.h"
#include "tools/xtraderctl/journal/places.h"

namespace xt::ctl {

// How far somebody is, or why nobody knows.
struct Extent {
  std::string name;
  absl::StatusOr<domain::SequenceNumber> sequence;
};

struct LeaderlessShard {
  zookeeper::ZooKeeperInSyncSet::State in_sync;
  std::string candidate;        // that leads, or is about to; empty: none
  std::vector<Extent> copies;   // of the journal, as far as they can be read from here
  std::vector<Extent> outside;  // what came from the journal and is elsewhere

  // 0: nobody outside the journal knows of any.
  [[nodiscard]] domain::SequenceNumber known_sequence() const;
};

struct UncleanRequest {
  std::string by;
  std::string reason;
  bool lose_commands = false;  // false: only looks
};

// FAILED_PRECONDITION says why there is nothing to decide.
absl::Status MayBeGivenUp(const LeaderlessShard& shard);
// The mark among the members; empty: there is none.
std::string MarkIn(const std::vector<std::string>& members);
// What stands where, and what would be lost.
std::string TextOf(const LeaderlessShard& shard);

// The text for the operator, also of what was written. FAILED_PRECONDITION when it may not be, ABORTED when the set was
// changed meanwhile: nothing was written.
absl::StatusOr<std::string> GiveUp(const Places& places, const std::string& shard, const UncleanRequest& request);

// Takes the mark back, before a leader has acted on it; the text for the operator. FAILED_PRECONDITION when there is none,
// ABORTED when somebody tries to lead just now: nothing was changed.
absl::StatusOr<std::string> Withdraw(const Places& places, const std::string& shard);

// The audit log, an object of JSON for each unclean start.
absl::StatusOr<std::vector<std::string>> UncleanStartsOf(const Places& places, const std::string& shard);
std::string UncleanStartsText(const std::vector<std::string>& starts);
std::string UncleanStartsJson(const std::vector<std::string>& starts);

}  // namespace xt::ctl
