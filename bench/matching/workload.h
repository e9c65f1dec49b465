// The matching workloads W1 (a busy touch) and W2 (a deep, wide book): exact rules, so that any engine can be fed the
// same messages and must produce the same trades. Order ids are dense from 1; limit adds and aggressors share one
// sequence. Generating needs a book, because a cancel names an order that still rests; the messages are recorded once and
// replayed by the cases. Plain functions and values.
//
// For each message i of preload + count, in exactly this order of draws from xoshiro256** (seeded by splitmix64(42)):
//   1. after the preload, with 1/64: the middle price moves by one tick, up or down
//   2. k = below(100), 0 in the preload; 60..89 becomes 0 while the book is empty
//   3. k < 60   ADD: side, quantity 1..100, distance d (with far/1000 uniform to 100,000, else nested near the touch),
//               a GTC limit order at middle -+ (1 + d)
//      k < 90   CANCEL a uniformly random resting order: index into a vector from which removal swaps with the last
//      else     AGGRESSIVE: side, quantity 1..300, MARKET or an IOC limit 20 ticks through the middle
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "libs/domain/enums.h"

namespace xt::bench {

class Xoshiro256 {
 public:
  explicit Xoshiro256(std::uint64_t seed);
  std::uint64_t Next();
  // Uniform in 0 .. n - 1.
  std::uint64_t Below(std::uint64_t n) { return static_cast<std::uint64_t>((Wide{Next()} * n) >> 64); }

 private:
  using Wide = unsigned __int128;
  std::array<std::uint64_t, 4> state_;
};

enum class MessageKind : std::uint8_t { kAdd, kCancel, kMarket, kIoc };

struct Message {
  std::uint32_t id = 0;  // of the order; of the order to cancel
  std::uint32_t price = 0;
  std::uint16_t quantity = 0;
  MessageKind kind = MessageKind::kAdd;
  domain::Side side = domain::Side::kUnspecified;
};

// What the workload must come to.
struct WorkloadAnswer {
  std::uint64_t trades = 0;
  std::uint64_t volume = 0;
  std::uint64_t digest = 0;
  std::uint64_t live_orders = 0;
  friend bool operator==(const WorkloadAnswer&, const WorkloadAnswer&) = default;
};

struct WorkloadSpec {
  std::string_view name;
  std::uint32_t preload = 0;
  std::uint32_t count = 0;
  std::uint32_t far_permille = 0;
  WorkloadAnswer answer;
};

inline constexpr WorkloadSpec kW1{"W1", 10'000, 4'000'000, 10, {1'502'819, 56'710'855, 0xb2079708e03da369, 55'810}};
inline constexpr WorkloadSpec kW2{
    "W2", 1'000'000, 4'000'000, 300, {1'867'839, 63'391'404, 0xa5b69113f74b1726, 632'434}};

struct Workload {
  std::uint32_t preload = 0;      // messages that are not timed
  std::vector<Message> messages;  // preload, then the rest
  std::uint32_t orders = 0;       // the highest order id
  std::uint32_t most_live = 0;    // the most orders that rested at once
  WorkloadAnswer answer;          // as it came out while generating
};

Workload Generate(const WorkloadSpec& spec);

// Trades folded into one number: h = rotl(h, 5) ^ (maker, taker, price and quantity, each times its own constant).
class TradeDigest {
 public:
  void Add(std::uint64_t maker, std::uint64_t taker, std::uint64_t price, std::uint64_t quantity) {
    const std::uint64_t mixed = maker * 0x9E3779B97F4A7C15 + taker * 0xC2B2AE3D27D4EB4F + price * 0x165667B19E3779F9 +
                                quantity * 0xD6E8FEB86659FD93;
    digest_ = (digest_ << 5 | digest_ >> 59) ^ mixed;
    ++trades_;
    volume_ += quantity;
  }
  [[nodiscard]] WorkloadAnswer Answer(std::uint64_t live_orders) const {
    return {trades_, volume_, digest_, live_orders};
  }

 private:
  std::uint64_t digest_ = 0;
  std::uint64_t trades_ = 0;
  std::uint64_t volume_ = 0;
};

}  // namespace xt::bench
