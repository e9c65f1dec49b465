#include "libs/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace xt {
namespace {

using std::chrono::seconds;

TEST(BoundedQueueTest, RefusesWhenFullAndLeavesTheItem) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.TryPush(std::move(second)));
  EXPECT_NE(second, nullptr);
}

TEST(BoundedQueueTest, KeepsOrderAndBatches) {
  BoundedQueue<int> queue(10);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.TryPush(int{i}));
  std::vector<int> out;
  EXPECT_TRUE(queue.PopBatch(out, 3, seconds(0)));
  EXPECT_EQ(out, (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(queue.PopBatch(out, 3, seconds(0)));
  EXPECT_EQ(out, (std::vector<int>{3, 4}));
  EXPECT_TRUE(queue.PopBatch(out, 3, seconds(0)));
  EXPECT_TRUE(out.empty());
}

TEST(BoundedQueueTest, CloseDrainsThenEnds) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.TryPush(1));
  queue.Close();
  EXPECT_FALSE(queue.TryPush(2));
  EXPECT_FALSE(queue.Push(3));
  std::vector<int> out;
  EXPECT_TRUE(queue.PopBatch(out, 10, seconds(0)));
  EXPECT_EQ(out, std::vector<int>{1});
  EXPECT_FALSE(queue.PopBatch(out, 10, seconds(0)));
}

TEST(BoundedQueueTest, ManyProducersLoseNothing) {
  BoundedQueue<int> queue(16);
  constexpr int kEach = 10'000;
  std::vector<std::jthread> producers;
  for (int p = 0; p < 4; ++p) {
    producers.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) ASSERT_TRUE(queue.Push(int{i}));
    });
  }
  std::vector<int> out;
  int seen = 0;
  while (seen < 4 * kEach && queue.PopBatch(out, 64, seconds(30))) seen += static_cast<int>(out.size());
  EXPECT_EQ(seen, 4 * kEach);
}

}  // namespace
}  // namespace xt
