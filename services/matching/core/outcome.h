// Outcomes: what a command did, as the engine writes it: compact records, one after another in a flat buffer of words, of
// the size that is needed to tell it and no more. EventExpander makes the events of libs/domain from them, each of which
// repeats the state of its order and its balance. A record begins with its head; `words` leads to the next one.
// Plain values. Prices are in ticks, quantities in lots, amounts in the smallest unit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include "libs/domain/enums.h"
#include "libs/domain/event.h"

namespace xt::matching {

enum class OutcomeKind : std::uint8_t {
  kRested,     // all of a new order rests, nothing of it traded
  kEntered,    // an order begins to work: what follows of the kinds below is about it, until the next kEntered
  kFill,       // it traded with a resting order
  kDecreased,  // self-trade prevention took a part of it
  kFinished,   // it ended, or rests now
  kLeft,       // a resting order was taken out of its book: kOrder with the level that it left
  kOrder,      // a step in the life of another order, or of one that waits
  kBidLevel,
  kAskLevel,
  kEvent,  // an event as it is
};

struct OutcomeHead {
  OutcomeKind kind;
  std::uint8_t words;  // of the record, this head and its extension included
  std::uint16_t symbol;
  std::uint32_t account;  // the order's; for a level the number of its orders
};

// What only some orders have; follows the record of an order when has_extension.
struct OrderExtension {
  std::int64_t stop_price;
  std::int64_t iceberg_quantity;
  std::int64_t expire_time_ms;
  std::uint64_t group;
};

struct EnteredOutcome {
  OutcomeHead head;
  std::uint64_t order_id;
  std::int64_t price;     // its limit; 0 without one
  std::int64_t quantity;  // 0 by quote quantity
  std::int64_t quote_quantity;
  std::int64_t reserve;  // available -> locked
  std::uint32_t client_id;
  domain::Side side;
  domain::OrderType type;
  domain::TimeInForce time_in_force;
  bool has_extension;
};

// The short form of kEntered, kFinished and the level.
struct RestedOutcome {
  OutcomeHead head;
  std::uint64_t order_id;
  std::int64_t price;
  std::int64_t quantity;
  std::int64_t reserve;
  std::int64_t level_quantity;
  std::uint32_t level_orders;
  std::uint32_t client_id;
  domain::Side side;
  domain::TimeInForce time_in_force;  // the type is LIMIT
};

struct FillOutcome {
  OutcomeHead head;  // account: the maker's
  std::uint64_t trade_id;
  std::uint64_t maker_order_id;
  std::int64_t price;
  std::int64_t quantity;
  std::int64_t maker_quantity;  // as ordered
  std::int64_t maker_left;      // hidden quantity included
  std::int64_t maker_executed_quote;
  std::int64_t maker_fee;
  std::int64_t taker_fee;
  std::uint32_t maker_client_id;
  domain::OrderType maker_type;
  domain::TimeInForce maker_time_in_force;
  bool taker_filled;
  bool has_extension;
};

struct DecreasedOutcome {
  OutcomeHead head;
  std::int64_t quantity;
  std::int64_t release;  // locked -> available
};

struct FinishedOutcome {
  OutcomeHead head;
  std::int64_t release;
  domain::ExecutionType execution_type;  // kUnspecified: its last fill said it all
  domain::OrderStatus status;
};

struct OrderOutcome {
  OutcomeHead head;
  std::uint64_t order_id;
  std::int64_t price;
  std::int64_t quantity;
  std::int64_t executed;
  std::int64_t executed_quote;
  std::int64_t release;
  std::uint32_t client_id;
  domain::Side side;
  domain::OrderType type;
  domain::TimeInForce time_in_force;
  bool has_extension;
  domain::ExecutionType execution_type;
  domain::OrderStatus status;
};

struct LeftOutcome {
  OrderOutcome order;  // without extension
  std::int64_t level_quantity;
  std::uint32_t level_orders;
};

struct LevelOutcome {
  OutcomeHead head;
  std::int64_t price;
  std::int64_t quantity;  // 0: the level is gone
};

struct EventOutcome {
  OutcomeHead head;
  domain::Event event;
};

// The records of one command. Reused for the next one, so that it stays in the cache and allocates nothing.
class OutcomeBuffer {
 public:
  OutcomeBuffer() : words_(std::size_t{1} << 13) {}

  void Clear() { used_ = 0; }
  [[nodiscard]] bool empty() const { return used_ == 0; }
  [[nodiscard]] std::span<const std::byte> records() const { return {words_[0].bytes.data(), used_ * sizeof(Word)}; }

  // Room for a record, to be constructed there: it is written once, and field by field, since a copy of what was just
  // written in smaller pieces waits for all of them.
  template <typename Outcome>
  [[nodiscard]] Outcome* Take() {
    return reinterpret_cast<Outcome*>(TakeBytes<Outcome>(0));
  }
  template <typename Outcome>
  [[nodiscard]] Outcome* Take(const OrderExtension& extension) {
    std::byte* to = TakeBytes<Outcome>(sizeof(extension));
    new (to + sizeof(Outcome)) OrderExtension(extension);
    return reinterpret_cast<Outcome*>(to);
  }

 private:
  struct alignas(8) Word {
    std::array<std::byte, 8> bytes;
  };

  template <typename Outcome>
  std::byte* TakeBytes(std::size_t extension_bytes) {
    static_assert(std::is_trivially_copyable_v<Outcome> && sizeof(Outcome) % sizeof(Word) == 0);
    const std::size_t words = (sizeof(Outcome) + extension_bytes) / sizeof(Word);
    if (used_ + words > words_.size()) [[unlikely]]
      words_.resize(words_.size() * 2);
    std::byte* to = words_[used_].bytes.data();
    used_ += words;
    return to;
  }

  std::vector<Word> words_;
  std::size_t used_ = 0;
};

template <typename Outcome>
constexpr std::uint8_t WordsOf(bool has_extension = false) {
  return static_cast<std::uint8_t>((sizeof(Outcome) + (has_extension ? sizeof(OrderExtension) : 0)) / 8);
}

// Calls visit(const OutcomeHead&, const std::byte* record) for each record.
template <typename Visit>
void ForEachOutcome(std::span<const std::byte> records, Visit&& visit) {
  for (std::size_t at = 0; at < records.size();) {
    const std::byte* record = &records[at];
    const OutcomeHead& head = *reinterpret_cast<const OutcomeHead*>(record);
    visit(head, record);
    at += std::size_t{head.words} * 8;
  }
}

// The record, as the kind in its head says.
template <typename Outcome>
const Outcome& ReadOutcome(const std::byte* record) {
  return *reinterpret_cast<const Outcome*>(record);
}
// Only of a record that has one.
template <typename Outcome>
const OrderExtension& ReadExtension(const std::byte* record) {
  return *reinterpret_cast<const OrderExtension*>(record + sizeof(Outcome));
}

}  // namespace xt::matching
