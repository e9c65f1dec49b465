#include "bench/e2e/order_flow.h"

#include <cstdlib>

#include "libs/domain/decimal.h"

namespace xt::bench {
namespace {

absl::StatusOr<std::int64_t> Units(std::string_view text) {
  const domain::ParsedDecimal parsed = domain::ParseDecimal(text, kDecimals);
  if (parsed.error == domain::RejectReason::kNone && parsed.units > 0) return parsed.units;
  return absl::InvalidArgumentError("not a positive decimal: " + std::string(text));
}

}  // namespace

std::string Market::PriceText(std::int64_t ticks) const { return domain::FormatDecimal(ticks * tick_units, kDecimals); }

std::string Market::QuantityText(std::int64_t lots) const { return domain::FormatDecimal(lots * lot_units, kDecimals); }

absl::StatusOr<Market> MakeMarket(const nlohmann::json& symbols, std::string_view symbol, std::string_view mid,
                                  std::string_view quantity) {
  for (const nlohmann::json& entry : symbols.at("symbols")) {
    if (entry.at("symbol") != symbol) continue;
    const auto tick = Units(entry.at("tickSize").get<std::string>());
    const auto lot = Units(entry.at("lotSize").get<std::string>());
    const auto price = Units(mid);
    const auto amount = Units(quantity);
    for (const auto& units : {tick, lot, price, amount}) {
      if (!units.ok()) return units.status();
    }
    const Market market{std::string(symbol), *tick, *lot, *price / *tick, *amount / *lot};
    if (market.mid_ticks > OrderFlow::kBandTicks && market.rest_lots > 0) return market;
    return absl::InvalidArgumentError("ticks or lots are too large for this flow");
  }
  return absl::NotFoundError("no symbol " + std::string(symbol));
}

Intent OrderFlow::Next() {
  if (preload_ > 0) {
    --preload_;
    return NextRest();
  }
  const std::uint64_t dice = random_() % 100;
  if (dice < 60) return NextRest();
  if (dice >= 90) return {.operation = Operation::kCancel};
  const bool buy = random_() % 2 == 0;
  // 1, 2 or 2 resting orders: 5/3 on average, and 30 % x 5/3 is the half of all operations.
  const std::int64_t times = random_() % 3 == 0 ? 1 : 2;
  return {.operation = Operation::kCross,
          .buy = buy,
          .price_ticks = market_.mid_ticks + (buy ? kBandTicks : -kBandTicks),
          .quantity_lots = times * market_.rest_lots};
}

bool OrderFlow::IsForCancel(const Intent& intent) const {
  return intent.operation == Operation::kRest && std::abs(intent.price_ticks - market_.mid_ticks) > kBandTicks * 4 / 5;
}

Intent OrderFlow::NextRest() {
  const bool buy = random_() % 2 == 0;
  const auto distance = 1 + static_cast<std::int64_t>(random_() % kBandTicks);
  return {.operation = Operation::kRest,
          .buy = buy,
          .price_ticks = market_.mid_ticks + (buy ? -distance : distance),
          .quantity_lots = market_.rest_lots};
}

}  // namespace xt::bench
