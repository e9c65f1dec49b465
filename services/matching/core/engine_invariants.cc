// The invariants that hold after every command.
#include <sstream>
#include <string>
#include <vector>

#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"

namespace xt::matching {

using domain::AccountId;
using domain::AssetId;
using domain::Side;

// Computes everything that is kept as a sum or a link again, from the orders and balances alone.
class Engine::InvariantChecker {
 public:
  explicit InvariantChecker(const Engine& engine)
      : engine_(engine), locked_(engine.accounts_.count() * engine.assets_.size()), open_(engine.accounts_.count()) {}

  std::string Run() {
    for (const auto& market : engine_.markets_) CheckMarket(*market);
    Expect(open_orders_ == engine_.orders_.live(), "orders in the books", open_orders_, engine_.orders_.live());
    Expect(expiring_ == engine_.expiries_.size(), "orders that expire", expiring_, engine_.expiries_.size());
    CheckAccounts();
    CheckBalances();
    return broken_.str();
  }

 private:
  template <typename A, typename B>
  void Expect(bool holds, std::string_view what, const A& computed, const B& kept) {
    if (holds) [[likely]]
      return;
    if (broken_.tellp() > 0) return;
    broken_ << what << ": computed " << computed << ", kept " << kept << " at sequence " << engine_.sequence_.value();
  }

  void CheckMarket(const Market& market) {
    const auto& bids = market.book.side<Side::kBuy>();
    const auto& asks = market.book.side<Side::kSell>();
    Expect(bids.best() < asks.best(), "crossed book", bids.best(), asks.best());
    CheckSide<Side::kBuy>(market, market.book, false);
    CheckSide<Side::kSell>(market, market.book, false);
    CheckSide<Side::kBuy>(market, market.stops, true);
    CheckSide<Side::kSell>(market, market.stops, true);
  }

  template <Side kSide>
  void CheckSide(const Market& market, const Book& book, bool waiting) {
    const auto& levels = book.side<kSide>();
    std::uint32_t orders = 0;
    std::uint32_t count = 0;
    std::int64_t worst = -1;
    book.ForEachLevel<kSide>([&](std::int64_t price, const Level& level) {
      Expect(worst < 0 || levels.IsBetter(worst, price), "order of levels", worst, price);
      worst = price;
      ++count;
      orders += CheckLevel(market, Place(market.symbol.id, kSide, price), level, levels.OrderCount(price), waiting);
      return true;
    });
    Expect(count == levels.levels(), "number of levels", count, levels.levels());
    Expect(orders == levels.orders(), "number of orders", orders, levels.orders());
    open_orders_ += orders;
  }

  std::uint32_t CheckLevel(const Market& market, Place place, const Level& level, std::uint32_t kept, bool waiting) {
    std::int64_t total = 0;
    std::uint32_t orders = 0;
    Slot previous = kNoSlot;
    for (Slot slot = level.head; slot != kNoSlot; previous = slot, slot = engine_.orders_[slot].next) {
      const auto& order = engine_.orders_[slot];
      Expect(order.previous == previous, "queue link", previous, order.previous);
      Expect(order.place.price() == place.price() && order.place.side() == place.side() &&
                 order.place.symbol() == place.symbol(),
             "place of an order", place.price(), order.place.price());
      Expect(engine_.IsWaiting(slot) == waiting, "waiting stop", waiting, engine_.IsWaiting(slot));
      Expect(waiting || order.detail.side == place.side(), "side of an order", static_cast<int>(place.side()),
             static_cast<int>(order.detail.side));
      const std::int64_t left = engine_.LeftOf(slot);
      Expect(order.quantity > 0 && left <= order.detail.ordered, "quantity left", order.detail.ordered, left);
      CheckOrder(market, slot);
      total += order.quantity;
      if (++orders > engine_.orders_.live()) break;
    }
    Expect(previous == level.tail, "tail of a level", previous, level.tail);
    Expect(total == level.quantity, "quantity of a level", total, level.quantity);
    Expect(orders == kept, "orders of a level", orders, kept);
    Expect(orders != 0, "level without orders", orders, level.quantity);
    return orders;
  }

  void CheckOrder(const Market& market, Slot slot) {
    const auto& order = engine_.orders_[slot];
    const Terms terms = engine_.TermsOf(slot);
    ++open_[order.owner];
    const std::size_t asset = market.ReservedAsset(order.detail.side).value();
    locked_[order.owner * engine_.assets_.size() + asset] +=
        market.Reserved(order.detail.side, terms.reserve_price, terms.left);
    if (order.detail.extra != kNoExtra) {
      const OrderExtra& extra = engine_.extras_[order.detail.extra];
      Expect(extra.slot == slot, "slot of an extra", slot, extra.slot);
      const bool expires = extra.expire_time_ms != 0;
      Expect(expires == (extra.queued_at != kNotQueued), "expiry of an order", expires, extra.queued_at);
      if (expires) ++expiring_;
    }
    if (order.detail.client_id == ClientIds::kNone) return;
    const ClientIds::Entry& entry = engine_.client_ids_[order.detail.client_id];
    Expect(entry.open, "client id of an open order is open", 1, entry.open);
    Expect(entry.order_id == engine_.orders_.IdOf(slot), "order of a client id", engine_.orders_.IdOf(slot).value(),
           entry.order_id.value());
  }

  void CheckAccounts() {
    const Accounts& accounts = engine_.accounts_;
    for (std::uint32_t account = 0; account < accounts.count(); ++account) {
      const AccountHead& head = accounts.Head(AccountId(account));
      Expect(open_[account] == head.open_orders, "open orders of an account", open_[account], head.open_orders);
      std::uint32_t listed = 0;
      std::uint32_t elsewhere = 0;
      accounts.ForEachOpenOrder(AccountId(account), [&](Slot slot, ListPlace place) {
        const auto& order = engine_.orders_[slot];
        ++(order.owner == account && order.detail.listed_at == place ? listed : elsewhere);
      });
      Expect(elsewhere == 0, "listed orders that are not the account's", 0, elsewhere);
      Expect(listed == head.open_orders, "listed orders of an account", listed, head.open_orders);
    }
  }

  void CheckBalances() {
    const Accounts& accounts = engine_.accounts_;
    for (std::size_t a = 0; a < engine_.assets_.size(); ++a) {
      const AssetId asset(static_cast<std::uint16_t>(a));
      __int128 sum = 0;
      for (std::uint32_t account = 0; account < accounts.count(); ++account) {
        const Balance& balance = accounts.At(AccountId(account), asset);
        Expect(balance.available >= 0, "negative balance", 0, balance.available);
        const __int128 reserved = locked_[account * engine_.assets_.size() + a];
        Expect(balance.locked == reserved, "reservations of an account", static_cast<std::int64_t>(reserved),
               balance.locked);
        sum += __int128{balance.available} + balance.locked;
      }
      Expect(sum == accounts.supply(asset), "sum of an asset", static_cast<std::int64_t>(sum), accounts.supply(asset));
    }
  }

  const Engine& engine_;
  std::ostringstream broken_;
  std::uint64_t open_orders_ = 0;
  std::uint64_t expiring_ = 0;
  std::vector<__int128> locked_;  // by account and asset
  std::vector<std::uint32_t> open_;
};

std::string Engine::CheckInvariants() const { return InvariantChecker(*this).Run(); }

}  // namespace xt::matching
