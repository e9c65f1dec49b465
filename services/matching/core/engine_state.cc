// The state of the engine as a whole: as bytes (the snapshot), as one number (the digest of the same bytes), and read
// back from them.
#include <bit>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/domain/names.h"
#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"

namespace xt::matching {

using domain::AccountId;
using domain::AssetId;
using domain::Side;

namespace {

constexpr std::string_view kMagic = "XTSTATE\n";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kHashBytes = 16;
constexpr std::size_t kPrologBytes = kMagic.size() + 2 * sizeof(std::uint64_t);

static_assert(std::endian::native == std::endian::little, "a snapshot is written as the words lie in memory");

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

AssetId AssetAt(std::size_t index) { return AssetId(static_cast<std::uint16_t>(index)); }
AccountId AccountAt(std::size_t index) { return AccountId(static_cast<std::uint32_t>(index)); }

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
    for (std::uint32_t i = 0; i < head.open_list_size; ++i) {
      if (engine_.orders_.Find(domain::OrderId(head.open_list[i])) != kNoSlot) Put(head.open_list[i]);
    }
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

// Reads what StateWriter wrote into an engine that has applied nothing. Nothing is taken on trust: whatever the bytes say,
// the result is an engine that keeps its invariants, or an error.
class Engine::StateReader {
 public:
  StateReader(Engine& engine, std::string_view body) : engine_(engine), rest_(body) {}

  // Empty when it worked.
  std::string Run() {
    engine_.sequence_ = domain::SequenceNumber(Word());
    engine_.epoch_ = domain::Epoch(Word());
    engine_.last_trade_id_ = domain::TradeId(Word());
    engine_.now_ns_ = Number(0, kNever);
    ReadAssets();
    ReadAccounts();
    ReadMarkets();
    ReadSlots();
    for (const auto& market : engine_.markets_) {
      ReadSide<Side::kBuy>(*market, false);
      ReadSide<Side::kSell>(*market, false);
      ReadSide<Side::kBuy>(*market, true);
      ReadSide<Side::kSell>(*market, true);
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
      asset.decimals = static_cast<int>(Number(0, 18));
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
    const std::int64_t window_start_ns = Number(0, kNever);
    const std::uint32_t window_orders = Count(0xFFFF'FFFF);
    if (!ok()) return;
    if (account != domain::kFeeAccount) {
      if (!domain::IsValidAccountName(name.view()) || engine_.accounts_.HasName(name)) return Fail("an account's name");
      engine_.accounts_.Create(name);
    }
    if (!engine_.accounts_.HasFeeTier(settings.fee_tier)) return Fail("an unknown fee tier");
    engine_.accounts_.Configure(account, settings);
    AccountRecord& record = engine_.accounts_.Record(account);
    record.window_start_ns = window_start_ns;
    record.window_orders = window_orders;
    engine_.accounts_.Head(account).status = status;
    for (std::size_t asset = 0; asset < engine_.assets_.size(); ++asset) {
      Balance& balance = engine_.accounts_.At(account, AssetAt(asset));
      balance.available = Number(0, kNever);
      balance.locked = Number(0, kNever);
    }
    const std::uint32_t open = Count(engine_.config_.max_orders);
    const auto stays = [](domain::OrderId, std::uint32_t) {};
    for (std::uint32_t i = 0; i < open && ok(); ++i) {
      engine_.accounts_.AddOpenOrder(account, domain::OrderId(Word()), stays);
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
    if (domain::Normalize(symbol)) return Fail("a symbol's definition");
    auto market = std::make_unique<Market>(symbol, engine_.orders_, engine_.level_pool_);
    const std::int64_t highest = symbol.max_price.value();
    market->last_price = Number(0, highest);
    domain::SymbolLimits limits;
    limits.max_notional = domain::Amount(Number(0, kNever));
    limits.max_position = domain::Amount(Number(0, kNever));
    limits.price_deviation_bps = static_cast<std::int32_t>(Number(0, 1'000'000));
    limits.lower_price = domain::Price(Number(0, highest));
    limits.upper_price = domain::Price(Number(0, highest));
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
    for (std::size_t account = 0; account < engine_.accounts_.count() && ok(); ++account) {
      const AccountHead& head = engine_.accounts_.Head(AccountAt(account));
      for (std::uint32_t i = 0; i < head.open_list_size && ok(); ++i) {
        const Slot slot = engine_.orders_.Find(domain::OrderId(head.open_list[i]));
        if (slot == kNoSlot) return Fail("a listed order that is not open");
        engine_.orders_[slot].detail.listed_at = i;
      }
    }
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
  static bool Fits(const Market& market, bool waiting, Side place_side, std::int64_t place, std::int64_t quantity,
                   const OrderDetail& detail, const OrderExtra& extra) {
    if (quantity + extra.hidden > detail.ordered) return false;
    if (extra.hidden != 0 && extra.slice == 0) return false;
    if (waiting) {
      if (!HasStopPrice(detail.type) || extra.stop_price != place || extra.hidden != 0) return false;
      if ((extra.price == 0) != IsMarketType(detail.type)) return false;
      if (TriggersUp(detail.type, detail.side) != (place_side == Side::kSell)) return false;
    } else if (detail.side != place_side || IsMarketType(detail.type)) {
      return false;
    }
    const std::int64_t price = waiting && extra.price != 0 ? extra.price : place;
    return domain::Notional(market.symbol, domain::Price(price), domain::Quantity(detail.ordered)).has_value() &&
           domain::BaseAmount(market.symbol, domain::Quantity(detail.ordered)).has_value();
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
    const bool of_slot = slot == kNoSlot || (entry.open && entry.order_id == engine_.orders_.IdOf(slot));
    if (!of_slot) Fail("a client id of another order");
    return entry;
  }

  void ReadClientIds() {
    const std::uint32_t count = Count(engine_.client_ids_.capacity());
    std::int64_t previous_ns = 0;
    for (std::uint32_t i = 0; i < count && ok(); ++i) {
      const ClientIds::Entry entry = ReadEntry(kNoSlot);
      if (!ok()) return;
      if (engine_.client_ids_.full()) return Fail("more client ids than the configuration allows");
      if (entry.registered_ns < previous_ns) return Fail("client ids out of their order");
      previous_ns = entry.registered_ns;
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
      const std::int64_t deadline_ns = Number(0, kNever);
      const domain::AccountId account(Count(engine_.accounts_.count()));
      const domain::OrderGroup group(Count(0xFFFF'FFFF));
      if (!ok() || !engine_.accounts_.Exists(account)) return Fail("a countdown of an unknown account");
      engine_.countdowns_.Set({account, group}, deadline_ns);
    }
  }

  Engine& engine_;
  std::string_view rest_;
  std::string error_;
  std::vector<std::uint8_t> used_;  // by slot
};

Hash128 Engine::Digest() const {
  HashSink sink;
  StateWriter<HashSink>(*this, sink).Run();
  return sink.hash();
}

std::string Engine::SaveSnapshot() const {
  std::string bytes(kMagic);
  const std::uint64_t prolog[] = {kVersion, 0};
  bytes.append(reinterpret_cast<const char*>(prolog), sizeof(prolog));
  StringSink sink(bytes);
  StateWriter<StringSink>(*this, sink).Run();
  const std::uint64_t body_bytes = bytes.size() - kPrologBytes;
  std::memcpy(bytes.data() + kMagic.size() + sizeof(std::uint64_t), &body_bytes, sizeof(body_bytes));
  bytes += HashBytes(bytes).ToBytes();
  return bytes;
}

std::unique_ptr<Engine> Engine::RestoreSnapshot(const EngineConfig& config, std::string_view bytes,
                                                std::string* error) {
  const auto fail = [error](std::string_view why) {
    *error = "the snapshot cannot be restored: " + std::string(why);
    return nullptr;
  };
  if (bytes.size() < kPrologBytes + kHashBytes || !bytes.starts_with(kMagic)) return fail("it is none, or cut off");
  std::uint64_t prolog[2];
  std::memcpy(prolog, bytes.data() + kMagic.size(), sizeof(prolog));
  if (prolog[0] != kVersion) return fail("its version is " + std::to_string(prolog[0]));
  if (prolog[1] != bytes.size() - kPrologBytes - kHashBytes) return fail("its length is wrong");
  const std::string_view hashed = bytes.substr(0, bytes.size() - kHashBytes);
  if (HashBytes(hashed).ToBytes() != bytes.substr(hashed.size())) return fail("it is damaged: its hash is wrong");
  auto engine = std::make_unique<Engine>(config);
  const std::string why = StateReader(*engine, hashed.substr(kPrologBytes)).Run();
  if (!why.empty()) return fail(why);
  return engine;
}

}  // namespace xt::matching
