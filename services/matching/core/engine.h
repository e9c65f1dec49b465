// Engine: the exchange's rules as one deterministic state machine. It takes sequenced commands and says what they did;
// the same commands give the same events and the same state, byte for byte, on every machine. It reads no clock, no
// random number and no configuration but EngineConfig, which must be equal on all replicas. A command is checked
// completely before anything changes: what is refused leaves no trace but its CommandRejected.
// Memory is bounded by EngineConfig; after the tables are warm, an order allocates nothing.
// Not thread-safe: one thread owns it.
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
#include "services/matching/core/order_book.h"

namespace xt::matching {

struct EngineConfig {
  std::uint32_t max_orders = 2'000'000;      // resting at once
  std::uint32_t max_level_pages = 8'192;     // of 1,024 price levels, 20 kB each
  std::uint32_t max_client_ids = 4'000'000;  // of the last 24 hours, orders and transfers
  std::uint32_t max_accounts = 1'000'000;
  std::uint16_t max_assets = 1'000;
  std::uint16_t max_symbols = 1'000;
  std::int64_t client_id_retention_ns = std::int64_t{24} * 3'600 * 1'000'000'000;
};

// What an account's order carries besides its place in the book: together one cache line.
struct alignas(32) OrderDetail {
  std::int64_t ordered;         // lots
  std::int64_t executed_quote;  // quote units
  ClientIds::Ref client_id;
  domain::OrderType type;
  domain::TimeInForce time_in_force;
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

  [[nodiscard]] domain::SequenceNumber applied() const { return sequence_; }
  [[nodiscard]] domain::Epoch epoch() const { return epoch_; }
  [[nodiscard]] const std::vector<domain::Asset>& assets() const { return assets_; }
  [[nodiscard]] std::vector<domain::Symbol> symbols() const;
  [[nodiscard]] bool HasSymbol(domain::SymbolId symbol) const { return symbol.value() < markets_.size(); }
  [[nodiscard]] const Accounts& accounts() const { return accounts_; }
  [[nodiscard]] const ClientIds& client_ids() const { return client_ids_; }
  [[nodiscard]] std::uint32_t resting_orders() const { return orders_.live(); }
  // Only for symbols that exist.
  [[nodiscard]] const Book& book(domain::SymbolId symbol) const;
  [[nodiscard]] domain::BookSnapshot Snapshot(domain::SymbolId symbol, std::size_t depth) const;

  // The whole state in one number: equal exactly where all later answers will be equal.
  [[nodiscard]] Hash128 Digest() const;
  // Nothing created or destroyed, no crossed book, every queue, total and reservation consistent. The first broken one
  // in words; empty when all hold. Slow: for tests.
  [[nodiscard]] std::string CheckInvariants() const;

 private:
  struct Market;
  struct Intake;
  template <domain::Side kTaker>
  class Walk;
  template <domain::Side kTaker>
  class Taker;
  class StateHasher;
  class InvariantChecker;

  // Each handler checks, then changes. The reject is none when the command was executed.
  domain::Reject Handle(const domain::NewOrder& order);
  domain::Reject Handle(const domain::CancelOrder& cancel);
  domain::Reject Handle(const domain::DefineAsset& define);
  domain::Reject Handle(const domain::DefineSymbol& define);
  domain::Reject Handle(const domain::SetSymbolStatus& change);
  domain::Reject Handle(const domain::CreateAccount& create);
  domain::Reject Handle(const domain::Deposit& deposit);
  domain::Reject Handle(const domain::Withdraw& withdraw);
  domain::Reject Handle(const domain::EpochStart& start);

  // When this id was executed before: the answer to it is the reject, or the events say so already.
  struct Repeated {
    bool yes = false;
    domain::Reject reject;
  };
  Repeated CheckRepeated(domain::AccountId account, ClientIds::Kind kind, const domain::ClientOrderId& id,
                         std::uint64_t fingerprint);
  domain::Reject CheckClientId(const domain::ClientOrderId& id, std::string_view field) const;
  template <typename Transfer>
  domain::Reject CheckTransfer(const Transfer& transfer) const;
  ClientIds::Ref Remember(domain::AccountId account, ClientIds::Kind kind, const domain::ClientOrderId& id,
                          std::uint64_t fingerprint, domain::OrderId order_id, bool open);

  template <domain::Side kTaker>
  domain::Reject Enter(const domain::NewOrder& order, Market& market, std::uint64_t fingerprint);
  template <domain::Side kTaker>
  void Execute(const domain::NewOrder& order, const Intake& intake, Market& market, std::uint64_t fingerprint);
  // The checks that need balances or the book; they fill in the intake.
  template <domain::Side kTaker>
  domain::Reject DecideLimit(const domain::NewOrder& order, const Market& market, Intake& intake) const;
  template <domain::Side kTaker>
  domain::Reject DecideMarket(const domain::NewOrder& order, const Market& market, Intake& intake) const;

  // Tells the end of a resting order and gives back its reservation; the caller takes it out of the book.
  void EndResting(Market& market, Slot slot, domain::ExecutionType type, domain::OrderStatus status);
  domain::ExecutionReport& ReportResting(const Market& market, Slot slot);
  void FlushBookChanges(Market& market);
  void ChangeBalance(domain::AccountId account, domain::AssetId asset, domain::BalanceReason reason,
                     std::int64_t available_delta, std::int64_t locked_delta, domain::OrderId order_id = {},
                     domain::TradeId trade_id = {});

  template <typename T>
  T& Emit() {
    return std::get<T>(events_.emplace_back(std::in_place_type<T>));
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
  LevelPool<true> level_pool_;
  std::vector<std::unique_ptr<Market>> markets_;  // position == symbol id

  // Of the command being applied.
  std::vector<domain::Event> events_;
  struct LevelRef {
    domain::Side side;
    std::int64_t price;
  };
  std::vector<LevelRef> changed_levels_;
};

}  // namespace xt::matching
