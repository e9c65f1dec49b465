// FileMarketBus: the contract of the port, and what is its own: retention, hand-over within a group, damage.
#include <fstream>

#include "libs/adapters/embedded/file_market_bus.h"
#include "tests/contract/market_bus_contract.h"

namespace xt::contract {
namespace {

using embedded::FileMarketBus;
using embedded::FileMarketBusOptions;

class FileBackend final : public MarketBusBackend {
 public:
  std::unique_ptr<ports::MarketBus> Connect() override {
    auto bus = FileMarketBus::Open(folder_.path() + "/market", {.segment_bytes = 2000, .retain_bytes = 1 << 20});
    EXPECT_TRUE(bus.ok()) << bus.status();
    return bus.ok() ? *std::move(bus) : nullptr;
  }

 private:
  TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, MarketBusContract, ::testing::Values(+[]() -> std::unique_ptr<MarketBusBackend> {
                           return std::make_unique<FileBackend>();
                         }));

ports::MarketMessage Trade(std::uint64_t sequence) {
  return {"market.trade",
          "BTC-KRW",
          {domain::SequenceNumber(sequence), 1},
          std::make_shared<const std::string>("trade " + std::to_string(sequence))};
}

std::vector<std::uint64_t> Sequences(const absl::StatusOr<std::vector<ports::MarketDelivery>>& deliveries) {
  std::vector<std::uint64_t> sequences;
  EXPECT_TRUE(deliveries.ok()) << deliveries.status();
  if (deliveries.ok()) {
    for (const auto& delivery : *deliveries) sequences.push_back(delivery.message.id.sequence.value());
  }
  return sequences;
}

TEST(FileMarketBusTest, RetentionDropsTheOldestAndAConsumerGoesOnThere) {
  TemporaryFolder folder;
  const FileMarketBusOptions options{.segment_bytes = 1000, .retain_bytes = 5000};
  auto bus = *FileMarketBus::Open(folder.path(), options);
  auto slow = *bus->Subscribe("slow", {"market.trade"}, ports::StartAt::kOldest);
  for (std::uint64_t n = 1; n <= 1000; ++n) ASSERT_TRUE(bus->Publish({Trade(n)}).ok());
  EXPECT_LE(bus->SizeBytes(), 6200U);
  const auto read = Sequences(slow->Poll(1000, kNow));
  ASSERT_FALSE(read.empty());
  EXPECT_GT(read.front(), 800U);
  EXPECT_EQ(read.back(), 1000U);
  EXPECT_EQ(read.size(), read.back() - read.front() + 1);
  slow.reset();
  bus = nullptr;
  bus = *FileMarketBus::Open(folder.path(), options);
  EXPECT_EQ(bus->LastId("market.trade")->sequence.value(), 1000U);
}

TEST(FileMarketBusTest, ASecondConsumerOfAGroupTakesOverWhereTheFirstCommitted) {
  TemporaryFolder folder;
  auto bus = *FileMarketBus::Open(folder.path());
  auto first = *bus->Subscribe("g", {"market.trade"}, ports::StartAt::kOldest);
  auto second = *bus->Subscribe("g", {"market.trade"}, ports::StartAt::kOldest);
  ASSERT_TRUE(bus->Publish({Trade(1), Trade(2), Trade(3)}).ok());
  EXPECT_THAT(Sequences(first->Poll(1, kNow)), ::testing::ElementsAre(1));
  EXPECT_THAT(Sequences(second->Poll(10, kNow)), ::testing::IsEmpty());
  ASSERT_TRUE(first->Commit().ok());
  EXPECT_THAT(Sequences(first->Poll(1, kNow)), ::testing::ElementsAre(2));
  first.reset();
  EXPECT_THAT(Sequences(second->Poll(10, kNow)), ::testing::ElementsAre(2, 3));
}

TEST(FileMarketBusTest, ADamagedOffsetStartsTheGroupOver) {
  TemporaryFolder folder;
  {
    auto bus = *FileMarketBus::Open(folder.path());
    ASSERT_TRUE(bus->Publish({Trade(1), Trade(2)}).ok());
    auto consumer = *bus->Subscribe("g", {"market.trade"}, ports::StartAt::kOldest);
    ASSERT_EQ(consumer->Poll(10, kNow)->size(), 2U);
    ASSERT_TRUE(consumer->Commit().ok());
  }
  for (const char* slot : {".0", ".1"}) {
    std::ofstream(folder.path() + "/groups/g/market.trade" + slot, std::ios::trunc) << "nonsense";
  }
  auto bus = *FileMarketBus::Open(folder.path());
  auto consumer = *bus->Subscribe("g", {"market.trade"}, ports::StartAt::kNewest);
  EXPECT_THAT(Sequences(consumer->Poll(10, kNow)), ::testing::ElementsAre(1, 2));
}

TEST(FileMarketBusTest, NamesAreCheckedAndTheFolderHasOneOwner) {
  TemporaryFolder folder;
  auto bus = *FileMarketBus::Open(folder.path());
  ports::MarketMessage bad = Trade(1);
  bad.topic = "../x";
  EXPECT_EQ(bus->Publish({bad}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(bus->Subscribe("a/b", {"t"}, ports::StartAt::kOldest).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(bus->Subscribe("g", {"a/b"}, ports::StartAt::kOldest).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FileMarketBus::Open(folder.path()).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace xt::contract
