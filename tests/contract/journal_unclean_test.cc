// When no copy of the journal is trusted: nobody leads, until an operator's mark says that what is missing is lost. Then the next
// leader takes what it reaches, and what it gave up is written down before anything is changed.
#include "gmock/gmock.h"
#include "tests/contract/durability_fixture.h"

namespace xt::contract {

using Names = FileInSyncSet::Names;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::SizeIs;
using ::testing::StartsWith;

void Durability::LoseBothAndExpectWhatRedisHas() {
  const auto confirmed = LoseBoth();
  const std::uint64_t left = RecordsInRedis();
  const Names members = set_.Get();
  Mark(310);
  MustOpen(3);
  EXPECT_EQ(Kept(confirmed), left);
  EXPECT_THAT(report_.detail, HasSubstr("; unclean: no copy can be reached that surely holds all that was confirmed"));
  ASSERT_THAT(audited_, SizeIs(1));
  EXPECT_EQ(audited_[0].mark.by, "kim");
  EXPECT_EQ(audited_[0].mark.reason, "the disk burnt");
  EXPECT_EQ(audited_[0].mark.at_ns, 5);
  EXPECT_EQ(audited_[0].epoch, domain::Epoch(3));
  EXPECT_EQ(audited_[0].missing, members);
  EXPECT_EQ(audited_[0].adopted_sequence.value(), left);
  EXPECT_EQ(audited_[0].adopted_epoch, domain::Epoch(1));
  EXPECT_EQ(audited_[0].adopted_hash, report_.last_hash);
  EXPECT_EQ(audited_[0].lost_from().value(), left + 1);
  EXPECT_EQ(audited_[0].lost_to(), domain::SequenceNumber(310));
  EXPECT_EQ(journal_->Stats().unclean_starts, 1U);
  EXPECT_THAT(set_.Get(), Not(::testing::Contains(ResultOf(replicated::IsUncleanMark, true)))) << "it counts once";
  ExpectOneChain();
  MustOpen(1'001);
  EXPECT_THAT(audited_, SizeIs(1));
  EXPECT_THAT(report_.detail, Not(HasSubstr("unclean")));
}

namespace {

TEST_F(RedisDurability, WhenBothMachinesLosePowerNobodyLeadsAndWhatIsLostIsWhatRedisLost) {
  LoseBothAndExpectWhatRedisHas();
}

TEST_F(LocalAndRedisDurability, ADestroyedDiskAndARestartedRedisLoseWhatRedisLostAndNobodyLeads) {
  LoseBothAndExpectWhatRedisHas();
}

// The act of an operator, without which all of the above stays as it is.

TEST_F(LocalAndRedisDurability, ThatNobodyLeadsDoesNotPassByItself) {
  LoseBoth();
  const Names members = set_.Get();
  for (const std::uint64_t epoch : {3, 4}) {
    ExpectRefused(epoch, "no copy can be reached that surely holds all that was confirmed");
  }
  EXPECT_THAT(audited_, IsEmpty());
  EXPECT_EQ(set_.Get(), members);
}

TEST_F(LocalAndRedisDurability, AMarkIsNotUsedWhereADiskCameBack) {
  const auto confirmed = LeadAndDie(300);
  RedisLosesPower();
  MoveToAnotherMachine();
  ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
  Mark(300);
  machine_ = "one";
  MustOpen(3);
  EXPECT_THAT(audited_, IsEmpty());
  EXPECT_EQ(journal_->Stats().unclean_starts, 0U);
  EXPECT_THAT(report_.detail, HasSubstr("; removed the mark of an unclean leader, not needed"));
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("redis:")));
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(LocalAndRedisDurability, AMarkIsRemovedWhereTheSetIsOtherwiseAsItWas) {
  MustOpen(1);
  journal_.reset();
  const Names members = set_.Get();
  Mark(0);
  MustOpen(2);
  EXPECT_EQ(set_.Get(), members);
}

TEST_F(LocalAndRedisDurability, AnUncleanStartThatCannotBeWrittenDownChangesNothing) {
  LoseBoth();
  const std::uint64_t left = RecordsInRedis();
  Mark(300);
  const Names marked = set_.Get();
  audit_answer_ = absl::UnavailableError("ZooKeeper is away");
  ExpectRefused(3, "ZooKeeper is away");
  EXPECT_EQ(set_.Get(), marked);
  EXPECT_EQ(RecordsInRedis(), left);
  const auto own = Wal();
  EXPECT_EQ(own->Open(Token(3))->last_sequence.value(), 0U) << "filled up before it was written down";
  audit_answer_ = absl::OkStatus();
}

TEST_F(LocalAndRedisDurability, AMarkDoesNotMakeOneCopyOutOfTwoWanted) {
  LoseBoth();
  Mark(300);
  min_copies_ = 2;
  redis_.server().Kill();
  ExpectRefused(3, "two copies are wanted, the remote one is away");
  EXPECT_THAT(audited_, IsEmpty());
  redis_.Start();
  MustOpen(4);
  EXPECT_THAT(audited_, SizeIs(1));
}

TEST_F(LocalAndRedisDurability, TheLeaderBeforeAnUncleanOneIsFenced) {
  auto before = Make();
  ASSERT_TRUE(before->Open(Token(1)).ok());
  RecordChain chain;
  ASSERT_TRUE(AppendAndWait(*before, chain.Next()).ok());
  MoveToAnotherMachine();
  set_.Set({"wal:of-nobody"});
  Mark(1);
  MustOpen(2);
  ASSERT_THAT(audited_, SizeIs(1));
  const absl::Status fenced = AppendAndWait(*before, chain.Next());
  EXPECT_EQ(fenced.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(fenced)), HasSubstr("FENCED"));
  before.reset();
  EXPECT_THAT(ReadSequences(*journal_, 1), SizeIs(1));
}

TEST_F(LocalAndRedisDurability, AMarkThatCannotBeReadStopsTheStart) {
  MustOpen(1);
  journal_.reset();
  Names members = set_.Get();
  members.push_back("unclean:yes");
  set_.Set(members);
  EXPECT_EQ(Open(2), absl::DataLossError("this is no mark of an unclean leader: unclean:yes"));
}

TEST_F(MemoryDurability, WhatWasNotPromisedIsGivenUpByAMark) {
  LeadAndDie(30);
  mode_ = Mode::kLocalAndRedis;
  ExpectRefused(2, "the leader before promised nothing and did not end in order");
  Mark(0);
  MustOpen(3);
  ASSERT_THAT(audited_, SizeIs(1));
  EXPECT_THAT(audited_[0].missing, IsEmpty());
  EXPECT_EQ(audited_[0].lost_to(), std::nullopt);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("redis:")));
  ExpectOneChain();
}

}  // namespace
}  // namespace xt::contract
