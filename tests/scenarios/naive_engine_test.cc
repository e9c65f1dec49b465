// The engine against the naive one: random streams of commands, hostile values included, must give the same trades,
// reports, refusals, balances and books; every invariant must hold after every command; and the events alone must be
// enough to rebuild balances and books.
#include "tests/scenarios/naive_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "libs/domain/names.h"
#include "services/matching/core/engine.h"

namespace xt::scenarios {
namespace {

using namespace domain;  // NOLINT
using matching::Engine;
using matching::EngineConfig;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::uint64_t Below(std::uint64_t n) { return Next() % n; }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }
  template <typename T, std::size_t N>
  T Pick(const T (&values)[N]) {
    return values[Below(N)];
  }

 private:
  std::uint64_t state_;
};

constexpr std::int64_t kBig = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kHostile[] = {0,
                                     -1,
                                     -5,
                                     kBig,
                                     kBig - 1,
                                     std::numeric_limits<std::int64_t>::min(),
                                     1LL << 32,
                                     1LL << 31,
                                     1LL << 62,
                                     1'000'000'000'000,
                                     1'000'000'000'001,
                                     3'037'000'500};

ClientOrderId Id(const std::string& text) { return *ClientOrderId::From(text); }

// Draws commands; knows how many accounts, symbols and orders there may be.
class CommandSource {
 public:
  explicit CommandSource(std::uint64_t seed) : random_(seed) {}

  std::vector<Command> Setup() {
    std::vector<Command> commands;
    commands.push_back({EpochStart{Epoch(1)}});
    for (const auto& [code, decimals] : {std::pair{"BTC", 8}, {"KRW", 4}, {"USDT", 8}}) {
      commands.push_back({DefineAsset{*AssetCode::From(code), decimals}});
    }
    commands.push_back(MakeSymbol("BTC-KRW", 0, 1, 10'000'000, 10'000, 50'000, 7, 13));
    commands.push_back(MakeSymbol("BTC-USDT", 0, 2, 1'000'000, 100, 0, 0, 0));
    commands.push_back(MakeSymbol("USDT-KRW", 2, 1, 1, 100'000'000, 0, 1000, 1000));
    for (std::uint32_t i = 1; i <= kAccounts; ++i)
      commands.push_back({CreateAccount{*AccountName::From("a" + std::to_string(i))}});
    for (std::uint32_t account = 1; account <= kAccounts; ++account) {
      for (std::uint16_t asset = 0; asset < 3; ++asset) {
        commands.push_back({Deposit{AccountId(account), AssetId(asset), Amount(1'000'000'000'000),
                                    Id("first" + std::to_string(asset))}});
      }
    }
    return commands;
  }

  // `orders`: the ids that the engine gave, oldest first.
  Command Draw(const std::vector<OrderId>& orders) {
    if (!sent_.empty() && random_.OneIn(20)) return Resend();
    Command command;
    const std::uint64_t kind = random_.Below(100);
    if (kind < 68) {
      command.body = DrawOrder();
    } else if (kind < 92) {
      command.body = DrawCancel(orders);
    } else if (kind < 97) {
      command.body = DrawTransfer();
    } else {
      command.body = DrawReferenceData();
    }
    sent_.push_back(command);
    return command;
  }

 private:
  static constexpr std::uint32_t kAccounts = 6;

  static Command MakeSymbol(const char* code, std::uint16_t base, std::uint16_t quote, std::int64_t tick,
                            std::int64_t lot, std::int64_t min, int maker, int taker) {
    Symbol symbol;
    symbol.code = *SymbolCode::From(code);
    symbol.base = AssetId(base);
    symbol.quote = AssetId(quote);
    symbol.tick_size = Amount(tick);
    symbol.lot_size = Amount(lot);
    symbol.min_notional = Amount(min);
    symbol.maker_fee_bps = maker;
    symbol.taker_fee_bps = taker;
    return {DefineSymbol{symbol}};
  }

  Command Resend() {
    Command command = sent_[sent_.size() - 1 - random_.Below(std::min<std::uint64_t>(sent_.size(), 200))];
    if (auto* order = std::get_if<NewOrder>(&command.body); order != nullptr && random_.OneIn(3)) {
      order->quantity = Quantity(order->quantity.value() ^ 1);
    }
    return command;
  }

  AccountId DrawAccount() {
    if (random_.OneIn(200)) return AccountId(random_.Pick({0u, 7u, 4'000'000'000u}));
    return AccountId(static_cast<std::uint32_t>(1 + random_.Below(kAccounts)));
  }

  NewOrder DrawOrder() {
    NewOrder order;
    order.account = DrawAccount();
    order.symbol = SymbolId(static_cast<std::uint16_t>(random_.OneIn(200) ? 9 : random_.Below(3)));
    order.side = random_.OneIn(2) ? Side::kBuy : Side::kSell;
    order.type = random_.OneIn(4) ? OrderType::kMarket : OrderType::kLimit;
    const TimeInForce limits[] = {TimeInForce::kGtc, TimeInForce::kGtc, TimeInForce::kGtc, TimeInForce::kIoc,
                                  TimeInForce::kFok};
    order.time_in_force = random_.Pick(limits);
    order.self_trade_prevention = static_cast<SelfTradePrevention>(random_.Below(5));
    if (order.type == OrderType::kLimit) order.price = Price(static_cast<std::int64_t>(1'000 + random_.Below(40)));
    order.quantity = Quantity(static_cast<std::int64_t>(1 + random_.Below(random_.OneIn(10) ? 3'000 : 60)));
    if (order.type == OrderType::kMarket && random_.OneIn(3)) {
      order.quantity = Quantity(0);
      order.quote_quantity =
          Amount(static_cast<std::int64_t>(1 + random_.Below(random_.Pick({1'000, 100'000, 10'000'000, 500'000'000}))));
    }
    if (!random_.OneIn(5))
      order.client_order_id = Id("o" + std::to_string(random_.OneIn(50) ? random_.Below(1 + next_id_) : ++next_id_));
    if (random_.OneIn(25)) Spoil(order);
    return order;
  }

  void Spoil(NewOrder& order) {
    const std::int64_t value = random_.Pick(kHostile);
    switch (random_.Below(11)) {
      case 0: order.price = Price(value); break;
      case 1: order.quantity = Quantity(value); break;
      case 2: order.quote_quantity = Amount(value); break;
      case 3: order.stop_price = Price(value); break;
      case 4: order.iceberg_quantity = Quantity(value); break;
      case 5: order.expire_time_ms = value; break;
      case 6: order.side = static_cast<Side>(random_.Pick({0, 3, 255})); break;
      case 7: order.type = static_cast<OrderType>(random_.Pick({0, 3, 4, 8, 9, 255})); break;
      case 8: order.time_in_force = static_cast<TimeInForce>(random_.Pick({0, 4, 5, 255})); break;
      case 9: order.self_trade_prevention = static_cast<SelfTradePrevention>(random_.Pick({5, 6, 255})); break;
      default:
        order.price = Price(random_.Pick(kHostile));
        order.quantity = Quantity(random_.Pick(kHostile));
        break;
    }
  }

  CancelOrder DrawCancel(const std::vector<OrderId>& orders) {
    CancelOrder cancel;
    cancel.account = DrawAccount();
    if (random_.OneIn(100)) {
      cancel.order_id = OrderId(random_.Next());
    } else if (random_.OneIn(3)) {
      cancel.client_order_id = Id("o" + std::to_string(next_id_ - std::min(next_id_, random_.Below(60))));
    } else if (!orders.empty()) {
      cancel.order_id = orders[orders.size() - 1 - random_.Below(std::min<std::uint64_t>(orders.size(), 60))];
    }
    return cancel;
  }

  CommandBody DrawTransfer() {
    const AccountId account = DrawAccount();
    const AssetId asset(static_cast<std::uint16_t>(random_.Below(4)));
    const Amount amount(random_.OneIn(4) ? random_.Pick(kHostile)
                                         : static_cast<std::int64_t>(1 + random_.Below(1'000'000'000)));
    const auto reference = Id(random_.OneIn(30)   ? ""
                              : random_.OneIn(30) ? "bad id"
                                                  : "t" + std::to_string(random_.Below(500)));
    if (random_.OneIn(2)) return Deposit{account, asset, amount, reference};
    return Withdraw{account, asset, amount, reference};
  }

  CommandBody DrawReferenceData() {
    switch (random_.Below(6)) {
      case 0: return DefineAsset{*AssetCode::From(random_.OneIn(2) ? "BTC" : "bad"), 8};
      case 1: return EpochStart{Epoch(random_.Below(5))};
      case 2: return CreateAccount{*AccountName::From(random_.OneIn(2) ? "a1" : "no blanks")};
      case 3: {
        Command symbol = MakeSymbol("BTC-KRW", 0, 1, random_.Pick(kHostile), random_.Pick(kHostile), 0, 0, 0);
        return symbol.body;
      }
      default: break;
    }
    const SymbolStatus status = random_.OneIn(3) ? static_cast<SymbolStatus>(random_.Below(5)) : SymbolStatus::kTrading;
    return SetSymbolStatus{SymbolId(static_cast<std::uint16_t>(random_.Below(4))), status};
  }

  Random random_;
  std::vector<Command> sent_;
  std::uint64_t next_id_ = 0;
};

// Gives the engine's order ids the naive numbers: 1, 2, 3 as they appear.
class IdTranslation {
 public:
  OrderId ToNaive(OrderId id) {
    if (id.value() == 0) return id;
    const auto [at, fresh] = numbers_.emplace(id.value(), ids_.size() + 1);
    if (fresh) ids_.push_back(id);
    return OrderId(at->second);
  }
  // Without making up a number: ids that nobody gave stay what they are, beyond all numbers.
  OrderId ForCancel(OrderId id) const {
    const auto at = numbers_.find(id.value());
    return at == numbers_.end() ? OrderId(id.value() | 1ull << 63) : OrderId(at->second);
  }
  [[nodiscard]] const std::vector<OrderId>& ids() const { return ids_; }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;
  std::vector<OrderId> ids_;
};

class Comparison {
 public:
  explicit Comparison(std::uint64_t seed)
      : source_(seed), random_(seed + 1), engine_(Config()), naive_(Config().client_id_retention_ns) {}

  void Run(int commands) {
    for (const Command& command : source_.Setup()) Step(command);
    for (int i = 0; i < commands && !testing::Test::HasFailure(); ++i) Step(source_.Draw(translation_.ids()));
  }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] std::uint64_t trades() const { return trades_; }

 private:
  static EngineConfig Config() {
    EngineConfig config;
    config.max_orders = 100'000;
    config.max_client_ids = 100'000;
    config.client_id_retention_ns = 1'500;
    return config;
  }

  void Step(const Command& command) {
    ++sequence_;
    now_ns_ += static_cast<std::int64_t>(random_.Below(20));
    Command naive_command = command;
    if (auto* cancel = std::get_if<CancelOrder>(&naive_command.body);
        cancel != nullptr && cancel->order_id.value() != 0) {
      cancel->order_id = translation_.ForCancel(cancel->order_id);
    }
    const auto events = engine_.Apply(SequenceNumber(sequence_), now_ns_, command);
    std::vector<Event> said;
    std::map<std::uint16_t, __int128> deltas;
    for (Event event : events) Take(event, said, deltas);
    ASSERT_EQ(engine_.CheckInvariants(), "");
    const auto expected = naive_.Apply(sequence_, now_ns_, naive_command);
    ASSERT_TRUE(said == expected) << "at sequence " << sequence_ << "\nthe engine:" << Describe(said)
                                  << "\nthe naive engine:" << Describe(expected);
    CompareBalances(command, deltas);
    if (sequence_ % 16 == 0) CompareBooks();
  }

  static std::string Describe(const std::vector<Event>& events) {
    std::string text;
    for (const Event& event : events) {
      if (const auto* rejected = std::get_if<CommandRejected>(&event)) {
        text += "\n  refused " + std::string(RejectReasonCode(rejected->reason)) + " " +
                std::string(rejected->field.view()) + " original " +
                std::to_string(rejected->original_sequence.value());
      } else if (const auto* trade = std::get_if<Trade>(&event)) {
        text += "\n  trade " + std::to_string(trade->quantity.value()) + " @ " + std::to_string(trade->price.value());
      } else if (const auto* report = std::get_if<ExecutionReport>(&event)) {
        text += "\n  order " + std::to_string(report->order_id.value()) + " " + std::string(NameOf(report->side)) +
                " " + std::string(NameOf(report->type)) + " " + std::string(NameOf(report->time_in_force)) + " " +
                std::to_string(report->quantity.value()) + " for " + std::to_string(report->quote_quantity.value()) +
                " @ " + std::to_string(report->price.value()) + ": " + std::string(NameOf(report->status)) +
                " executed " + std::to_string(report->executed_quantity.value()) + " for " +
                std::to_string(report->executed_quote.value()) + " fee " + std::to_string(report->fee.value());
      }
    }
    return text;
  }

  void Take(Event& event, std::vector<Event>& said, std::map<std::uint16_t, __int128>& deltas) {
    if (auto* report = std::get_if<ExecutionReport>(&event)) {
      report->order_id = translation_.ToNaive(report->order_id);
      said.push_back(event);
    } else if (auto* trade = std::get_if<Trade>(&event)) {
      trade->maker_order_id = translation_.ToNaive(trade->maker_order_id);
      trade->taker_order_id = translation_.ToNaive(trade->taker_order_id);
      said.push_back(event);
      ++trades_;
    } else if (std::holds_alternative<CommandRejected>(event)) {
      said.push_back(event);
    } else if (auto* change = std::get_if<BookChange>(&event)) {
      ASSERT_TRUE(books_[change->symbol.value()].Apply(SequenceNumber(sequence_), *change));
      ASSERT_EQ(change->order_count == 0, change->quantity.value() == 0);
    } else if (auto* balance = std::get_if<BalanceChange>(&event)) {
      matching::Balance& shadow = balances_[{balance->account.value(), balance->asset.value()}];
      shadow.available += balance->available_delta.value();
      shadow.locked += balance->locked_delta.value();
      ASSERT_EQ(shadow.available, balance->available.value());
      ASSERT_EQ(shadow.locked, balance->locked.value());
      deltas[balance->asset.value()] += balance->available_delta.value() + balance->locked_delta.value();
    }
  }

  void CompareBalances(const Command& command, const std::map<std::uint16_t, __int128>& deltas) {
    const bool transfer =
        std::holds_alternative<Deposit>(command.body) || std::holds_alternative<Withdraw>(command.body);
    for (const auto& [asset, delta] : deltas) ASSERT_TRUE(transfer || delta == 0) << "asset " << asset;
    const auto& accounts = engine_.accounts();
    for (std::uint32_t account = 0; account < accounts.count(); ++account) {
      for (std::uint16_t asset = 0; asset < accounts.assets(); ++asset) {
        const matching::Balance balance = accounts.At(AccountId(account), AssetId(asset));
        const auto money = naive_.MoneyOf(account, asset);
        ASSERT_EQ(balance.available, money.available)
            << "account " << account << " asset " << asset << " at " << sequence_;
        ASSERT_EQ(balance.locked, money.locked) << "account " << account << " asset " << asset << " at " << sequence_;
        const matching::Balance shadow = balances_[{account, asset}];
        ASSERT_EQ(balance, shadow) << "events do not tell the balances at " << sequence_;
      }
    }
  }

  void CompareBooks() {
    for (const Symbol& symbol : engine_.symbols()) {
      const BookSnapshot snapshot = engine_.Snapshot(symbol.id, 0);
      ASSERT_EQ(snapshot, naive_.BookOf(symbol.id.value(), sequence_));
      BookSnapshot rebuilt = books_[symbol.id.value()].Snapshot(symbol.id, 0);
      rebuilt.sequence = snapshot.sequence;
      ASSERT_EQ(snapshot, rebuilt) << "events do not tell the book at " << sequence_;
    }
  }

  CommandSource source_;
  Random random_;
  Engine engine_;
  NaiveEngine naive_;
  IdTranslation translation_;
  std::map<std::pair<std::uint32_t, std::uint16_t>, matching::Balance> balances_;
  std::map<std::uint16_t, LevelBook> books_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 1'000;
  std::uint64_t trades_ = 0;
};

class NaiveEngineTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(NaiveEngineTest, SaysTheSameAsTheEngine) {
  Comparison comparison(GetParam());
  comparison.Run(25'000);
  EXPECT_GT(comparison.trades(), 3'000u);
  EXPECT_GT(comparison.engine().resting_orders(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, NaiveEngineTest, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace xt::scenarios
