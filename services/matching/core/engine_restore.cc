// Reading a snapshot back. The journal that led to it is gone, so nothing in it is believed: whatever no journal can lead
// to is refused with a reason.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/domain/decimal.h"
#include "libs/domain/names.h"
#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"
#include "services/matching/core/snapshot_format.h"

namespace xt::matching {

using domain::AccountId;
using domain::Side;

// Reads what StateWriter wrote into an engine that has applied nothing. Nothing is taken on trust: whatever the bytes say,
// the result is an engine that keeps its invariants, or an error.
class Engine::StateReader {
 public:
  StateReader(Engine& engine, std::string_view body) : engine_(engine), rest_(body) {}

  // Empty when it worked.
  std::string Run() {
    engine_.sequence_ = domain::SequenceNumber(Ordinal());
    engine_.epoch_ = domain::Epoch(Word());
    engine_.last_trade_id_ = domain::TradeId(Ordinal());
    engine_.now_ns_ = Number(0, domain::kMaxExpireTimeMs * kNsPerMs);
    ReadAssets();
    ReadAccounts();
    ReadMarkets();
    ReadSlots();
    for (const auto& market : engine_.markets_) {
      ReadSide<Side::kBuy>(*market, false);
      ReadSide<Side::kSell>(*market, false);
      ReadSide<Side::kBuy>(*market, true);
      ReadSide<Side::kSell>(*market, true);
      CheckStops(*market);
    }
    PlaceListed();
    ReadClientIds();
    ReadCountdowns();
    CheckSlots();
    if (error_.empty() && !rest_.empty()) Fail("bytes after the end");
    if (error_.empty()) error_ = engine_.CheckInvariants();
    engine_.changed_levels_.clear();
    engine_.Finish();
    return error_;
  }

 private:
  enum : std::uint8_t { kUnknown, kFree, kLive };

  void Fail(std::string_view what) {
    if (error_.empty()) error_ = what;
    rest_ = {};
  }
  bool ok() const { return error_.empty(); }

  std::uint64_t Word() {
    std::uint64_t word = 0;
    if (rest_.size() < sizeof(word)) {
      Fail("it ends too early");
      return 0;
    }
    std::memcpy(&word, rest_.data(), sizeof(word));
    rest_.remove_prefix(sizeof(word));
    return word;
  }
  // Within the bounds, both included.
  std::int64_t Number(std::int64_t least, std::int64_t most) {
    const auto number = static_cast<std::int64_t>(Word());
    if (ok() && number >= least && number <= most) return number;
    Fail("a number is out of bounds");
    return least;
  }
  template <typename T>
  T Enum(T least, T most) {
    return static_cast<T>(Number(static_cast<std::int64_t>(least), static_cast<std::int64_t>(most)));
  }
  std::uint64_t Ordinal() { return static_cast<std::uint64_t>(Number(0, kNever)); }
  std::uint32_t Count(std::size_t most) {
    return static_cast<std::uint32_t>(Number(0, static_cast<std::int64_t>(most)));
  }
  template <typename Fixed>
  Fixed Text() {
    const auto size = static_cast<std::size_t>(Number(0, Fixed::kCapacity));
    if (rest_.size() < size) Fail("it ends too early");
    if (!ok()) return {};
    const auto text = Fixed::From(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return *text;
  }

  void ReadAssets() {
    const std::uint32_t count = Count(engine_.config_.max_assets);
    for (std::uint32_t i = 0; i < count && ok(); ++i) {
      domain::Asset asset;
      asset.id = AssetAt(i);
      asset.code = Text<domain::AssetCode>();
      asset.decimals = static_cast<int>(Number(0, domain::kMaxDecimals));
      const auto same_code = [&](const domain::Asset& other) { return other.code == asset.code; };
      const bool known = std::any_of(engine_.assets_.begin(), engine_.assets_.end(), same_code);
      if (known || !domain::IsValidAssetCode(asset.code.view())) return Fail("an asset's code");
      engine_.assets_.push_back(asset);
      engine_.accounts_.AddAsset();
      engine_.accounts_.ChangeSupply(asset.id, Number(0, kNever));
    }
  }

  void ReadAccounts() {
    for (int tier = 1; tier < domain::kFeeTiers; ++tier) {
      const bool defined = Number(0, 1) != 0;
      const auto maker = static_cast<std::int32_t>(Number(0, 1'000));
      const auto taker = static_cast<std::int32_t>(Number(0, 1'000));
      const domain::FeeTierId id(static_cast<std::uint8_t>(tier));
      if (!defined && (maker != 0 || taker != 0)) return Fail("fees of a tier that is not defined");
      if (defined) engine_.accounts_.DefineFeeTier({id, maker, taker});
    }
    const std::uint32_t count = Count(std::size_t{engine_.config_.max_accounts} + 1);
    if (count == 0) Fail("no fee account");
    for (std::uint32_t i = 0; i < count && ok(); ++i) ReadAccount(AccountAt(i));
  }

  void ReadAccount(AccountId account) {
    const auto name = Text<domain::AccountName>();
    domain::AccountSettings settings;
    settings.fee_tier = domain::FeeTierId(static_cast<std::uint8_t>(Number(0, domain::kFeeTiers - 1)));
    settings.self_trade_prevention = Enum(domain::SelfTradePrevention::kNone, domain::SelfTradePrevention::kDecrement);
    settings.max_open_orders = Count(0xFFFF'FFFF);
    settings.max_orders = Count(0xFFFF'FFFF);
    settings.order_interval_ms = static_cast<std::uint32_t>(Number(1, domain::kMaxCountdownMs));
    const auto status = Enum(domain::AccountStatus::kActive, domain::AccountStatus::kClosed);
    const std::int64_t window_start_ns = Number(0, engine_.now_ns_);
    const std::uint32_t window_orders = Count(0xFFFF'FFFF);
    if (!ok()) return;
    if (account == domain::kFeeAccount) {
      if (!name.empty() || status != domain::AccountStatus::kActive) return Fail("the fee account");
    } else {
      if (!domain::IsValidAccountName(name.view()) || engine_.accounts_.HasName(name)) return Fail("an account's name");
      engine_.accounts_.Create(name);
    }
    if (!engine_.accounts_.HasFeeTier(settings.fee_tier)) return Fail("an unknown fee tier");
    engine_.accounts_.Configure(account, settings);
    AccountRecord& record = engine_.accounts_.Record(account);
    record.window_start_ns = window_start_ns;
    record.window_orders = window_orders;
    engine_.accounts_.Head(account).status = status;
    bool owns = false;
    for (std::size_t asset = 0; asset < engine_.assets_.size(); ++asset) {
      Balance& balance = engine_.accounts_.At(account, AssetAt(asset));
      balance.available = Number(0, kNever);
      balance.locked = Number(0, kNever);
      owns = owns || balance != Balance{};
    }
    const std::uint32_t open = Count(engine_.config_.max_orders);
    const bool may_have_orders = status <= domain::AccountStatus::kFrozen && account != domain::kFeeAccount;
    if ((owns && status == domain::AccountStatus::kClosed) || (open != 0 && !may_have_orders)) {
      return Fail("an account that should be empty");
    }
    if (open > engine_.config_.max_orders - listed_.size()) return Fail("more open orders than there is room for");
    for (std::uint32_t i = 0; i < open && ok(); ++i) {
      listed_.push_back({account, domain::OrderId(Word())});
    }
  }

  void ReadMarkets() {
    const std::uint32_t count = Count(engine_.config_.max_symbols);
    for (std::uint32_t i = 0; i < count && ok(); ++i) ReadMarket(domain::SymbolId(static_cast<std::uint16_t>(i)));
  }

  void ReadMarket(domain::SymbolId id) {
    if (engine_.assets_.empty()) return Fail("a symbol without assets");
    const auto last_asset = static_cast<std::int64_t>(engine_.assets_.size()) - 1;
    domain::Symbol symbol;
    symbol.id = id;
    const domain::Asset& base = engine_.assets_[static_cast<std::size_t>(Number(0, last_asset))];
    const domain::Asset& quote = engine_.assets_[static_cast<std::size_t>(Number(0, last_asset))];
    symbol.base = base.id;
    symbol.quote = quote.id;
    symbol.base_decimals = base.decimals;
    symbol.quote_decimals = quote.decimals;
    symbol.tick_size = domain::Amount(Number(1, kNever));
    symbol.lot_size = domain::Amount(Number(1, kNever));
    symbol.min_notional = domain::Amount(Number(0, kNever));
    symbol.max_quantity = domain::Quantity(Number(1, domain::kMaxQuantityLots.value()));
    symbol.max_price = domain::Price(Number(1, domain::kMaxPriceTicks.value()));
    symbol.maker_fee_bps = static_cast<std::int32_t>(Number(0, 1'000));
    symbol.taker_fee_bps = static_cast<std::int32_t>(Number(0, 1'000));
    symbol.status = Enum(domain::SymbolStatus::kTrading, domain::SymbolStatus::kCancelOnly);
    if (!ok()) return;
    const auto code = domain::SymbolCode::From(std::string(base.code.view()) + "-" + std::string(quote.code.view()));
    symbol.code = *code;
    const auto same_code = [&](const auto& other) { return other->symbol.code == symbol.code; };
    const bool known = std::any_of(engine_.markets_.begin(), engine_.markets_.end(), same_code);
    if (known || domain::Normalize(symbol)) return Fail("a symbol's definition");
    auto market = std::make_unique<Market>(symbol, engine_.orders_, engine_.level_pool_);
    const std::int64_t highest = symbol.max_price.value();
    market->last_price = Number(0, highest);
    domain::SymbolLimits limits;
    limits.max_notional = domain::Amount(Number(0, kNever));
    limits.max_position = domain::Amount(Number(0, kNever));
    limits.price_deviation_bps = static_cast<std::int32_t>(Number(0, 1'000'000));
    limits.lower_price = domain::Price(Number(0, highest));
    limits.upper_price = domain::Price(Number(0, highest));
    const bool both = limits.lower_price.value() != 0 && limits.upper_price.value() != 0;
    if (both && limits.lower_price >= limits.upper_price) return Fail("a price band");
    market->SetLimits(limits);
    engine_.markets_.push_back(std::move(market));
  }

  void ReadSlots() {
    const std::uint32_t fresh = Count(engine_.orders_.capacity() + 1);
    if (fresh == 0) return Fail("no slots");
    engine_.orders_.RestoreSlots(fresh);
    used_.assign(fresh, kUnknown);
    for (Slot slot = 1; slot < fresh && ok(); ++slot) {
      engine_.orders_[slot].generation = static_cast<std::uint32_t>(Number(1, OrderSlab<OrderDetail>::kLastGeneration));
    }
    const std::uint32_t free = Count(fresh);
    for (std::uint32_t i = 0; i < free && ok(); ++i) {
      const Slot slot = UnusedSlot(kFree);
      if (ok()) engine_.orders_.RestoreFree(slot);
    }
  }

  Slot UnusedSlot(std::uint8_t use) {
    const auto slot = static_cast<Slot>(Number(1, 0xFFFF'FFFF));
    if (slot >= used_.size() || used_[slot] != kUnknown) {
      Fail("a slot is named twice, or was never used");
      return kNoSlot;
    }
    used_[slot] = use;
    return slot;
  }

  // A slot that is neither free nor live is one whose generations are used up.
  void CheckSlots() {
    for (Slot slot = 1; slot < used_.size() && ok(); ++slot) {
      const bool used_up = engine_.orders_[slot].generation == OrderSlab<OrderDetail>::kLastGeneration;
      if (used_[slot] == kUnknown && !used_up) Fail("a slot is lost");
    }
  }

  // The lists of open orders were read before the orders.
  void PlaceListed() {
    for (const auto& [account, id] : listed_) {
      const Slot slot = engine_.orders_.Find(id);
      if (slot == kNoSlot) return Fail("a listed order that is not open");
      const auto& order = engine_.orders_[slot];
      if (order.owner != account.value() || order.detail.listed_at != 0) return Fail("an order in the wrong list");
      engine_.NoteOpen(account, slot);
    }
    if (listed_.size() != engine_.orders_.live()) Fail("an open order that is not listed");
  }

  template <Side kSide>
  void ReadSide(Market& market, bool waiting) {
    const std::uint32_t count = Count(engine_.orders_.capacity());
    std::int64_t worst = -1;
    for (std::uint32_t i = 0; i < count && ok(); ++i) ReadOrder<kSide>(market, waiting, worst);
  }

  template <Side kSide>
  void ReadOrder(Market& market, bool waiting, std::int64_t& worst) {
    const Slot slot = UnusedSlot(kLive);
    const std::int64_t place = Number(1, market.symbol.max_price.value());
    const std::int64_t owner = Number(1, static_cast<std::int64_t>(engine_.accounts_.count()) - 1);
    const std::int64_t quantity = Number(1, market.symbol.max_quantity.value());
    OrderDetail detail{};
    detail.ordered = Number(quantity, market.symbol.max_quantity.value());
    detail.executed_quote = Number(0, kNever);
    detail.type = Enum(domain::OrderType::kLimit, domain::OrderType::kIceberg);
    detail.time_in_force = Enum(domain::TimeInForce::kGtc, domain::TimeInForce::kGtd);
    detail.self_trade_prevention = Enum(domain::SelfTradePrevention::kNone, domain::SelfTradePrevention::kDecrement);
    detail.side = Enum(Side::kBuy, Side::kSell);
    const bool has_extra = Number(0, 1) != 0;
    const bool outlived = Number(0, 1) != 0;
    OrderExtra extra{};
    if (has_extra) extra = ReadExtra(market, slot);
    ClientIds::Entry entry{};
    if (outlived) entry = ReadEntry(slot);
    if (outlived && entry.account.value() != static_cast<std::uint32_t>(owner)) Fail("a client id of another account");
    if (!ok()) return;
    if (!Fits(market, waiting, kSide, place, quantity, detail, extra)) return Fail("an order that cannot be");
    if (worst >= 0 && market.book.template side<kSide>().IsBetter(place, worst))
      return Fail("an order out of its place");
    worst = place;
    Book& book = waiting ? market.stops : market.book;
    if (!book.template side<kSide>().HasRoom(place)) return Fail("more price levels than the configuration allows");
    extra.waiting = waiting;
    if (has_extra) detail.extra = engine_.extras_.Add(extra);
    if (extra.expire_time_ms != 0) engine_.expiries_.Add(detail.extra);
    if (outlived && engine_.client_ids_.full()) return Fail("more client ids than the configuration allows");
    if (outlived) {
      entry.outlived = true;
      detail.client_id = engine_.client_ids_.AddOutlived(entry);
    }
    auto& order = engine_.orders_[slot];
    order.owner = static_cast<std::uint32_t>(owner);
    order.detail = detail;
    engine_.orders_.RestoreLive();
    book.template Rest<kSide>(slot, place, quantity);
  }

  OrderExtra ReadExtra(const Market& market, Slot slot) {
    OrderExtra extra{};
    const std::int64_t highest = market.symbol.max_price.value();
    extra.price = Number(0, highest);
    extra.stop_price = Number(0, highest);
    extra.slice = Number(0, market.symbol.max_quantity.value());
    extra.hidden = Number(0, market.symbol.max_quantity.value());
    extra.expire_time_ms = Number(0, domain::kMaxExpireTimeMs);
    extra.entered = Word();
    extra.group = Count(0xFFFF'FFFF);
    extra.slot = slot;
    return extra;
  }

  // What no journal can lead to, but bytes can say.
  bool Fits(const Market& market, bool waiting, Side place_side, std::int64_t place, std::int64_t quantity,
            const OrderDetail& detail, const OrderExtra& extra) const {
    return (waiting ? WaitsRightly(place_side, place, quantity, detail, extra)
                    : RestsRightly(place_side, place, detail, extra)) &&
           HasRightExtra(quantity, detail, extra) && HasRightAmounts(market, waiting, place, quantity, detail, extra);
  }

  static bool WaitsRightly(Side place_side, std::int64_t place, std::int64_t quantity, const OrderDetail& detail,
                           const OrderExtra& extra) {
    if (!HasStopPrice(detail.type) || extra.stop_price != place || quantity != detail.ordered) return false;
    if ((extra.price == 0) != IsMarketType(detail.type)) return false;
    if (IsMarketType(detail.type) && detail.time_in_force == domain::TimeInForce::kGtd) return false;
    return TriggersUp(detail.type, detail.side) == (place_side == Side::kSell);
  }

  static bool RestsRightly(Side place_side, std::int64_t place, const OrderDetail& detail, const OrderExtra& extra) {
    const bool rests =
        detail.time_in_force == domain::TimeInForce::kGtc || detail.time_in_force == domain::TimeInForce::kGtd;
    if (!rests || detail.side != place_side || IsMarketType(detail.type)) return false;
    if (HasStopPrice(detail.type) != (extra.stop_price != 0)) return false;
    return !IsThere(extra) || extra.price == place;
  }

  // Orders without a reason for an extra have none.
  static bool IsThere(const OrderExtra& extra) {
    return extra.stop_price != 0 || extra.slice != 0 || extra.expire_time_ms != 0 || extra.group != 0;
  }

  bool HasRightExtra(std::int64_t quantity, const OrderDetail& detail, const OrderExtra& extra) const {
    if (extra.slot != kNoSlot && (!IsThere(extra) || extra.entered == 0 || extra.entered > engine_.sequence_.value())) {
      return false;
    }
    const bool expires = detail.time_in_force == domain::TimeInForce::kGtd;
    if (expires != (extra.expire_time_ms != 0)) return false;
    if (expires && extra.expire_time_ms * kNsPerMs <= engine_.now_ns_) return false;
    if (detail.type != domain::OrderType::kIceberg) return extra.slice == 0 && extra.hidden == 0;
    return extra.slice >= quantity && (detail.ordered - 1) / extra.slice < domain::kMaxIcebergParts;
  }

  static bool HasRightAmounts(const Market& market, bool waiting, std::int64_t place, std::int64_t quantity,
                              const OrderDetail& detail, const OrderExtra& extra) {
    const std::int64_t left = quantity + extra.hidden;
    const std::int64_t executed = detail.ordered - left;
    const std::int64_t price = waiting && extra.price != 0 ? extra.price : place;
    const domain::Quantity ordered(detail.ordered);
    const bool counts = domain::Notional(market.symbol, domain::Price(price), ordered).has_value() &&
                        domain::BaseAmount(market.symbol, ordered).has_value();
    if (!counts || executed < 0 || (executed == 0) != (detail.executed_quote == 0)) return false;
    // It traded at its limit or better.
    const std::int64_t at_limit = market.Quote(price, executed);
    if (detail.side == Side::kBuy) return detail.executed_quote <= at_limit;
    return detail.executed_quote >= at_limit && detail.executed_quote <= kNever - market.Quote(price, left);
  }

  // What the last price has reached was triggered.
  void CheckStops(const Market& market) {
    if (market.symbol.status != domain::SymbolStatus::kTrading || market.last_price == 0) return;
    const bool up = market.stops.side<Side::kSell>().best() <= market.last_price;
    const bool down = market.stops.side<Side::kBuy>().best() >= market.last_price;
    if (ok() && (up || down)) Fail("a stop that waits in vain");
  }

  ClientIds::Entry ReadEntry(Slot slot) {
    ClientIds::Entry entry{};
    entry.id = Text<domain::ClientOrderId>();
    entry.kind = Enum(ClientIds::Kind::kOrder, ClientIds::Kind::kTransfer);
    entry.open = Number(0, 1) != 0;
    entry.account = domain::AccountId(Count(engine_.accounts_.count()));
    entry.sequence = domain::SequenceNumber(Word());
    entry.fingerprint = Word();
    entry.order_id = domain::OrderId(Word());
    entry.registered_ns = Number(0, engine_.now_ns_);
    const bool known = ok() && engine_.client_ids_.Find(entry.account, entry.kind, entry.id) != ClientIds::kNone;
    if (known || !domain::IsValidClientOrderId(entry.id.view()) || !engine_.accounts_.Exists(entry.account)) {
      Fail("a client id");
    }
    if (entry.sequence.value() == 0 || entry.sequence > engine_.sequence_) Fail("the sequence of a client id");
    const bool outlives = entry.kind == ClientIds::Kind::kOrder && entry.open;
    const bool fits = slot != kNoSlot ? outlives && entry.order_id == engine_.orders_.IdOf(slot)
                      : entry.kind == ClientIds::Kind::kTransfer ? !entry.open && entry.order_id.value() == 0
                                                                 : entry.open || HasEnded(entry.order_id);
    if (ok() && !fits) Fail("a client id of another order");
    return entry;
  }

  // Whether this id was given, and its order is open no more.
  [[nodiscard]] bool HasEnded(domain::OrderId id) const {
    const auto slot = static_cast<Slot>(id.value());
    const std::uint64_t generation = id.value() >> 32;
    if (slot == kNoSlot || slot >= used_.size() || generation == 0) return false;
    const std::uint32_t now = engine_.orders_[slot].generation;
    return generation < now || (generation == now && used_[slot] == kUnknown);
  }

  void ReadClientIds() {
    const std::uint32_t count = Count(engine_.client_ids_.capacity());
    std::int64_t previous_ns = 0;
    domain::SequenceNumber previous;
    for (std::uint32_t i = 0; i < count && ok(); ++i) {
      const ClientIds::Entry entry = ReadEntry(kNoSlot);
      if (!ok()) return;
      if (engine_.client_ids_.full()) return Fail("more client ids than the configuration allows");
      if (entry.registered_ns < previous_ns || entry.sequence <= previous) return Fail("client ids out of their order");
      previous_ns = entry.registered_ns;
      previous = entry.sequence;
      const ClientIds::Ref ref = engine_.client_ids_.Add(entry);
      if (!entry.open) continue;
      const Slot slot = engine_.orders_.Find(entry.order_id);
      const bool fits = slot != kNoSlot && engine_.orders_[slot].owner == entry.account.value() &&
                        engine_.orders_[slot].detail.client_id == ClientIds::kNone;
      if (!fits) return Fail("a client id of an order that is not open");
      engine_.orders_[slot].detail.client_id = ref;
    }
  }

  void ReadCountdowns() {
    const std::uint32_t count = Count(engine_.config_.max_countdowns);
    for (std::uint32_t i = 0; i < count && ok(); ++i) {
      const std::int64_t deadline_ns =
          Number(engine_.now_ns_ + 1, engine_.now_ns_ + domain::kMaxCountdownMs * kNsPerMs);
      const domain::AccountId account(Count(engine_.accounts_.count()));
      const domain::OrderGroup group(Count(0xFFFF'FFFF));
      if (!ok() || !engine_.accounts_.Exists(account)) return Fail("a countdown of an unknown account");
      const Countdowns::Due due{deadline_ns, account, group};
      const auto& before = engine_.countdowns_.due();
      if (!before.empty() && *before.rbegin() >= due) return Fail("countdowns out of their order");
      engine_.countdowns_.Set({account, group}, deadline_ns);
      if (before.size() != i + 1) return Fail("a countdown that is there twice");
    }
  }

  Engine& engine_;
  std::string_view rest_;
  std::string error_;
  std::vector<std::uint8_t> used_;  // by slot
  struct Listed {
    AccountId account;
    domain::OrderId id;
  };
  std::vector<Listed> listed_;  // the lists of open orders, one after another
};

std::unique_ptr<Engine> Engine::RestoreSnapshot(const EngineConfig& config, std::string_view bytes,
                                                std::string* error) {
  const auto fail = [error](std::string_view why) {
    *error = "the snapshot cannot be restored: " + std::string(why);
    return nullptr;
  };
  if (bytes.size() < kSnapshotPrologBytes + kSnapshotHashBytes || !bytes.starts_with(kSnapshotMagic))
    return fail("it is none, or cut off");
  std::uint64_t prolog[2];
  std::memcpy(prolog, bytes.data() + kSnapshotMagic.size(), sizeof(prolog));
  if (prolog[0] != kSnapshotVersion) return fail("its version is " + std::to_string(prolog[0]));
  if (prolog[1] != bytes.size() - kSnapshotPrologBytes - kSnapshotHashBytes) return fail("its length is wrong");
  const std::string_view hashed = bytes.substr(0, bytes.size() - kSnapshotHashBytes);
  if (HashBytes(hashed).ToBytes() != bytes.substr(hashed.size())) return fail("it is damaged: its hash is wrong");
  auto engine = std::make_unique<Engine>(config);
  const std::string why = StateReader(*engine, hashed.substr(kSnapshotPrologBytes)).Run();
  if (!why.empty()) return fail(why);
  return engine;
}

}  // namespace xt::matching
