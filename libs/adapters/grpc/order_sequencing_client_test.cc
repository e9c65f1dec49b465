#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/testing/test_server.h"
#include "libs/wire/command_proto.h"
#include "libs/wire/event_proto.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using testing::TestServer;
constexpr std::chrono::seconds kLimit{30};

// Answers each command with an event of the account's name that it asked for, or as the test says.
class FakeSequencer final : public pb::SequencerService::Service {
 public:
  grpc::Status Submit(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<pb::SubmitResponse, pb::SubmitRequest>* stream) override {
    {
      std::lock_guard lock(mutex_);
      context_ = context;
    }
    pb::SubmitRequest request;
    while (stream->Read(&request)) {
      pb::SubmitResponse response;
      for (const pb::SubmittedCommand& command : request.commands()) Answer(command, response);
      if (!response.results().empty() && !stream->Write(response)) break;
    }
    std::lock_guard lock(mutex_);
    context_ = nullptr;
    return grpc::Status::OK;
  }

  // The outcome of commands from now on; UNSPECIFIED: none at all.
  void SetOutcome(pb::SubmitOutcome outcome) {
    std::lock_guard lock(mutex_);
    outcome_ = outcome;
  }
  void BreakStream() {
    std::lock_guard lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  bool WaitForReceived(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return received_ >= count; });
  }

 private:
  void Answer(const pb::SubmittedCommand& command, pb::SubmitResponse& response) {
    std::lock_guard lock(mutex_);
    ++received_;
    changed_.notify_all();
    if (outcome_ == pb::SUBMIT_OUTCOME_UNSPECIFIED) return;
    pb::SubmittedResult* result = response.add_results();
    result->set_request_id(command.request_id());
    result->set_outcome(outcome_);
    result->set_detail("as told");
    if (outcome_ != pb::SUBMIT_OUTCOME_APPLIED) return;
    const auto decoded = wire::FromProto(command.command());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    domain::AccountCreated created{domain::AccountId(1), std::get<domain::CreateAccount>(decoded->body).name};
    wire::ToProto(domain::CommandResult{domain::SequenceNumber(++sequence_), 5, {created}}, *result->mutable_result());
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ServerContext* context_ = nullptr;
  pb::SubmitOutcome outcome_ = pb::SUBMIT_OUTCOME_APPLIED;
  std::size_t received_ = 0;
  std::uint64_t sequence_ = 0;
};

// The outcomes of named commands, each of which must come exactly once.
class Outcomes {
 public:
  ports::OrderSequencing::Done For(const std::string& name) {
    return [this, name](absl::StatusOr<domain::CommandResult> result) {
      std::lock_guard lock(mutex_);
      EXPECT_TRUE(results_.emplace(name, std::move(result)).second) << name << " was answered twice";
      changed_.notify_all();
    };
  }
  absl::StatusOr<domain::CommandResult> Wait(const std::string& name) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kLimit, [&] { return results_.contains(name); })) {
      return absl::DeadlineExceededError("no outcome of " + name);
    }
    return results_.at(name);
  }
  std::size_t size() {
    std::lock_guard lock(mutex_);
    return results_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, absl::StatusOr<domain::CommandResult>> results_;
};

class Connection {
 public:
  std::function<void(bool)> Observer() {
    return [this](bool connected) {
      std::lock_guard lock(mutex_);
      connected_ = connected;
      ++changes_;
      changed_.notify_all();
    };
  }
  // Waits for that state, reached after at least `changes` changes.
  bool WaitFor(bool connected, int changes = 0) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return connected_ == connected && changes_ >= changes; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false;
  int changes_ = 0;
};

domain::Command Named(const std::string& name) { return {domain::CreateAccount{*domain::AccountName::From(name)}}; }

class OrderSequencingClientTest : public ::testing::Test {
 protected:
  void Connect(std::size_t max_in_flight = 8192) {
    ClientOptions options = server_.Options();
    options.max_in_flight = max_in_flight;
    options.on_connection = connection_.Observer();
    client_ = ConnectOrderSequencing(options);
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
  const ClientOptions options = server.Options();
  server.Stop();
  Outcomes outcomes;
  const auto client = ConnectOrderSequencing(options);
  client->Submit(Named("early"), outcomes.For("early"));
  EXPECT_EQ(outcomes.Wait("early").status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace xt::grpc_clients
