#include "bench/public-harness/report_ring.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace xt::bench {
namespace {

using Ring = ReportRing<std::uint64_t>;

std::vector<std::uint64_t> DrainAll(Ring& ring, std::size_t max) {
  std::vector<std::uint64_t> seen;
  while (ring.Drain(max - seen.size(), [&](std::uint64_t record) { seen.push_back(record); }) != 0) {
  }
  return seen;
}

TEST(ReportRingTest, WhatIsPushedIsSeenWhenItIsPublished) {
  Ring ring(10);
  *ring.Next() = 1;
  *ring.Next() = 2;
  EXPECT_TRUE(DrainAll(ring, 9).empty());
  ring.Publish();
  *ring.Next() = 3;
  EXPECT_EQ(DrainAll(ring, 1), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(DrainAll(ring, 9), (std::vector<std::uint64_t>{2}));
  ring.Publish();
  EXPECT_EQ(DrainAll(ring, 9), (std::vector<std::uint64_t>{3}));
}

TEST(ReportRingTest, HasRoomForItsCapacityAndSaysWhenItHasNoMore) {
  Ring ring(1'000);
  std::uint64_t pushed = 0;
  while (std::uint64_t* record = ring.Next()) *record = pushed++;
  EXPECT_GE(pushed, 1'000u);
  ring.Publish();
  EXPECT_EQ(DrainAll(ring, 600).size(), 600u);
  std::uint64_t* record = ring.Next();
  ASSERT_NE(record, nullptr) << "a block came back";
  *record = pushed;
  ring.Publish();
  const std::vector<std::uint64_t> rest = DrainAll(ring, 10'000);
  ASSERT_EQ(rest.size(), pushed + 1 - 600);
  for (std::size_t i = 0; i < rest.size(); ++i) ASSERT_EQ(rest[i], 600 + i);
}

TEST(ReportRingTest, AnotherThreadSeesAllInOrder) {
  constexpr std::uint64_t kRecords = 300'000;
  Ring ring(2'000);
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      std::uint64_t* record = ring.Next();
      while (record == nullptr) {
        std::this_thread::yield();
        record = ring.Next();
      }
      *record = i;
      if (i % 7 == 0) ring.Publish();
    }
    ring.Publish();
  });
  std::uint64_t expected = 0;
  bool in_order = true;
  while (expected < kRecords) {
    const std::size_t count =
        ring.Drain(100, [&](std::uint64_t record) { in_order = in_order && record == expected++; });
    if (count == 0) std::this_thread::yield();
  }
  producer.join();
  EXPECT_TRUE(in_order);
}

}  // namespace
}  // namespace xt::bench
