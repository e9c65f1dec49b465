#include "libs/adapters/kafka/internal/resume.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace xt::kafka {
namespace {

ports::MarketMessage Message(std::uint64_t sequence, const std::string& payload = "p") {
  return {"t", "BTC-KRW", {domain::SequenceNumber(sequence), 1}, std::make_shared<const std::string>(payload)};
}

class ResumeTest : public ::testing::Test {
 protected:
  // Even sequences went to partition 0, odd ones to 1.
  void Fail(std::uint64_t first, std::uint64_t last) {
    resume_.Begin();
    for (std::uint64_t n = first; n <= last; ++n) resume_.Remember(static_cast<int>(n % 2), Message(n));
  }
  Resume resume_;
};

TEST_F(ResumeTest, UpToTheLastRecordOfItsPartitionAllAreStored) {
  Fail(1, 10);
  resume_.Resolve(0, Message(6));
  for (std::uint64_t n = 1; n <= 11; ++n) EXPECT_EQ(resume_.IsStored(Message(n)), n % 2 == 0 && n <= 6) << n;
  resume_.Resolve(1, Message(1));
  for (std::uint64_t n = 1; n <= 11; ++n)
    EXPECT_EQ(resume_.IsStored(Message(n)), n == 1 || (n % 2 == 0 && n <= 6)) << n;
}

TEST_F(ResumeTest, ALastRecordOfAnotherPublishSaysNothing) {
  Fail(5, 10);
  resume_.Resolve(0, Message(4));
  resume_.Resolve(1, Message(99));
  for (std::uint64_t n = 4; n <= 10; ++n) EXPECT_FALSE(resume_.IsStored(Message(n))) << n;
}

TEST_F(ResumeTest, TheSameIdWithOtherContentIsAnotherMessage) {
  Fail(1, 10);
  resume_.Resolve(0, Message(6, "other"));
  EXPECT_FALSE(resume_.IsStored(Message(6)));
  resume_.Resolve(0, Message(6));
  EXPECT_TRUE(resume_.IsStored(Message(6)));
  EXPECT_FALSE(resume_.IsStored(Message(6, "other")));
}

TEST_F(ResumeTest, WithoutAnIdNothingIsLeftOut) {
  resume_.Begin();
  for (int i = 0; i < 3; ++i) resume_.Remember(0, Message(0));
  resume_.Resolve(0, Message(0));
  EXPECT_FALSE(resume_.IsStored(Message(0)));
}

TEST_F(ResumeTest, TheNextFailureBeginsAnew) {
  Fail(1, 10);
  resume_.Resolve(0, Message(6));
  Fail(7, 12);
  EXPECT_FALSE(resume_.IsStored(Message(6)));
  resume_.Resolve(0, Message(8));
  EXPECT_TRUE(resume_.IsStored(Message(8)));
  EXPECT_FALSE(resume_.IsStored(Message(6)));
  resume_.Clear();
  EXPECT_FALSE(resume_.IsStored(Message(8)));
}

}  // namespace
}  // namespace xt::kafka
