// `xtraderctl status`: asks every instance, and shows what they are and how far each is.
#pragma once

#include <vector>

#include "tools/xtraderctl/instances.h"
#include "tools/xtraderctl/state.h"

namespace xt::ctl {

// All of them at once; the answers in their order.
std::vector<InstanceState> AskAll(const std::vector<Instance>& instances);

// The exit status: 1 when something is not ready or does not answer, and then stderr says what.
int Status(const std::vector<Instance>& instances, bool json);

}  // namespace xt::ctl
