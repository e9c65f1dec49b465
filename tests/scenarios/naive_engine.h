// NaiveEngine: the rules of matching once more, written for obviousness: std::map books, orders by value, and "what would
// happen" answered by trying it on a copy of everything. It shares nothing with the real engine but the domain types.
// Its order ids are 1, 2, 3 in the order of acceptance. Slow; for tests.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/domain/level_book.h"

namespace xt::scenarios {

class NaiveEngine {
 public:
  explicit NaiveEngine(std::int64_t retention_ns) : retention_ns_(retention_ns) {}

  // Trades, execution reports and refusals, in order.
  std::vector<domain::Event> Apply(std::uint64_t sequence, std::int64_t now_ns, const domain::Command& command);

  struct Money {
    std::int64_t available = 0;
    std::int64_t locked = 0;
    friend bool operator==(const Money&, const Money&) = default;
  };
  [[nodiscard]] Money MoneyOf(std::uint32_t account, std::uint16_t asset) const {
    const auto found = state_.money.find({account, asset});
    return found == state_.money.end() ? Money{} : found->second;
  }
  [[nodiscard]] domain::BookSnapshot BookOf(std::uint16_t symbol, std::uint64_t sequence) const;
  [[nodiscard]] std::uint64_t last_order_id() const { return state_.last_order_id; }

 private:
  struct Resting {
    std::uint64_t id;
    domain::NewOrder order;
    std::int64_t executed = 0;
    std::int64_t executed_quote = 0;
    [[nodiscard]] std::int64_t left() const { return order.quantity.value() - executed; }
  };
  using Queue = std::vector<Resting>;
  struct Book {
    std::map<std::int64_t, Queue> bids;
    std::map<std::int64_t, Queue> asks;
  };
  struct Remembered {
    std::optional<domain::NewOrder> order;
    std::tuple<int, std::uint16_t, std::int64_t> transfer;
    std::uint64_t sequence = 0;
    std::int64_t registered_ns = 0;
    std::uint64_t order_id = 0;
  };
  using IdKey = std::tuple<std::uint32_t, int, std::string>;
  struct State {
    std::vector<domain::Asset> assets;
    std::vector<domain::Symbol> symbols;
    std::vector<domain::AccountName> accounts{domain::AccountName{}};
    std::map<std::pair<std::uint32_t, std::uint16_t>, Money> money;
    std::map<std::uint16_t, __int128> supply;
    std::map<std::uint16_t, Book> books;
    std::uint64_t last_order_id = 0;
    std::uint64_t last_trade_id = 0;
    std::uint64_t epoch = 0;
  };
  // The order on its way through the book.
  struct Incoming {
    domain::NewOrder order;
    std::uint64_t id = 0;
    std::int64_t executed = 0;
    std::int64_t executed_quote = 0;
    std::int64_t locked = 0;
    std::int64_t most = 0;     // lots
    std::int64_t budget = -1;  // quote units, or none
    bool own_order = false;    // self-trade prevention ends it
    bool budget_used_up = false;
    std::vector<domain::Event> said;
  };

  void Do(const domain::NewOrder& order);
  void Do(const domain::CancelOrder& cancel);
  void Do(const domain::DefineAsset& define);
  void Do(const domain::DefineSymbol& define);
  void Do(const domain::SetSymbolStatus& change);
  void Do(const domain::CreateAccount& create);
  void Do(const domain::Deposit& deposit) { Transfer(1, deposit); }
  void Do(const domain::Withdraw& withdraw) { Transfer(2, withdraw); }
  void Do(const domain::EpochStart& start);
  template <typename T>
  void Transfer(int kind, const T& transfer);

  void Refuse(domain::RejectReason reason, std::string_view field, domain::AccountId account = {},
              domain::ClientOrderId id = {});
  void Repeat(std::uint64_t original, domain::AccountId account, domain::ClientOrderId id);
  void ForgetOld();
  [[nodiscard]] bool IsResting(std::uint64_t id) const;
  std::optional<std::pair<domain::RejectReason, const char*>> CheckNumbers(const domain::NewOrder& order,
                                                                           const domain::Symbol& symbol) const;

  // Lets the order trade; changes state_ and says what happened.
  void Run(Incoming& in);
  bool TradeWithFirst(Incoming& in, std::int64_t price, Queue& queue);
  void Fill(Incoming& in, Resting& maker, std::int64_t price, std::int64_t quantity);
  void Unlock(const Resting& maker);
  void Pay(std::uint32_t account, std::uint16_t asset, __int128 available, __int128 locked);
  [[nodiscard]] domain::ExecutionReport ReportOf(const domain::NewOrder& order, std::uint64_t id, std::int64_t executed,
                                                 std::int64_t executed_quote) const;

  const std::int64_t retention_ns_;
  State state_;
  std::map<IdKey, Remembered> ids_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 0;
  std::vector<domain::Event> said_;
};

}  // namespace xt::scenarios
