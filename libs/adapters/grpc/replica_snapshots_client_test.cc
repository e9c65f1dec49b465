#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/testing/test_server.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using domain::SequenceNumber;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TestServer;

// Keeps one snapshot, of sequence 7, in three pieces.
class FakeMatching final : public pb::MatchingService::Service {
 public:
  enum class Mode { kNormal, kSilent, kBreaks };

  grpc::Status TakeSnapshot(grpc::ServerContext*, const pb::TakeSnapshotRequest* request,
                            pb::TakeSnapshotResponse* response) override {
    if (!request->even_leading()) return {grpc::StatusCode::FAILED_PRECONDITION, "it works for the leader"};
    response->set_sequence(7);
    response->set_bytes(70);
    return grpc::Status::OK;
  }
  grpc::Status ListSnapshots(grpc::ServerContext* context, const pb::ListSnapshotsRequest*,
                             pb::ListSnapshotsResponse* response) override {
    if (mode == Mode::kSilent) AwaitCancel(*context);
    response->add_sequences(7);
    response->add_sequences(3);
    return grpc::Status::OK;
  }
  grpc::Status ReadSnapshot(grpc::ServerContext* context, const pb::ReadSnapshotRequest* request,
                            grpc::ServerWriter<pb::ReadSnapshotResponse>* writer) override {
    if (request->at_least() > 7 || request->at_most() < 7) return {grpc::StatusCode::NOT_FOUND, "none"};
    pb::ReadSnapshotResponse response;
    for (const char* piece : {"one ", "two ", "three"}) {
      response.set_piece(piece);
      if (!writer->Write(response)) return grpc::Status::CANCELLED;
      if (mode == Mode::kBreaks) return {grpc::StatusCode::DATA_LOSS, "it cannot be read"};
      if (mode == Mode::kSilent) AwaitCancel(*context);
    }
    return grpc::Status::OK;
  }

  grpc::Status CopySnapshot(grpc::ServerContext*, const pb::CopySnapshotRequest* request,
                            pb::CopySnapshotResponse*) override {
    const bool has = request->source() == "other:1" && request->at_least() <= 7 && request->at_most() >= 7;
    return has ? grpc::Status::OK : grpc::Status(grpc::StatusCode::NOT_FOUND, "none");
  }

  std::atomic<Mode> mode{Mode::kNormal};

 private:
  static void AwaitCancel(const grpc::ServerContext& context) {
    while (!context.IsCancelled()) std::this_thread::yield();
  }
};

class ReplicaSnapshotsClientTest : public ::testing::Test {
 protected:
  absl::Status Read(std::uint64_t at_least, std::uint64_t at_most) {
    pieces_.clear();
    return client_->ReadSnapshot(SequenceNumber(at_least), SequenceNumber(at_most), [this](std::string_view piece) {
      pieces_.emplace_back(piece);
      return visited_;
    });
  }
  void BeHasty() {
    ClientOptions options = server_.Options();
    options.call_timeout = std::chrono::milliseconds(50);
    client_ = ConnectReplicaSnapshots(options);
  }

  FakeMatching matching_;
  TestServer server_{matching_};
  std::unique_ptr<ports::ReplicaSnapshots> client_ = ConnectReplicaSnapshots(server_.Options());
  std::vector<std::string> pieces_;
  absl::Status visited_;
};

TEST_F(ReplicaSnapshotsClientTest, TakesAndLists) {
  EXPECT_EQ(client_->TakeSnapshot(false).status(), absl::FailedPreconditionError("it works for the leader"));
  const auto taken = client_->TakeSnapshot(true);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->sequence, SequenceNumber(7));
  EXPECT_EQ(taken->bytes, 70U);
  const auto sequences = client_->ListSnapshots();
  ASSERT_TRUE(sequences.ok()) << sequences.status();
  EXPECT_THAT(*sequences, ElementsAre(SequenceNumber(7), SequenceNumber(3)));
}

TEST_F(ReplicaSnapshotsClientTest, ReadsPieceByPiece) {
  const absl::Status read = Read(6, 8);
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_THAT(pieces_, ElementsAre("one ", "two ", "three"));
  EXPECT_TRUE(absl::IsNotFound(Read(8, 9)));
  EXPECT_TRUE(absl::IsNotFound(Read(5, 6)));
  EXPECT_THAT(pieces_, IsEmpty());
}

TEST_F(ReplicaSnapshotsClientTest, HasItCopied) {
  EXPECT_TRUE(client_->CopySnapshot("other:1", SequenceNumber(6), SequenceNumber(8)).ok());
  EXPECT_EQ(client_->CopySnapshot("other:1", SequenceNumber(8), SequenceNumber(9)), absl::NotFoundError("none"));
}

TEST_F(ReplicaSnapshotsClientTest, AnErrorOfTheVisitorStops) {
  visited_ = absl::AbortedError("enough");
  EXPECT_EQ(Read(7, 7), visited_);
  EXPECT_THAT(pieces_, ElementsAre("one "));
}

TEST_F(ReplicaSnapshotsClientTest, WhatEndsTooEarlyIsNoSuccess) {
  matching_.mode = FakeMatching::Mode::kBreaks;
  EXPECT_EQ(Read(7, 7), absl::DataLossError("it cannot be read"));
  EXPECT_THAT(pieces_, ElementsAre("one "));
}

TEST_F(ReplicaSnapshotsClientTest, AReplicaThatSaysNothingOrIsNotThereIsUnavailable) {
  matching_.mode = FakeMatching::Mode::kSilent;
  BeHasty();
  EXPECT_TRUE(absl::IsUnavailable(Read(7, 7)));
  EXPECT_TRUE(absl::IsUnavailable(client_->ListSnapshots().status()));
  server_.Stop();
  EXPECT_TRUE(absl::IsUnavailable(Read(7, 7)));
  EXPECT_THAT(pieces_, IsEmpty());
}

}  // namespace
}  // namespace xt::grpc_clients
