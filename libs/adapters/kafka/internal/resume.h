// Resume: what of a Publish that failed is in the log all the same, for one topic. A producer writes a partition in order
// and without a gap, so the last record of the partition decides: when it is one of the messages of that Publish, all up
// to it are stored and the retry leaves them out; when not, none of them is known to be. Messages without an id are never
// left out. Not thread-safe.
#pragma once

#include <set>
#include <vector>

#include "libs/base/hash.h"
#include "libs/ports/market_bus.h"

namespace xt::kafka {

class Resume {
 public:
  // The messages of the Publish that failed, in order, with the partition of each; forgets what it knew before.
  void Begin();
  void Remember(int partition, const ports::MarketMessage& message);

  // The last record of a partition.
  void Resolve(int partition, const ports::MarketMessage& last);
  [[nodiscard]] bool IsStored(const ports::MarketMessage& message) const;
  void Clear();

 private:
  struct Sent {
    int partition;
    Hash128 digest;
  };
  std::vector<Sent> sent_;
  std::set<Hash128> stored_;
};

}  // namespace xt::kafka
