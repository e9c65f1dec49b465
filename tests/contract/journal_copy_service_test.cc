// The journal's file of a sequencer that stands by, as a leader has it: the contract of the port over a real stream,
// and what is the stream's own.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/testing/test_server.h"
#include "libs/ports/fenced.h"
#include "services/sequencer/journal_copy_service.h"
#include "services/sequencer/standby_file.h"
#include "tests/contract/command_journal_contract.h"
#include "tests/contract/faulty_io.h"
#include "tests/contract/journal_copy_contract.h"
#include "tests/contract/wal_files.h"
#include "xtrader/v1/journal_copy_service.grpc.pb.h"

namespace xt::contract {
namespace {

namespace pb = ::xtrader::v1;
using domain::SequenceNumber;
using embedded::WalJournal;
using embedded::WalOptions;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

absl::Status Nothing(const ports::JournalRecord&) { return absl::OkStatus(); }

// A sequencer that stands by: its file, and the port where it is had.
class Standby {
 public:
  explicit Standby(WalOptions options = SmallSegments())
      : file_([this, options] { return std::make_unique<WalJournal>(folder(), options); }) {}

  // Patient with a slow machine.
  [[nodiscard]] grpc_clients::ClientOptions Options() const {
    grpc_clients::ClientOptions options = server_.Options();
    options.connect_wait = options.append_wait = options.open_wait = options.call_timeout;
    return options;
  }
  std::unique_ptr<ports::JournalCopy> Connect() { return connect_(); }

  [[nodiscard]] std::string folder() const { return folder_.path() + "/journal"; }
  sequencer::StandbyFile& file() { return file_; }
  sequencer::JournalCopyService& service() { return service_; }
  // The process is gone, and then there again: no stream is left, and the file is closed.
  void Stop() { server_.Stop(); }
  void Start() { server_.Start(); }
  [[nodiscard]] std::string address() const { return server_.address(); }

 private:
  TemporaryFolder folder_;
  sequencer::StandbyFile file_;
  sequencer::JournalCopyService service_{file_};
  grpc_clients::testing::TestServer server_{*service_.service().service};
  std::function<std::unique_ptr<ports::JournalCopy>()> connect_ = grpc_clients::ConnectJournalCopy(Options());
};

class StandbyJournalBackend final : public CommandJournalBackend {
 public:
  std::unique_ptr<ports::CommandJournal> Connect() override { return standby_.Connect(); }

 private:
  Standby standby_;
};

INSTANTIATE_TEST_SUITE_P(Standby, CommandJournalContract,
                         ::testing::Values(+[]() -> std::unique_ptr<CommandJournalBackend> {
                           return std::make_unique<StandbyJournalBackend>();
                         }));

class StandbyCopyBackend final : public JournalCopyBackend {
 public:
  std::unique_ptr<ports::JournalCopy> Connect() override { return standby_.Connect(); }

 private:
  Standby standby_{SmallSegments(4096)};
};

INSTANTIATE_TEST_SUITE_P(Standby, JournalCopyContract, ::testing::Values(+[]() -> std::unique_ptr<JournalCopyBackend> {
                           return std::make_unique<StandbyCopyBackend>();
                         }));

// One leader's handle.
struct Leader {
  explicit Leader(std::unique_ptr<ports::JournalCopy> copy) : handle(std::move(copy)) {}

  absl::Status Open(std::uint64_t epoch) {
    auto opened = handle->Open(Token(epoch));
    if (!opened.ok()) return opened.status();
    Follow(*opened, epoch);
    return absl::OkStatus();
  }
  void Follow(const ports::OpenReport& opened, std::uint64_t epoch) {
    report = opened;
    chain = RecordChain(report);
    chain.set_epoch(epoch);
  }
  void Append(ports::JournalRecord record) {
    handle->Append(std::move(record), [this](const absl::Status& status) { outcomes.Add(status.code()); });
  }
  void Append(int records, std::size_t padding = 50) {
    for (int i = 0; i < records; ++i) Append(chain.Next(1, padding));
  }
  absl::Status AppendOne() { return AppendAndWait(*handle, chain.Next()); }

  Outcomes<absl::StatusCode> outcomes;
  ports::OpenReport report;
  RecordChain chain;
  std::unique_ptr<ports::JournalCopy> handle;
};

TEST(JournalCopyServiceTest, WhatIsAppendedIsInTheFileThatTheStandbyLeadsWith) {
  Standby standby;
  Leader leader(standby.Connect());
  ASSERT_TRUE(leader.Open(3).ok());
  leader.Append(200);
  EXPECT_THAT(leader.outcomes.WaitFor(200), AllOf(SizeIs(200), Each(kOk)));
  const auto records = RecordsOf(*leader.handle);
  const std::string identity = leader.handle->Identity();
  standby.file().Release();
  EXPECT_EQ(leader.AppendOne().code(), kUnavailable);
  WalJournal own(standby.folder(), SmallSegments());
  const auto report = own.Open(Token(4));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->records, 200U);
  EXPECT_EQ(own.Identity(), identity);
  const auto in_file = RecordsOf(own);
  ASSERT_EQ(records.size(), in_file.size());
  for (std::size_t i = 0; i < records.size(); ++i) ASSERT_TRUE(SameRecord(records[i], in_file[i])) << i;
  Leader late(standby.Connect());
  EXPECT_EQ(late.Open(3).code(), kUnavailable);
}

TEST(JournalCopyServiceTest, ARestartOfTheStandbyFailsTheHandleAndTheNextOneGoesOn) {
  Standby standby;
  Leader leader(standby.Connect());
  ASSERT_TRUE(leader.Open(1).ok());
  ASSERT_TRUE(leader.AppendOne().ok());
  const std::string identity = leader.handle->Identity();
  standby.Stop();
  leader.Append(3);
  EXPECT_THAT(leader.outcomes.WaitFor(3), AllOf(SizeIs(3), Each(kUnavailable)));
  standby.Start();
  leader.Append(1);
  EXPECT_THAT(leader.outcomes.WaitFor(4), Each(kUnavailable)) << "it failed for good";
  EXPECT_TRUE(absl::IsUnavailable(leader.handle->Read(SequenceNumber(1), Nothing)));
  EXPECT_TRUE(absl::IsUnavailable(leader.handle->TrimFront(SequenceNumber(1))));
  EXPECT_EQ(leader.handle->TailSequence().value(), 1U);
  Leader again(standby.Connect());
  ASSERT_TRUE(again.Open(1).ok());
  EXPECT_EQ(again.report.last_sequence.value(), 1U);
  EXPECT_EQ(again.handle->Identity(), identity);
  EXPECT_TRUE(again.AppendOne().ok());
}

TEST(JournalCopyServiceTest, AStandbyThatIsNotThereIsUnavailable) {
  Standby standby;
  grpc_clients::ClientOptions hasty = standby.Options();
  hasty.connect_wait = milliseconds(1);
  standby.Stop();
  const auto handle = grpc_clients::ConnectJournalCopy(hasty)();
  const auto opened = handle->Open(Token(1));
  EXPECT_EQ(opened.status().code(), kUnavailable);
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr(standby.address()));
  EXPECT_EQ(handle->CutTail(SequenceNumber()).code(), kUnavailable);
}

TEST(JournalCopyServiceTest, ASecondLeaderTakesTheFileAndTheFirstIsFencedWhenItComesBack) {
  Standby standby;
  Leader before(standby.Connect());
  ASSERT_TRUE(before.Open(1).ok());
  before.Append(100);
  Leader after(standby.Connect());
  ASSERT_TRUE(after.Open(2).ok());
  before.Append(1);
  const auto outcomes = before.outcomes.WaitFor(101);
  ASSERT_EQ(outcomes.size(), 101U);
  const auto confirmed = static_cast<std::size_t>(std::count(outcomes.begin(), outcomes.end(), kOk));
  EXPECT_EQ(outcomes.back(), kUnavailable);
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i], i < confirmed ? kOk : kUnavailable) << i;
  EXPECT_EQ(before.handle->TailSequence().value(), confirmed);
  EXPECT_GE(after.report.last_sequence.value(), confirmed);
  EXPECT_TRUE(after.AppendOne().ok());
  Leader again(standby.Connect());
  const absl::Status held = again.Open(1);
  EXPECT_TRUE(ports::IsFenced(held)) << held;
  after.handle.reset();
  Leader once_more(standby.Connect());
  const absl::Status remembered = once_more.Open(1);
  EXPECT_TRUE(ports::IsFenced(remembered)) << remembered;
}

TEST(JournalCopyServiceTest, ARefusedRecordIsTheLastOneThatMayBeConfirmed) {
  Standby standby;
  Leader leader(standby.Connect());
  ASSERT_TRUE(leader.Open(1).ok());
  leader.Append(50);
  ports::JournalRecord bad = leader.chain.Next();
  bad.bytes += 'x';
  leader.Append(std::move(bad));
  leader.Append(50);
  const auto outcomes = leader.outcomes.WaitFor(101);
  ASSERT_EQ(outcomes.size(), 101U);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(outcomes[i], kOk) << i;
  EXPECT_NE(outcomes[50], kOk);
  for (std::size_t i = 51; i < 101; ++i) EXPECT_NE(outcomes[i], kOk) << i;
  EXPECT_EQ(leader.handle->TailSequence().value(), 50U);
}

TEST(JournalCopyServiceTest, BigRecordsAndManyPagesAreReadBack) {
  Standby standby(SmallSegments(16 << 20));
  Leader leader(standby.Connect());
  ASSERT_TRUE(leader.Open(1).ok());
  leader.Append(4, 3 << 20);
  leader.Append(300, 10'000);
  EXPECT_THAT(leader.outcomes.WaitFor(304), AllOf(SizeIs(304), Each(kOk)));
  const auto records = RecordsOf(*leader.handle);
  ASSERT_EQ(records.size(), 304U);
  RecordChain expected;
  for (std::size_t i = 0; i < records.size(); ++i) {
    ASSERT_TRUE(SameRecord(records[i], expected.Next(1, i < 4 ? 3 << 20 : 10'000))) << i;
  }
  EXPECT_EQ(ReadSequences(*leader.handle, 200).size(), 105U);
  EXPECT_EQ(ReadSequences(*leader.handle, 0).size(), 304U);
  int visited = 0;
  const absl::Status stopped = leader.handle->Read(SequenceNumber(1), [&](const auto&) {
    return ++visited == 150 ? absl::AbortedError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(stopped, absl::AbortedError("enough"));
}

// The file is damaged while no process has it.
class DamagedStandbyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Leader leader(standby_.Connect());
    ASSERT_TRUE(leader.Open(1).ok());
    leader.Append(20, 400);
    ASSERT_THAT(leader.outcomes.WaitFor(20), Each(kOk));
    identity_ = leader.handle->Identity();
    standby_.Stop();
    const std::string segment = standby_.folder() + "/wal-00000001.log";
    std::string bytes = ReadFile(segment);
    bytes[RecordOffsets(bytes)[5] + 100] ^= 1;
    WriteFile(segment, bytes);
  }

  Standby standby_;
  std::string identity_;
};

TEST_F(DamagedStandbyTest, TheLeaderIsToldWhatIsLostAndBeginsItAnew) {
  absl::Status local;
  ports::JournalDamage found;
  {
    WalJournal own(standby_.folder(), SmallSegments());
    local = own.Open(Token(1)).status();
    found = own.Damage();
  }
  ASSERT_TRUE(absl::IsDataLoss(local)) << local;
  standby_.Start();
  Leader leader(standby_.Connect());
  EXPECT_EQ(leader.Open(2), local);
  const ports::JournalDamage told = leader.handle->Damage();
  EXPECT_EQ(ports::RangeOf(told), "sequence 6");
  EXPECT_EQ(ports::RangeOf(told), ports::RangeOf(found));
  EXPECT_EQ(told.place, found.place);
  EXPECT_EQ(told.whole_from, found.whole_from);
  EXPECT_EQ(told.end.last_sequence, found.end.last_sequence);
  EXPECT_EQ(told.end.last_hash, found.end.last_hash);
  EXPECT_EQ(leader.handle->CutTail(SequenceNumber()).code(), absl::StatusCode::kFailedPrecondition);
  const auto anew = leader.handle->OpenAnew(Token(2));
  ASSERT_TRUE(anew.ok()) << anew.status();
  EXPECT_THAT(anew->detail, HasSubstr("damaged-1"));
  EXPECT_NE(leader.handle->Identity(), identity_);
  leader.Follow(*anew, 2);
  EXPECT_TRUE(leader.AppendOne().ok());
  EXPECT_EQ(leader.handle->TailSequence().value(), 1U);
  EXPECT_TRUE(std::filesystem::exists(standby_.folder() + "/damaged-1"));
}

// A standby whose disk does not answer until the test lets it.
class StuckStandbyTest : public ::testing::Test {
 protected:
  void SetUp() override { io_.gate = &gate_; }
  void TearDown() override { gate_.Open(); }

  std::unique_ptr<ports::JournalCopy> ConnectHastily(std::size_t max_in_flight) {
    grpc_clients::ClientOptions hasty = standby_.Options();
    hasty.append_wait = milliseconds(50);
    hasty.max_in_flight = max_in_flight;
    return grpc_clients::ConnectJournalCopy(hasty)();
  }
  WalOptions WithGate() {
    WalOptions options = SmallSegments();
    options.io = &io_;
    return options;
  }

  Gate gate_;
  FaultyIo io_;
  Standby standby_{WithGate()};
};

TEST_F(StuckStandbyTest, AnAppendThatIsNotAnsweredFailsTheHandle) {
  Leader leader(ConnectHastily(100));
  ASSERT_TRUE(leader.Open(1).ok());
  leader.Append(3);
  EXPECT_THAT(leader.outcomes.WaitFor(3), AllOf(SizeIs(3), Each(kUnavailable)));
  EXPECT_EQ(leader.AppendOne().code(), kUnavailable);
  EXPECT_EQ(leader.handle->CutTail(SequenceNumber()).code(), kUnavailable);
  EXPECT_EQ(leader.handle->TailSequence().value(), 0U);
  gate_.Open();
  Leader again(standby_.Connect());
  ASSERT_TRUE(again.Open(1).ok());
  EXPECT_TRUE(again.AppendOne().ok());
}

TEST_F(StuckStandbyTest, WhoWaitsForRoomIsToldOfTheFailure) {
  Leader leader(ConnectHastily(2));
  ASSERT_TRUE(leader.Open(1).ok());
  leader.Append(10);
  EXPECT_THAT(leader.outcomes.WaitFor(10), AllOf(SizeIs(10), Each(kUnavailable)));
}

TEST_F(StuckStandbyTest, AReleaseWaitsForTheDiskAndConfirmsWhatIsOnIt) {
  Leader leader(standby_.Connect());
  ASSERT_TRUE(leader.Open(1).ok());
  leader.Append(1);
  ASSERT_TRUE(gate_.WaitUntilSomebodyWaits());
  std::thread release([&] { standby_.file().Release(); });
  gate_.Open();
  release.join();
  EXPECT_THAT(leader.outcomes.WaitFor(1), ElementsAre(kOk));
  EXPECT_EQ(leader.AppendOne().code(), kUnavailable);
}

TEST(JournalCopyServiceTest, EndStreamsClosesTheFileAndRefusesNewOnes) {
  Standby standby;
  Leader leader(standby.Connect());
  ASSERT_TRUE(leader.Open(1).ok());
  ASSERT_TRUE(leader.AppendOne().ok());
  standby.service().EndStreams(std::chrono::steady_clock::now() + kDeadline);
  EXPECT_TRUE(WalJournal(standby.folder(), SmallSegments()).Open(Token(1)).ok()) << "nobody has it";
  EXPECT_EQ(leader.AppendOne().code(), kUnavailable);
  Leader late(standby.Connect());
  const absl::Status refused = late.Open(1);
  EXPECT_EQ(refused.code(), kUnavailable);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("draining"));
}

TEST(JournalCopyServiceTest, RequestsThatMakeNoSenseAreAnswered) {
  Standby standby;
  const auto stub =
      pb::JournalCopyService::NewStub(grpc::CreateChannel(standby.address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto stream = stub->Hold(&context);
  const auto ask = [&](const pb::HoldRequest& request) {
    pb::HoldResponse response;
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.request_id(), request.request_id());
    return static_cast<absl::StatusCode>(response.failure().code());
  };
  pb::HoldRequest request;
  request.set_request_id(1);
  EXPECT_EQ(ask(request), absl::StatusCode::kInvalidArgument) << "nothing is asked";
  request.set_request_id(2);
  pb::CopiedRecord& record = *request.mutable_append()->add_records();
  EXPECT_EQ(ask(request), kUnavailable) << "the file is not open";
  record.set_hash("short");
  EXPECT_EQ(ask(request), absl::StatusCode::kInvalidArgument);
  request.mutable_open()->set_epoch(1);
  EXPECT_EQ(ask(request), kOk);
  EXPECT_EQ(ask(request), absl::StatusCode::kFailedPrecondition) << "once per stream";
  request.mutable_append();
  EXPECT_EQ(ask(request), kOk) << "nothing to append";
  request.mutable_append()->add_records();
  EXPECT_EQ(ask(request), absl::StatusCode::kInvalidArgument) << "what does not follow";
  stream->WritesDone();
  pb::HoldResponse none;
  EXPECT_FALSE(stream->Read(&none));
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace xt::contract
