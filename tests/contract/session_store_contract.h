// The contracts of ports::SessionStore, ports::RateLimiter and ports::Cache as tests; see command_journal_contract.h
// for how an adapter uses them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/session_store.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

class EdgeStateBackend {
 public:
  virtual ~EdgeStateBackend() = default;
  virtual std::unique_ptr<ports::SessionStore> Sessions() = 0;
  virtual std::unique_ptr<ports::RateLimiter> Limiter() = 0;
  virtual std::unique_ptr<ports::Cache> NewCache() = 0;
  virtual void PassTime(std::chrono::milliseconds time) = 0;
};
using EdgeStateBackendFactory = std::unique_ptr<EdgeStateBackend> (*)();

class EdgeStateContract : public ::testing::TestWithParam<EdgeStateBackendFactory> {
 protected:
  using Milliseconds = std::chrono::milliseconds;
  using Found = std::optional<std::string>;
  EdgeStateContract() : backend_(GetParam()()) {}

  template <typename KeyValue>
  void ExpectKeepsUntilItExpires(KeyValue& store) {
    const std::string key("key with \0 in it", 16);
    EXPECT_EQ(*store.Get(key), std::nullopt);
    ASSERT_TRUE(store.Put(key, std::string("a\0b", 3), Milliseconds(1000)).ok());
    ASSERT_TRUE(store.Put("other", "", Milliseconds(5000)).ok());
    EXPECT_EQ(*store.Get(std::string(key)), Found(std::string("a\0b", 3)));
    EXPECT_EQ(*store.Get("other"), Found(""));
    backend_->PassTime(Milliseconds(999));
    EXPECT_NE(*store.Get(key), std::nullopt);
    backend_->PassTime(Milliseconds(1));
    EXPECT_EQ(*store.Get(key), std::nullopt);
    ASSERT_TRUE(store.Put("other", "new", Milliseconds(10)).ok()) << "put replaces value and end";
    EXPECT_EQ(*store.Get("other"), Found("new"));
    backend_->PassTime(Milliseconds(10));
    EXPECT_EQ(*store.Get("other"), std::nullopt);
    ASSERT_TRUE(store.Put(key, "x", Milliseconds(1000)).ok());
    ASSERT_TRUE(store.Erase(key).ok());
    ASSERT_TRUE(store.Erase(key).ok());
    EXPECT_EQ(*store.Get(key), std::nullopt);
  }

  std::unique_ptr<EdgeStateBackend> backend_;
};

TEST_P(EdgeStateContract, SessionsAreKeptUntilTheyExpire) { ExpectKeepsUntilItExpires(*backend_->Sessions()); }
TEST_P(EdgeStateContract, CachedValuesAreKeptUntilTheyExpire) { ExpectKeepsUntilItExpires(*backend_->NewCache()); }

TEST_P(EdgeStateContract, ABucketAllowsItsBurstAndThenItsRate) {
  auto limiter = backend_->Limiter();
  const ports::RateLimiter::Limit limit{.tokens_per_second = 10, .burst = 5};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter->Take("a", limit, 1)->allowed);
  const auto refused = *limiter->Take("a", limit, 1);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, Milliseconds(100));
  EXPECT_TRUE(limiter->Take("b", limit, 5)->allowed) << "keys are independent";
  backend_->PassTime(Milliseconds(99));
  EXPECT_FALSE(limiter->Take("a", limit, 1)->allowed);
  backend_->PassTime(Milliseconds(1));
  EXPECT_TRUE(limiter->Take("a", limit, 1)->allowed);
  EXPECT_FALSE(limiter->Take("a", limit, 1)->allowed);
  backend_->PassTime(Milliseconds(3'600'000));
  EXPECT_TRUE(limiter->Take("a", limit, 5)->allowed);
  EXPECT_FALSE(limiter->Take("a", limit, 1)->allowed) << "never more than the burst";
}

TEST_P(EdgeStateContract, TokensAreTakenAllOrNone) {
  auto limiter = backend_->Limiter();
  const ports::RateLimiter::Limit limit{.tokens_per_second = 1, .burst = 10};
  EXPECT_TRUE(limiter->Take("a", limit, 7)->allowed);
  EXPECT_FALSE(limiter->Take("a", limit, 4)->allowed);
  EXPECT_TRUE(limiter->Take("a", limit, 3)->allowed);
  EXPECT_TRUE(limiter->Take("a", limit, 0)->allowed);
}

TEST_P(EdgeStateContract, ALimitOfZeroIsInvalid) {
  auto limiter = backend_->Limiter();
  EXPECT_EQ(limiter->Take("a", {.tokens_per_second = 0, .burst = 1}, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(limiter->Take("a", {.tokens_per_second = 1, .burst = 0}, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace xt::contract
