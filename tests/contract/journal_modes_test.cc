// journal.durability and journal.min_copies as the sequencer's process wires them: the configuration in, a journal over
// a WAL file and a real Redis out.
#include <utility>

#include "gmock/gmock.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/backends/backends.h"
#include "libs/base/status.h"
#include "tests/contract/file_in_sync_set.h"
#include "tests/contract/journal_support.h"
#include "tests/contract/redis_support.h"

namespace xt::contract {
namespace {

using backends::Durability;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class JournalModesTest : public ::testing::Test {
 protected:
  explicit JournalModesTest(bool fsync_always = false)
      : redis_(servers::RedisServer::Kind::kJournal, {.fsync_always = fsync_always}) {
    config_.redis_journal = redis_.server().address();
  }
  // A Redis that is slow to answer counts as away, and a new journal begins with both copies: asked again.
  absl::Status Open(Durability mode) {
    absl::Status status;
    EXPECT_TRUE(Eventually([&] {
      status = OpenOnce(mode);
      return !absl::IsUnavailable(status);
    }));
    return status;
  }
  absl::Status OpenOnce(Durability mode) {
    config_.durability.mode = mode;
    auto journal = backends::MakeJournal(
        config_, "0", std::make_unique<embedded::WalJournal>(folder_.path()), &set_,
        [this](const absl::Status& status) { remote_.Add(status); }, backends::AuditUncleanStarts(nullptr, "0"));
    if (!journal.ok()) return journal.status();
    journal_ = *std::move(journal);
    return journal_->Open(Token(1)).status();
  }
  void MustOpen(Durability mode) {
    const absl::Status status = Open(mode);
    ASSERT_TRUE(status.ok()) << status;
    chain_ = RecordChain();
  }
  void MustAppend() { ASSERT_TRUE(AppendAndWait(*journal_, chain_.Next()).ok()); }

  TemporaryFolder folder_;
  OwnRedis redis_;
  FileInSyncSet set_;
  backends::BackendConfig config_;
  Outcomes<absl::Status> remote_;
  RecordChain chain_;
  std::unique_ptr<ports::CommandJournal> journal_;
};
class JournalModesOnSyncedRedisTest : public JournalModesTest {
 protected:
  JournalModesOnSyncedRedisTest() : JournalModesTest(true) {}
};

TEST_F(JournalModesTest, Memory) {
  MustOpen(Durability::kMemory);
  EXPECT_THAT(set_.Get(), ElementsAre("nothing-sure", StartsWith("wal:"), StartsWith("redis:")));
  MustAppend();
}

TEST_F(JournalModesTest, Redis) {
  MustOpen(Durability::kRedis);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("redis:")));
  MustAppend();
}

TEST_F(JournalModesTest, WithoutAModeBothCopies) {
  MustOpen(Durability::kAuto);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), Not(EndsWith(":always"))));
  MustAppend();
}

TEST_F(JournalModesTest, AlwaysNeedsARedisThatSyncs) {
  const absl::Status status = Open(Durability::kAlways);
  EXPECT_EQ(status, absl::FailedPreconditionError("the journal's Redis has appendfsync everysec, not always"));
}

TEST_F(JournalModesOnSyncedRedisTest, Always) {
  MustOpen(Durability::kAlways);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), EndsWith(":always")));
  MustAppend();
}

TEST_F(JournalModesTest, LocalIsTheFileAlone) {
  EXPECT_EQ(Open(Durability::kLocal).code(), absl::StatusCode::kInvalidArgument);
  config_.redis_journal.clear();
  MustOpen(Durability::kLocal);
  EXPECT_THAT(set_.Get(), ::testing::IsEmpty());
  MustAppend();
}

TEST_F(JournalModesTest, WithTwoWantedCopiesALossIsTold) {
  config_.durability.min_copies = 2;
  MustOpen(Durability::kLocalAndRedis);
  redis_.server().Kill();
  journal_->Append(chain_.Next(), [](const absl::Status&) {});
  const auto told = remote_.WaitFor(1);
  ASSERT_THAT(told, ::testing::SizeIs(1));
  EXPECT_FALSE(told[0].ok());
  EXPECT_THAT(std::string(MessageOf(journal_->Accepting())), HasSubstr("two copies of the journal are wanted"));
  redis_.Start();
  EXPECT_THAT(remote_.WaitFor(2), ElementsAre(told[0], absl::OkStatus()));
  EXPECT_TRUE(journal_->Accepting().ok());
}

}  // namespace
}  // namespace xt::contract
