// Command results for the tests of persistence: a market of asset 0 against asset 1 where a lot costs one unit and is
// worth one unit of the base, and the seller pays a fee of one. Balances after a change are those of a fresh account.
#pragma once

#include <cstdint>

#include "libs/domain/event.h"

namespace xt::persistence::testing {

domain::ExecutionReport Report(domain::OrderId order, domain::AccountId account, domain::ExecutionType type,
                               domain::OrderStatus status, std::int64_t executed);

// `available` and `locked` after the change are what the deltas make of a balance of 0, or of what they take from it.
domain::BalanceChange Change(domain::AccountId account, domain::BalanceReason reason, std::int64_t available_delta,
                             std::int64_t locked_delta, domain::OrderId order = {}, domain::AssetId asset = {});

domain::CommandResult Deposit(std::uint64_t sequence, domain::AccountId account, std::int64_t amount);
// A sell order of asset 0 that rests.
domain::CommandResult Resting(std::uint64_t sequence, domain::OrderId order, domain::AccountId account,
                              std::int64_t quantity);
// Account 2 buys `quantity` of the 10 lots that account 1 offers with `maker`.
domain::CommandResult Trade(std::uint64_t sequence, domain::OrderId maker, domain::OrderId taker,
                            std::int64_t quantity);

}  // namespace xt::persistence::testing
