// Commands and events in one line each, for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/event.h"

namespace xt::oracle {

std::string Describe(const domain::Command& command);
std::string Describe(const domain::Event& event);
// One line per event, each beginning with a line break.
std::string Describe(const std::vector<domain::Event>& events);

}  // namespace xt::oracle
