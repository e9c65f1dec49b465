// The sequencer alone, over real gRPC, with everything around it in memory.
#include "services/sequencer/sequencer_service.h"

#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/runtime/log.h"
#include "libs/wire/command_proto.h"
#include "services/sequencer/testing/world.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::sequencer {
namespace {

using testing::NumberedCommand;
using testing::Soon;
using testing::World;
using xtrader::v1::SubmitRequest;
using xtrader::v1::SubmitResponse;

void Add(SubmitRequest& request, std::uint64_t number) {
  auto* submitted = request.add_commands();
  submitted->set_request_id(number);
  wire::ToProto(NumberedCommand(number), *submitted->mutable_command());
}

class SequencerServiceTest : public ::testing::Test {
 protected:
  void Serve(const SequencerServiceOptions& options = {}) {
    ASSERT_TRUE(world_.StartAndServe().ok());
    service_ = std::make_unique<SequencerService>(world_.app(), options);
    auto host = runtime::GrpcHost::Start({}, {service_->service()}, world_.process->health, world_.process->metrics);
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    stub_ = xtrader::v1::SequencerService::NewStub(
        grpc::CreateChannel(host_->address(), grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    if (host_ != nullptr) host_->Shutdown(std::chrono::steady_clock::now());
    host_.reset();
    service_.reset();
  }

  using Stream = grpc::ClientReaderWriter<SubmitRequest, SubmitResponse>;
  std::unique_ptr<Stream> Open() {
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + testing::kPatience);
    return stub_->Submit(context_.get());
  }
  // Reads until `count` answers are there or the stream ends.
  std::map<std::uint64_t, xtrader::v1::SubmittedResult> Read(Stream& stream, std::size_t count) {
    std::map<std::uint64_t, xtrader::v1::SubmittedResult> results;
    SubmitResponse response;
    while (results.size() < count && stream.Read(&response)) {
      for (const auto& result : response.results()) results[result.request_id()] = result;
    }
    return results;
  }

  World world_;
  std::unique_ptr<SequencerService> service_;
  std::unique_ptr<runtime::GrpcHost> host_;
  std::unique_ptr<xtrader::v1::SequencerService::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
};

TEST_F(SequencerServiceTest, AnswersEveryCommandOfAMessage) {
  Serve();
  auto stream = Open();
  for (std::uint64_t first = 1; first <= 901; first += 100) {
    SubmitRequest request;
    for (std::uint64_t n = first; n < first + 100; ++n) Add(request, n);
    ASSERT_TRUE(stream->Write(request));
  }
  const auto results = Read(*stream, 1000);
  ASSERT_EQ(results.size(), 1000U);
  std::uint64_t due = 2;
  for (const auto& [request_id, result] : results) {
    ASSERT_EQ(result.outcome(), xtrader::v1::SUBMIT_OUTCOME_APPLIED) << result.detail();
    ASSERT_EQ(result.result().sequence(), due++) << "in the order in which they were sent";
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(SequencerServiceTest, StepsDownOrSaysWhyNot) {
  absl::StatusOr<domain::Epoch> answer = absl::FailedPreconditionError("nobody else would lead then");
  std::vector<bool> asked;
  const std::string log = ::testing::TempDir() + "/step_down_test.log";
  std::filesystem::remove(log);
  ASSERT_TRUE(runtime::StartLogging({.file = log}).ok());
  Serve({.instance = "sequencer-0", .step_down = [&](bool force) {
           asked.push_back(force);
           return answer;
         }});
  xtrader::v1::SequencerServiceStepDownRequest request;
  xtrader::v1::SequencerServiceStepDownResponse response;
  const auto ask = [&] {
    grpc::ClientContext context;
    return stub_->StepDown(&context, request, &response);
  };
  const grpc::Status refused = ask();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(refused.error_message(), "nobody else would lead then");
  answer = domain::Epoch(7);
  request.set_force(true);
  request.set_reason("new disk");
  ASSERT_TRUE(ask().ok());
  EXPECT_EQ(response.leader_id(), "sequencer-0");
  EXPECT_EQ(response.epoch(), 7U);
  EXPECT_THAT(asked, ::testing::ElementsAre(false, true));
  runtime::StopLogging();
  std::ifstream file(log);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, ::testing::ContainsRegex("does not step down.*\"peer\":\"ipv4:127.0.0.1:[0-9]+\""));
  EXPECT_THAT(text, ::testing::ContainsRegex("steps down.*\"reason\":\"new disk\",\"force\":true,\"epoch\":7}"));
}

TEST_F(SequencerServiceTest, TellsTheOutcomesApart) {
  Serve();
  auto stream = Open();
  SubmitRequest malformed;
  malformed.add_commands()->set_request_id(1);
  ASSERT_TRUE(stream->Write(malformed));
  EXPECT_EQ(Read(*stream, 1)[1].outcome(), xtrader::v1::SUBMIT_OUTCOME_INVALID);

  world_.matching.Hold(true);
  SubmitRequest framed;
  Add(framed, 2);
  ASSERT_TRUE(stream->Write(framed));
  ASSERT_TRUE(world_.matching.WaitForApplied(2));
  world_.matching.Die();
  EXPECT_EQ(Read(*stream, 1)[2].outcome(), xtrader::v1::SUBMIT_OUTCOME_UNKNOWN);

  SubmitRequest late;
  Add(late, 3);
  ASSERT_TRUE(stream->Write(late));
  EXPECT_EQ(Read(*stream, 1)[3].outcome(), xtrader::v1::SUBMIT_OUTCOME_UNAVAILABLE);
}

TEST_F(SequencerServiceTest, AStreamThatAsksTooMuchIsNotReadFurther) {
  Serve({.max_unanswered = 10});
  world_.journal.Hold(true);
  auto stream = Open();
  constexpr std::uint64_t kMessages = 200;
  std::thread writer([&] {
    for (std::uint64_t n = 1; n <= kMessages; ++n) {
      SubmitRequest request;
      Add(request, n);
      if (!stream->Write(request)) return;
    }
  });
  // EPOCH_START and two frames are with the journal; what came besides waits, at most ten of the stream in all.
  ASSERT_TRUE(world_.journal.WaitForAppends(2));
  world_.journal.Hold(false);
  world_.journal.ConfirmAll();
  const auto results = Read(*stream, kMessages);
  writer.join();
  EXPECT_EQ(results.size(), kMessages);
  for (const ports::JournalRecord& record : world_.journal.records()) {
    EXPECT_LE(record.last_sequence.value() - record.first_sequence.value() + 1, 10U);
  }
}

TEST_F(SequencerServiceTest, DrainAnswersAndEndsTheStreams) {
  Serve();
  auto stream = Open();
  world_.journal.Hold(true);
  SubmitRequest request;
  Add(request, 1);
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(world_.journal.WaitForAppends(2));
  std::thread drainer([&] {
    world_.app().Drain(Soon());
    service_->EndStreams(Soon());
  });
  world_.journal.Hold(false);
  world_.journal.ConfirmAll();
  EXPECT_EQ(Read(*stream, 2)[1].outcome(), xtrader::v1::SUBMIT_OUTCOME_APPLIED);
  EXPECT_TRUE(stream->Finish().ok());
  drainer.join();
  auto refused = Open();
  EXPECT_TRUE(refused->Finish().ok()) << "in order, and nothing was read";
}

TEST_F(SequencerServiceTest, ABrokenStreamLeavesItsCommandsToGoOn) {
  Serve();
  auto stream = Open();
  world_.journal.Hold(true);
  SubmitRequest request;
  Add(request, 1);
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(world_.journal.WaitForAppends(2));
  context_->TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  world_.journal.Hold(false);
  world_.journal.ConfirmAll();
  EXPECT_TRUE(world_.executions.WaitForEntries(2));
  service_->EndStreams(Soon());
}

}  // namespace
}  // namespace xt::sequencer
