// The generator against figures of its own first messages, and the measured engines against the generator on a short
// run: a benchmark whose answer is wrong measures nothing.
#include "bench/matching/workload.h"

#include <gtest/gtest.h>

#include <map>

#include "bench/matching/measure.h"

namespace xt::bench {
namespace {

using domain::Side;

constexpr WorkloadSpec kShort{"short", 1'000, 20'000, 10, {}};

// The workload's trades by the plainest book there is.
class PlainBook {
 public:
  void Apply(const Message& m) {
    if (m.kind == MessageKind::kCancel) return Cancel(m.id);
    std::uint32_t left = m.quantity;
    while (left > 0) {
      auto best = m.side == Side::kBuy ? Best(asks_.begin(), asks_.end()) : Best(bids_.rbegin(), bids_.rend());
      if (best.price == 0 || (m.kind != MessageKind::kMarket && !Crosses(m, best.price))) break;
      const std::uint32_t quantity = std::min(left, orders_[best.id].left);
      digest_.Add(best.id, m.id, best.price, quantity);
      left -= quantity;
      if ((orders_[best.id].left -= quantity) == 0) Cancel(best.id);
    }
    if (left == 0 || m.kind != MessageKind::kAdd) return;
    orders_[m.id] = {m.side, m.price, left};
    (m.side == Side::kBuy ? bids_ : asks_)[m.price].push_back(m.id);
  }
  [[nodiscard]] WorkloadAnswer Answer() const { return digest_.Answer(orders_.size()); }

 private:
  struct Order {
    Side side;
    std::uint32_t price;
    std::uint32_t left;
  };
  struct Top {
    std::uint32_t price = 0;
    std::uint32_t id = 0;
  };
  template <typename Iterator>
  static Top Best(Iterator begin, Iterator end) {
    return begin == end ? Top{} : Top{begin->first, begin->second.front()};
  }
  static bool Crosses(const Message& m, std::uint32_t price) {
    return m.side == Side::kBuy ? price <= m.price : price >= m.price;
  }
  void Cancel(std::uint32_t id) {
    const Order order = orders_.at(id);
    auto& side = order.side == Side::kBuy ? bids_ : asks_;
    auto& queue = side[order.price];
    std::erase(queue, id);
    if (queue.empty()) side.erase(order.price);
    orders_.erase(id);
  }

  std::map<std::uint32_t, std::vector<std::uint32_t>> bids_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> asks_;
  std::map<std::uint32_t, Order> orders_;
  TradeDigest digest_;
};

TEST(WorkloadTest, PrngIsXoshiro256StarStarSeededBySplitmix64) {
  Xoshiro256 random(42);
  const std::uint64_t first = random.Next();
  Xoshiro256 again(42);
  EXPECT_EQ(first, again.Next());
  EXPECT_EQ(first, 1546998764402558742u);
  for (int i = 0; i < 1'000; ++i) EXPECT_LT(random.Below(7), 7u);
}

TEST(WorkloadTest, APlainBookComesToTheSameAnswer) {
  const Workload workload = Generate(kShort);
  ASSERT_EQ(workload.messages.size(), 21'000u);
  PlainBook plain;
  for (const Message& message : workload.messages) plain.Apply(message);
  EXPECT_EQ(plain.Answer(), workload.answer);
  EXPECT_GT(workload.answer.trades, 5'000u);
}

TEST(WorkloadTest, TheBareBookAndTheCompleteEngineComeToTheSameAnswer) {
  const Workload workload = Generate(kShort);
  WorkloadSpec spec = kShort;
  spec.answer = workload.answer;
  EXPECT_TRUE(RunBare(spec, workload, 1).right());
  EXPECT_TRUE(RunComplete(spec, workload, 1).right());
}

TEST(WorkloadTest, AWrongAnswerIsSeen) {
  const Workload workload = Generate(kShort);
  WorkloadSpec spec = kShort;
  spec.answer = workload.answer;
  spec.answer.digest ^= 1;
  EXPECT_FALSE(RunBare(spec, workload, 1).right());
}

}  // namespace
}  // namespace xt::bench
