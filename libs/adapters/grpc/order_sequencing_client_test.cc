#include "libs/adapters/grpc/order_sequencing_client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "libs/adapters/grpc/testing/fake_sequencer.h"
#include "libs/adapters/grpc/testing/test_server.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using testing::Connection;
using testing::FakeSequencer;
using testing::Named;
using testing::Outcomes;
using testing::TestServer;

class OrderSequencingClientTest : public ::testing::Test {
 protected:
  void Connect(std::size_t max_in_flight = 8192) {
    ClientOptions options = server_.Options();
    options.max_in_flight = max_in_flight;
    client_ = ConnectToSequencer(server_.address(), options, connection_.Observer());
    ASSERT_TRUE(connection_.WaitFor(true));
  }
  void Submit(const std::string& name) { client_->Submit(Named(name), outcomes_.For(name)); }
  absl::StatusCode CodeOf(const std::string& name) { return outcomes_.Wait(name).status().code(); }

  FakeSequencer sequencer_;
  TestServer server_{sequencer_};
  Connection connection_;
  Outcomes outcomes_;
  std::unique_ptr<ports::OrderSequencing> client_;
};

TEST_F(OrderSequencingClientTest, EveryCommandGetsItsOwnAnswer) {
  Connect();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) Submit("a" + std::to_string(t) + "-" + std::to_string(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t) {
    for (int i = 0; i < 500; ++i) {
      const std::string name = "a" + std::to_string(t) + "-" + std::to_string(i);
      const auto result = outcomes_.Wait(name);
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(std::get<domain::AccountCreated>(result->events.at(0)).name.view(), name);
    }
  }
}

TEST_F(OrderSequencingClientTest, OutcomesKeepTheirMeaning) {
  Connect();
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_BACKPRESSURE);
  Submit("full");
  EXPECT_EQ(CodeOf("full"), absl::StatusCode::kResourceExhausted);
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_UNAVAILABLE);
  Submit("away");
  EXPECT_EQ(CodeOf("away"), absl::StatusCode::kUnavailable);
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_UNKNOWN);
  Submit("unsure");
  EXPECT_EQ(CodeOf("unsure"), absl::StatusCode::kUnknown);
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_INVALID);
  Submit("wrong");
  EXPECT_EQ(CodeOf("wrong"), absl::StatusCode::kInvalidArgument);
  sequencer_.SetOutcome(static_cast<pb::SubmitOutcome>(77));
  Submit("of-the-future");
  EXPECT_EQ(CodeOf("of-the-future"), absl::StatusCode::kUnknown);
}

TEST_F(OrderSequencingClientTest, ABrokenStreamLeavesTheUnansweredUnknown) {
  Connect();
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_UNSPECIFIED);
  for (int i = 0; i < 20; ++i) Submit("b" + std::to_string(i));
  ASSERT_TRUE(sequencer_.WaitForReceived(20));
  EXPECT_EQ(outcomes_.size(), 0U);
  sequencer_.BreakStream();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(CodeOf("b" + std::to_string(i)), absl::StatusCode::kUnknown);
  ASSERT_TRUE(connection_.WaitFor(true, 3));
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_APPLIED);
  Submit("after");
  EXPECT_TRUE(outcomes_.Wait("after").ok());
}

TEST_F(OrderSequencingClientTest, WhatAStreamThatEndsInOrderDidNotReadWasNotTaken) {
  Connect();
  Submit("read");
  EXPECT_TRUE(outcomes_.Wait("read").ok());
  sequencer_.Drain();
  Submit("not-read");
  EXPECT_EQ(CodeOf("not-read"), absl::StatusCode::kUnavailable);
}

TEST_F(OrderSequencingClientTest, AServerThatDiesAndComesBackIsFoundAgain) {
  Connect();
  server_.Stop();
  ASSERT_TRUE(connection_.WaitFor(false, 2));
  Submit("nobody-there");
  EXPECT_EQ(CodeOf("nobody-there"), absl::StatusCode::kUnavailable);
  server_.Start();
  ASSERT_TRUE(connection_.WaitFor(true, 3));
  Submit("back");
  EXPECT_TRUE(outcomes_.Wait("back").ok());
}

TEST_F(OrderSequencingClientTest, BeyondTheBoundCommandsAreRefused) {
  Connect(4);
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_UNSPECIFIED);
  for (int i = 0; i < 4; ++i) Submit("c" + std::to_string(i));
  Submit("one-too-many");
  EXPECT_EQ(CodeOf("one-too-many"), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(outcomes_.size(), 1U);
}

TEST_F(OrderSequencingClientTest, DestructionAnswersEverything) {
  Connect();
  sequencer_.SetOutcome(pb::SUBMIT_OUTCOME_UNSPECIFIED);
  for (int i = 0; i < 300; ++i) Submit("d" + std::to_string(i));
  client_.reset();
  EXPECT_EQ(outcomes_.size(), 300U);
}

TEST(OrderSequencingClient, WithoutAServerNothingIsAccepted) {
  FakeSequencer unused;
  TestServer server(unused);
  server.Stop();
  Outcomes outcomes;
  const auto client = ConnectToSequencer(server.address(), server.Options(), nullptr);
  client->Submit(Named("early"), outcomes.For("early"));
  EXPECT_EQ(outcomes.Wait("early").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace xt::grpc_clients
