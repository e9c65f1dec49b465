// Engine: the exchange's rules as one deterministic state machine. It takes sequenced commands and says what they did;
// the same commands give the same events and the same state, byte for byte, on every machine. It reads no clock, no
// random number and no configuration but EngineConfig, which must be equal on all replicas. A command is checked
// completely before anything changes: what is refused leaves no trace but its CommandRejected (and the audit of its risk).
// docs/matching.md has the rules. Memory is bounded by EngineConfig; after the tables are warm, an order allocates
// nothing. Not thread-safe: one thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libs/base/hash.h"
#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/domain/ids.h"
#include "libs/domain/level_book.h"
#include "libs/domain/reject_reason.h"
#include "libs/domain/symbol.h"
#include "services/matching/core/accounts.h"
#include "services/matching/core/client_ids.h"
#include "services/matching/core/countdowns.h"
#include "services/matching/core/event_expander.h"
#include "services/matching/core/order_book.h"
#include "services/matching/core/order_extras.h"
#include "services/matching/core/outcome.h"

namespace xt::matching {

struct EngineConfig {
  std::uint32_t max_orders = 2'000'000;      // open at once
  std::uint32_t max_level_pages = 8'192;     // blocks of 1,024 prices, on both sides of all books and of waiting stops
  std::uint32_t max_client_ids = 4'000'000;  // of the last 24 hours, orders and transfers
  std::uint32_t max_accounts = 1'000'000;
  std::uint32_t max_countdowns = 100'000;
  std::uint16_t max_assets = 1'000;
  std::uint16_t max_symbols = 1'000;
  std::int64_t client_id_retention_ns = std::int64_t{24} * 3'600 * 1'000'000'000;
};

// What an account's order carries besides its place in the book: together one cache line.
struct alignas(32) OrderDetail {
  std::int64_t ordered;         // lots
  std::int64_t executed_quote;  // quote units
  ClientIds::Ref client_id;
  ExtraRef extra;
  ListPlace listed_at;  // its place in the account's list of open orders
  domain::OrderType type;
  domain::TimeInForce time_in_force;
  domain::SelfTradePrevention self_trade_prevention;
  domain::Side side;
};

class Engine {
 public:
  using Book = OrderBook<OrderDetail, true>;

  explicit Engine(const EngineConfig& config = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // `sequence` follows the last one; `timestamp_ns` never falls. The events, never none, stay valid until the next call.
  std::span<const domain::Event> Apply(domain::SequenceNumber sequence, std::int64_t timestamp_ns,
                                       const domain::Command& command);

  // The same without making events of the outcomes (outcome.h), for a body or a whole command.
  template <typename Body>
  std::span<const std::byte> Execute(domain::SequenceNumber sequence, std::int64_t timestamp_ns, const Body& body);

  [[nodiscard]] domain::SequenceNumber applied() const { return sequence_; }
  [[nodiscard]] domain::Epoch epoch() const { return epoch_; }
  // Journal time of the next thing that happens by itself, at the first command at or after it; the highest number when
  // nothing is due.
  [[nodiscard]] std::int64_t next_due_ns() const { return next_due_ns_; }
  [[nodiscard]] const std::vector<domain::Asset>& assets() const { return assets_; }
  [[nodiscard]] std::vector<domain::Symbol> symbols() const;
  [[nodiscard]] bool HasSymbol(domain::SymbolId symbol) const { return symbol.value() < markets_.size(); }
  [[nodiscard]] const domain::Symbol& symbol(domain::SymbolId symbol) const;
  [[nodiscard]] const Accounts& accounts() const { return accounts_; }
  [[nodiscard]] const ClientIds& client_ids() const { return client_ids_; }
  // Resting and waiting ones.
  [[nodiscard]] std::uint32_t open_orders() const { return orders_.live(); }
  // Only for symbols that exist.
  [[nodiscard]] const Book& book(domain::SymbolId symbol) const;
  [[nodiscard]] domain::BookSnapshot Snapshot(domain::SymbolId symbol, std::size_t depth) const;
  // Bytes of memory that open orders take: slots, extras, price levels and the accounts' lists.
  [[nodiscard]] std::uint64_t order_bytes() const;
  // Whether hints are worth their while: not as long as the open orders fit into the cache anyway.
  [[nodiscard]] bool WantsHints() const { return orders_.fresh() > kCachedOrders; }
  // Hints for a command that comes soon; without effect on any result, whatever the arguments are.
  void PrefetchOrder(domain::AccountId account, domain::SymbolId symbol, domain::Side side, domain::Price price) const;
  void PrefetchClientId(domain::AccountId account, const domain::ClientOrderId& id) const;
  void PrefetchCancel(domain::AccountId account, domain::OrderId id) const;
  // The same when the command is next but a few: what lies behind what the first hint brought.
  void PrefetchOrderNear(domain::AccountId account, domain::SymbolId symbol, domain::Side side,
                         domain::Price price) const;
  void PrefetchCancelNear(domain::OrderId id) const;

  // The whole state in one number: equal exactly where all later answers will be equal.
  [[nodiscard]] Hash128 Digest() const;
  // The state as bytes, to go on from: docs/matching.md has the format.
  [[nodiscard]] std::string SaveSnapshot() const;
  // Whether SaveSnapshot would give these bytes, without making them.
  [[nodiscard]] bool IsStateOf(std::string_view snapshot) const;
  // Null, and why in `error`, when the bytes are damaged, of another version, or do not fit into `config`.
  static std::unique_ptr<Engine> RestoreSnapshot(const EngineConfig& config, std::string_view bytes,
                                                 std::string* error);

  // Nothing created or destroyed, no crossed book, every queue, total and reservation consistent. The first broken one
  // in words; empty when all hold. Slow: for tests.
  [[nodiscard]] std::string CheckInvariants() const;

 private:
  static constexpr std::uint32_t kCachedOrders = 1 << 13;  // half a megabyte: what a core has to itself
  struct Market;
  struct Incoming;
  struct Terms;
  template <domain::Side kTaker>
  class Walk;
  template <domain::Side kTaker>
  class Taker;
  class RiskCheck;
  template <typename Sink>
  class StateWriter;
  class StateReader;
  class InvariantChecker;

  // Each handler checks, then changes. The reject is none when the command was executed.
  domain::Reject Handle(const domain::NewOrder& order);
  domain::Reject Handle(const domain::CancelOrder& cancel);
  domain::Reject Handle(const domain::CancelAll& cancel);
  domain::Reject Handle(const domain::CancelReplace& replace);
  domain::Reject Handle(const domain::AmendOrder& amend);
  domain::Reject Handle(const domain::SetCountdown& countdown);
  domain::Reject Handle(const domain::DefineAsset& define);
  domain::Reject Handle(const domain::DefineSymbol& define);
  domain::Reject Handle(const domain::SetSymbolStatus& change);
  domain::Reject Handle(const domain::SetSymbolLimits& change);
  domain::Reject Handle(const domain::CreateAccount& create);
  domain::Reject Handle(const domain::SetAccountStatus& change);
  domain::Reject Handle(const domain::ConfigureAccount& configure);
  domain::Reject Handle(const domain::DefineFeeTier& define);
  domain::Reject Handle(const domain::Deposit& deposit);
  domain::Reject Handle(const domain::Withdraw& withdraw);
  domain::Reject Handle(const domain::Transfer& transfer);
  domain::Reject Handle(const domain::EpochStart& start);
  domain::Reject Handle(const domain::Tick& tick);

  void Begin(domain::SequenceNumber sequence, std::int64_t timestamp_ns);
  template <typename Body>
  void Run(const Body& body);
  void Finish();
  void RunDue();
  template <typename Body>
  void RejectCommand(const Body& body, const domain::Reject& reject);

  // When this id was executed before: the answer to it is the reject, or the events say so already.
  struct Repeated {
    bool yes = false;
    domain::Reject reject;
  };
  Repeated CheckRepeated(domain::AccountId account, ClientIds::Kind kind, const domain::ClientOrderId& id,
                         std::uint64_t fingerprint);
  Repeated CheckRepeated(const domain::NewOrder& order, std::uint64_t& fingerprint);
  domain::Reject CheckClientId(const domain::ClientOrderId& id, std::string_view field) const;
  // What deposits, withdrawals and transfers have in common; `repeated` as above.
  template <typename Body>
  Repeated CheckTransfer(const Body& body, std::uint64_t fingerprint);
  template <typename Body>
  domain::Reject CheckAmount(const Body& body) const;
  ClientIds::Ref Remember(domain::AccountId account, ClientIds::Kind kind, const domain::ClientOrderId& id,
                          std::uint64_t fingerprint, domain::OrderId order_id, bool open);

  // A new order whose client order id was not used before.
  domain::Reject EnterNew(const domain::NewOrder& order, std::uint64_t fingerprint);
  // A LIMIT order that only rests, in the fewest steps.
  template <domain::Side kSide>
  domain::Reject EnterResting(const domain::NewOrder& order, Market& market, std::uint64_t fingerprint);
  template <domain::Side kTaker>
  domain::Reject Enter(const domain::NewOrder& order, Market& market, std::uint64_t fingerprint);
  template <domain::Side kTaker>
  domain::Reject Decide(const domain::NewOrder& order, const Market& market, Incoming& in) const;
  template <domain::Side kTaker>
  domain::Reject DecideWaiting(const domain::NewOrder& order, const Market& market, Incoming& in) const;
  // The checks that need balances or the book; they fill in what the order will do.
  template <domain::Side kTaker>
  domain::Reject DecideLimit(const Market& market, Incoming& in) const;
  template <domain::Side kTaker>
  domain::Reject DecideMarket(const Market& market, Incoming& in) const;
  void AddExtra(const domain::NewOrder& order, Incoming& in);
  void TellEntered(const Market& market, const Incoming& in, domain::Side side);
  template <domain::Side kTaker>
  void Wait(Market& market, Incoming& in);
  template <domain::Side kTaker>
  void Work(Market& market, Incoming& in);
  template <domain::Side kTaker>
  void RestOrEnd(Market& market, Incoming& in, const Taker<kTaker>& taker, std::int64_t left);
  void TellFinished(domain::ExecutionType type, domain::OrderStatus status, std::int64_t release);
  void TripBand(Market& market, const Incoming& in);
  void RunStops(Market& market);
  void Trigger(Market& market, Slot slot);
  template <domain::Side kTaker>
  void WorkTriggered(Market& market, Incoming& in);

  struct Found {
    Slot slot = kNoSlot;
    domain::Reject reject;
  };
  [[nodiscard]] Found FindOwn(domain::AccountId account, domain::OrderId order_id,
                              const domain::ClientOrderId& client_order_id) const;
  // Ends an open order of any kind: tells it, gives back its reservation, takes it out.
  void End(Slot slot, domain::ExecutionType type, domain::OrderStatus status);
  void EndPlain(Market& market, Slot slot, domain::ExecutionType type, domain::OrderStatus status);
  // The same for the resting order that self-trade prevention expires; the match takes it out of its book.
  void EndInMatch(const Market& market, Slot slot);
  // The order is open no more: its client id, its extra, its account's count.
  void Forget(Slot slot);
  void FreeExtra(ExtraRef extra) {
    if (extra == kNoExtra) [[likely]]
      return;
    RemoveExtra(extra);
  }
  void RemoveExtra(ExtraRef extra);
  [[nodiscard]] OrderExtension ExtensionOf(ExtraRef extra) const;
  // Cancels the account's orders for which choose(slot) holds, oldest first, and tells how many.
  template <typename Choose>
  void CancelMany(domain::AccountId account, domain::OrderGroup group, domain::MassCancelReason reason,
                  const Choose& choose);
  // `left`: the lots that did not trade.
  void TellOrder(const Market& market, Slot slot, domain::ExecutionType type, domain::OrderStatus status,
                 std::int64_t release, std::int64_t left);
  [[nodiscard]] Terms TermsOf(Slot slot) const;
  [[nodiscard]] Market& MarketOf(Slot slot) const { return *markets_[orders_[slot].place.symbol().value()]; }
  [[nodiscard]] std::int64_t LeftOf(Slot slot) const {
    return orders_[slot].quantity + extras_[orders_[slot].detail.extra].hidden;
  }
  void NoteOpen(domain::AccountId account, Slot slot);
  // A stop that is not triggered: its place is its stop price, in the symbol's stops.
  [[nodiscard]] bool IsWaiting(Slot slot) const { return extras_[orders_[slot].detail.extra].waiting; }
  template <domain::Side kSide>
  void NoteLevel(const Market& market, std::int64_t price, const LevelState& level);
  void NoteLevel(const Market& market, domain::Side side, std::int64_t price, const LevelState& level);
  void TellLevels();

  void Move(domain::AccountId account, domain::AssetId asset, std::int64_t available, std::int64_t locked) {
    Balance& balance = accounts_.At(account, asset);
    balance.available += available;
    balance.locked += locked;
  }
  void ChangeBalance(domain::AccountId account, domain::AssetId asset, domain::BalanceReason reason,
                     std::int64_t available);
  void TellAccount(domain::AccountId account);
  template <typename Event>
  void Tell(const Event& event) {
    new (outcomes_.Take<EventOutcome>()) EventOutcome{{OutcomeKind::kEvent, WordsOf<EventOutcome>(), 0, 0}, event};
  }

  const EngineConfig config_;
  domain::SequenceNumber sequence_;
  std::int64_t now_ns_ = 0;
  domain::Epoch epoch_;
  domain::TradeId last_trade_id_;
  std::vector<domain::Asset> assets_;  // position == id
  Accounts accounts_;
  ClientIds client_ids_;
  OrderSlab<OrderDetail> orders_;
  ExtraSlab extras_;
  ExpiryQueue expiries_;
  Countdowns countdowns_;
  LevelPool<true> level_pool_;
  std::vector<std::unique_ptr<Market>> markets_;  // position == symbol id
  std::int64_t next_due_ns_;

  // Of the command being applied.
  OutcomeBuffer outcomes_;
  std::vector<LevelOutcome> changed_levels_;
  bool levels_repeat_ = false;  // one level may stand in changed_levels_ twice
  std::int64_t lowest_trade_;
  std::int64_t highest_trade_;

  EventExpander expander_;
  std::vector<domain::Event> events_;
};

}  // namespace xt::matching
