// A cluster's state for people and for programs. Pure.
#pragma once

#include <string>

#include "tools/xtraderctl/state.h"

namespace xt::ctl {

// Two tables and the state of the journal's copies.
std::string StateTable(const ClusterState& cluster);

// One object, indented; docs/operations.md names its keys.
std::string StateJson(const ClusterState& cluster);

}  // namespace xt::ctl
