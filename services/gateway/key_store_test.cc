#include "services/gateway/key_store.h"

#include <gtest/gtest.h>

#include "libs/base/clock.h"
#include "services/gateway/testing/fakes.h"

namespace xt::gateway {
namespace {

constexpr std::int64_t kTtlMs = 60'000;

class KeyStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(history_.PutApiKey({.api_key = "key-1", .secret = "secret-1", .account = domain::AccountId(1)}).ok());
  }
  // Until the key is too old.
  void Age() { clock_.AdvanceNs((kTtlMs + 1) * 1'000'000); }

  testing::FakeHistory history_;
  ManualClock clock_{1'700'000'000'000'000'000};
  KeyStore keys_{history_, clock_, 10, kTtlMs};
};

TEST_F(KeyStoreTest, AKeyIsKeptForItsTime) {
  EXPECT_EQ(keys_.Find("key-1"), nullptr);
  ASSERT_TRUE(keys_.Load("key-1").ok());
  EXPECT_NE(keys_.Find("key-1"), nullptr);
  Age();
  EXPECT_EQ(keys_.Find("key-1"), nullptr);
  EXPECT_NE(keys_.Find("key-1"), nullptr) << "only one asks again";
  ASSERT_TRUE(keys_.Load("key-1").ok());
  EXPECT_NE(keys_.Find("key-1"), nullptr);
}

TEST_F(KeyStoreTest, AKnownKeyIsBelievedWhilePersistenceCannotBeAsked) {
  ASSERT_TRUE(keys_.Load("key-1").ok());
  history_.set_status(absl::UnavailableError("no database"));
  for (int i = 0; i < 3; ++i) {
    Age();
    ASSERT_EQ(keys_.Find("key-1"), nullptr);
    const auto key = keys_.Load("key-1");
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ((*key)->account, domain::AccountId(1));
    EXPECT_NE(keys_.Find("key-1"), nullptr) << "not every request asks again";
  }
  EXPECT_EQ(keys_.Load("key-2").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(KeyStoreTest, AKeyThatIsGoneIsNotBelieved) {
  ASSERT_TRUE(keys_.Load("key-1").ok());
  history_.set_status(absl::NotFoundError("no such key"));
  Age();
  EXPECT_EQ(keys_.Find("key-1"), nullptr);
  EXPECT_EQ(keys_.Load("key-1").status().code(), absl::StatusCode::kNotFound);
  history_.set_status(absl::UnavailableError("no database"));
  EXPECT_EQ(keys_.Find("key-1"), nullptr);
  EXPECT_FALSE(keys_.Load("key-1").ok());
}

TEST(KeyStoreWithoutMemoryTest, AsksEachTime) {
  testing::FakeHistory history;
  ManualClock clock{1'700'000'000'000'000'000};
  ASSERT_TRUE(history.PutApiKey({.api_key = "key-1", .secret = "secret-1", .account = domain::AccountId(1)}).ok());
  KeyStore keys(history, clock, 10, 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(keys.Find("key-1"), nullptr);
    ASSERT_TRUE(keys.Load("key-1").ok());
  }
}

}  // namespace
}  // namespace xt::gateway
