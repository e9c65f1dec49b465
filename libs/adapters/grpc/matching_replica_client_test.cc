#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/testing/test_server.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/event_proto.h"
#include "libs/wire/frame_codec.h"
#include "libs/wire/testing/random_values.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using domain::SequenceNumber;
using testing::TestServer;
constexpr std::chrono::seconds kLimit{30};

// Tells a position and answers each frame once it is committed, with one event per command.
class FakeMatching final : public pb::MatchingService::Service {
 public:
  enum class Mode { kNormal, kSilent, kRefuses, kDamagedResult };

  grpc::Status Replicate(grpc::ServerContext* context,
                         grpc::ServerReaderWriter<pb::ReplicateResponse, pb::ReplicateRequest>* stream) override {
    {
      std::lock_guard lock(mutex_);
      context_ = context;
      frames_.clear();
    }
    pb::ReplicateRequest request;
    if (!stream->Read(&request)) return grpc::Status::OK;
    {
      std::lock_guard lock(mutex_);
      first_ = request;
    }
    if (mode == Mode::kRefuses) return {grpc::StatusCode::FAILED_PRECONDITION, "it works for the leader"};
    if (mode != Mode::kSilent) TellPosition(request, *stream);
    while (stream->Read(&request)) {
      for (const pb::OfferedFrame& offered : request.frames()) Keep(offered);
      Answer(request.committed_sequence(), *stream);
    }
    std::lock_guard lock(mutex_);
    context_ = nullptr;
    return grpc::Status::OK;
  }

  void Break() {
    std::lock_guard lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  std::size_t received() {
    std::lock_guard lock(mutex_);
    return received_;
  }

  // Of the last stream.
  pb::ReplicateRequest first() {
    std::lock_guard lock(mutex_);
    return first_;
  }

  std::atomic<Mode> mode{Mode::kNormal};
  const Hash128 hash{7, 8};

 private:
  using Stream = grpc::ServerReaderWriter<pb::ReplicateResponse, pb::ReplicateRequest>;

  void TellPosition(const pb::ReplicateRequest& first, Stream& stream) const {
    EXPECT_EQ(first.frames_size(), 0);
    EXPECT_EQ(first.committed_sequence(), 12U);
    EXPECT_EQ(first.epoch(), 3U);
    pb::ReplicateResponse response;
    if (first.results_after() >= 41) {
      response.set_applied_sequence(41);
      response.set_frame_hash(hash.ToBytes());
    }
    stream.Write(response);
  }

  void Keep(const pb::OfferedFrame& offered) {
    const auto frame = wire::DecodeFrame(offered.frame());
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_EQ(frame->hash.ToBytes(), offered.hash());
    std::lock_guard lock(mutex_);
    frames_.push_back(*frame);
    ++received_;
    changed_.notify_all();
  }

  void Answer(std::uint64_t committed, Stream& stream) {
    std::lock_guard lock(mutex_);
    pb::ReplicateResponse response;
    while (!frames_.empty() && frames_.front().last_sequence().value() <= committed) {
      pb::FrameResult* result = response.add_results();
      std::vector<domain::CommandResult> results;
      for (auto sequence = frames_.front().first_sequence; sequence <= frames_.front().last_sequence(); ++sequence) {
        results.push_back({sequence, 1, {domain::EpochStarted{frames_.front().epoch}}});
      }
      const auto batches = wire::EncodeEventBatches(results);
      for (const wire::EncodedBatch& batch : batches) result->add_batches(*batch);
      result->set_digest(wire::DigestBatches(batches).ToBytes());
      result->set_next_due_ns(static_cast<std::int64_t>(results.back().sequence.value()) * 10);
      if (mode == Mode::kDamagedResult) {
        result->set_batches(0, wire::EncodeEventBatch({SequenceNumber(0), 1, results.front().events}));
      }
      frames_.erase(frames_.begin());
    }
    if (!response.results().empty()) stream.Write(response);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ServerContext* context_ = nullptr;
  std::vector<domain::Frame> frames_;
  std::size_t received_ = 0;
  pb::ReplicateRequest first_;
};

class Observed {
 public:
  ports::MatchingReplica::Observer Observer() {
    return [this](absl::StatusOr<ports::FrameResults> results) {
      std::lock_guard lock(mutex_);
      if (results.ok()) {
        results_.push_back(*std::move(results));
      } else {
        errors_.push_back(results.status());
      }
      changed_.notify_all();
    };
  }
  std::vector<ports::FrameResults> WaitForResults(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLimit, [&] { return results_.size() >= count; });
    return results_;
  }
  std::vector<absl::Status> WaitForErrors(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLimit, [&] { return errors_.size() >= count; });
    return errors_;
  }
  std::vector<absl::Status> WaitForError() { return WaitForErrors(1); }
  std::size_t errors() {
    std::lock_guard lock(mutex_);
    return errors_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ports::FrameResults> results_;
  std::vector<absl::Status> errors_;
};

std::shared_ptr<const domain::Frame> MakeFrame(std::uint64_t first_sequence, std::size_t commands) {
  domain::Frame frame = wire::testing::RandomValues(first_sequence).Frame(commands);
  frame.first_sequence = SequenceNumber(first_sequence);
  wire::EncodeFrame(frame);
  return std::make_shared<const domain::Frame>(std::move(frame));
}

class MatchingReplicaClientTest : public ::testing::Test {
 protected:
  void Make(std::size_t max_in_flight = 100) {
    ClientOptions options = server_.Options();
    options.max_in_flight = max_in_flight;
    options.connect_wait = kLimit;
    if (matching_.mode == FakeMatching::Mode::kSilent) {
      options.call_timeout = options.connect_wait = std::chrono::milliseconds(50);
    }
    client_ = ConnectMatchingReplica(options);
  }

  FakeMatching matching_;
  TestServer server_{matching_};
  Observed observed_;
  std::unique_ptr<ports::MatchingReplica> client_;
};

TEST_F(MatchingReplicaClientTest, FramesGoAndResultsComeInOrder) {
  Make();
  const auto position =
      client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)});
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(41));
  EXPECT_EQ(position->frame_hash, matching_.hash);
  std::uint64_t next = 42;
  for (std::size_t i = 1; i <= 50; ++i) {
    ASSERT_TRUE(client_->Offer(MakeFrame(next, i)).ok());
    next += i;
    ASSERT_TRUE(client_->Commit(SequenceNumber(next - 1)).ok());
  }
  const auto frames = observed_.WaitForResults(50);
  ASSERT_EQ(frames.size(), 50U);
  next = 42;
  for (const ports::FrameResults& frame : frames) {
    for (const auto& result : frame.results) EXPECT_EQ(result.sequence.value(), next++);
    EXPECT_EQ(frame.digest, wire::DigestBatches(wire::EncodeEventBatches(frame.results)));
    EXPECT_EQ(frame.digest, wire::DigestBatches(frame.batches));
    EXPECT_EQ(frame.next_due_ns, static_cast<std::int64_t>(next - 1) * 10);
  }
}

TEST_F(MatchingReplicaClientTest, TellsTheReplicaWhereItsResultsEnd) {
  Make();
  EXPECT_EQ(client_->Connect(observed_.Observer(), {SequenceNumber(41), SequenceNumber(12), domain::Epoch(3)})->applied,
            SequenceNumber(41));
  EXPECT_EQ(client_->Connect(observed_.Observer(), {SequenceNumber(40), SequenceNumber(12), domain::Epoch(3)})->applied,
            SequenceNumber(0));
}

TEST_F(MatchingReplicaClientTest, TellsTheReplicaWhereTheJournalBeginsAndWhoHasSnapshots) {
  Make();
  ports::SequencerPosition sequencer{SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)};
  sequencer.journal_begins = SequenceNumber(7);
  sequencer.snapshot_sources = {"a:1", "b:2"};
  ASSERT_TRUE(client_->Connect(observed_.Observer(), sequencer).ok());
  EXPECT_EQ(matching_.first().journal_begins(), 7U);
  EXPECT_THAT(matching_.first().snapshot_sources(), ::testing::ElementsAre("a:1", "b:2"));
}

TEST_F(MatchingReplicaClientTest, NothingIsAnsweredBeforeItsCommit) {
  Make();
  ASSERT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
  ASSERT_TRUE(client_->Offer(MakeFrame(42, 2)).ok());
  ASSERT_TRUE(client_->Offer(MakeFrame(44, 2)).ok());
  ASSERT_TRUE(client_->Commit(SequenceNumber(43)).ok());
  EXPECT_EQ(observed_.WaitForResults(1).size(), 1U);
}

TEST_F(MatchingReplicaClientTest, ABreakIsToldOnceAndConnectStartsAgain) {
  Make();
  ASSERT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
  matching_.Break();
  EXPECT_EQ(observed_.WaitForError().front().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client_->Offer(MakeFrame(42, 1)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client_->Commit(SequenceNumber(42)).code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
  ASSERT_TRUE(client_->Offer(MakeFrame(42, 1)).ok());
  ASSERT_TRUE(client_->Commit(SequenceNumber(42)).ok());
  EXPECT_EQ(observed_.WaitForResults(1).size(), 1U);
  EXPECT_EQ(observed_.errors(), 1U);
}

TEST_F(MatchingReplicaClientTest, AReplacedOrDestroyedSessionSaysNothing) {
  Make();
  ASSERT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
  ASSERT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
  client_.reset();
  EXPECT_EQ(observed_.errors(), 0U);
}

TEST_F(MatchingReplicaClientTest, TheInputIsBounded) {
  Make(2);
  ASSERT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
  ASSERT_TRUE(client_->Offer(MakeFrame(42, 1)).ok());
  ASSERT_TRUE(client_->Offer(MakeFrame(43, 1)).ok());
  EXPECT_EQ(client_->Offer(MakeFrame(44, 1)).code(), absl::StatusCode::kResourceExhausted);
  ASSERT_TRUE(client_->Commit(SequenceNumber(43)).ok());
  observed_.WaitForResults(2);
  EXPECT_TRUE(client_->Offer(MakeFrame(44, 1)).ok());
}

TEST_F(MatchingReplicaClientTest, AnAnswerThatCannotBeReadEndsTheSession) {
  matching_.mode = FakeMatching::Mode::kDamagedResult;
  Make();
  ASSERT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
  ASSERT_TRUE(client_->Offer(MakeFrame(42, 1)).ok());
  ASSERT_TRUE(client_->Commit(SequenceNumber(42)).ok());
  EXPECT_EQ(observed_.WaitForError().front().message(), "sequence: must not be 0");
}

TEST_F(MatchingReplicaClientTest, AReplicaThatSaysNothingOrIsNotThere) {
  matching_.mode = FakeMatching::Mode::kSilent;
  Make();
  EXPECT_EQ(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)})
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
  server_.Stop();
  EXPECT_EQ(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)})
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(client_->Offer(MakeFrame(42, 1)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(observed_.errors(), 0U);
}

TEST_F(MatchingReplicaClientTest, AReplicaThatRefusesSaysWhy) {
  matching_.mode = FakeMatching::Mode::kRefuses;
  Make();
  EXPECT_EQ(
      client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).status(),
      absl::FailedPreconditionError("it works for the leader"));
  EXPECT_EQ(observed_.errors(), 0U);
  matching_.mode = FakeMatching::Mode::kNormal;
  EXPECT_TRUE(client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).ok());
}

class SeveralReplicasTest : public ::testing::Test {
 protected:
  // Which one is fed now.
  std::size_t Fed() {
    const std::size_t before = second_.received();
    EXPECT_TRUE(client_->Offer(MakeFrame(42, 1)).ok());
    EXPECT_TRUE(client_->Commit(SequenceNumber(42)).ok());
    observed_.WaitForResults(++fed_);
    return second_.received() > before ? 1 : 0;
  }
  absl::Status Connect() {
    return client_->Connect(observed_.Observer(), {SequenceNumber(100), SequenceNumber(12), domain::Epoch(3)}).status();
  }

  // Each attempt waits for the connection for a while.
  absl::Status ConnectInTheEnd() {
    absl::Status status = Connect();
    for (int attempt = 0; attempt < 50 && !status.ok(); ++attempt) status = Connect();
    return status;
  }

  FakeMatching first_;
  FakeMatching second_;
  TestServer first_server_{first_};
  TestServer second_server_{second_};
  Observed observed_;
  std::size_t fed_ = 0;
  std::unique_ptr<ports::MatchingReplica> Client(std::chrono::milliseconds connect_wait) {
    return ConnectMatchingReplica({.addresses = {first_server_.address(), second_server_.address()},
                                   .call_timeout = kLimit,
                                   .silence = kLimit,
                                   .connect_wait = connect_wait});
  }
  std::unique_ptr<ports::MatchingReplica> client_ = Client(kLimit);
};

TEST_F(SeveralReplicasTest, ThePresentOneIsTriedFirst) {
  ASSERT_TRUE(Connect().ok());
  EXPECT_EQ(Fed(), 0U);
  ASSERT_TRUE(Connect().ok());
  EXPECT_EQ(Fed(), 0U);
}

TEST_F(SeveralReplicasTest, AfterALossAnotherOneIsFed) {
  ASSERT_TRUE(Connect().ok());
  first_.Break();
  observed_.WaitForError();
  ASSERT_TRUE(Connect().ok());
  EXPECT_EQ(Fed(), 1U);
  second_.Break();
  observed_.WaitForErrors(2);
  ASSERT_TRUE(Connect().ok());
  EXPECT_EQ(Fed(), 0U);
}

TEST_F(SeveralReplicasTest, OneThatIsNotThereIsPassedOver) {
  client_ = Client(std::chrono::milliseconds(250));  // the one that is not there is waited for
  first_server_.Stop();
  ASSERT_TRUE(ConnectInTheEnd().ok());
  EXPECT_EQ(Fed(), 1U);
  second_server_.Stop();
  observed_.WaitForError();
  EXPECT_EQ(Connect().code(), absl::StatusCode::kUnavailable);
  first_server_.Start();
  ASSERT_TRUE(ConnectInTheEnd().ok());
  EXPECT_EQ(Fed(), 0U);
}

}  // namespace
}  // namespace xt::grpc_clients
