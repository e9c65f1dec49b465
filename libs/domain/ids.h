// The identities and units of the exchange. Every one is an integer with a type of its own, so that a price never adds to
// a quantity. Plain values: copyable, thread-safe, no ownership.
#pragma once

#include <compare>
#include <cstdint>

#include "libs/base/strong_type.h"

namespace xt::domain {

// A price in ticks of its symbol (Symbol::tick_size). Valid orders have 1..kMaxPriceTicks.
using Price = StrongInt<struct PriceTag, std::int64_t>;
// A quantity in lots of its symbol (Symbol::lot_size). Valid orders have 1..kMaxQuantityLots.
using Quantity = StrongInt<struct QuantityTag, std::int64_t>;
// An amount of one asset in its smallest unit (10^-decimals).
using Amount = StrongInt<struct AmountTag, std::int64_t>;

inline constexpr Price kMaxPriceTicks{1'000'000'000'000};
inline constexpr Quantity kMaxQuantityLots{1'000'000'000'000};

// Position in the one order of commands of a shard: gap-free from 1. 0 means none.
using SequenceNumber = StrongInt<struct SequenceNumberTag, std::uint64_t>;
// Grows at every change of leader, from 1.
using Epoch = StrongInt<struct EpochTag, std::uint64_t>;

// Assigned by matching, dense in the order of definition; accounts from 1 (0 is the exchange's own fee account).
using AccountId = StrongInt<struct AccountIdTag, std::uint32_t>;
using AssetId = StrongInt<struct AssetIdTag, std::uint16_t>;
using SymbolId = StrongInt<struct SymbolIdTag, std::uint16_t>;
inline constexpr AccountId kFeeAccount{0};
// In a command: every symbol.
inline constexpr SymbolId kAllSymbols{0xFFFF};
// Orders that a client wants cancelled together when it is gone: chosen by the client, per account. 0 means none.
using OrderGroup = StrongInt<struct OrderGroupTag, std::uint32_t>;
// The fees of an account. 0: those of the symbol.
using FeeTierId = StrongInt<struct FeeTierIdTag, std::uint8_t>;
inline constexpr int kFeeTiers = 16;
inline constexpr std::int64_t kMaxIcebergParts = 100;
// The last valid expire time: in nanoseconds it fits 63 bits.
inline constexpr std::int64_t kMaxExpireTimeMs = 9'000'000'000'000;
inline constexpr std::int64_t kMaxCountdownMs = 86'400'000;

// Assigned by matching, unique for ever within a shard. 0 means none.
using OrderId = StrongInt<struct OrderIdTag, std::uint64_t>;
using TradeId = StrongInt<struct TradeIdTag, std::uint64_t>;

// Names one event: the command that caused it and its place among that command's events, from 1.
struct EventId {
  SequenceNumber sequence;
  std::uint32_t index = 0;
  friend auto operator<=>(const EventId&, const EventId&) = default;
};

}  // namespace xt::domain
