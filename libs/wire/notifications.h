// What one command means for the buses: the public trades, the changed depth per symbol, the private events per
// account, already serialized. The publishers of the sequencer only add topic or routing key. Pure functions,
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "libs/domain/event.h"
#include "libs/domain/ids.h"

namespace xt::wire {

// One message. Its id is (result.sequence, index): `index` is that of the (first) event it was made from.
struct RoutedPayload {
  domain::SymbolId symbol;    // of trades and depth
  domain::AccountId account;  // of user events
  std::uint32_t index = 0;
  std::string bytes;
};

// "BTC-KRW" for a symbol id; must know every symbol that the result names.
using SymbolCodeLookup = absl::FunctionRef<domain::SymbolCode(domain::SymbolId)>;

// The sequence of the depth message before of a symbol, 0 when not known. Asked once per symbol of a result.
using PreviousDepthLookup = absl::FunctionRef<domain::SequenceNumber(domain::SymbolId)>;

// xtrader.v1.MarketTrade, one per trade, in order.
std::vector<RoutedPayload> MarketTrades(const domain::CommandResult& result, SymbolCodeLookup code_of);
// xtrader.v1.MarketDepth, one per symbol with changed levels, by first appearance.
std::vector<RoutedPayload> MarketDepths(const domain::CommandResult& result, SymbolCodeLookup code_of,
                                        PreviousDepthLookup previous_of);
// xtrader.v1.UserEvents, one per account with execution reports or balance changes, by first appearance; none for the
// fee account.
std::vector<RoutedPayload> UserEventsByAccount(const domain::CommandResult& result);

}  // namespace xt::wire
