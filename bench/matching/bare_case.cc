// The book alone: no accounts, no balances. Cancels carry the id that the book gave, as a client's would.
#include <algorithm>

#include "bench/matching/measure.h"
#include "services/matching/core/order_book.h"

namespace xt::bench {
namespace {

using domain::OrderId;
using domain::Side;
using matching::BareBook;
using matching::BareLevelPool;
using matching::BareSlab;
using matching::MakerDecision;
using matching::Slot;

struct Command {
  std::uint64_t word = 0;  // the price; of a cancel the book's id of the order
  std::uint32_t id = 0;
  std::uint16_t quantity = 0;
  MessageKind kind = MessageKind::kAdd;
  Side side = Side::kUnspecified;
};
static_assert(sizeof(Command) == 16);

class Book {
 public:
  explicit Book(const Workload& workload)
      : slab_(workload.most_live + 1), pool_(std::size_t{1} << 14), book_(domain::SymbolId(0), slab_, pool_) {}

  // The id of the order that rests now, 0 when none does.
  OrderId Apply(const Command& command) {
    switch (command.kind) {
      case MessageKind::kAdd: return Add(command);
      case MessageKind::kCancel: Cancel(command); return OrderId(0);
      default: Take(command); return OrderId(0);
    }
  }

  [[gnu::always_inline]] void PrefetchFar(const Command& command) const {
    book_.PrefetchFar(SlotOf(command), command.side, static_cast<std::int64_t>(command.word));
  }
  [[gnu::always_inline]] void PrefetchNear(const Command& command) const {
    book_.PrefetchNear(SlotOf(command), command.side, static_cast<std::int64_t>(command.word));
  }

  [[nodiscard]] WorkloadAnswer Answer() const { return digest_.Answer(slab_.live()); }
  [[nodiscard]] std::uint64_t BytesPerOrder() const {
    return (slab_.touched_bytes() + pool_.touched_bytes()) / slab_.live();
  }

 private:
  // Of the order that the command cancels.
  [[nodiscard]] Slot SlotOf(const Command& command) const {
    return command.kind == MessageKind::kCancel ? slab_.SlotOf(OrderId(command.word)) : matching::kNoSlot;
  }

  struct Sink {
    TradeDigest& digest;
    EventRing& ring;
    std::uint32_t taker;

    template <typename Order>
    MakerDecision Decide(const Order& maker, std::int64_t, std::int64_t left) const {
      return {MakerDecision::Action::kTrade, std::min(left, maker.quantity)};
    }
    template <typename Order>
    void OnTrade(Slot, const Order& maker, std::int64_t price, std::int64_t quantity) {
      digest.Add(maker.owner, taker, static_cast<std::uint64_t>(price), static_cast<std::uint64_t>(quantity));
      ring.Write({maker.owner, taker, static_cast<std::uint64_t>(price), static_cast<std::uint32_t>(quantity),
                  RingEventKind::kTrade});
    }
    template <typename Order>
    void OnMakerExpired(Slot, const Order&) {}
    void OnLevelChanged(std::int64_t, const matching::LevelState&) {}
  };

  OrderId Add(const Command& command) {
    const auto price = static_cast<std::int64_t>(command.word);
    std::int64_t left = command.quantity;
    if (book_.Crosses(command.side, price)) {
      Sink sink{digest_, ring_, command.id};
      left = book_.Match(command.side, price, left, sink);
    }
    OrderId id(0);
    if (left > 0) {
      const Slot slot = slab_.Allocate();
      slab_[slot].owner = command.id;
      book_.Rest(command.side, slot, price, left);
      id = slab_.IdOf(slot);
    }
    ring_.Write({id.value(), command.id, command.word, command.quantity, RingEventKind::kAcknowledged});
    return id;
  }

  void Take(const Command& command) {
    Sink sink{digest_, ring_, command.id};
    std::int64_t limit = static_cast<std::int64_t>(command.word);
    if (command.kind == MessageKind::kMarket) limit = matching::AnyPrice(command.side);
    const std::int64_t left = book_.Match(command.side, limit, command.quantity, sink);
    ring_.Write(
        {static_cast<std::uint64_t>(left), command.id, command.word, command.quantity, RingEventKind::kAcknowledged});
  }

  void Cancel(const Command& command) {
    const Slot slot = slab_.Find(OrderId(command.word));
    if (slot == matching::kNoSlot) return;
    ring_.Write({command.word, slab_[slot].owner, static_cast<std::uint64_t>(slab_[slot].place.price()),
                 static_cast<std::uint32_t>(slab_[slot].quantity), RingEventKind::kCanceled});
    book_.Remove(slot);
  }

  BareSlab slab_;
  BareLevelPool pool_;
  BareBook book_;
  TradeDigest digest_;
  EventRing ring_;
};

// The same messages with the book's own ids in the cancels, found by running them once.
std::vector<Command> Prepare(const Workload& workload) {
  Book book(workload);
  std::vector<std::uint64_t> ids(std::size_t{workload.orders} + 1);
  std::vector<Command> commands;
  commands.reserve(workload.messages.size());
  for (const Message& message : workload.messages) {
    Command command{message.price, message.id, message.quantity, message.kind, message.side};
    if (message.kind == MessageKind::kCancel) command.word = ids[message.id];
    commands.push_back(command);
    const OrderId id = book.Apply(command);
    if (message.kind == MessageKind::kAdd) ids[message.id] = id.value();
  }
  return commands;
}

const std::vector<Command>* prepared_commands = nullptr;

class Driver {
  static constexpr std::size_t kFar = 12;
  static constexpr std::size_t kNear = 5;

 public:
  explicit Driver(const Workload& workload) : commands_(*prepared_commands), book_(workload) {}
  void Run(std::size_t i) {
    if (i + kFar < commands_.size()) [[likely]] {
      book_.PrefetchFar(commands_[i + kFar]);
      book_.PrefetchNear(commands_[i + kNear]);
    }
    book_.Apply(commands_[i]);
  }
  [[nodiscard]] WorkloadAnswer Answer() const { return book_.Answer(); }
  [[nodiscard]] std::uint64_t BytesPerOrder() const { return book_.BytesPerOrder(); }

 private:
  const std::vector<Command>& commands_;
  Book book_;
};

}  // namespace

CaseResult RunBare(const WorkloadSpec& spec, const Workload& workload, int rounds) {
  const std::vector<Command> commands = Prepare(workload);
  prepared_commands = &commands;
  CaseResult result = Measure<Driver>(std::string(spec.name) + "-bare", workload, rounds);
  result.expected = spec.answer;
  prepared_commands = nullptr;
  return result;
}

}  // namespace xt::bench
