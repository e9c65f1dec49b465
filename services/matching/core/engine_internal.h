// What the engine's source files share: the market of one symbol, and the fingerprints of commands' contents.
#pragma once

#include <cstdint>
#include <string_view>

#include "libs/base/hash.h"
#include "libs/domain/command.h"
#include "libs/domain/symbol.h"
#include "services/matching/core/engine.h"

namespace xt::matching {

struct Engine::Market {
  Market(const domain::Symbol& definition, OrderSlab<OrderDetail>& orders, LevelPool<true>& pool)
      : symbol(definition), book(definition.id, orders, pool) {}

  [[nodiscard]] std::int64_t Quote(std::int64_t price, std::int64_t quantity) const {
    return price * quantity * symbol.tick_lot_value.value();
  }
  [[nodiscard]] std::int64_t Base(std::int64_t quantity) const { return quantity * symbol.lot_size.value(); }
  // What a resting order of this place and quantity has locked, and of which asset.
  [[nodiscard]] std::int64_t Reserved(Place place, std::int64_t quantity) const {
    return place.side() == domain::Side::kBuy ? Quote(place.price(), quantity) : Base(quantity);
  }
  [[nodiscard]] domain::AssetId ReservedAsset(domain::Side side) const {
    return side == domain::Side::kBuy ? symbol.quote : symbol.base;
  }

  domain::Symbol symbol;
  Book book;
};

// Everything that is decided about a new order before the first mutation.
struct Engine::Intake {
  std::int64_t limit = 0;       // the worst price at which it may trade
  std::int64_t quantity = 0;    // the most lots that it may trade
  std::int64_t reserve = 0;     // locked at entry, of the asset that it gives
  bool rests = false;           // what does not trade stays in the book
  bool unfillable = false;      // FOK: it ends without a trade
  bool quantity_is_all = true;  // trading `quantity` fills it; else the book ran out before its quote quantity
};

// ceil(amount * bps / 10000), without the 128-bit division where it is not needed.
inline std::int64_t FeeOf(std::int64_t amount, std::int32_t bps) {
  constexpr std::int64_t kSmall = 9'000'000'000'000'000;  // times 1,000 basis points fits 63 bits
  if (amount <= kSmall) [[likely]]
    return (amount * bps + 9'999) / 10'000;
  return domain::Fee(domain::Amount(amount), bps).value();
}

// 64 bits over the words that make up a command's content.
template <typename... Words>
std::uint64_t Fingerprint(Words... words) {
  const std::uint64_t content[] = {static_cast<std::uint64_t>(words)...};
  return HashBytes({reinterpret_cast<const char*>(content), sizeof(content)}).low;
}

}  // namespace xt::matching
