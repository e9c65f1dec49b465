// NaiveEngine: the rules of docs/matching.md once more, written for obviousness: std::map books, orders by value, and "what
// would happen" answered by trying it on a copy of the symbol's market. It shares nothing with the real engine but the
// domain types. Its order ids are 1, 2, 3 in the order of acceptance. It keeps no books of balance changes and level
// changes: balances and books are compared as state. Slow; for tests and for `xtraderctl
// verify`. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/domain/level_book.h"

namespace xt::oracle {

// The capacities that a client can notice.
struct NaiveLimits {
  std::int64_t retention_ns = std::int64_t{24} * 3'600 * 1'000'000'000;
  std::size_t max_orders = 1'000'000;
  std::size_t max_client_ids = 1'000'000;
  std::size_t max_countdowns = 1'000'000;
  std::size_t max_price_blocks = 8'192;
  std::size_t max_accounts = 1'000'000;
  std::size_t max_assets = 1'000;
  std::size_t max_symbols = 1'000;
};

class NaiveEngine {
 public:
  using Wide = __int128;
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  explicit NaiveEngine(const NaiveLimits& limits) : limits_(limits) {}

  // Every event but BalanceChange and BookChange, in order.
  std::vector<domain::Event> Apply(std::uint64_t sequence, std::int64_t now_ns, const domain::Command& command);

  struct Money {
    std::int64_t available = 0;
    std::int64_t locked = 0;
    friend bool operator==(const Money&, const Money&) = default;
  };
  [[nodiscard]] Money MoneyOf(std::uint32_t account, std::uint16_t asset) const;
  [[nodiscard]] domain::BookSnapshot BookOf(std::uint16_t symbol, std::uint64_t sequence) const;
  // When the next GTD order or countdown is due; kNever when none is.
  [[nodiscard]] std::int64_t NextDueNs() const;
  [[nodiscard]] std::size_t open_orders() const;
  [[nodiscard]] std::size_t symbols() const { return markets_.size(); }
  [[nodiscard]] std::size_t accounts() const { return accounts_.size(); }
  [[nodiscard]] std::size_t assets() const { return assets_.size(); }

 private:
  // An open order: one that rests in the book, or a stop that waits.
  struct Order {
    std::uint64_t id = 0;
    std::uint64_t age = 0;  // the sequence of the command that entered it
    domain::NewOrder as;    // the quantity as it is now; defaults filled in
    std::int64_t executed = 0;
    std::int64_t executed_quote = 0;
    std::int64_t shown = 0;  // lots in the book
    bool waiting = false;    // a stop that was not triggered
    [[nodiscard]] std::int64_t left() const { return as.quantity.value() - executed; }
    [[nodiscard]] bool buys() const { return as.side == domain::Side::kBuy; }
  };
  using Queue = std::vector<std::uint64_t>;  // ids, oldest first
  struct Market {
    domain::Symbol symbol;
    domain::SymbolLimits limits;
    std::optional<std::int64_t> last;
    std::map<std::uint64_t, Order> orders;
    std::map<std::int64_t, Queue> bids;
    std::map<std::int64_t, Queue> asks;
  };
  struct Account {
    domain::AccountName name;
    domain::AccountStatus status = domain::AccountStatus::kActive;
    domain::AccountSettings settings;
    std::int64_t window_start_ns = 0;  // of the order rate
    std::uint32_t window_orders = 0;
  };
  struct TransferContent {
    int kind = 0;
    std::uint32_t to_account = 0;
    std::uint16_t asset = 0;
    std::int64_t amount = 0;
    friend bool operator==(const TransferContent&, const TransferContent&) = default;
  };
  struct Remembered {
    std::optional<domain::NewOrder> order;
    TransferContent transfer;
    std::uint64_t sequence = 0;
    std::int64_t registered_ns = 0;
    bool open = false;      // its order is
    bool outlived = false;  // forgotten after its order ended
  };
  using IdKey = std::tuple<std::uint32_t, int, std::string>;  // account, 0: order or 1: transfer, id

  // An order on its way through the book.
  struct Taker {
    Order order;
    std::optional<std::int64_t> budget;   // quote units; used_up: not one more lot at the next price fits
    std::optional<std::int64_t> stop_at;  // ends when so many lots are executed
    bool filled_at_stop = false;
    bool used_up = false;
    bool met_own = false;  // self-trade prevention ended it
    bool met_band = false;
    Wide locked = 0;
  };
  // What is decided about an order before it trades.
  struct Plan {
    Wide reserve = 0;
    bool unfillable = false;              // FOK
    bool no_room = false;                 // cannot rest
    std::optional<std::int64_t> stop_at;  // as in Taker
    bool filled_at_stop = false;
  };

  // naive_engine.cc: time, reference data, what is not an order.
  void Do(const domain::DefineAsset& define);
  void Do(const domain::DefineSymbol& define);
  void Do(const domain::SetSymbolStatus& change);
  void Do(const domain::SetSymbolLimits& change);
  void Do(const domain::DefineFeeTier& define);
  void Do(const domain::EpochStart& start);
  void Do(const domain::Tick& tick);
  void ForgetOldIds();
  void ExpireOrders();
  void FireCountdowns();
  void Refuse(const domain::Reject& reject, domain::AccountId account = {}, const domain::ClientOrderId& id = {});
  void Say(const domain::Event& event);
  // Answers a repeated id; false when it is new.
  bool AnsweredBefore(const IdKey& key, const domain::NewOrder* order, const TransferContent& transfer,
                      const domain::ClientOrderId& id);
  void Remember(const IdKey& key, Remembered remembered);
  void CloseClientId(const Order& order);

  // naive_accounts.cc: accounts and their money.
  void Do(const domain::CreateAccount& create);
  void Do(const domain::Deposit& deposit);
  void Do(const domain::Withdraw& withdraw);
  void Do(const domain::Transfer& transfer);
  void Do(const domain::SetAccountStatus& change);
  void Do(const domain::ConfigureAccount& change);
  template <typename T>
  void Move(int kind, const T& transfer, std::uint32_t to_account);
  [[nodiscard]] bool IsCustomer(domain::AccountId account) const;
  [[nodiscard]] bool OwnsAnything(std::uint32_t account) const;
  void TellAccount(std::uint32_t account);
  void Pay(std::uint32_t account, std::uint16_t asset, Wide available, Wide locked);
  [[nodiscard]] int FeeBps(std::uint32_t account, const domain::Symbol& symbol, bool maker) const;

  // naive_orders.cc: orders come in, are cancelled and changed.
  void Do(const domain::NewOrder& order);
  void Do(const domain::CancelOrder& cancel);
  void Do(const domain::CancelAll& cancel);
  void Do(const domain::CancelReplace& replace);
  void Do(const domain::AmendOrder& amend);
  void Do(const domain::SetCountdown& countdown);
  bool IdentityRefusedOrAnswered(const domain::NewOrder& order);
  void Enter(const domain::NewOrder& order);
  domain::Reject DecideLimit(const Market& market, const Order& order, Plan& plan);
  domain::Reject DecideMarket(const Market& market, const Order& order, Plan& plan);
  void CountAccepted(Account& account);
  // Whether there is a block for the order's price: its limit, or its stop price when it waits.
  [[nodiscard]] bool HasRoom(const Market& market, const Order& order) const;
  struct Found {
    domain::Reject reject;
    Market* market = nullptr;
    Order* order = nullptr;
  };
  Found FindOpen(domain::AccountId account, domain::OrderId id, const domain::ClientOrderId& client_id,
                 const char* id_field, const char* client_id_field);
  void Cancel(Market& market, std::uint64_t id);
  void CancelMany(std::uint32_t account, domain::SymbolId symbol, domain::OrderGroup group, bool halted_too,
                  domain::MassCancelReason reason);

  // naive_rules.cc: what needs no book.
  static domain::Reject CheckShape(const domain::NewOrder& order, const domain::Symbol& symbol, std::int64_t now_ns,
                                   domain::SelfTradePrevention mode);
  struct Risk {
    std::uint32_t checked = 0;
    domain::Reject reject;
  };
  [[nodiscard]] Risk AskRisk(const Market& market, const domain::NewOrder& order) const;
  static bool HasLimit(domain::OrderType type);
  static bool IsStop(domain::OrderType type);
  static bool TriggersUp(const domain::NewOrder& order);
  static domain::TimeInForce FilledIn(const domain::NewOrder& order);
  [[nodiscard]] domain::SelfTradePrevention ModeOf(const domain::NewOrder& order) const;
  static Wide QuoteFor(const domain::Symbol& symbol, std::int64_t price, std::int64_t lots);
  static Wide BaseFor(const domain::Symbol& symbol, std::int64_t lots);
  // What an open order has locked, of ReservedAsset.
  static Wide Reserved(const domain::Symbol& symbol, const Order& order);
  static std::uint16_t ReservedAsset(const domain::Symbol& symbol, const domain::NewOrder& order);

  // naive_match.cc: trading.
  // The order goes into the market: it trades, rests, expires, trips the band.
  void Execute(Market& market, const Order& order, const Plan& plan);
  // The same on a copy, which is thrown away: how much would it take?
  Taker Rehearse(const Market& market, const Order& order, std::optional<std::int64_t> budget);
  void Match(Market& market, Taker& taker);
  [[nodiscard]] static std::int64_t Left(const Market& market, const Taker& taker);
  [[nodiscard]] static std::int64_t LotsFor(const Market& market, const Taker& taker, std::int64_t price);
  [[nodiscard]] static bool IsFilled(const Taker& taker);
  void MeetOwn(Market& market, Taker& taker, Order& maker);
  void Fill(Market& market, Taker& taker, Order& maker, std::int64_t price, std::int64_t quantity);
  // After the order at the head of its queue lost some of what it shows: it stays, goes to the back, or is gone.
  void Requeue(Market& market, Order& maker);
  void Rest(Market& market, Order order);
  void TripBand(Market& market, const domain::NewOrder& order);
  // Tells the order's end, gives back what is locked, and takes it out.
  void End(Market& market, std::uint64_t id, domain::ExecutionType type, domain::OrderStatus status);
  static void TakeOutOfBook(Market& market, const Order& order);
  void RunStops(Market& market);
  void Trigger(Market& market, std::uint64_t id);
  static domain::ExecutionReport ReportOf(const Order& order, domain::ExecutionType type, domain::OrderStatus status);
  static domain::OrderStatus OpenStatus(const Order& order);

  const NaiveLimits limits_;
  std::vector<domain::Asset> assets_;
  std::vector<Market> markets_;
  std::vector<Account> accounts_{Account{}};  // the first is the exchange's own: its settings are the default
  std::map<int, domain::FeeTier> fee_tiers_;
  std::map<std::pair<std::uint32_t, std::uint16_t>, Money> money_;
  std::map<std::uint16_t, Wide> supply_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> countdowns_;  // (account, group): deadline
  std::map<IdKey, Remembered> ids_;
  std::deque<IdKey> ids_by_age_;
  std::vector<IdKey> ids_to_forget_;  // with the next command
  std::uint64_t last_order_id_ = 0;
  std::uint64_t last_trade_id_ = 0;
  std::uint64_t epoch_ = 0;

  // Of the command being applied.
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 0;
  std::optional<std::pair<std::int64_t, std::int64_t>> traded_;  // lowest and highest price
  bool rehearsing_ = false;                                      // nothing is said, paid or numbered
  std::vector<domain::Event> said_;
};

}  // namespace xt::oracle
