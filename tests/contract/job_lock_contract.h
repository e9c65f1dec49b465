// The contract of ports::JobLock as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "libs/ports/job_lock.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

class JobLockBackend {
 public:
  virtual ~JobLockBackend() = default;
  virtual std::unique_ptr<ports::JobLock> Connect() = 0;
  virtual void PassTime(std::chrono::milliseconds time) = 0;
};
using JobLockBackendFactory = std::unique_ptr<JobLockBackend> (*)();

class JobLockContract : public ::testing::TestWithParam<JobLockBackendFactory> {
 protected:
  using Milliseconds = std::chrono::milliseconds;
  JobLockContract() : backend_(GetParam()()), lock_(backend_->Connect()) {}

  std::unique_ptr<JobLockBackend> backend_;
  std::unique_ptr<ports::JobLock> lock_;
};

TEST_P(JobLockContract, OneHolderUntilItIsReleased) {
  const auto token = *lock_->TryAcquire("job", Milliseconds(1000));
  ASSERT_TRUE(token.has_value());
  EXPECT_FALSE(lock_->TryAcquire("job", Milliseconds(1000))->has_value());
  EXPECT_TRUE(lock_->TryAcquire("other", Milliseconds(1000))->has_value()) << "jobs are independent";
  EXPECT_EQ(lock_->Release("job", "somebody else's").code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(lock_->TryAcquire("job", Milliseconds(1000))->has_value());
  ASSERT_TRUE(lock_->Release("job", *token).ok());
  EXPECT_EQ(lock_->Release("job", *token).code(), absl::StatusCode::kNotFound);
  const auto next = *lock_->TryAcquire("job", Milliseconds(1000));
  ASSERT_TRUE(next.has_value());
  EXPECT_NE(*next, *token);
}

TEST_P(JobLockContract, ItEndsByItselfAndTheOldHolderCannotReleaseTheNew) {
  const auto first = *lock_->TryAcquire("job", Milliseconds(1000));
  ASSERT_TRUE(first.has_value());
  backend_->PassTime(Milliseconds(999));
  EXPECT_FALSE(lock_->TryAcquire("job", Milliseconds(1000))->has_value());
  backend_->PassTime(Milliseconds(1));
  const auto second = *lock_->TryAcquire("job", Milliseconds(1000));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(lock_->Release("job", *first).code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(lock_->TryAcquire("job", Milliseconds(1000))->has_value());
  EXPECT_TRUE(lock_->Release("job", *second).ok());
}

TEST_P(JobLockContract, OfRacingThreadsOneGetsIt) {
  std::atomic<int> holders{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) holders += lock_->TryAcquire("race", Milliseconds(100'000))->has_value() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(holders, 1);
}

TEST_P(JobLockContract, ATimeOfZeroIsInvalid) {
  EXPECT_EQ(lock_->TryAcquire("job", kNow).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace xt::contract
