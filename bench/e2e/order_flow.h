// OrderFlow: what one client does, decided by a seed alone: 60 % limit orders that rest within a band around the mid, 30 %
// immediate-or-cancel orders that cross the whole band, 10 % cancels. Crossing orders take on average as much as rests and is
// not canceled, so the book stays small however long it runs. Not thread-safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace xt::bench {

// Amounts are in units of 10^-8 of their asset, which is enough for every symbol here.
inline constexpr int kDecimals = 8;

struct Market {
  std::string symbol;
  std::int64_t tick_units = 0;
  std::int64_t lot_units = 0;
  std::int64_t mid_ticks = 0;
  std::int64_t rest_lots = 0;  // quantity of a resting order

  [[nodiscard]] std::string PriceText(std::int64_t ticks) const;
  [[nodiscard]] std::string QuantityText(std::int64_t lots) const;
};

// `symbols` is the answer of GET /v1/symbols; prices and quantities are decimals.
absl::StatusOr<Market> MakeMarket(const nlohmann::json& symbols, std::string_view symbol, std::string_view mid,
                                  std::string_view quantity);

enum class Operation : std::uint8_t { kRest, kCross, kCancel };

struct Intent {
  Operation operation = Operation::kRest;
  bool buy = false;
  std::int64_t price_ticks = 0;
  std::int64_t quantity_lots = 0;
};

class OrderFlow {
 public:
  static constexpr std::int64_t kBandTicks = 50;  // on each side of the mid
  static constexpr std::size_t kPreload = 200;    // of all clients together

  // The first `preload` orders rest, so that there is a book.
  OrderFlow(const Market& market, std::uint64_t seed, std::size_t preload = 0)
      : market_(market), random_(seed), preload_(preload) {}

  Intent Next();
  // Instead of a cancel, when there is nothing to cancel.
  Intent NextRest();
  // Whether a later cancel should choose this one: the outer fifth of the resting orders, which crossing ones seldom reach.
  [[nodiscard]] bool IsForCancel(const Intent& intent) const;
  // Any of `count`; for choices that belong to the flow, such as the account.
  std::size_t Choose(std::size_t count) { return static_cast<std::size_t>(random_() % count); }

 private:
  const Market market_;
  std::mt19937_64 random_;
  std::size_t preload_;
};

}  // namespace xt::bench
