// What scenarios cannot show: capacities, overflow, determinism and the digest. The rules of trading are tested in
// tests/scenarios, and against a second engine there.
#include "services/matching/core/engine.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace xt::matching {
namespace {

using namespace domain;  // NOLINT: the tests speak of commands and events only

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

ClientOrderId Id(const std::string& text) { return *ClientOrderId::From(text); }

class EngineTest : public testing::Test {
 protected:
  explicit EngineTest(EngineConfig config = SmallConfig()) : engine_(config) {}

  static EngineConfig SmallConfig() {
    EngineConfig config;
    config.max_orders = 4;
    config.max_level_pages = 3;
    config.max_client_ids = 12;
    config.max_accounts = 3;
    config.max_assets = 3;
    config.max_symbols = 1;
    return config;
  }

  void SetUp() override {
    Apply(DefineAsset{*AssetCode::From("BTC"), 8});
    Apply(DefineAsset{*AssetCode::From("KRW"), 4});
    Symbol symbol;
    symbol.code = *SymbolCode::From("BTC-KRW");
    symbol.base = AssetId(0);
    symbol.quote = AssetId(1);
    symbol.tick_size = Amount(10'000'000);
    symbol.lot_size = Amount(10'000);
    Apply(DefineSymbol{symbol});
    for (const char* name : {"alice", "bob"}) Apply(CreateAccount{*AccountName::From(name)});
    for (std::uint32_t account : {1u, 2u}) {
      for (const AssetId asset : {AssetId(0), AssetId(1)}) {
        Apply(
            Deposit{AccountId(account), asset, Amount(1'000'000'000'000'000), Id("d" + std::to_string(asset.value()))});
      }
    }
    ASSERT_EQ(engine_.CheckInvariants(), "");
  }

  std::vector<Event> Apply(const CommandBody& body) {
    commands_.push_back({body});
    const auto events = engine_.Apply(SequenceNumber(++sequence_), now_ns_, commands_.back());
    return {events.begin(), events.end()};
  }

  // The reason of the refusal, kNone when it was none; whatever happens, the invariants hold.
  RejectReason ReasonOf(const CommandBody& body) {
    const auto events = Apply(body);
    EXPECT_EQ(engine_.CheckInvariants(), "");
    const auto* rejected = std::get_if<CommandRejected>(&events.front());
    return rejected != nullptr ? rejected->reason : RejectReason::kNone;
  }

  static NewOrder Limit(std::uint32_t account, Side side, std::int64_t price, std::int64_t quantity) {
    NewOrder order;
    order.account = AccountId(account);
    order.symbol = SymbolId(0);
    order.side = side;
    order.type = OrderType::kLimit;
    order.time_in_force = TimeInForce::kGtc;
    order.price = Price(price);
    order.quantity = Quantity(quantity);
    return order;
  }

  Engine engine_;
  std::vector<Command> commands_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 0;
};

TEST_F(EngineTest, OrdersBeyondTheCapacityAreRefusedUntilOneEnds) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, 100, 1)), RejectReason::kNone);
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, 100, 1)), RejectReason::kCapacity);
  const OrderId oldest(1ull << 32 | 1);
  EXPECT_EQ(ReasonOf(CancelOrder{AccountId(1), oldest, {}}), RejectReason::kNone);
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, 100, 1)), RejectReason::kNone);
}

TEST_F(EngineTest, FarPricesBeyondTheCapacityOfLevelsAreRefused) {
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, i * 100'000, 1)), RejectReason::kNone);
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, 900'000, 1)), RejectReason::kCapacity);
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, 100'001, 1)), RejectReason::kNone) << "near another order there is room";
}

TEST_F(EngineTest, AClientIdIsNeverForgottenEarly) {
  for (int i = 0; i < 8; ++i) {
    NewOrder order = Limit(1, Side::kBuy, 100, 1);
    order.time_in_force = TimeInForce::kIoc;
    order.client_order_id = Id("o" + std::to_string(i));
    EXPECT_EQ(ReasonOf(order), RejectReason::kNone);
  }
  NewOrder next = Limit(1, Side::kBuy, 100, 1);
  next.client_order_id = Id("next");
  EXPECT_EQ(ReasonOf(next), RejectReason::kCapacity);
  EXPECT_EQ(ReasonOf(Deposit{AccountId(1), AssetId(0), Amount(1), Id("t")}), RejectReason::kCapacity);
  now_ns_ += SmallConfig().client_id_retention_ns - 1;
  EXPECT_EQ(ReasonOf(next), RejectReason::kCapacity);
  ++now_ns_;
  EXPECT_EQ(ReasonOf(next), RejectReason::kNone);
}

TEST_F(EngineTest, AccountsAssetsAndSymbolsHaveTheirCapacity) {
  EXPECT_EQ(ReasonOf(CreateAccount{*AccountName::From("carol")}), RejectReason::kNone);
  EXPECT_EQ(ReasonOf(CreateAccount{*AccountName::From("dave")}), RejectReason::kCapacity);
  EXPECT_EQ(ReasonOf(DefineAsset{*AssetCode::From("ETH"), 8}), RejectReason::kNone);
  EXPECT_EQ(ReasonOf(DefineAsset{*AssetCode::From("XRP"), 8}), RejectReason::kCapacity);
  Symbol symbol = engine_.symbols().front();
  symbol.code = *SymbolCode::From("ETH-KRW");
  symbol.base = AssetId(2);
  EXPECT_EQ(ReasonOf(DefineSymbol{symbol}), RejectReason::kCapacity);
}

TEST_F(EngineTest, ADepositThatWouldOverflowTheSupplyIsRefused) {
  const std::int64_t there = 2'000'000'000'000'000;
  EXPECT_EQ(ReasonOf(Deposit{AccountId(1), AssetId(0), Amount(kMost - there + 1), Id("x")}), RejectReason::kOverflow);
  EXPECT_EQ(ReasonOf(Deposit{AccountId(1), AssetId(0), Amount(kMost - there), Id("x")}), RejectReason::kNone);
  EXPECT_EQ(ReasonOf(Deposit{AccountId(2), AssetId(0), Amount(1), Id("y")}), RejectReason::kOverflow);
  EXPECT_EQ(engine_.accounts().supply(AssetId(0)), kMost);
}

TEST_F(EngineTest, AProductThatWouldWrapIsRefused) {
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, std::int64_t{1} << 32, std::int64_t{1} << 32)), RejectReason::kOverflow);
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, 1'000'000'000'000, 1'000'000'000'000)), RejectReason::kOverflow);
  EXPECT_EQ(ReasonOf(Limit(1, Side::kSell, 1, 1'000'000'000'000)), RejectReason::kInsufficientBalance);
}

TEST_F(EngineTest, AnIdThatWasGivenToNobodyYetCancelsNothing) {
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, 100, 1)), RejectReason::kNone);
  for (const std::uint64_t id : {1ull, 2ull, 2ull << 32 | 1, 1ull << 32 | 2, ~0ull}) {
    EXPECT_EQ(ReasonOf(CancelOrder{AccountId(1), OrderId(id), {}}), RejectReason::kUnknownOrder) << id;
  }
}

TEST_F(EngineTest, TheFeeAccountIsNoCustomer) {
  EXPECT_EQ(ReasonOf(Limit(0, Side::kBuy, 100, 1)), RejectReason::kUnknownAccount);
  EXPECT_EQ(ReasonOf(Deposit{kFeeAccount, AssetId(0), Amount(1), Id("x")}), RejectReason::kUnknownAccount);
  EXPECT_EQ(ReasonOf(Withdraw{kFeeAccount, AssetId(0), Amount(1), Id("x")}), RejectReason::kUnknownAccount);
}

TEST_F(EngineTest, ARefusalChangesNothingInTheDigestButTheSequence) {
  Engine twin(SmallConfig());
  for (const Command& command : commands_) twin.Apply(SequenceNumber(twin.applied().value() + 1), now_ns_, command);
  ASSERT_EQ(engine_.Digest(), twin.Digest());
  EXPECT_EQ(ReasonOf(Limit(1, Side::kBuy, -5, 1)), RejectReason::kNotPositive);
  EXPECT_NE(engine_.Digest(), twin.Digest()) << "they stand at different sequences";
  twin.Apply(SequenceNumber(sequence_), now_ns_, {Limit(1, Side::kSell, 100, -1)});
  EXPECT_EQ(engine_.Digest(), twin.Digest()) << "two refusals leave the same state";
}

TEST_F(EngineTest, TheDigestSeesABalanceAnOrderAndAnId) {
  const Hash128 before = engine_.Digest();
  Engine other(SmallConfig());
  for (const Command& command : commands_) other.Apply(SequenceNumber(other.applied().value() + 1), now_ns_, command);
  Apply(Limit(1, Side::kBuy, 100, 1));
  other.Apply(SequenceNumber(sequence_), now_ns_, {Limit(2, Side::kBuy, 100, 1)});
  EXPECT_NE(engine_.Digest(), other.Digest());
  EXPECT_NE(engine_.Digest(), before);
}

TEST_F(EngineTest, KnowsItsOwnStateInBytes) {
  const std::string bytes = engine_.SaveSnapshot();
  EXPECT_TRUE(engine_.IsStateOf(bytes));
  for (const std::size_t size : {std::size_t{0}, std::size_t{40}, bytes.size() - 8}) {
    EXPECT_FALSE(engine_.IsStateOf(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(engine_.IsStateOf(bytes + "12345678"));
  std::string other = bytes;
  other[other.size() / 2] = static_cast<char>(other[other.size() / 2] ^ 1);
  EXPECT_FALSE(engine_.IsStateOf(other));
  Apply(Limit(1, Side::kBuy, 100, 1));
  EXPECT_FALSE(engine_.IsStateOf(bytes));
}

using EngineDeathTest = EngineTest;

TEST_F(EngineDeathTest, AGapInTheSequenceIsABrokenInvariant) {
  EXPECT_DEATH(engine_.Apply(SequenceNumber(sequence_ + 2), 0, commands_.front()), "in sequence");
}

// A stream with all kinds of orders, applied twice.
TEST(EngineDeterminismTest, TheSameCommandsGiveTheSameEventsAndTheSameDigest) {
  EngineConfig config;
  config.max_orders = 10'000;
  config.max_client_ids = 10'000;
  Engine first(config);
  Engine second(config);
  std::uint64_t state = 11;
  const auto random = [&state](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  std::uint64_t sequence = 0;
  const auto both = [&](const CommandBody& body) {
    ++sequence;
    const auto now_ns = static_cast<std::int64_t>(sequence);
    const auto a = first.Apply(SequenceNumber(sequence), now_ns, {body});
    const auto b = second.Apply(SequenceNumber(sequence), now_ns, {body});
    ASSERT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << sequence;
  };
  both(DefineAsset{*AssetCode::From("BTC"), 8});
  both(DefineAsset{*AssetCode::From("KRW"), 4});
  Symbol symbol;
  symbol.code = *SymbolCode::From("BTC-KRW");
  symbol.base = AssetId(0);
  symbol.quote = AssetId(1);
  symbol.tick_size = Amount(10'000'000);
  symbol.lot_size = Amount(10'000);
  symbol.taker_fee_bps = 7;
  both(DefineSymbol{symbol});
  for (std::uint32_t i = 1; i <= 9; ++i) {
    both(CreateAccount{*AccountName::From("t" + std::to_string(i))});
    both(Deposit{AccountId(i), AssetId(0), Amount(1'000'000'000'000), Id("b")});
    both(Deposit{AccountId(i), AssetId(1), Amount(1'000'000'000'000), Id("q")});
  }
  for (int i = 0; i < 20'000; ++i) {
    NewOrder order;
    order.account = AccountId(static_cast<std::uint32_t>(1 + random(9)));
    order.side = random(2) == 0 ? Side::kBuy : Side::kSell;
    order.type = OrderType::kLimit;
    order.time_in_force = static_cast<TimeInForce>(1 + random(3));
    order.price = Price(static_cast<std::int64_t>(900 + random(200)));
    order.quantity = Quantity(static_cast<std::int64_t>(1 + random(500)));
    if (random(2) == 0) order.client_order_id = Id("c" + std::to_string(random(6'000)));
    both(order);
  }
  EXPECT_EQ(first.Digest(), second.Digest());
  EXPECT_EQ(first.CheckInvariants(), "");
  EXPECT_GT(first.open_orders(), 100u);
}

}  // namespace
}  // namespace xt::matching
