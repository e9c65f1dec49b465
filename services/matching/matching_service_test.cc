// Matching over real gRPC: the client of libs/adapters/grpc against the service, and bare streams for what that client
// never does.
#include "services/matching/matching_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "libs/adapters/grpc/clients.h"
#include "libs/runtime/grpc_host.h"
#include "libs/wire/event_codec.h"
#include "services/matching/matching_app.h"
#include "services/matching/testing/fake_sequencer.h"
#include "tests/support/files.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::matching {
namespace {

namespace pb = ::xtrader::v1;
using domain::SequenceNumber;
using domain::Side;
using ::testing::ElementsAre;
using testing::FrameChain;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ResultCollector;

class MatchingServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(app_.Start().ok());
    auto host = runtime::GrpcHost::Start({}, {service_.service()}, health_, metrics_);
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    const grpc_clients::ClientOptions options{.addresses = {host_->address()}};
    replica_ = grpc_clients::ConnectMatchingReplica(options);
    queries_ = grpc_clients::ConnectMatchingQueries(options);
    stub_ = pb::MatchingService::NewStub(grpc::CreateChannel(host_->address(), grpc::InsecureChannelCredentials()));
  }
  void TearDown() override {
    replica_.reset();
    queries_.reset();
    const auto deadline = std::chrono::steady_clock::now() + testing::kPatience;
    service_.EndStreams(deadline);
    host_->Shutdown(deadline);
    app_.Stop();
  }

  MatchingConfig Config() {
    MatchingConfig config;
    config.snapshot_folder = folder_ / "snapshots";
    config.max_waiting_frames = 8;
    config.engine.max_orders = 1'000;
    config.engine.max_client_ids = 1'000;
    return config;
  }
  // The replica's position, once the client is through.
  ports::ReplicaPosition ConnectClient(SequenceNumber results_after = SequenceNumber(1'000'000)) {
    absl::StatusOr<ports::ReplicaPosition> position = absl::UnavailableError("not tried");
    const auto deadline = std::chrono::steady_clock::now() + testing::kPatience;
    while (!position.ok() && std::chrono::steady_clock::now() < deadline) {
      position = replica_->Connect(results_.Observer(), {results_after, {}, domain::Epoch(1)});
    }
    EXPECT_TRUE(position.ok()) << position.status();
    return position.value_or(ports::ReplicaPosition{});
  }

  static std::unique_ptr<ports::ReplicaSnapshots> ConnectSnapshots(const std::string& address) {
    return grpc_clients::ConnectReplicaSnapshots(
        {.addresses = {address}, .call_timeout = testing::kPatience, .silence = testing::kPatience});
  }

  test::TemporaryFolder folder_;
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  MatchingApp app_{Config(), metrics_, health_};
  MatchingService service_{
      app_, app_, {.max_held_frames = 64, .on_disconnect = [this] { app_.Disconnect(); }, .snapshots = &app_}};
  std::unique_ptr<runtime::GrpcHost> host_;
  std::unique_ptr<ports::MatchingReplica> replica_;
  std::unique_ptr<ports::MatchingQueries> queries_;
  std::unique_ptr<pb::MatchingService::Stub> stub_;
  FrameChain chain_;
  ResultCollector results_;
};

TEST_F(MatchingServiceTest, FramesGoInAndResultsComeBack) {
  EXPECT_EQ(ConnectClient().applied, SequenceNumber(0));
  const auto setup = chain_.Next(FrameChain::Setup());
  const auto orders =
      chain_.Next({FrameChain::Limit(1, Side::kSell, 100, 5, "a"), FrameChain::Limit(2, Side::kBuy, 100, 3, "b")});
  ASSERT_TRUE(replica_->Offer(setup).ok());
  ASSERT_TRUE(replica_->Offer(orders).ok());
  ASSERT_TRUE(replica_->Commit(orders->last_sequence()).ok());
  ASSERT_TRUE(results_.WaitForFrames(2));
  const auto frames = results_.frames();
  for (const ports::FrameResults& frame : frames) {
    EXPECT_EQ(frame.digest, wire::DigestBatches(wire::EncodeEventBatches(frame.results)));
    EXPECT_EQ(frame.digest, wire::DigestBatches(frame.batches));
  }
  EXPECT_EQ(frames.back().results.back().sequence, orders->last_sequence());
}

TEST_F(MatchingServiceTest, AStandbyTellsOnlyDigests) {
  ConnectClient();
  auto standby = grpc_clients::ConnectMatchingReplica({.addresses = {host_->address()}});
  const ports::SequencerPosition sequencer{.epoch = domain::Epoch(1), .standby = true};
  ResultCollector results;
  EXPECT_FALSE(standby->Connect(results.Observer(), sequencer).ok()) << "it works for the leader";
  replica_.reset();
  absl::StatusOr<ports::ReplicaPosition> position = absl::UnavailableError("not tried");
  const auto deadline = std::chrono::steady_clock::now() + testing::kPatience;
  while (!position.ok() && std::chrono::steady_clock::now() < deadline) {
    position = standby->Connect(results.Observer(), sequencer);
  }
  ASSERT_TRUE(position.ok()) << position.status();
  ASSERT_TRUE(standby->Offer(chain_.Next(FrameChain::Setup())).ok());
  const auto order = chain_.Next({FrameChain::Limit(1, Side::kBuy, 99, 5, "a")});
  ASSERT_TRUE(standby->Offer(order).ok());
  ASSERT_TRUE(standby->Commit(order->last_sequence()).ok());
  ASSERT_TRUE(results.WaitForFrames(2));
  const ports::FrameResults frame = results.frames().back();
  EXPECT_TRUE(frame.results.empty());
  EXPECT_TRUE(frame.batches.empty());
  EXPECT_EQ(frame.first_sequence, order->first_sequence);
  EXPECT_NE(frame.digest, Hash128{});
  EXPECT_EQ(app_.GetStateDigest()->sequence, order->last_sequence());
}

TEST_F(MatchingServiceTest, ASnapshotIsAskedForAcrossProcesses) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(1));
  pb::TakeSnapshotRequest request;
  pb::TakeSnapshotResponse response;
  grpc::ClientContext refused;
  EXPECT_EQ(stub_->TakeSnapshot(&refused, request, &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  request.set_even_leading(true);
  grpc::ClientContext taken;
  const grpc::Status status = stub_->TakeSnapshot(&taken, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.sequence(), FrameChain::kSetupCommands);
  EXPECT_GT(response.bytes(), 0u);
}

TEST_F(MatchingServiceTest, SnapshotsAreListedAndReadAcrossProcesses) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(1));
  const auto snapshots = ConnectSnapshots(host_->address());
  const auto none = snapshots->ListSnapshots();
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(*none, IsEmpty());
  EXPECT_TRUE(absl::IsFailedPrecondition(snapshots->TakeSnapshot(false).status()));
  const auto taken = snapshots->TakeSnapshot(true);
  ASSERT_TRUE(taken.ok()) << taken.status();
  constexpr SequenceNumber kOnly{FrameChain::kSetupCommands};
  EXPECT_EQ(taken->sequence, kOnly);
  EXPECT_THAT(*snapshots->ListSnapshots(), ElementsAre(kOnly));
  std::string bytes;
  const auto collect = [&](std::string_view piece) {
    bytes += piece;
    return absl::OkStatus();
  };
  const absl::Status read = snapshots->ReadSnapshot(kOnly, kOnly, collect);
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(bytes, test::ReadFile(SnapshotStore::OpenToRead(folder_ / "snapshots").FileOf(kOnly)));
  EXPECT_TRUE(absl::IsNotFound(snapshots->ReadSnapshot(SequenceNumber(1), SequenceNumber(9), collect)));
  EXPECT_TRUE(absl::IsNotFound(snapshots->ReadSnapshot(SequenceNumber(11), SequenceNumber(99), collect)));
  service_.EndStreams(std::chrono::steady_clock::now() + testing::kPatience);
  EXPECT_TRUE(absl::IsUnavailable(snapshots->ReadSnapshot(kOnly, kOnly, collect))) << "it drains";
}

TEST_F(MatchingServiceTest, AReplicaTakesTheSnapshotOfAnotherOneAcrossProcesses) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(1));
  ASSERT_TRUE(app_.TakeSnapshot(true).ok());
  MatchingConfig config = Config();
  config.snapshot_folder = folder_ / "empty";
  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health(&metrics);
  const auto source = [](const std::string& address, SequenceRange range,
                         const ports::ReplicaSnapshots::PieceVisitor& visitor) {
    return ConnectSnapshots(address)->ReadSnapshot(range.least, range.most, visitor);
  };
  MatchingApp app(config, metrics, health, SystemClock::Instance(), source);
  ASSERT_TRUE(app.Start().ok());
  MatchingService service(app, app, {.on_disconnect = [&app] { app.Disconnect(); }, .snapshots = &app});
  auto host = runtime::GrpcHost::Start({}, {service.service()}, health, metrics);
  ASSERT_TRUE(host.ok()) << host.status();
  auto replica = grpc_clients::ConnectMatchingReplica({.addresses = {(*host)->address()},
                                                       .call_timeout = testing::kPatience,
                                                       .silence = testing::kPatience,
                                                       .connect_wait = testing::kPatience});
  ResultCollector results;
  // It asks itself, too, while it connects: that must not stand in its way.
  const auto position =
      replica->Connect(results.Observer(), {.epoch = domain::Epoch(1),
                                            .standby = true,
                                            .journal_begins = SequenceNumber(FrameChain::kSetupCommands + 1),
                                            .snapshot_sources = {(*host)->address(), host_->address()}});
  EXPECT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position.value_or(ports::ReplicaPosition{}).applied, SequenceNumber(FrameChain::kSetupCommands));
  EXPECT_EQ(app.GetStateDigest()->digest, app_.GetStateDigest()->digest);
  replica.reset();
  const auto deadline = std::chrono::steady_clock::now() + testing::kPatience;
  service.EndStreams(deadline);
  (*host)->Shutdown(deadline);
  app.Stop();
}

TEST_F(MatchingServiceTest, AReplicaThatHasNoStateForTheJournalSaysWhyAcrossProcesses) {
  ConnectClient();
  ports::SequencerPosition sequencer{SequenceNumber(9), {}, domain::Epoch(1)};
  sequencer.journal_begins = SequenceNumber(5);
  const auto refused = replica_->Connect(results_.Observer(), sequencer);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(refused.status().ToString(), HasSubstr("the journal begins at sequence 5, the replica stands at 0"));
  EXPECT_EQ(ConnectClient().applied, SequenceNumber(0));
}

TEST_F(MatchingServiceTest, WhatIsDueIsToldAcrossProcesses) {
  ConnectClient();
  domain::SetCountdown countdown{domain::AccountId(1), domain::OrderGroup(0), 1'000};
  const auto setup = chain_.Next(FrameChain::Setup());
  const auto armed = chain_.Next({countdown});
  countdown.timeout_ms = 0;
  ASSERT_TRUE(replica_->Offer(setup).ok());
  ASSERT_TRUE(replica_->Offer(armed).ok());
  ASSERT_TRUE(replica_->Offer(chain_.Next({countdown})).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(3));
  EXPECT_EQ(results_.frames()[0].next_due_ns, 0);
  EXPECT_EQ(results_.frames()[1].next_due_ns, armed->timestamp_ns + 1'000'000'000);
  EXPECT_EQ(results_.frames()[2].next_due_ns, 0);
}

TEST_F(MatchingServiceTest, MoreFramesThanTheReplicaHasRoomForAreHeld) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(replica_->Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 1, std::to_string(i))})).ok());
  }
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  EXPECT_TRUE(results_.WaitForFrames(41));
}

TEST_F(MatchingServiceTest, QueriesAnswerAcrossProcesses) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  ASSERT_TRUE(replica_->Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 99, 5, "a")})).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(2));
  const auto book = queries_->GetBook(domain::SymbolId(0), 0);
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(*book, *app_.GetBook(domain::SymbolId(0), 0));
  EXPECT_TRUE(absl::IsNotFound(queries_->GetBook(domain::SymbolId(9), 0).status()));
  const auto data = queries_->GetReferenceData();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->symbols, app_.GetReferenceData()->symbols);
  EXPECT_EQ(data->assets, app_.GetReferenceData()->assets);
  EXPECT_EQ(queries_->GetStateDigest()->digest, app_.GetStateDigest()->digest);
}

TEST_F(MatchingServiceTest, AFrameThatDoesNotFollowEndsTheStream) {
  ConnectClient();
  (void)chain_.Next(FrameChain::Setup());
  ASSERT_TRUE(replica_->Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 99, 5, "a")})).ok());
  EXPECT_FALSE(results_.WaitForEnd().ok());
}

TEST_F(MatchingServiceTest, AfterABreakTheClientGoesOnWhereTheReplicaStands) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(1));
  const ports::ReplicaPosition position = ConnectClient();
  EXPECT_EQ(position.applied, SequenceNumber(FrameChain::kSetupCommands));
  EXPECT_EQ(position.frame_hash, chain_.hash());
  ASSERT_TRUE(replica_->Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 99, 5, "a")})).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  EXPECT_TRUE(results_.WaitForFrames(2));
}

TEST_F(MatchingServiceTest, ASequencerThatLacksResultsIsToldThemAgain) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(1));
  const ports::ReplicaPosition position = ConnectClient(SequenceNumber(chain_.sequence() - 1));
  EXPECT_EQ(position.applied, SequenceNumber(FrameChain::kSetupCommands));
  EXPECT_EQ(position.results_from, SequenceNumber(1));
  ASSERT_TRUE(results_.WaitForFrames(2));
  EXPECT_EQ(results_.frames()[0].digest, results_.frames()[1].digest);
  EXPECT_EQ(results_.frames()[0].results, results_.frames()[1].results);
}

TEST_F(MatchingServiceTest, WhatWasPublishedIsNotToldAgainUnlessABusLostIt) {
  ConnectClient();
  ASSERT_TRUE(replica_->Offer(chain_.Next(FrameChain::Setup())).ok());
  const auto second = chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  ASSERT_TRUE(replica_->Offer(second).ok());
  ASSERT_TRUE(replica_->Published(SequenceNumber(FrameChain::kSetupCommands)).ok());
  ASSERT_TRUE(replica_->Commit(second->last_sequence()).ok());  // told together, or after it
  ASSERT_TRUE(results_.WaitForFrames(2));
  EXPECT_EQ(ConnectClient(SequenceNumber(0)).results_from, second->first_sequence);
  ASSERT_TRUE(results_.WaitForFrames(3));
  const auto position =
      replica_->Connect(results_.Observer(), {SequenceNumber(0), {}, domain::Epoch(1), SequenceNumber(0)});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->results_from, SequenceNumber(1));
  EXPECT_TRUE(results_.WaitForFrames(5));
}

TEST_F(MatchingServiceTest, AReplicaThatFollowedAnotherJournalBeginsAnew) {
  ConnectClient();
  const auto setup = chain_.Next(FrameChain::Setup());
  ASSERT_TRUE(replica_->Offer(setup).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(1));
  ports::SequencerPosition sequencer{SequenceNumber(0), {}, domain::Epoch(1)};
  sequencer.begin_anew = true;
  const auto position = replica_->Connect(results_.Observer(), sequencer);
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(0));
  EXPECT_EQ(position->frame_hash, Hash128{});
  ASSERT_TRUE(replica_->Offer(setup).ok());
  ASSERT_TRUE(replica_->Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(2));
  EXPECT_EQ(results_.frames()[0].digest, results_.frames()[1].digest);
}

// A stream by hand.
struct BareStream {
  explicit BareStream(pb::MatchingService::Stub& stub, std::uint64_t epoch = 1) {
    context.set_deadline(std::chrono::system_clock::now() + testing::kPatience);
    stream = stub.Replicate(&context);
    pb::ReplicateRequest first;
    first.set_results_after(1'000'000);
    first.set_epoch(epoch);
    stream->Write(first);
  }
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<pb::ReplicateRequest, pb::ReplicateResponse>> stream;
  pb::ReplicateResponse response;
};

TEST_F(MatchingServiceTest, ANewSequencerEndsTheStreamOfTheOldOne) {
  BareStream first(*stub_);
  ASSERT_TRUE(first.stream->Read(&first.response));
  BareStream second(*stub_);
  ASSERT_TRUE(second.stream->Read(&second.response));
  EXPECT_FALSE(first.stream->Read(&first.response));
  EXPECT_EQ(first.stream->Finish().error_code(), grpc::StatusCode::ABORTED);
  EXPECT_TRUE(health_.ReadyJson().find("no sequencer is connected") == std::string::npos)
      << "the end of the old stream does not disconnect the new one";
  second.context.TryCancel();
}

TEST_F(MatchingServiceTest, AStreamThatIsRefusedOrSaysNothingLeavesThePresentOneAlone) {
  BareStream present(*stub_, 2);
  ASSERT_TRUE(present.stream->Read(&present.response));
  BareStream stale(*stub_, 1);
  EXPECT_FALSE(stale.stream->Read(&stale.response));
  EXPECT_EQ(stale.stream->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  grpc::ClientContext silent_context;
  const auto silent = stub_->Replicate(&silent_context);
  pb::ReplicateRequest request;
  const auto setup = chain_.Next(FrameChain::Setup());
  request.add_frames()->set_frame(wire::FrameBytes(*setup));
  request.mutable_frames(0)->set_hash(setup->hash.ToBytes());
  request.set_committed_sequence(chain_.sequence());
  ASSERT_TRUE(present.stream->Write(request));
  ASSERT_TRUE(present.stream->Read(&present.response));
  EXPECT_EQ(present.response.applied_sequence(), chain_.sequence());
  present.context.TryCancel();
  service_.EndStreams(std::chrono::steady_clock::now() + testing::kPatience);
  EXPECT_EQ(silent->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(MatchingServiceTest, DamagedFramesEndTheStream) {
  BareStream bare(*stub_);
  ASSERT_TRUE(bare.stream->Read(&bare.response));
  const auto frame = chain_.Next(FrameChain::Setup());
  pb::ReplicateRequest request;
  pb::OfferedFrame* offered = request.add_frames();
  offered->set_frame(wire::FrameBytes(*frame));
  offered->set_hash(Hash128{1, 2}.ToBytes());
  ASSERT_TRUE(bare.stream->Write(request));
  EXPECT_FALSE(bare.stream->Read(&bare.response));
  EXPECT_EQ(bare.stream->Finish().error_code(), grpc::StatusCode::DATA_LOSS);
}

TEST_F(MatchingServiceTest, DrainingEndsTheStreamAndTakesNoOther) {
  BareStream bare(*stub_);
  ASSERT_TRUE(bare.stream->Read(&bare.response));
  service_.EndStreams(std::chrono::steady_clock::now() + testing::kPatience);
  EXPECT_FALSE(bare.stream->Read(&bare.response));
  EXPECT_EQ(bare.stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  BareStream late(*stub_);
  EXPECT_FALSE(late.stream->Read(&late.response));
  EXPECT_EQ(late.stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace xt::matching
