// Bootstrap: what makes an empty exchange usable at its first start: assets, markets, and funded demo accounts with an API
// key each. Everything goes through the journal like any other command, except the keys, which are no events. It may be
// run at every start: what is there stays as it is.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/ports/history.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/order_sequencing.h"

namespace xt::bootstrap {

struct DemoAccount {
  std::string name;  // "demo-1"
  std::string api_key;
  std::string secret;
};

struct BootstrapPorts {
  ports::OrderSequencing& sequencing;
  ports::MatchingQueries& matching;
  ports::History& history;
};

// Blocks until everything is there and persistence has it. The demo accounts in order. UNAVAILABLE: worth another try,
// also when the services had not yet replayed what is there.
absl::StatusOr<std::vector<DemoAccount>> Bootstrap(const BootstrapPorts& ports, std::size_t demo_accounts);

}  // namespace xt::bootstrap
