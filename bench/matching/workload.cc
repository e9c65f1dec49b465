#include "bench/matching/workload.h"

#include <algorithm>
#include <bit>

#include "services/matching/core/order_book.h"

namespace xt::bench {
namespace {

using domain::Side;
using matching::BareBook;
using matching::BareLevelPool;
using matching::BareSlab;
using matching::MakerDecision;
using matching::Slot;

// The orders that rest, in the vector that cancels draw from.
class LiveOrders {
 public:
  explicit LiveOrders(std::size_t most_ids) : position_(most_ids + 1) {}
  void Add(std::uint32_t id, Slot slot) {
    position_[id] = static_cast<std::uint32_t>(orders_.size());
    orders_.push_back({id, slot});
    most_ = std::max(most_, orders_.size());
  }
  void Remove(std::uint32_t id) {
    const std::uint32_t at = position_[id];
    orders_[at] = orders_.back();
    position_[orders_[at].id] = at;
    orders_.pop_back();
  }
  struct Entry {
    std::uint32_t id;
    Slot slot;
  };
  [[nodiscard]] Slot slot_of(std::uint32_t id) const { return orders_[position_[id]].slot; }
  [[nodiscard]] const Entry& operator[](std::size_t index) const { return orders_[index]; }
  [[nodiscard]] std::size_t size() const { return orders_.size(); }
  [[nodiscard]] std::size_t most() const { return most_; }

 private:
  std::vector<Entry> orders_;
  std::vector<std::uint32_t> position_;  // by id
  std::size_t most_ = 0;
};

struct Recorder {
  LiveOrders& live;
  TradeDigest& digest;
  std::uint32_t taker = 0;

  template <typename Order>
  MakerDecision Decide(const Order& maker, std::int64_t, std::int64_t left) const {
    return {MakerDecision::Action::kTrade, std::min(left, maker.quantity)};
  }
  template <typename Order>
  void OnTrade(Slot, const Order& maker, std::int64_t price, std::int64_t quantity) {
    digest.Add(maker.owner, taker, static_cast<std::uint64_t>(price), static_cast<std::uint64_t>(quantity));
    if (maker.quantity == 0) live.Remove(maker.owner);
  }
  template <typename Order>
  void OnMakerExpired(Slot, const Order&) {}
  void OnLevelChanged(std::int64_t, const matching::LevelState&) {}
};

class Generator {
 public:
  explicit Generator(const WorkloadSpec& spec)
      : spec_(spec),
        live_(std::size_t{spec.preload} + spec.count),
        slab_(spec.preload + spec.count),
        pool_(std::size_t{1} << 14),
        book_(domain::SymbolId(0), slab_, pool_) {}

  Workload Run() {
    Workload workload;
    workload.preload = spec_.preload;
    workload.messages.reserve(std::size_t{spec_.preload} + spec_.count);
    for (std::uint32_t i = 0; i < spec_.preload + spec_.count; ++i) {
      const Message message = Draw(i >= spec_.preload);
      Apply(message);
      workload.messages.push_back(message);
    }
    workload.orders = last_id_;
    workload.most_live = static_cast<std::uint32_t>(live_.most());
    workload.answer = digest_.Answer(live_.size());
    return workload;
  }

 private:
  Message Draw(bool timed) {
    if (timed && random_.Below(64) == 0) middle_ += (random_.Next() & 1) != 0 ? 1 : -1;
    std::uint64_t k = timed ? random_.Below(100) : 0;
    if (k >= 60 && k < 90 && live_.size() == 0) k = 0;
    if (k < 60) return DrawAdd();
    if (k < 90) return {.id = live_[random_.Below(live_.size())].id, .kind = MessageKind::kCancel};
    return DrawAggressive();
  }

  Message DrawAdd() {
    const Side side = DrawSide();
    const std::uint64_t quantity = 1 + random_.Below(100);
    const std::int64_t distance = DrawDistance();
    return Make(MessageKind::kAdd, side, quantity,
                side == Side::kBuy ? middle_ - 1 - distance : middle_ + 1 + distance);
  }

  std::int64_t DrawDistance() {
    if (random_.Below(1'000) < spec_.far_permille) return static_cast<std::int64_t>(random_.Below(100'000));
    const std::uint64_t inner = random_.Below(500);
    const std::uint64_t outer = random_.Below(1 + inner);
    return static_cast<std::int64_t>(random_.Below(1 + outer));
  }

  Message DrawAggressive() {
    const Side side = DrawSide();
    const std::uint64_t quantity = 1 + random_.Below(300);
    const MessageKind kind = (random_.Next() & 1) != 0 ? MessageKind::kMarket : MessageKind::kIoc;
    return Make(kind, side, quantity, side == Side::kBuy ? middle_ + 20 : middle_ - 20);
  }

  Side DrawSide() { return (random_.Next() & 1) == 0 ? Side::kBuy : Side::kSell; }

  Message Make(MessageKind kind, Side side, std::uint64_t quantity, std::int64_t price) {
    return {.id = ++last_id_,
            .price = static_cast<std::uint32_t>(price),
            .quantity = static_cast<std::uint16_t>(quantity),
            .kind = kind,
            .side = side};
  }

  void Apply(const Message& message) {
    if (message.kind == MessageKind::kCancel) {
      book_.Remove(live_.slot_of(message.id));
      live_.Remove(message.id);
    } else if (message.side == Side::kBuy) {
      ApplyOrder<Side::kBuy>(message);
    } else {
      ApplyOrder<Side::kSell>(message);
    }
  }

  template <Side kSide>
  void ApplyOrder(const Message& message) {
    Recorder recorder{live_, digest_, message.id};
    const std::int64_t limit = message.kind == MessageKind::kMarket ? matching::kAnyPrice<kSide> : message.price;
    const std::int64_t left = book_.Match<kSide>(limit, message.quantity, recorder);
    if (left == 0 || message.kind != MessageKind::kAdd) return;
    const Slot slot = slab_.Allocate();
    slab_[slot].owner = message.id;
    book_.Rest<kSide>(slot, message.price, left);
    live_.Add(message.id, slot);
  }

  const WorkloadSpec spec_;
  Xoshiro256 random_{42};
  LiveOrders live_;
  TradeDigest digest_;
  BareSlab slab_;
  BareLevelPool pool_;
  BareBook book_;
  std::int64_t middle_ = 1'000'000;
  std::uint32_t last_id_ = 0;
};

}  // namespace

Xoshiro256::Xoshiro256(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    seed += 0x9E3779B97F4A7C15;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Xoshiro256::Next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

Workload Generate(const WorkloadSpec& spec) { return Generator(spec).Run(); }

}  // namespace xt::bench
