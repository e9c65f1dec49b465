// ConnectOrderSequencing over several sequencers: who gets a command, and what becomes of it while nobody leads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "libs/adapters/grpc/leader_router.h"
#include "libs/adapters/grpc/order_sequencing_client.h"
#include "libs/adapters/grpc/testing/fake_sequencer.h"
#include "libs/adapters/grpc/testing/test_server.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using testing::Connection;
using testing::FakeSequencer;
using testing::kLimit;
using testing::Named;
using testing::Outcomes;
using testing::TestServer;

class OrderRoutingTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kInstances = 3;

  OrderRoutingTest() {
    for (FakeSequencer& sequencer : sequencers_) sequencer.SetOutcome(pb::SUBMIT_OUTCOME_UNAVAILABLE);
  }

  ClientOptions Options(std::chrono::milliseconds leader_wait) {
    ClientOptions options;
    for (const TestServer& server : servers_) options.addresses.push_back(server.address());
    options.leader_wait = leader_wait;
    options.silence = kLimit;
    options.on_connection = connection_.Observer();
    return options;
  }
  void Connect(std::chrono::milliseconds leader_wait = kLimit, std::size_t max_in_flight = 8192) {
    ClientOptions options = Options(leader_wait);
    options.max_in_flight = max_in_flight;
    client_ = ConnectOrderSequencing(options);
    ASSERT_TRUE(connection_.WaitFor(true));
  }
  // Nobody is passed over, however slow the machine is.
  void ConnectPatiently() {
    const ClientOptions options = Options(kLimit);
    const auto connect = [options](const std::string& address, std::function<void(bool)> on_connection) {
      return ConnectToSequencer(address, options, std::move(on_connection));
    };
    client_ = std::make_unique<LeaderRouter>(options, connect, kLimit);
    ASSERT_TRUE(connection_.WaitFor(true));
  }
  // Submits one after the other until the outcome of one is as wanted: a busy machine may need a command's time to wait for
  // itself.
  template <typename Wanted>
  bool SubmitUntil(const std::string& prefix, const Wanted& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    for (int i = 0; std::chrono::steady_clock::now() < deadline; ++i) {
      const std::string name = prefix + std::to_string(i);
      Submit(name);
      const absl::Status status = outcomes_.Wait(name).status();
      EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
      if (wanted(status)) return true;
    }
    return false;
  }
  // The instance that takes commands from now on; none beyond the last.
  void Lead(std::size_t leader) {
    for (std::size_t i = 0; i < kInstances; ++i) {
      sequencers_[i].SetOutcome(i == leader ? pb::SUBMIT_OUTCOME_APPLIED : pb::SUBMIT_OUTCOME_UNAVAILABLE);
    }
  }
  void Submit(const std::string& name) { client_->Submit(Named(name), outcomes_.For(name)); }
  // Submits them, and returns their names.
  std::vector<std::string> SubmitMany(const std::string& prefix, int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back(prefix + std::to_string(i));
    for (const std::string& name : names) Submit(name);
    return names;
  }
  absl::StatusCode CodeOf(const std::string& name) { return outcomes_.Wait(name).status().code(); }
  void ExpectAll(const std::vector<std::string>& names, absl::StatusCode code) {
    for (const std::string& name : names) EXPECT_EQ(CodeOf(name), code) << name;
  }

  std::array<FakeSequencer, kInstances> sequencers_;
  std::array<TestServer, kInstances> servers_{TestServer{sequencers_[0]}, TestServer{sequencers_[1]},
                                              TestServer{sequencers_[2]}};
  Connection connection_;
  Outcomes outcomes_;
  std::unique_ptr<ports::OrderSequencing> client_;
};

TEST_F(OrderRoutingTest, FindsTheLeaderAndStaysThere) {
  Lead(2);
  Connect();
  const auto first = SubmitMany("a", 100);
  ExpectAll(first, absl::StatusCode::kOk);
  const std::size_t asked = sequencers_[0].received() + sequencers_[1].received();
  const auto more = SubmitMany("b", 100);
  ExpectAll(more, absl::StatusCode::kOk);
  EXPECT_EQ(sequencers_[0].received() + sequencers_[1].received(), asked) << "the others are left alone";
  EXPECT_EQ(sequencers_[2].applied().size(), 200U);
}

TEST_F(OrderRoutingTest, FollowsEveryChangeOfTheLeader) {
  Connect();
  std::size_t submitted = 0;
  for (const std::size_t leader : {0, 2, 1, 0, 1}) {
    Lead(leader);
    const auto names = SubmitMany("leader" + std::to_string(leader) + "-" + std::to_string(submitted) + "-", 50);
    submitted += names.size();
    ExpectAll(names, absl::StatusCode::kOk);
  }
  std::size_t applied = 0;
  for (FakeSequencer& sequencer : sequencers_) applied += sequencer.applied().size();
  EXPECT_EQ(applied, submitted) << "each exactly once";
}

TEST_F(OrderRoutingTest, WhatWaitsForALeaderIsSentInItsOrder) {
  ConnectPatiently();
  const auto names = SubmitMany("w", 1000);
  // All have asked, more than once.
  for (FakeSequencer& sequencer : sequencers_) ASSERT_TRUE(sequencer.WaitForReceived(3));
  EXPECT_EQ(outcomes_.size(), 0U);
  Lead(1);
  ExpectAll(names, absl::StatusCode::kOk);
  EXPECT_EQ(sequencers_[1].applied(), names);
}

TEST_F(OrderRoutingTest, WithoutALeaderACommandIsUnavailableInTheEnd) {
  Connect(std::chrono::milliseconds(60));
  const auto names = SubmitMany("n", 20);
  ExpectAll(names, absl::StatusCode::kUnavailable);
  EXPECT_TRUE(SubmitUntil("refused", [](const absl::Status& status) {
    return !status.ok() && status.message().find("as told") != absl::string_view::npos;
  }));
  Lead(0);
  EXPECT_TRUE(SubmitUntil("late", [](const absl::Status& status) { return status.ok(); }));
}

TEST_F(OrderRoutingTest, WithNobodyThereACommandIsUnavailableInTheEnd) {
  Connect(std::chrono::milliseconds(60));
  for (TestServer& server : servers_) server.Stop();
  ASSERT_TRUE(connection_.WaitFor(false));
  ExpectAll(SubmitMany("n", 20), absl::StatusCode::kUnavailable);
}

TEST_F(OrderRoutingTest, ALeaderThatDiesLeavesUnknownOnlyWhatItHad) {
  Lead(0);
  ConnectPatiently();
  Submit("found");
  ASSERT_EQ(CodeOf("found"), absl::StatusCode::kOk);
  sequencers_[0].SetOutcome(pb::SUBMIT_OUTCOME_UNSPECIFIED);
  const auto in_flight = SubmitMany("f", 20);
  ASSERT_TRUE(sequencers_[0].WaitForReceived(21));
  servers_[0].Stop();
  ExpectAll(in_flight, absl::StatusCode::kUnknown);
  const auto waiting = SubmitMany("x", 20);
  sequencers_[1].SetOutcome(pb::SUBMIT_OUTCOME_APPLIED);
  ExpectAll(waiting, absl::StatusCode::kOk);
  EXPECT_EQ(sequencers_[1].applied(), waiting);
  EXPECT_TRUE(connection_.WaitFor(true)) << "two instances are still there";
}

TEST_F(OrderRoutingTest, ALeaderThatDrainsHandsOverWithoutAnUnknown) {
  Lead(0);
  Connect();
  Submit("found");
  ASSERT_EQ(CodeOf("found"), absl::StatusCode::kOk);
  sequencers_[0].Drain();
  sequencers_[1].SetOutcome(pb::SUBMIT_OUTCOME_APPLIED);
  ExpectAll(SubmitMany("d", 50), absl::StatusCode::kOk);
  EXPECT_EQ(sequencers_[1].applied().size(), 50U);
}

TEST_F(OrderRoutingTest, AnInstanceThatSaysNothingIsPassedOver) {
  Connect();
  for (FakeSequencer& sequencer : sequencers_) sequencer.SetOutcome(pb::SUBMIT_OUTCOME_UNSPECIFIED);
  sequencers_[1].SetOutcome(pb::SUBMIT_OUTCOME_APPLIED);
  const auto names = SubmitMany("s", 10);
  ASSERT_TRUE(outcomes_.WaitForSize(names.size() - 2));
  EXPECT_LE(sequencers_[0].received() + sequencers_[2].received(), 2U) << "at most one command each";
  client_.reset();
  EXPECT_EQ(outcomes_.size(), names.size());
  std::size_t taken = 0;
  for (const std::string& name : names) taken += CodeOf(name) == absl::StatusCode::kOk ? 1U : 0U;
  EXPECT_GE(taken, names.size() - 2);
}

TEST_F(OrderRoutingTest, WhatIsNoRefusalIsPassedOn) {
  Lead(0);
  Connect();
  Submit("found");
  ASSERT_EQ(CodeOf("found"), absl::StatusCode::kOk);
  const std::size_t asked = sequencers_[1].received();    // on the way to the leader, if it was there first
  sequencers_[1].SetOutcome(pb::SUBMIT_OUTCOME_APPLIED);  // a mistake would go there
  for (const auto& [outcome, code] : {std::pair{pb::SUBMIT_OUTCOME_BACKPRESSURE, absl::StatusCode::kResourceExhausted},
                                      std::pair{pb::SUBMIT_OUTCOME_INVALID, absl::StatusCode::kInvalidArgument},
                                      std::pair{pb::SUBMIT_OUTCOME_UNKNOWN, absl::StatusCode::kUnknown}}) {
    sequencers_[0].SetOutcome(outcome);
    const std::string name = pb::SubmitOutcome_Name(outcome);
    Submit(name);
    EXPECT_EQ(CodeOf(name), code);
  }
  EXPECT_EQ(sequencers_[1].received(), asked);
}

TEST_F(OrderRoutingTest, WhatWaitsIsBounded) {
  Connect(kLimit, 4);
  SubmitMany("w", 4);
  Submit("one-too-many");
  EXPECT_EQ(CodeOf("one-too-many"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(outcomes_.size(), 1U);
  Lead(2);
  EXPECT_EQ(CodeOf("w3"), absl::StatusCode::kOk);
  Submit("there-is-room");
  EXPECT_EQ(CodeOf("there-is-room"), absl::StatusCode::kOk);
}

TEST_F(OrderRoutingTest, DestructionAnswersWhatWaits) {
  Connect();
  SubmitMany("d", 300);
  client_.reset();
  EXPECT_EQ(outcomes_.size(), 300U);
  EXPECT_EQ(CodeOf("d299"), absl::StatusCode::kUnavailable) << "it was certainly not taken";
}

TEST_F(OrderRoutingTest, IsConnectedWhileOneInstanceIs) {
  Lead(1);
  Connect();
  ExpectAll(SubmitMany("a", 1), absl::StatusCode::kOk);
  servers_[0].Stop();
  servers_[2].Stop();
  ExpectAll(SubmitMany("b", 10), absl::StatusCode::kOk);
  servers_[1].Stop();
  ASSERT_TRUE(connection_.WaitFor(false));
  EXPECT_EQ(connection_.changes(), 2) << "the loss of the last one is the first that is told";
  Submit("waits");
  servers_[1].Start();
  EXPECT_EQ(CodeOf("waits"), absl::StatusCode::kOk) << "a single instance that comes back is found again";
  EXPECT_TRUE(connection_.WaitFor(true, 3));
}

}  // namespace
}  // namespace xt::grpc_clients
