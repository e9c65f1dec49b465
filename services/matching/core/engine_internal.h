// What the engine's source files share: the market of one symbol, an order on its way, and the fingerprints of commands'
// contents.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <variant>

#include "libs/base/check.h"
#include "libs/base/hash.h"
#include "libs/domain/command.h"
#include "libs/domain/symbol.h"
#include "services/matching/core/engine.h"
#include "services/matching/core/order_checks.h"
#include "services/matching/core/planted_bugs.h"

namespace xt::matching {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kNsPerMs = 1'000'000;

struct Engine::Market {
  Market(const domain::Symbol& definition, OrderSlab<OrderDetail>& orders, LevelPool<true>& pool)
      : symbol(definition), book(definition.id, orders, pool), stops(definition.id, orders, pool) {}

  [[nodiscard]] std::int64_t Quote(std::int64_t price, std::int64_t quantity) const {
    return price * quantity * symbol.tick_lot_value.value();
  }
  [[nodiscard]] std::int64_t Base(std::int64_t quantity) const { return quantity * symbol.lot_size.value(); }
  // What an open order of this side, price and quantity has locked, and of which asset.
  [[nodiscard]] std::int64_t Reserved(domain::Side side, std::int64_t price, std::int64_t quantity) const {
    return side == domain::Side::kBuy ? Quote(price, quantity) : Base(quantity);
  }
  [[nodiscard]] domain::AssetId ReservedAsset(domain::Side side) const {
    return side == domain::Side::kBuy ? symbol.quote : symbol.base;
  }
  // The worst price of a trade, with the price band.
  template <domain::Side kTaker>
  [[nodiscard]] std::int64_t InBand(std::int64_t limit) const {
    const std::int64_t late = Planted(Bug::kBandTripsLate) ? 1 : 0;
    return kTaker == domain::Side::kBuy ? std::min(limit, upper_price + late)
                                        : std::max(limit, limits.lower_price.value() - late);
  }
  // Whether even the best price is outside of the price band, on its near side; prices only get worse from there to the
  // band, so that no trade may be made.
  template <domain::Side kTaker>
  [[nodiscard]] bool IsBestBeforeBand() const {
    if constexpr (kTaker == domain::Side::kBuy) {
      return book.side<domain::Side::kSell>().best() < limits.lower_price.value();
    } else {
      return book.side<domain::Side::kBuy>().best() > upper_price;
    }
  }
  void SetLimits(const domain::SymbolLimits& set) {
    limits = set;
    upper_price = set.upper_price.value() != 0 ? set.upper_price.value() : kAnyPrice<domain::Side::kBuy>;
    has_rules = set.max_notional.value() != 0 || set.max_position.value() != 0 || set.price_deviation_bps != 0;
  }

  domain::Symbol symbol;
  Book book;
  // Orders that wait for their stop price: those that wait for a price from below stand on the sell side, whose best
  // price is the lowest; those that wait for one from above on the buy side.
  Book stops;
  std::int64_t last_price = 0;  // of the last trade; 0 before the first
  domain::SymbolLimits limits;
  std::int64_t upper_price = kAnyPrice<domain::Side::kBuy>;  // that of the limits, or any
  bool has_rules = false;
};

// An order on its way through the book.
struct Engine::Incoming {
  domain::AccountId account;
  domain::OrderId id;
  Slot slot = kNoSlot;
  domain::OrderType type = domain::OrderType::kUnspecified;
  domain::TimeInForce time_in_force = domain::TimeInForce::kUnspecified;
  domain::SelfTradePrevention mode = domain::SelfTradePrevention::kUnspecified;
  ClientIds::Ref client_id = ClientIds::kNone;
  ExtraRef extra = kNoExtra;
  std::int64_t price = 0;    // its limit; 0 without one
  std::int64_t ordered = 0;  // lots; 0 by quote quantity
  std::int64_t quote_quantity = 0;
  // What is decided before it trades.
  std::int64_t limit = 0;       // the worst price at which it may trade, the price band not counted
  std::int64_t quantity = 0;    // the most lots that it may trade
  std::int64_t reserve = 0;     // locked at entry, of the asset that it gives
  bool rests = false;           // what does not trade stays in the book
  bool unfillable = false;      // FOK: it ends without a trade
  bool quantity_is_all = true;  // trading `quantity` fills it; else the book or the money ran out before
  bool triggered = false;       // it waited as a stop, so it is open already
};

template <domain::Side kSide>
void Engine::NoteLevel(const Market& market, std::int64_t price, const LevelState& level) {
  constexpr OutcomeKind kKind = kSide == domain::Side::kBuy ? OutcomeKind::kBidLevel : OutcomeKind::kAskLevel;
  changed_levels_.push_back(
      {{kKind, WordsOf<LevelOutcome>(), market.symbol.id.value(), level.orders}, price, level.quantity});
}

inline void Engine::NoteLevel(const Market& market, domain::Side side, std::int64_t price, const LevelState& level) {
  if (side == domain::Side::kBuy) {
    NoteLevel<domain::Side::kBuy>(market, price, level);
  } else {
    NoteLevel<domain::Side::kSell>(market, price, level);
  }
}

inline void Engine::NoteOpen(domain::AccountId account, Slot slot) {
  orders_[slot].detail.listed_at = accounts_.AddOpenOrder(account, slot);
}

inline void Engine::Begin(domain::SequenceNumber sequence, std::int64_t timestamp_ns) {
  XT_CHECK(sequence.value() == sequence_.value() + 1, "commands are applied in sequence");
  XT_CHECK(timestamp_ns >= now_ns_, "journal time never falls");
  sequence_ = sequence;
  now_ns_ = timestamp_ns;
  outcomes_.Clear();
  lowest_trade_ = kNever;
  highest_trade_ = 0;
  client_ids_.ForgetOld(now_ns_);
  if (next_due_ns_ <= now_ns_) [[unlikely]]
    RunDue();
}

template <typename Body>
void Engine::Run(const Body& body) {
  if (const domain::Reject reject = Handle(body)) RejectCommand(body, reject);
}

inline void Engine::Finish() {
  if (!changed_levels_.empty()) TellLevels();
  levels_repeat_ = false;
  const std::int64_t expiry_ns = expiries_.empty() ? kNever : extras_[expiries_.first()].expire_time_ms * kNsPerMs;
  next_due_ns_ = std::min(expiry_ns, countdowns_.next_due_ns());
}

template <typename Body>
std::span<const std::byte> Engine::Execute(domain::SequenceNumber sequence, std::int64_t timestamp_ns,
                                           const Body& body) {
  Begin(sequence, timestamp_ns);
  if constexpr (std::is_same_v<Body, domain::Command>) {
    std::visit([this](const auto& alternative) { this->Run(alternative); }, body.body);
  } else {
    Run(body);
  }
  Finish();
  return outcomes_.records();
}

// What an open order asks for, wherever it stands.
struct Engine::Terms {
  std::int64_t price = 0;          // its limit; 0 without one
  std::int64_t reserve_price = 0;  // at which a buy locks its quote
  std::int64_t left = 0;
};

// ceil(amount * bps / 10000), without the 128-bit division where it is not needed.
inline std::int64_t FeeOf(std::int64_t amount, std::int32_t bps) {
  constexpr std::uint64_t kSmall = 9'000'000'000'000'000;  // times 1,000 basis points fits 63 bits
  const auto unsigned_amount = static_cast<std::uint64_t>(amount);
  if (Planted(Bug::kFeeRoundsDown)) return static_cast<std::int64_t>(__int128{amount} * bps / 10'000);
  if (unsigned_amount <= kSmall) [[likely]]
    return static_cast<std::int64_t>((unsigned_amount * static_cast<std::uint32_t>(bps) + 9'999) / 10'000);
  return domain::Fee(domain::Amount(amount), bps).value();
}

// 64 bits over the words that make up a command's content.
template <typename... Words>
std::uint64_t Fingerprint(Words... words) {
  const std::uint64_t content[] = {static_cast<std::uint64_t>(words)...};
  return HashBytes({reinterpret_cast<const char*>(content), sizeof(content)}).low;
}

}  // namespace xt::matching
