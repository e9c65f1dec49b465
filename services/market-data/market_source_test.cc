#include "services/market-data/market_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "libs/wire/market_proto.h"
#include "services/market-data/testing/fakes.h"

namespace xt::market_data {
namespace {

using domain::SequenceNumber;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::chrono::milliseconds kNow{0};

// A topic that may be away: then its consumer has nothing, and LastId fails.
class Bus final : public ports::MarketBus {
 public:
  void SetThere(bool there) { there_ = there; }
  void Add(std::uint64_t sequence) {
    queue_.push_back({testing::TradeMessage(testing::MakeSymbol(0, "BTC-KRW"), sequence, 100, 1, 0), 0});
  }
  [[nodiscard]] int asked() const { return asked_; }

  absl::Status Publish(const std::vector<ports::MarketMessage>&) override { return absl::OkStatus(); }
  absl::StatusOr<domain::EventId> LastId(std::string_view) override {
    ++asked_;
    if (!there_) return absl::UnavailableError("away");
    return domain::EventId();
  }
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view, const std::vector<std::string>&,
                                                                   ports::StartAt) override {
    return std::make_unique<Consumer>(*this);
  }
  void Close() override {}

 private:
  class Consumer final : public ports::MarketConsumer {
   public:
    explicit Consumer(Bus& bus) : bus_(bus) {}
    absl::StatusOr<std::vector<ports::MarketDelivery>> Poll(std::size_t, std::chrono::milliseconds) override {
      std::vector<ports::MarketDelivery> deliveries;
      if (!bus_.there_) return deliveries;
      deliveries.assign(bus_.queue_.begin(), bus_.queue_.end());
      bus_.queue_.clear();
      return deliveries;
    }
    absl::Status Commit() override { return absl::OkStatus(); }
    [[nodiscard]] std::uint64_t Lag() const override { return 0; }

   private:
    Bus& bus_;
  };

  bool there_ = true;
  int asked_ = 0;
  std::deque<ports::MarketDelivery> queue_;
};

class MarketSourceTest : public ::testing::Test {
 protected:
  MarketSourceTest() { config_.fallback_patience_ms = 500; }

  std::vector<std::uint64_t> Poll(MarketSource& source) {
    const auto deliveries =
        source.Poll(100, kNow, [](domain::SymbolId) { return *domain::SymbolCode::From("BTC-KRW"); });
    EXPECT_TRUE(deliveries.ok()) << deliveries.status();
    std::vector<std::uint64_t> sequences;
    if (!deliveries.ok()) return sequences;
    last_ = *deliveries;
    for (const auto& delivery : last_) sequences.push_back(delivery.message.id.sequence.value());
    return sequences;
  }
  std::vector<std::uint64_t> Poll() { return Poll(source_); }
  void BusGoes() {
    bus_.SetThere(false);
    clock_.AdvanceNs(500 * kNsPerMs);
    EXPECT_THAT(Poll(), IsEmpty());
  }

  MarketDataConfig config_;
  Bus bus_;
  testing::FakeExecutions reader_;
  ManualClock clock_;
  MarketSource source_{config_, bus_, {.reader = &reader_}, clock_};
  MarketSource::Deliveries last_;
};

TEST_F(MarketSourceTest, ABusThatIsThereAndSilentIsOnlyAsked) {
  ASSERT_TRUE(source_.Start().ok());
  reader_.Add(1, 4);
  bus_.Add(1);
  EXPECT_THAT(Poll(), ElementsAre(1));
  clock_.AdvanceNs(499 * kNsPerMs);
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_EQ(bus_.asked(), 0);
  clock_.AdvanceNs(1 * kNsPerMs);
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_THAT(Poll(), IsEmpty());
  EXPECT_EQ(bus_.asked(), 1);
  EXPECT_FALSE(source_.fallen_back());
}

TEST_F(MarketSourceTest, WithoutTheBusTheExecutionsAreTheSameMessages) {
  ASSERT_TRUE(source_.Start().ok());
  BusGoes();
  EXPECT_TRUE(source_.fallen_back());
  reader_.Add(1, 4);
  EXPECT_THAT(Poll(), ElementsAre(1, 2, 3, 4));
  EXPECT_FALSE(source_.TakeNewStart()) << "from the first command on";
  ASSERT_EQ(last_.size(), 4U);
  EXPECT_EQ(last_[0].message.topic, ports::topic::kTrade);
  const auto trade = wire::DecodeMarketTrade(*last_[0].message.payload);
  ASSERT_TRUE(trade.ok()) << trade.status();
  EXPECT_EQ(trade->trade_id, domain::TradeId(1));
  EXPECT_EQ(last_[3].message.topic, ports::topic::kDepth);
  const auto depth = wire::DecodeMarketDepth(*last_[3].message.payload);
  ASSERT_TRUE(depth.ok()) << depth.status();
  EXPECT_EQ(depth->sequence, SequenceNumber(4));
  EXPECT_EQ(depth->previous_sequence, SequenceNumber(2));
  EXPECT_THAT(Poll(), IsEmpty());
}

TEST_F(MarketSourceTest, BothUntilTheBusHasAsMuch) {
  ASSERT_TRUE(source_.Start().ok());
  BusGoes();
  reader_.Add(1, 5);
  EXPECT_THAT(Poll(), ElementsAre(1, 2, 3, 4, 5));
  bus_.SetThere(true);
  bus_.Add(3);
  reader_.Add(6, 7);
  EXPECT_THAT(Poll(), ElementsAre(3, 6, 7));
  EXPECT_TRUE(source_.fallen_back());
  bus_.Add(5);
  bus_.Add(7);
  EXPECT_THAT(Poll(), ElementsAre(5, 7));
  EXPECT_FALSE(source_.fallen_back());
  reader_.Add(8, 9);
  EXPECT_THAT(Poll(), IsEmpty());
}

TEST_F(MarketSourceTest, AGapInTheExecutionsAsksForBooks) {
  ASSERT_TRUE(source_.Start().ok());
  reader_.Add(10, 12);
  source_.BusFailed(absl::UnavailableError("did not take a ticker"));
  bus_.SetThere(false);
  EXPECT_THAT(Poll(), ElementsAre(10, 11, 12));
  EXPECT_TRUE(source_.TakeNewStart());
  EXPECT_EQ(source_.TakeMissed(), 0U) << "what was before the start is not missed";
  reader_.Add(13, 13);
  EXPECT_THAT(Poll(), ElementsAre(13));
  EXPECT_FALSE(source_.TakeNewStart());
  reader_.Add(20, 20);
  EXPECT_THAT(Poll(), ElementsAre(20));
  EXPECT_TRUE(source_.TakeNewStart());
  EXPECT_EQ(source_.TakeMissed(), 6U) << "14 to 19";
  EXPECT_EQ(source_.TakeMissed(), 0U);
  const auto depth = wire::DecodeMarketDepth(*last_[0].message.payload);
  ASSERT_TRUE(depth.ok()) << depth.status();
  EXPECT_EQ(depth->previous_sequence, SequenceNumber(0)) << "not known behind a gap";
}

TEST_F(MarketSourceTest, WithoutExecutionsTheBusAlone) {
  MarketSource alone(config_, bus_, {}, clock_);
  ASSERT_TRUE(alone.Start().ok());
  bus_.SetThere(false);
  clock_.AdvanceNs(10'000 * kNsPerMs);
  EXPECT_THAT(Poll(alone), IsEmpty());
  alone.BusFailed(absl::UnavailableError("away"));
  EXPECT_FALSE(alone.fallen_back());
  EXPECT_EQ(bus_.asked(), 0);
}

TEST_F(MarketSourceTest, TheExecutionsAloneWhereNoBusIsConfigured) {
  MarketSource always(config_, bus_, {.reader = &reader_, .always = true}, clock_);
  ASSERT_TRUE(always.Start().ok());
  bus_.Add(1);
  reader_.Add(1, 2);
  EXPECT_THAT(Poll(always), ElementsAre(1, 2));
  EXPECT_TRUE(always.fallen_back());
  EXPECT_EQ(bus_.asked(), 0);
}

}  // namespace
}  // namespace xt::market_data
