// The bare order book behind the C ABI of a public benchmark of matching engines (README.md beside this file). The book
// is the template that the engine is built on; what is here is only what the ABI asks for around it: ids given by the
// client in a flat table, and reports pushed into a queue that another thread drains. One message is finished before the
// next one is looked at. The ABI has one engine per process and one caller at a time.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "bench/public-harness/report_queue.h"
#include "libs/domain/ids.h"
#include "matching_engine_api.h"
#include "services/matching/core/order_book.h"

namespace xt::bench {
namespace {

using domain::Side;
using matching::BareBook;
using matching::BareLevelPool;
using matching::BareSlab;
using matching::kNoSlot;
using matching::MakerDecision;
using matching::Slot;

constexpr std::uint32_t kMaxOrders = 1U << 21;  // resting at once
constexpr std::size_t kMaxPages = std::size_t{1} << 14;

constexpr std::uint8_t AbiSide(Side side) { return side == Side::kBuy ? 0 : 1; }

class Engine {
 public:
  explicit Engine(ReportQueue queue)
      : slab_(kMaxOrders),
        pool_(kMaxPages),
        book_(domain::SymbolId(0), slab_, pool_),
        slots_(kMaxOrders),
        queue_(queue) {}

  void OnNew(const new_order_t& order) {
    XT_CHECK(order.order_id <= std::numeric_limits<std::uint32_t>::max(), "order ids are dense by contract");
    queue_.Answer(ME_ORDER_ACK, order.side, order.sequence_number, order.order_id, order.price_ticks, order.quantity);
    const Incoming incoming{static_cast<std::uint32_t>(order.order_id), order.sequence_number, order.price_ticks,
                            order.quantity};
    const Side side = order.side == 0 ? Side::kBuy : Side::kSell;
    const std::int64_t left = Trade(side, incoming);
    if (left == 0) return;
    if (order.ioc == 0) [[likely]] {
      Rest(side, incoming, left);
    } else {
      queue_.Answer(ME_CANCEL_ACK, order.side, order.sequence_number, order.order_id, order.price_ticks, left);
    }
  }

  void OnCancel(const cancel_t& cancel) {
    const Slot slot = Find(cancel.order_id);
    if (slot == kNoSlot) {
      queue_.Answer(ME_CANCEL_REJECT, 0, cancel.sequence_number, cancel.order_id, 0, 0);
      return;
    }
    const auto& order = slab_[slot];
    queue_.Answer(ME_CANCEL_ACK, AbiSide(order.place.side()), cancel.sequence_number, cancel.order_id,
                  order.place.price(), order.quantity);
    book_.Remove(slot);
  }

  // Out and in again: a changed order goes to the back of its new queue.
  void OnModify(const modify_t& modify) {
    const Slot slot = Find(modify.order_id);
    if (slot == kNoSlot) {
      queue_.Answer(ME_MODIFY_REJECT, 0, modify.sequence_number, modify.order_id, 0, 0);
      return;
    }
    const Side side = slab_[slot].place.side();
    book_.Remove(slot);
    queue_.Answer(ME_MODIFY_ACK, AbiSide(side), modify.sequence_number, modify.order_id, modify.new_price_ticks,
                  modify.new_quantity);
    const Incoming incoming{static_cast<std::uint32_t>(modify.order_id), modify.sequence_number, modify.new_price_ticks,
                            modify.new_quantity};
    if (const std::int64_t left = Trade(side, incoming); left > 0) Rest(side, incoming, left);
  }

  void Flush() { queue_.Publish(); }

  template <Side kSide>
  [[nodiscard]] std::int64_t Best(std::int64_t none) const {
    const auto& side = book_.side<kSide>();
    return side.empty() ? none : side.best();
  }
  [[nodiscard]] std::uint64_t DepthAt(std::int64_t price, std::uint8_t side) const {
    const matching::Level* level =
        side == 0 ? book_.side<Side::kBuy>().Find(price) : book_.side<Side::kSell>().Find(price);
    return level != nullptr ? static_cast<std::uint64_t>(level->quantity) : 0;
  }

 private:
  struct Incoming {
    std::uint32_t id;
    std::uint64_t sequence;
    std::int64_t price;
    std::int64_t quantity;
  };

  struct Sink {
    ReportQueue& queue;
    std::uint64_t sequence;
    std::uint32_t taker;

    template <typename Order>
    MakerDecision Decide(const Order& maker, std::int64_t, std::int64_t left) const {
      return {MakerDecision::Action::kTrade, std::min(left, maker.quantity)};
    }
    template <typename Order>
    void OnTrade(Slot, const Order& maker, std::int64_t price, std::int64_t quantity) {
      queue.Trade(sequence, maker.owner, taker, price, quantity);
    }
    template <typename Order>
    void OnMakerExpired(Slot, const Order&) {}
    void OnLevelChanged(std::int64_t, const xt::matching::LevelState&) {}
  };

  std::int64_t Trade(Side side, const Incoming& incoming) {
    if (!book_.Crosses(side, incoming.price)) [[likely]]
      return incoming.quantity;
    Sink sink{queue_, incoming.sequence, incoming.id};
    return book_.Match(side, incoming.price, incoming.quantity, sink);
  }

  void Rest(Side side, const Incoming& incoming, std::int64_t quantity) {
    const Slot slot = slab_.Allocate();
    slab_[slot].owner = incoming.id;
    if (incoming.id >= slots_.size()) [[unlikely]]
      slots_.resize(std::max<std::size_t>(std::size_t{incoming.id} + 1, 2 * slots_.size()));
    slots_[incoming.id] = slot;
    book_.Rest(side, slot, incoming.price, quantity);
  }

  // The table is not cleared when an order goes: its slot tells whether it is still the one.
  [[nodiscard]] Slot Find(std::uint64_t id) const {
    const Slot slot = id < slots_.size() ? slots_[id] : kNoSlot;
    const auto& order = slab_[slot];
    return order.quantity != 0 && order.owner == id ? slot : kNoSlot;
  }

  BareSlab slab_;
  BareLevelPool pool_;
  BareBook book_;
  std::vector<Slot> slots_;  // of the orders, by the client's id
  ReportQueue queue_;
};

std::unique_ptr<Engine> engine;

}  // namespace
}  // namespace xt::bench

using xt::bench::engine;
using xt::domain::Side;

extern "C" {

void engine_init(std::uint64_t, const me_transport_t* transport, void* report_sink) {
  engine = std::make_unique<xt::bench::Engine>(xt::bench::ReportQueue(transport, report_sink));
}
void engine_shutdown() { engine.reset(); }

void engine_on_new_order(const new_order_t* order) {
  engine->OnNew(*order);
  engine->Flush();
}
void engine_on_cancel(const cancel_t* cancel) {
  engine->OnCancel(*cancel);
  engine->Flush();
}
void engine_on_modify(const modify_t* modify) {
  engine->OnModify(*modify);
  engine->Flush();
}
void engine_on_batch(const me_msg_t* messages, std::uint32_t count) {
  xt::bench::Engine& own = *engine;
  for (std::uint32_t i = 0; i < count; ++i) {
    const me_msg_t& message = messages[i];
    switch (message.type) {
      case 0: own.OnNew(message.no); break;
      case 1: own.OnCancel(message.c); break;
      case 2: own.OnModify(message.md); break;
      default: break;
    }
  }
  own.Flush();
}
void engine_flush() { engine->Flush(); }

#ifndef XT_PUBLIC_HARNESS_QUEUE
const me_transport_t* engine_get_transport() { return &xt::bench::ReportQueue::Transport(); }
#endif

std::int64_t engine_query_best_bid() { return engine->Best<Side::kBuy>(std::numeric_limits<std::int64_t>::min()); }
std::int64_t engine_query_best_ask() { return engine->Best<Side::kSell>(std::numeric_limits<std::int64_t>::max()); }
std::uint64_t engine_query_depth_at(std::int64_t price_ticks, std::uint8_t side) {
  return engine->DepthAt(price_ticks, side);
}
}
