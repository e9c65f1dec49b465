// The state of the engine as a whole: as bytes (the snapshot) and as one number (the digest of the same bytes).
// engine_restore.cc reads it back.
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"
#include "services/matching/core/snapshot_format.h"

namespace xt::matching {

using domain::AccountId;
using domain::AssetId;
using domain::Side;

namespace {

// Hashes in blocks, so that no copy of the whole state is made.
class HashSink {
 public:
  HashSink() { block_.reserve(kBlockBytes + 256); }
  void Append(const void* bytes, std::size_t size) {
    block_.append(static_cast<const char*>(bytes), size);
    if (block_.size() < kBlockBytes) return;
    hash_ = ChainHash(hash_, block_);
    block_.clear();
  }
  [[nodiscard]] Hash128 hash() const { return ChainHash(hash_, block_); }

 private:
  static constexpr std::size_t kBlockBytes = 1 << 16;
  std::string block_;
  Hash128 hash_;
};

class StringSink {
 public:
  explicit StringSink(std::string& out) : out_(out) {}
  void Append(const void* bytes, std::size_t size) { out_.append(static_cast<const char*>(bytes), size); }

 private:
  std::string& out_;
};

// Compares with bytes that are there.
class CompareSink {
 public:
  explicit CompareSink(std::string_view expected) : rest_(expected) {}
  void Append(const void* bytes, std::size_t size) {
    same_ = same_ && size <= rest_.size() && std::memcmp(bytes, rest_.data(), size) == 0;
    if (same_) rest_.remove_prefix(size);
  }
  [[nodiscard]] bool same() const { return same_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool same_ = true;
};

}  // namespace

// Writes the state in an order that depends on nothing but the commands: not on capacities, on free lists of memory, or
// on how full a table is. Everything is a word of 64 bits or a text with its length.
template <typename Sink>
class Engine::StateWriter {
 public:
  StateWriter(const Engine& engine, Sink& sink) : engine_(engine), sink_(sink) {}

  void Run() {
    Put(engine_.sequence_.value(), engine_.epoch_.value(), engine_.last_trade_id_.value(), engine_.now_ns_);
    PutAssets();
    PutAccounts();
    PutMarkets();
    PutSlots();
    for (const auto& market : engine_.markets_) {
      PutSide<Side::kBuy>(market->book);
      PutSide<Side::kSell>(market->book);
      PutSide<Side::kBuy>(market->stops);
      PutSide<Side::kSell>(market->stops);
    }
    PutClientIds();
    Put(engine_.countdowns_.due().size());
    for (const auto& [deadline_ns, account, group] : engine_.countdowns_.due()) {
      Put(deadline_ns, account.value(), group.value());
    }
  }

 private:
  template <typename... Words>
  void Put(Words... words) {
    const std::uint64_t values[] = {static_cast<std::uint64_t>(words)...};
    sink_.Append(values, sizeof(values));
  }
  void PutText(std::string_view text) {
    Put(text.size());
    sink_.Append(text.data(), text.size());
  }

  void PutAssets() {
    Put(engine_.assets_.size());
    for (const domain::Asset& asset : engine_.assets_) {
      PutText(asset.code.view());
      Put(asset.decimals, engine_.accounts_.supply(asset.id));
    }
  }

  void PutAccounts() {
    const Accounts& accounts = engine_.accounts_;
    for (int tier = 1; tier < domain::kFeeTiers; ++tier) {
      const auto& fees = accounts.fee_tier(tier);
      Put(fees.has_value(), fees ? fees->maker_fee_bps : 0, fees ? fees->taker_fee_bps : 0);
    }
    Put(accounts.count());
    for (std::size_t i = 0; i < accounts.count(); ++i) PutAccount(AccountAt(i));
  }

  void PutAccount(AccountId account) {
    const AccountRecord& record = engine_.accounts_.Record(account);
    const AccountHead& head = engine_.accounts_.Head(account);
    const domain::AccountSettings& settings = record.settings;
    PutText(record.name.view());
    Put(settings.fee_tier.value(), settings.self_trade_prevention, settings.max_open_orders, settings.max_orders,
        settings.order_interval_ms, head.status, record.window_start_ns, record.window_orders);
    for (std::size_t asset = 0; asset < engine_.assets_.size(); ++asset) {
      const Balance& balance = engine_.accounts_.At(account, AssetAt(asset));
      Put(balance.available, balance.locked);
    }
    Put(head.open_orders);
    engine_.accounts_.ForEachOpenOrder(account, [&](Slot slot, ListPlace) { Put(engine_.orders_.IdOf(slot).value()); });
  }

  void PutMarkets() {
    Put(engine_.markets_.size());
    for (const auto& market : engine_.markets_) {
      const domain::Symbol& symbol = market->symbol;
      const domain::SymbolLimits& limits = market->limits;
      Put(symbol.base.value(), symbol.quote.value(), symbol.tick_size.value(), symbol.lot_size.value(),
          symbol.min_notional.value(), symbol.max_quantity.value(), symbol.max_price.value(), symbol.maker_fee_bps,
          symbol.taker_fee_bps, symbol.status, market->last_price, limits.max_notional.value(),
          limits.max_position.value(), limits.price_deviation_bps, limits.lower_price.value(),
          limits.upper_price.value());
    }
  }

  // Which ids will be given next is state as well.
  void PutSlots() {
    const auto& orders = engine_.orders_;
    Put(orders.fresh());
    for (Slot slot = 1; slot < orders.fresh(); ++slot) Put(orders[slot].generation);
    std::vector<Slot> free;
    for (Slot slot = orders.first_free(); slot != kNoSlot; slot = orders[slot].next) free.push_back(slot);
    Put(free.size());
    for (auto slot = free.rbegin(); slot != free.rend(); ++slot) Put(*slot);
  }

  template <Side kSide>
  void PutSide(const Book& book) {
    Put(book.side<kSide>().orders());
    book.ForEachLevel<kSide>([this](std::int64_t price, const Level& level) {
      for (Slot slot = level.head; slot != kNoSlot; slot = engine_.orders_[slot].next) PutOrder(price, slot);
      return true;
    });
  }

  void PutOrder(std::int64_t price, Slot slot) {
    const auto& order = engine_.orders_[slot];
    const OrderDetail& detail = order.detail;
    const ClientIds::Entry& entry = engine_.client_ids_[detail.client_id];
    Put(slot, price, order.owner, order.quantity, detail.ordered, detail.executed_quote, detail.type,
        detail.time_in_force, detail.self_trade_prevention, detail.side, detail.extra != kNoExtra, entry.outlived);
    if (detail.extra != kNoExtra) {
      const OrderExtra& extra = engine_.extras_[detail.extra];
      Put(extra.price, extra.stop_price, extra.slice, extra.hidden, extra.expire_time_ms, extra.entered, extra.group);
    }
    if (entry.outlived) PutEntry(entry);
  }

  void PutClientIds() {
    const ClientIds& ids = engine_.client_ids_;
    std::uint64_t count = 0;
    for (ClientIds::Ref ref = ids.oldest(); ref != ClientIds::kNone; ref = ids[ref].next) ++count;
    Put(count);
    for (ClientIds::Ref ref = ids.oldest(); ref != ClientIds::kNone; ref = ids[ref].next) PutEntry(ids[ref]);
  }

  void PutEntry(const ClientIds::Entry& entry) {
    PutText(entry.id.view());
    Put(entry.kind, entry.open, entry.account.value(), entry.sequence.value(), entry.fingerprint,
        entry.order_id.value(), entry.registered_ns);
  }

  const Engine& engine_;
  Sink& sink_;
};

Hash128 Engine::Digest() const {
  HashSink sink;
  StateWriter<HashSink>(*this, sink).Run();
  return sink.hash();
}

std::string Engine::SaveSnapshot() const {
  std::string bytes(kSnapshotMagic);
  const std::uint64_t prolog[] = {kSnapshotVersion, 0};
  bytes.append(reinterpret_cast<const char*>(prolog), sizeof(prolog));
  StringSink sink(bytes);
  StateWriter<StringSink>(*this, sink).Run();
  const std::uint64_t body_bytes = bytes.size() - kSnapshotPrologBytes;
  std::memcpy(bytes.data() + kSnapshotMagic.size() + sizeof(std::uint64_t), &body_bytes, sizeof(body_bytes));
  bytes += HashBytes(bytes).ToBytes();
  return bytes;
}

// What stands around the body follows from it.
bool Engine::IsStateOf(std::string_view snapshot) const {
  constexpr std::size_t kAround = kSnapshotPrologBytes + kSnapshotHashBytes;
  if (snapshot.size() < kAround) return false;
  CompareSink sink(snapshot.substr(kSnapshotPrologBytes, snapshot.size() - kAround));
  StateWriter<CompareSink>(*this, sink).Run();
  return sink.same();
}

}  // namespace xt::matching
