// Outcomes: what a command did, as the engine writes it: compact records, one after another in a flat buffer of words, of
// the size that is needed to tell it and no more. EventExpander makes the events of libs/domain from them, each of which
// repeats the state of its order and its balance. A record begins with its head; `words` leads to the next one.
// Plain values. Prices are in ticks, quantities in lots, amounts in the smallest unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "libs/domain/enums.h"
#include "libs/domain/event.h"

namespace xt::matching {

enum class OutcomeKind : std::uint8_t {
  kEntered,    // an order begins to work: what follows of the kinds below is about it, until the next kEntered
  kFill,       // it traded with a resting order
  kDecreased,  // self-trade prevention took a part of it
  kFinished,   // it ended, or rests now
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
  [[nodiscard]] std::span<const std::uint64_t> words() const { return {words_.data(), used_}; }

  template <typename Outcome>
  void Add(const Outcome& outcome) {
    std::memcpy(Take<Outcome>(0), &outcome, sizeof(Outcome));
  }
  template <typename Outcome>
  void Add(const Outcome& outcome, const OrderExtension& extension) {
    std::byte* to = Take<Outcome>(sizeof(extension));
    std::memcpy(to, &outcome, sizeof(Outcome));
    std::memcpy(to + sizeof(Outcome), &extension, sizeof(extension));
  }

 private:
  template <typename Outcome>
  std::byte* Take(std::size_t extension_bytes) {
    static_assert(std::is_trivially_copyable_v<Outcome> && sizeof(Outcome) % sizeof(std::uint64_t) == 0);
    const std::size_t words = (sizeof(Outcome) + extension_bytes) / sizeof(std::uint64_t);
    if (used_ + words > words_.size()) [[unlikely]]
      words_.resize(words_.size() * 2);
    std::byte* to = reinterpret_cast<std::byte*>(words_.data() + used_);
    used_ += words;
    return to;
  }

  std::vector<std::uint64_t> words_;
  std::size_t used_ = 0;
};

template <typename Outcome>
constexpr std::uint8_t WordsOf(bool has_extension = false) {
  return static_cast<std::uint8_t>((sizeof(Outcome) + (has_extension ? sizeof(OrderExtension) : 0)) /
                                   sizeof(std::uint64_t));
}

// Calls visit(const OutcomeHead&, const std::byte* record) for each record.
template <typename Visit>
void ForEachOutcome(std::span<const std::uint64_t> words, Visit&& visit) {
  for (std::size_t at = 0; at < words.size();) {
    OutcomeHead head;
    std::memcpy(&head, &words[at], sizeof(head));
    visit(head, reinterpret_cast<const std::byte*>(&words[at]));
    at += head.words;
  }
}

template <typename Outcome>
Outcome ReadOutcome(const std::byte* record) {
  Outcome outcome;
  std::memcpy(&outcome, record, sizeof(outcome));
  return outcome;
}

}  // namespace xt::matching
