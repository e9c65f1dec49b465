#include "tools/xtraderctl/step_down.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::ctl {
namespace {

namespace pb = xtrader::v1;

class FakeSequencer final : public pb::SequencerService::Service {
 public:
  explicit FakeSequencer(grpc::Status answer) : answer_(std::move(answer)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
  }
  grpc::Status StepDown(grpc::ServerContext*, const pb::SequencerServiceStepDownRequest* request,
                        pb::SequencerServiceStepDownResponse* response) override {
    asked.push_back(request->reason() + (request->force() ? " forced" : ""));
    response->set_leader_id("sequencer-1");
    response->set_epoch(4);
    return answer_;
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  std::vector<std::string> asked;

 private:
  const grpc::Status answer_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

const grpc::Status kFollows(grpc::StatusCode::FAILED_PRECONDITION, "it does not lead");

TEST(StepDownTest, TheOneThatLeadsIsFoundAndNobodyBehindItIsAsked) {
  FakeSequencer follows(kFollows);
  FakeSequencer leads(grpc::Status::OK);
  FakeSequencer last(grpc::Status::OK);
  const auto leader = StepDown({follows.address(), leads.address(), last.address()}, "new disk", true);
  ASSERT_TRUE(leader.ok()) << leader.status();
  EXPECT_EQ(leader->instance, "sequencer-1");
  EXPECT_EQ(leader->epoch, 4);
  EXPECT_THAT(leads.asked, ::testing::ElementsAre("new disk forced"));
  EXPECT_THAT(last.asked, ::testing::IsEmpty());
}

TEST(StepDownTest, WhatEachAnsweredIsTold) {
  FakeSequencer follows(kFollows);
  FakeSequencer alone(grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "nobody else would lead then"));
  EXPECT_EQ(StepDown({follows.address(), alone.address()}, "", false).status(),
            absl::FailedPreconditionError("no sequencer steps down\n  " + follows.address() + ": it does not lead\n  " +
                                          alone.address() + ": nobody else would lead then"));
}

std::vector<InstanceState> Sequencers(std::vector<std::pair<bool, std::int64_t>> sequencers,
                                      Readiness readiness = Readiness::kReady) {
  std::vector<InstanceState> states;
  for (const auto& [leads, epoch] : sequencers) {
    InstanceState state;
    state.instance.name = "sequencer-" + std::to_string(states.size());
    state.readiness = readiness;
    state.roles = {{"market-data", true, 9}, {"sequencer", leads, epoch}};
    states.push_back(state);
  }
  return states;
}

TEST(StepDownTest, TheSuccessorLeadsAndServesInALaterEpoch) {
  const auto successor = SuccessorIn(Sequencers({{false, 4}, {true, 5}}), 4);
  ASSERT_TRUE(successor.has_value());
  EXPECT_EQ(successor->instance, "sequencer-1");
  EXPECT_EQ(successor->epoch, 5);
  EXPECT_FALSE(SuccessorIn(Sequencers({{false, 4}, {true, 4}}), 4).has_value()) << "it gives up, but leads still";
  EXPECT_FALSE(SuccessorIn(Sequencers({{false, 4}, {false, 4}}), 4).has_value()) << "nobody leads";
  EXPECT_TRUE(SuccessorIn(Sequencers({{true, 4}, {true, 5}}), 4).has_value()) << "the one before is ending";
  EXPECT_FALSE(SuccessorIn(Sequencers({{false, 4}, {true, 5}}, Readiness::kNotReady), 4).has_value()) << "it replays";
}

TEST(StepDownTest, WhoIsWaitedForInVainIsTold) {
  const auto waited = AwaitSuccessor({{"sequencer-0", "127.0.0.1", 1}}, 4, std::chrono::steady_clock::now());
  EXPECT_EQ(waited.status(), absl::DeadlineExceededError("nobody leads yet"));
}

}  // namespace
}  // namespace xt::ctl
