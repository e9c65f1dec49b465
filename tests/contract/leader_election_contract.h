// The contract of ports::LeaderElection as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/leader_election.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

class LeaderElectionBackend {
 public:
  virtual ~LeaderElectionBackend() = default;
  // A new candidate of this name, as after a restart of the process. At most one is alive at a time.
  virtual std::unique_ptr<ports::LeaderElection> Connect(const std::string& id) = 0;
};
using LeaderElectionBackendFactory = std::unique_ptr<LeaderElectionBackend> (*)();

class LeaderElectionContract : public ::testing::TestWithParam<LeaderElectionBackendFactory> {
 protected:
  LeaderElectionContract() : backend_(GetParam()()) {}
  std::unique_ptr<LeaderElectionBackend> backend_;
};

TEST_P(LeaderElectionContract, TheEpochGrowsWithEveryLeader) {
  std::uint64_t last_epoch = 0;
  for (int round = 0; round < 5; ++round) {
    Outcomes<ports::Leadership> told;
    auto election = backend_->Connect("node-" + std::to_string(round));
    ASSERT_TRUE(election
                    ->Campaign([&](const ports::Leadership& leadership) {
                      if (leadership.leader) told.Add(leadership);
                    })
                    .ok());
    const auto leaderships = told.WaitFor(1);
    ASSERT_EQ(leaderships.size(), 1U);
    EXPECT_EQ(leaderships[0].leader_id, "node-" + std::to_string(round));
    EXPECT_GT(leaderships[0].epoch.value(), last_epoch);
    last_epoch = leaderships[0].epoch.value();
    if (round % 2 == 0) election->Resign();
  }
}

TEST_P(LeaderElectionContract, AfterResignTheObserverIsNotCalledAgain) {
  Outcomes<bool> told;
  auto election = backend_->Connect("node");
  ASSERT_TRUE(election->Campaign([&](const ports::Leadership& leadership) { told.Add(leadership.leader); }).ok());
  ASSERT_FALSE(told.WaitFor(1).empty());
  election->Resign();
  const std::size_t calls = told.Get().size();
  election->Resign();
  election.reset();
  EXPECT_EQ(told.Get().size(), calls);
}

TEST_P(LeaderElectionContract, WhoIsAloneHasNoOtherCandidate) {
  Outcomes<bool> told;  // outlives the election, which tells it of its end
  auto election = backend_->Connect("node");
  ASSERT_TRUE(election->Campaign([&](const ports::Leadership& leadership) { told.Add(leadership.leader); }).ok());
  ASSERT_FALSE(told.WaitFor(1).empty());
  const auto others = election->OtherCandidates();
  ASSERT_TRUE(others.ok()) << others.status();
  EXPECT_EQ(*others, 0U);
}

TEST_P(LeaderElectionContract, CampaignIsCalledOnce) {
  auto election = backend_->Connect("node");
  ASSERT_TRUE(election->Campaign([](const ports::Leadership&) {}).ok());
  EXPECT_FALSE(election->Campaign([](const ports::Leadership&) {}).ok());
}

}  // namespace xt::contract
