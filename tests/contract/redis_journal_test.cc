// RedisJournal: the contracts of the ports, and what is its own: the fence, lost replies, restarts and losses of Redis.
#include "libs/adapters/redis/redis_journal.h"

#include <atomic>
#include <thread>

#include "libs/adapters/redis/internal/journal_scripts.h"
#include "libs/base/status.h"
#include "tests/contract/command_journal_contract.h"
#include "tests/contract/journal_copy_contract.h"
#include "tests/contract/redis_support.h"

namespace xt::contract {
namespace {

using redis::RedisJournal;
using redis::RedisJournalOptions;
using Kind = servers::RedisServer::Kind;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::int64_t kPatientMs = 30'000;  // longer than anything that a test does to the server

RedisJournalOptions OptionsOf(const std::string& shard) {
  RedisJournalOptions options;
  options.shard = shard;
  return options;
}

class RedisBackend final : public CommandJournalBackend {
 public:
  std::unique_ptr<ports::CommandJournal> Connect() override {
    return std::make_unique<RedisJournal>(SharedRedis::Instance().Config(), OptionsOf(shard_));
  }

 private:
  const std::string shard_ = SharedRedis::Instance().NewName();
};

class RedisCopyBackend final : public JournalCopyBackend {
 public:
  std::unique_ptr<ports::JournalCopy> Connect() override {
    return std::make_unique<RedisJournal>(SharedRedis::Instance().Config(), OptionsOf(shard_));
  }

 private:
  const std::string shard_ = SharedRedis::Instance().NewName();
};

INSTANTIATE_TEST_SUITE_P(Redis, CommandJournalContract,
                         ::testing::Values(+[]() -> std::unique_ptr<CommandJournalBackend> {
                           return std::make_unique<RedisBackend>();
                         }));
INSTANTIATE_TEST_SUITE_P(Redis, JournalCopyContract, ::testing::Values(+[]() -> std::unique_ptr<JournalCopyBackend> {
                           return std::make_unique<RedisCopyBackend>();
                         }));

// A journal on the shared server.
class RedisJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<RedisJournal> MustOpen(ports::FencingToken token) {
    auto journal = std::make_unique<RedisJournal>(config_, OptionsOf(shard_));
    const auto report = journal->Open(token);
    EXPECT_TRUE(report.ok()) << report.status();
    if (report.ok()) chain_ = RecordChain(*report);
    chain_.set_epoch(token.epoch.value());
    return journal;
  }
  absl::Status Reopen(std::uint64_t epoch = 1) {
    return RedisJournal(config_, OptionsOf(shard_)).Open(Token(epoch)).status();
  }
  std::string End(std::string_view field) { return TextOf(config_, {"HGET", end_, field}); }

  const redis::RedisConfig config_ = SharedRedis::Instance().Config();
  const std::string shard_ = SharedRedis::Instance().NewName();
  const std::string key_ = "xt:{" + shard_ + "}:journal";
  const std::string end_ = key_ + ":end";
  RecordChain chain_;
};

TEST_F(RedisJournalTest, OneEntryPerFrameNamedByItsLastSequence) {
  auto journal = MustOpen(Token(7));
  const ports::JournalRecord first = chain_.Next(3);
  const ports::JournalRecord second = chain_.Next(2);
  ASSERT_TRUE(AppendAndWait(*journal, first).ok());
  ASSERT_TRUE(AppendAndWait(*journal, second).ok());
  const redis::Reply entries = MustRun(config_, {"XRANGE", key_, "-", "+"});
  ASSERT_EQ(redis::Elements(*entries).size(), 2U);
  const auto last = redis::Elements(*redis::Elements(*entries)[1]);
  EXPECT_EQ(redis::Text(*last[0]), "5-0");
  std::vector<std::string> fields;
  for (const redisReply* field : redis::Elements(*last[1])) fields.emplace_back(redis::Text(*field));
  EXPECT_THAT(fields, ElementsAre("e", "7", "n", "4", "p", first.hash.ToHex(), "f", second.bytes));
  EXPECT_EQ(End("s"), "5");
  EXPECT_EQ(End("h"), second.hash.ToHex());
  EXPECT_EQ(journal->Identity(), "redis:" + End("uuid") + ":" + RunId(config_));
}

TEST_F(RedisJournalTest, AStaleLeaderIsFencedByTheNextOne) {
  auto old_leader = MustOpen(Token(1));
  ASSERT_TRUE(AppendAndWait(*old_leader, chain_.Next()).ok());
  RecordChain old_chain = chain_;
  auto new_leader = MustOpen(Token(2));
  const absl::Status fenced = AppendAndWait(*old_leader, old_chain.Next());
  EXPECT_EQ(fenced.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(fenced)), HasSubstr("FENCED"));
  EXPECT_FALSE(AppendAndWait(*old_leader, old_chain.Next()).ok()) << "it does not take the journal back";
  ASSERT_TRUE(AppendAndWait(*new_leader, chain_.Next()).ok());
  EXPECT_EQ(new_leader->TailSequence().value(), 2U);
  EXPECT_THAT(ReadSequences(*new_leader, 1), ElementsAre(1, 2));
}

TEST_F(RedisJournalTest, AnEarlierConnectionOfTheSameLeaderIsFencedToo) {
  auto first = MustOpen(Token(1));
  RecordChain first_chain = chain_;
  auto second = MustOpen(Token(1));
  EXPECT_THAT(std::string(MessageOf(AppendAndWait(*first, first_chain.Next()))), HasSubstr("FENCED"));
  EXPECT_TRUE(AppendAndWait(*second, chain_.Next()).ok());
}

TEST_F(RedisJournalTest, TheScriptComparesTokenSequenceAndHash) {
  auto journal = MustOpen(Token(3));
  ASSERT_TRUE(AppendAndWait(*journal, chain_.Next()).ok());
  const std::string token = End("tok");
  const std::string hash = End("h");
  EXPECT_EQ(token, std::to_string(std::uint64_t{3} << 20));
  redis::RedisConnection raw(config_);
  const auto append = [&](const std::string& tok, const std::string& sequence, const std::string& previous) {
    return std::string(MessageOf(
        raw.Eval(redis::scripts::kAppend, {key_, end_}, {tok, sequence, previous, "2", hash, "3", "2", "bytes"})
            .status()));
  };
  EXPECT_THAT(append(std::to_string((std::uint64_t{3} << 20) - 1), "1", hash), HasSubstr("FENCED " + token));
  EXPECT_THAT(append(token, "0", hash), HasSubstr("GAP 1"));
  EXPECT_THAT(append(token, "2", hash), HasSubstr("GAP 1"));
  EXPECT_THAT(append(token, "1", std::string(32, '0')), HasSubstr("GAP 1"));
  for (const char* lower : {"3145727", "3145728"}) {  // the token of the connection itself, and the one before
    EXPECT_THAT(std::string(MessageOf(raw.Eval(redis::scripts::kInit, {key_, end_}, {lower, lower, "uuid"}).status())),
                HasSubstr("FENCED " + token));
  }
  EXPECT_EQ(NumberOf(config_, {"XLEN", key_}), 1);
  EXPECT_EQ(End("s"), "1");
  EXPECT_EQ(append(token, "1", hash), "");
}

TEST_F(RedisJournalTest, SequencesBeyondTheExactDoublesStayExact) {
  ASSERT_TRUE(Reopen().ok());
  const std::string bytes = "a frame";
  const std::string hash = HashBytes(bytes).ToHex();
  const std::string before(32, '0');
  MustRun(config_, {"XADD", key_, "9007199254740992-0", "e", "1", "n", "1", "p", before, "f", bytes});
  MustRun(config_, {"HSET", end_, "s", "9007199254740992", "h", hash});
  auto journal = MustOpen(Token(1));
  ASSERT_TRUE(AppendAndWait(*journal, chain_.Next()).ok());
  EXPECT_EQ(End("s"), "9007199254740993");
  EXPECT_EQ(journal->TailSequence().value(), (std::uint64_t{1} << 53) + 1);
  redis::RedisConnection raw(config_);
  EXPECT_THAT(std::string(MessageOf(raw.Eval(redis::scripts::kAppend, {key_, end_},
                                             {End("tok"), "9007199254740992", End("h"), "9007199254740994", hash, "1",
                                              "9007199254740993", "bytes"})
                                        .status())),
              HasSubstr("GAP 9007199254740993"));
  EXPECT_THAT(ReadSequences(*journal, 9'007'199'254'740'993U), ElementsAre(9'007'199'254'740'993U));
}

TEST_F(RedisJournalTest, TokensOfEveryEpochCompareAsNumbers) {
  constexpr std::uint64_t kLargest = (std::uint64_t{1} << 43) - 1;
  for (const std::uint64_t epoch :
       {std::uint64_t{9}, std::uint64_t{10}, std::uint64_t{1} << 33, kLargest - 1, kLargest}) {
    EXPECT_TRUE(Reopen(epoch).ok()) << epoch;
    EXPECT_THAT(Reopen(epoch - 1).ToString(), HasSubstr("FENCED")) << epoch;
  }
  EXPECT_EQ(Reopen(kLargest + 1).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RedisJournalTest, DamageRefusesToOpenAndNamesTheEntry) {
  {
    auto journal = MustOpen(Token(1));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(AppendAndWait(*journal, chain_.Next(2)).ok());
  }
  const std::string sequence = End("s");
  const std::string hash = End("h");
  MustRun(config_, {"HSET", end_, "h", std::string(32, 'a')});
  EXPECT_EQ(Reopen().code(), absl::StatusCode::kDataLoss) << "the last entry is damaged, or its hash";
  MustRun(config_, {"HSET", end_, "h", hash, "s", "8"});
  EXPECT_EQ(Reopen().code(), absl::StatusCode::kDataLoss) << "an entry that nobody confirmed";
  MustRun(config_, {"HSET", end_, "s", sequence});
  ASSERT_TRUE(Reopen().ok());
  MustRun(config_, {"XDEL", key_, "6-0"});
  const absl::Status missing = Reopen();
  EXPECT_EQ(missing.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(missing)), HasSubstr(key_ + " entry 8-0"));
  MustRun(config_, {"DEL", key_});
  EXPECT_EQ(Reopen().code(), absl::StatusCode::kDataLoss) << "half of the journal is gone";
}

TEST_F(RedisJournalTest, ADamagedJournalIsKeptAsideByItsLeaderAlone) {
  {
    auto journal = MustOpen(Token(1));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(AppendAndWait(*journal, chain_.Next(2)).ok());
    EXPECT_EQ(journal->OpenAnew(Token(1)).status().code(), absl::StatusCode::kFailedPrecondition)
        << "it is not damaged";
  }
  const std::string uuid = End("uuid");
  MustRun(config_, {"XDEL", key_, "6-0"});
  RedisJournal old_leader(config_, OptionsOf(shard_));
  RedisJournal new_leader(config_, OptionsOf(shard_));
  ASSERT_EQ(old_leader.Open(Token(2)).status().code(), absl::StatusCode::kDataLoss);
  ASSERT_EQ(new_leader.Open(Token(3)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ports::RangeOf(new_leader.Damage()), "sequences 5..6");
  EXPECT_EQ(ReadSequences(new_leader, 1), (std::vector<std::uint64_t>{7, 9})) << "what lies behind the damage";
  EXPECT_THAT(std::string(MessageOf(old_leader.OpenAnew(Token(2)).status())), HasSubstr("FENCED"));
  EXPECT_EQ(End("uuid"), uuid);
  const auto report = new_leader.OpenAnew(Token(3));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->last_sequence.value(), 0U);
  EXPECT_NE(End("uuid"), uuid);
  EXPECT_EQ(NumberOf(config_, {"XLEN", key_ + ":damaged:" + uuid}), 4);
  EXPECT_THAT(Reopen(2).ToString(), HasSubstr("FENCED"));
  chain_ = RecordChain();
  chain_.set_epoch(3);
  ASSERT_TRUE(AppendAndWait(new_leader, chain_.Next()).ok());
}

TEST_F(RedisJournalTest, ALostScriptMakesItConnectAnew) {
  OwnRedis redis(Kind::kJournal);
  RedisJournal journal(redis.Config());
  ASSERT_TRUE(journal.Open(Token(1)).ok());
  ASSERT_TRUE(AppendAndWait(journal, chain_.Next()).ok());
  MustRun(redis.Config(), {"SCRIPT", "FLUSH"});
  ASSERT_TRUE(AppendAndWait(journal, chain_.Next()).ok());
  EXPECT_EQ(journal.Stats().lost_connections, 1U);
  EXPECT_EQ(journal.Stats().sent_again, 1U);
}

// A journal on a server of its own, which the test mistreats.
class RedisJournalFaultTest : public JournalFixture<RedisJournal> {
 protected:
  RedisJournalFaultTest() {
    options_.give_up_after_ms = kPatientMs;
    padding_ = 100;
  }
  std::unique_ptr<RedisJournal> Make() override {
    return std::make_unique<RedisJournal>(redis_.Config(timeout_ms_), options_);
  }
  // Opens it anew, which verifies everything, and expects the records 1..last.
  void ExpectWhole(std::uint64_t last) {
    journal_.reset();
    MustOpen(1);
    std::vector<std::uint64_t> all;
    for (std::uint64_t n = 1; n <= last; ++n) all.push_back(n);
    EXPECT_EQ(ReadSequences(*journal_, 1), all);
  }

  OwnRedis redis_{Kind::kJournal};
  RedisJournalOptions options_;
  std::int64_t timeout_ms_ = 30'000;
};

TEST_F(RedisJournalFaultTest, FramesWhoseRepliesAreLostAreFoundAndNotSentAgain) {
  timeout_ms_ = 50;
  ASSERT_TRUE(Eventually([&] { return Open(1).ok(); }));  // it gives up when one reply takes longer
  MustAppend(3);
  const redis::RedisJournalStats before = journal_->Stats();
  redis_.server().Pause();
  AppendSome(5);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().lost_connections > before.lost_connections; }));
  redis_.server().Resume();
  EXPECT_THAT(outcomes_.WaitFor(5), ::testing::AllOf(SizeIs(5), Each(absl::OkStatus())));
  EXPECT_GT(journal_->Stats().accepted_late, before.accepted_late) << "a timed-out command was executed";
  EXPECT_EQ(journal_->Stats().restarts, 0U);
  timeout_ms_ = kPatientMs;
  ExpectWhole(8);
}

TEST_F(RedisJournalFaultTest, FramesThatNeverArrivedAreSentAgain) {
  MustOpen(1);
  MustAppend(3);
  MustRun(redis_.Config(), {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  AppendSome(5);
  EXPECT_THAT(outcomes_.WaitFor(5), ::testing::AllOf(SizeIs(5), Each(absl::OkStatus())));
  EXPECT_GT(journal_->Stats().sent_again, 0U);
  ExpectWhole(8);
}

TEST_F(RedisJournalFaultTest, ARestartIsReportedAndTheJournalGoesOn) {
  std::atomic<int> restarts{0};
  std::string run_id;
  options_.on_restart = [&](const std::string& id) {
    run_id = id;
    // Asked again while it does not know.
    return ++restarts < 3 ? absl::UnavailableError("the coordinator does not answer") : absl::OkStatus();
  };
  MustOpen(1);
  MustAppend(10);
  const std::string before = journal_->Identity();
  redis_.KillAndRestart();
  MustAppend(10);
  EXPECT_EQ(restarts, 3);
  EXPECT_EQ(run_id, RunId(redis_.Config()));
  EXPECT_EQ(journal_->Stats().restarts, 1U);
  EXPECT_EQ(journal_->Stats().restored, 0U);
  EXPECT_NE(journal_->Identity(), before);
  ExpectWhole(20);
}

TEST_F(RedisJournalFaultTest, WhatARestartedRedisLostIsRestoredFromMemory) {
  MustOpen(1);
  MustAppend(200);
  redis_.KillAndLose(20'000);
  ASSERT_LT(NumberOf(redis_.Config(), {"XLEN", "xt:{0}:journal"}), 200);
  MustAppend(1);
  EXPECT_GT(journal_->Stats().restored, 10U);
  EXPECT_EQ(journal_->TailSequence().value(), 201U);
  ExpectWhole(201);
}

TEST_F(RedisJournalFaultTest, WhatIsNotInMemoryIsDataLoss) {
  options_.kept_bytes = 2'000;
  MustOpen(1);
  MustAppend(200);
  redis_.KillAndLose(50'000);
  const absl::Status status = AppendAndWait(*journal_, chain_.Next());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_FALSE(AppendAndWait(*journal_, chain_.Next()).ok());
  EXPECT_EQ(journal_->TailSequence().value(), 200U);
}

TEST_F(RedisJournalFaultTest, NothingIsWrittenToARestartedRedisWithoutPermission) {
  options_.on_restart = [](const std::string&) { return absl::FailedPreconditionError("another leads"); };
  MustOpen(1);
  MustAppend(3);
  const std::string token = TextOf(redis_.Config(), {"HGET", "xt:{0}:journal:end", "tok"});
  redis_.KillAndRestart();
  EXPECT_EQ(AppendAndWait(*journal_, chain_.Next()), absl::FailedPreconditionError("another leads"));
  EXPECT_EQ(TextOf(redis_.Config(), {"HGET", "xt:{0}:journal:end", "tok"}), token);
  EXPECT_EQ(NumberOf(redis_.Config(), {"XLEN", "xt:{0}:journal"}), 3);
}

TEST_F(RedisJournalFaultTest, AWipedJournalIsDataLoss) {
  MustOpen(1);
  MustAppend(3);
  MustRun(redis_.Config(), {"FLUSHALL"});
  EXPECT_EQ(AppendAndWait(*journal_, chain_.Next()).code(), absl::StatusCode::kDataLoss);
  MustOpen(1);
  MustAppend(3);
  MustRun(redis_.Config(), {"FLUSHALL"});
  redis_.KillAndRestart();
  const absl::Status status = AppendAndWait(*journal_, chain_.Next());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << "a new journal has another uuid: " << status;
}

TEST_F(RedisJournalFaultTest, ItGivesUpOnARedisThatStaysAway) {
  options_.give_up_after_ms = 0;
  MustOpen(1);
  MustAppend(1);
  redis_.server().Kill();
  AppendSome(3);
  const auto outcomes = outcomes_.WaitFor(3);
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_EQ(outcomes[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(outcomes, Each(::testing::Not(absl::OkStatus())));
}

TEST_F(RedisJournalFaultTest, TheDestructorDoesNotWaitForARedisThatStaysAway) {
  MustOpen(1);
  redis_.server().Kill();
  AppendSome(3);
  journal_.reset();
  EXPECT_THAT(outcomes_.Get(), ::testing::AllOf(SizeIs(3), Each(::testing::Not(absl::OkStatus()))));
}

TEST_F(RedisJournalFaultTest, AFullRedisIsWaitedFor) {
  MustOpen(1);
  MustAppend(1);
  MustRun(redis_.Config(), {"CONFIG", "SET", "maxmemory", "1"});
  AppendSome(5);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().refused_writes > 0; }));
  EXPECT_THAT(outcomes_.Get(), ::testing::IsEmpty());
  MustRun(redis_.Config(), {"CONFIG", "SET", "maxmemory", "100mb"});
  EXPECT_THAT(outcomes_.WaitFor(5), ::testing::AllOf(SizeIs(5), Each(absl::OkStatus())));
  ExpectWhole(6);
}

TEST_F(RedisJournalFaultTest, AppendWaitsForRoomAndDropsNothing) {
  options_.max_queued_frames = 4;
  timeout_ms_ = 50;
  ASSERT_TRUE(Eventually([&] { return Open(1).ok(); }));
  redis_.server().Pause();
  std::atomic<int> handed_over{0};
  std::thread producer([&] {
    for (int i = 0; i < 300; ++i) {
      AppendSome(1);
      ++handed_over;
    }
  });
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().lost_connections > 0; }));
  EXPECT_LE(handed_over, 9);
  EXPECT_LE(journal_->Stats().queued_frames, 4U);
  redis_.server().Resume();
  EXPECT_THAT(outcomes_.WaitFor(300), ::testing::AllOf(SizeIs(300), Each(absl::OkStatus())));
  producer.join();
  timeout_ms_ = kPatientMs;
  ExpectWhole(300);
}

}  // namespace
}  // namespace xt::contract
