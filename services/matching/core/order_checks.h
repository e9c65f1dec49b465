// The first step of entering an order: whether its fields are known, go together for its type, and fit its symbol.
// Pure functions of the order and the symbol.
#pragma once

#include <cstdint>

#include "libs/domain/command.h"
#include "libs/domain/reject_reason.h"
#include "libs/domain/symbol.h"

namespace xt::matching {

domain::Reject CheckShape(const domain::NewOrder& order, const domain::Symbol& symbol,
                          domain::SelfTradePrevention account_default, std::int64_t now_ns);

// With the default of the type or of the account filled in.
domain::TimeInForce EffectiveTimeInForce(const domain::NewOrder& order);
inline domain::SelfTradePrevention EffectiveMode(const domain::NewOrder& order,
                                                 domain::SelfTradePrevention account_default) {
  return order.self_trade_prevention == domain::SelfTradePrevention::kUnspecified ? account_default
                                                                                  : order.self_trade_prevention;
}

}  // namespace xt::matching
