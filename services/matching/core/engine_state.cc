// The state of the engine as a whole: its digest, and the invariants that hold after every command.
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"

namespace xt::matching {

using domain::AccountId;
using domain::AssetId;
using domain::Side;

namespace {

AssetId AssetAt(std::size_t index) { return AssetId(static_cast<std::uint16_t>(index)); }

}  // namespace

// Writes the state in an order that depends on nothing but the commands, and hashes it in blocks.
class Engine::StateHasher {
 public:
  explicit StateHasher(const Engine& engine) : engine_(engine) { block_.reserve(kBlockBytes + 256); }

  Hash128 Run() {
    Put(engine_.sequence_.value(), engine_.epoch_.value(), engine_.last_trade_id_.value(), engine_.now_ns_);
    PutReferenceData();
    PutBalances();
    for (const auto& market : engine_.markets_) {
      PutSide<Side::kBuy>(market->book);
      PutSide<Side::kSell>(market->book);
    }
    PutSlots();
    PutClientIds();
    hash_ = ChainHash(hash_, block_);
    return hash_;
  }

 private:
  static constexpr std::size_t kBlockBytes = 1 << 16;

  template <typename... Words>
  void Put(Words... words) {
    const std::uint64_t values[] = {static_cast<std::uint64_t>(words)...};
    block_.append(reinterpret_cast<const char*>(values), sizeof(values));
    if (block_.size() < kBlockBytes) return;
    hash_ = ChainHash(hash_, block_);
    block_.clear();
  }
  void PutText(std::string_view text) {
    Put(text.size());
    block_.append(text);
  }

  void PutReferenceData() {
    Put(engine_.assets_.size(), engine_.markets_.size());
    for (const domain::Asset& asset : engine_.assets_) {
      PutText(asset.code.view());
      Put(asset.decimals);
    }
    for (const auto& market : engine_.markets_) {
      const domain::Symbol& symbol = market->symbol;
      PutText(symbol.code.view());
      Put(symbol.base.value(), symbol.quote.value(), symbol.tick_size.value(), symbol.lot_size.value(),
          symbol.min_notional.value(), symbol.max_quantity.value(), symbol.max_price.value(), symbol.maker_fee_bps,
          symbol.taker_fee_bps, symbol.status);
    }
  }

  void PutBalances() {
    const Accounts& accounts = engine_.accounts_;
    Put(accounts.count());
    for (std::uint32_t account = 0; account < accounts.count(); ++account) {
      PutText(accounts.name(AccountId(account)).view());
      for (std::size_t asset = 0; asset < accounts.assets(); ++asset) {
        const Balance& balance = accounts.At(AccountId(account), AssetAt(asset));
        Put(balance.available, balance.locked);
      }
    }
    for (std::size_t asset = 0; asset < accounts.assets(); ++asset) Put(accounts.supply(AssetAt(asset)));
  }

  template <Side kSide>
  void PutSide(const Book& book) {
    Put(book.side<kSide>().orders());
    book.ForEachLevel<kSide>([this](std::int64_t price, const Level& level) {
      Put(price, level.quantity);
      for (Slot slot = level.head; slot != kNoSlot; slot = engine_.orders_[slot].next) {
        const auto& order = engine_.orders_[slot];
        Put(engine_.orders_.IdOf(slot).value(), order.owner, order.quantity, order.detail.ordered,
            order.detail.executed_quote, order.detail.type, order.detail.time_in_force);
        PutEntry(engine_.client_ids_[order.detail.client_id]);
      }
      return true;
    });
  }

  // Which ids will be given next is state as well.
  void PutSlots() {
    const auto& orders = engine_.orders_;
    Put(orders.fresh());
    for (Slot slot = orders.first_free(); slot != kNoSlot; slot = orders[slot].next) Put(slot, orders[slot].generation);
  }

  void PutClientIds() {
    const ClientIds& ids = engine_.client_ids_;
    Put(ids.size());
    for (ClientIds::Ref ref = ids.oldest(); ref != ClientIds::kNone; ref = ids[ref].next) PutEntry(ids[ref]);
  }

  void PutEntry(const ClientIds::Entry& entry) {
    PutText(entry.id.view());
    Put(entry.kind, entry.open, entry.outlived, entry.account.value(), entry.sequence.value(), entry.fingerprint,
        entry.order_id.value(), entry.registered_ns);
  }

  const Engine& engine_;
  std::string block_;
  Hash128 hash_;
};

// Computes everything that is kept as a sum or a link again, from the orders and balances alone.
class Engine::InvariantChecker {
 public:
  explicit InvariantChecker(const Engine& engine) : engine_(engine) {}

  std::string Run() {
    for (const auto& market : engine_.markets_) CheckMarket(*market);
    Expect(resting_ == engine_.orders_.live(), "orders in the books", resting_, engine_.orders_.live());
    CheckBalances();
    return broken_.str();
  }

 private:
  template <typename A, typename B>
  void Expect(bool holds, std::string_view what, const A& computed, const B& kept) {
    if (holds || broken_.tellp() > 0) return;
    broken_ << what << ": computed " << computed << ", kept " << kept << " at sequence " << engine_.sequence_.value();
  }

  void CheckMarket(const Market& market) {
    const auto& bids = market.book.side<Side::kBuy>();
    const auto& asks = market.book.side<Side::kSell>();
    Expect(bids.best() < asks.best(), "crossed book", bids.best(), asks.best());
    CheckSide<Side::kBuy>(market);
    CheckSide<Side::kSell>(market);
  }

  template <Side kSide>
  void CheckSide(const Market& market) {
    const auto& levels = market.book.side<kSide>();
    std::uint32_t orders = 0;
    std::uint32_t count = 0;
    std::int64_t worst = -1;
    market.book.ForEachLevel<kSide>([&](std::int64_t price, const Level& level) {
      Expect(worst < 0 || levels.IsBetter(worst, price), "order of levels", worst, price);
      worst = price;
      ++count;
      orders += CheckLevel(market, Place(market.symbol.id, kSide, price), level, levels.OrderCount(price));
      return true;
    });
    Expect(count == levels.levels(), "number of levels", count, levels.levels());
    Expect(orders == levels.orders(), "number of orders", orders, levels.orders());
    resting_ += orders;
  }

  std::uint32_t CheckLevel(const Market& market, Place place, const Level& level, std::uint32_t kept) {
    std::int64_t total = 0;
    std::uint32_t orders = 0;
    Slot previous = kNoSlot;
    for (Slot slot = level.head; slot != kNoSlot; previous = slot, slot = engine_.orders_[slot].next) {
      const auto& order = engine_.orders_[slot];
      Expect(order.previous == previous, "queue link", previous, order.previous);
      Expect(order.place.price() == place.price() && order.place.side() == place.side() &&
                 order.place.symbol() == place.symbol(),
             "place of an order", place.price(), order.place.price());
      Expect(order.quantity > 0 && order.quantity <= order.detail.ordered, "quantity left", order.detail.ordered,
             order.quantity);
      CheckClientId(slot);
      locked_[{order.owner, market.ReservedAsset(place.side())}] += market.Reserved(place, order.quantity);
      total += order.quantity;
      if (++orders > engine_.orders_.live()) break;
    }
    Expect(previous == level.tail, "tail of a level", previous, level.tail);
    Expect(total == level.quantity, "quantity of a level", total, level.quantity);
    Expect(orders == kept, "orders of a level", orders, kept);
    Expect(orders != 0, "level without orders", orders, level.quantity);
    return orders;
  }

  void CheckClientId(Slot slot) {
    const auto& order = engine_.orders_[slot];
    if (order.detail.client_id == ClientIds::kNone) return;
    const ClientIds::Entry& entry = engine_.client_ids_[order.detail.client_id];
    Expect(entry.open, "client id of a resting order is open", 1, entry.open);
    Expect(entry.order_id == engine_.orders_.IdOf(slot), "order of a client id", engine_.orders_.IdOf(slot).value(),
           entry.order_id.value());
  }

  void CheckBalances() {
    const Accounts& accounts = engine_.accounts_;
    for (std::size_t a = 0; a < accounts.assets(); ++a) {
      const AssetId asset = AssetAt(a);
      std::int64_t sum = 0;
      for (std::uint32_t account = 0; account < accounts.count(); ++account) {
        const Balance& balance = accounts.At(AccountId(account), asset);
        Expect(balance.available >= 0, "negative balance", 0, balance.available);
        const auto locked = locked_.find({account, asset});
        const std::int64_t reserved = locked == locked_.end() ? 0 : locked->second;
        Expect(balance.locked == reserved, "reservations of an account", reserved, balance.locked);
        sum += balance.available + balance.locked;
      }
      Expect(sum == accounts.supply(asset), "sum of an asset", sum, accounts.supply(asset));
    }
  }

  const Engine& engine_;
  std::ostringstream broken_;
  std::uint64_t resting_ = 0;
  std::map<std::pair<std::uint32_t, AssetId>, std::int64_t> locked_;
};

Hash128 Engine::Digest() const { return StateHasher(*this).Run(); }

std::string Engine::CheckInvariants() const { return InvariantChecker(*this).Run(); }

}  // namespace xt::matching
