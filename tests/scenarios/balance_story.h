// Whether the balance changes of a command say what they should: each change's reason, order and trade follow from the
// trades, the reports and the command, so that a ledger can be kept of them alone. That they add up is checked elsewhere.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "libs/domain/command.h"
#include "libs/domain/event.h"

namespace xt::scenarios {

// What is wrong, in words; empty when nothing is.
std::string CheckBalanceStory(const domain::Command& command, std::span<const domain::Event> events,
                              const std::function<domain::Symbol(domain::SymbolId)>& symbol_of);

}  // namespace xt::scenarios
