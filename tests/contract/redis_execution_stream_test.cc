// RedisExecutionStream: the contract of the port, and what is its own: ids, the bound, trimming, losses of Redis.
#include "libs/adapters/redis/redis_execution_stream.h"

#include <thread>

#include "libs/adapters/redis/redis_execution_reader.h"
#include "libs/base/status.h"
#include "tests/contract/execution_stream_contract.h"
#include "tests/contract/redis_support.h"
#include "tests/support/cutting_proxy.h"

namespace xt::contract {
namespace {

using redis::RedisExecutionStream;
using redis::RedisExecutionStreamOptions;
using Kind = servers::RedisServer::Kind;
using std::chrono::milliseconds;

class RedisBackend final : public ExecutionStreamBackend {
 public:
  std::unique_ptr<ports::ExecutionStream> Connect() override {
    RedisExecutionStreamOptions options;
    options.shard = shard_;
    options.trim_interval = 50;
    return std::make_unique<RedisExecutionStream>(SharedRedis::Instance().Config(), options);
  }
  void PassTime(milliseconds time) override { SharedRedis::Instance().PassTime(time); }

 private:
  const std::string shard_ = SharedRedis::Instance().NewName();
};

INSTANTIATE_TEST_SUITE_P(Redis, ExecutionStreamContract,
                         ::testing::Values(+[]() -> std::unique_ptr<ExecutionStreamBackend> {
                           return std::make_unique<RedisBackend>();
                         }));

class RedisExecutionStreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<RedisExecutionStream> Make(RedisExecutionStreamOptions options = {}) {
    options.shard = shard_;
    return std::make_unique<RedisExecutionStream>(config_, options);
  }
  static std::vector<std::uint64_t> Read(ports::ExecutionConsumer& consumer, std::size_t max = 100'000) {
    std::vector<ports::EventEntry> entries;
    const auto deliveries = consumer.Read(max, kNow);
    EXPECT_TRUE(deliveries.ok()) << deliveries.status();
    if (!deliveries.ok()) return {};
    for (const auto& delivery : *deliveries) entries.push_back(delivery.entry);
    return Sequences(entries);
  }
  static absl::Status Acknowledge(ports::ExecutionConsumer& consumer, std::uint64_t first, std::uint64_t last) {
    std::vector<domain::SequenceNumber> acks;
    for (std::uint64_t n = first; n <= last; ++n) acks.emplace_back(n);
    return consumer.Acknowledge(acks);
  }

  const redis::RedisConfig config_ = SharedRedis::Instance().Config();
  const std::string shard_ = SharedRedis::Instance().NewName();
  const std::string key_ = "xt:{" + shard_ + "}:executions";
};

TEST_F(RedisExecutionStreamTest, TheIdOfAnEntryIsItsSequence) {
  ASSERT_TRUE(Make()->Publish(Entries(1, 3)).ok());
  const redis::Reply entry = MustRun(config_, {"XRANGE", key_, "2-0", "2-0"});
  const auto fields = redis::Elements(*redis::Elements(*redis::Elements(*entry)[0])[1]);
  EXPECT_EQ(redis::Text(*fields[0]), "b");
  EXPECT_EQ(redis::Text(*fields[1]), "events of 2");
}

TEST_F(RedisExecutionStreamTest, SequencesBeyondTheExactDoublesStayExact) {
  constexpr std::uint64_t kBig = (std::uint64_t{1} << 53) + 1;
  MustRun(config_, {"XADD", key_, "9007199254740992-0", "b", "events of 9007199254740992"});
  auto stream = Make();
  EXPECT_EQ(stream->LastSequence()->value(), kBig - 1);
  ASSERT_TRUE(stream->Publish(Entries(kBig, kBig + 2)).ok());
  EXPECT_EQ(stream->LastSequence()->value(), kBig + 2);
  auto consumer = *stream->Join("g", "c");
  EXPECT_EQ(Read(*consumer), Numbers(kBig - 1, kBig + 2));
  ASSERT_TRUE(Acknowledge(*consumer, kBig - 1, kBig).ok());
  EXPECT_EQ(consumer->Lag(), 2U);
  EXPECT_EQ(stream->Acknowledged()->value(), kBig);
  MustRun(config_, {"XADD", key_, "9007199254740996-0", "b", "events of 9007199254740996"});
  ASSERT_TRUE(stream->Publish(Entries(kBig + 3, kBig + 4)).ok()) << "one of them was published by somebody else";
  EXPECT_EQ(Read(*consumer), Numbers(kBig + 3, kBig + 4));
  for (const std::uint64_t first : {kBig + 8, kBig + 7}) {
    ASSERT_TRUE(stream->BeginAt(domain::SequenceNumber(first)).ok());
    EXPECT_EQ(stream->LastSequence()->value(), kBig + 7);
  }
}

TEST_F(RedisExecutionStreamTest, OfTwoGroupsTheOneWithTheOldestPendingEntryCounts) {
  auto stream = Make();
  ASSERT_TRUE(stream->Publish(Entries(1, 120)).ok());
  auto one = *stream->Join("one", "c");
  auto two = *stream->Join("two", "c");
  ASSERT_EQ(Read(*one, 99), Numbers(1, 99));
  ASSERT_TRUE(Acknowledge(*one, 1, 99).ok());
  ASSERT_EQ(Read(*two), Numbers(1, 120));
  ASSERT_TRUE(Acknowledge(*two, 1, 99).ok());
  EXPECT_EQ(stream->Acknowledged()->value(), 99U) << "one needs 100 as the next, two has it pending";
  ASSERT_TRUE(Acknowledge(*two, 100, 110).ok());
  EXPECT_EQ(stream->Acknowledged()->value(), 99U);
  ASSERT_EQ(Read(*one), Numbers(100, 120));
  ASSERT_TRUE(Acknowledge(*one, 100, 120).ok());
  EXPECT_EQ(stream->Acknowledged()->value(), 110U);
}

TEST_F(RedisExecutionStreamTest, AStreamThatBeginsBehindAGapHasNoGroupOfItsOwn) {
  auto stream = Make();
  ASSERT_TRUE(stream->BeginAt(domain::SequenceNumber(101)).ok());
  EXPECT_EQ(redis::Elements(*MustRun(config_, {"XINFO", "GROUPS", key_})).size(), 0U);
  EXPECT_EQ(NumberOf(config_, {"XLEN", key_}), 0);
  EXPECT_EQ(stream->Acknowledged()->value(), 100U);
  auto consumer = *stream->Join("g", "c");
  EXPECT_EQ(stream->Acknowledged()->value(), 0U);
  EXPECT_EQ(consumer->Lag(), 0U) << "nothing is there";
  ASSERT_TRUE(stream->Publish(Entries(101, 110)).ok());
  EXPECT_EQ(consumer->Lag(), 10U);
  ASSERT_EQ(Read(*consumer), Numbers(101, 110));
  ASSERT_TRUE(Acknowledge(*consumer, 101, 110).ok());
  EXPECT_EQ(stream->Acknowledged()->value(), 110U);
}

TEST_F(RedisExecutionStreamTest, APipelineThatFailsInTheMiddleLeavesNoHole) {
  // Three scripts: the second finds no room, the third would.
  auto stream = Make({.max_entries = 200});
  EXPECT_EQ(stream->Publish(Entries(1, 266)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(stream->LastSequence()->value(), 128U);
  EXPECT_EQ(NumberOf(config_, {"XLEN", key_}), 128);
}

TEST_F(RedisExecutionStreamTest, ALaggingGroupStopsThePublisherUntilItAcknowledges) {
  auto stream = Make({.max_entries = 300, .trim_interval = 100});
  auto fast = *stream->Join("fast", "c");
  auto slow = *stream->Join("slow", "c");
  for (std::uint64_t first = 1; first <= 300; first += 100) {
    ASSERT_TRUE(stream->Publish(Entries(first, first + 99)).ok());
    ASSERT_EQ(Read(*fast).size(), 100U);
    ASSERT_TRUE(Acknowledge(*fast, first, first + 99).ok());
  }
  EXPECT_EQ(stream->Publish(Entries(301, 400)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(stream->Publish(Entries(301, 301)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(stream->Stats().refused_full, 2U);
  EXPECT_EQ(stream->LastSequence()->value(), 300U);
  ASSERT_EQ(Read(*slow, 150), Numbers(1, 150));
  ASSERT_TRUE(Acknowledge(*slow, 1, 50).ok());
  ASSERT_TRUE(Acknowledge(*slow, 52, 150).ok());
  ASSERT_TRUE(stream->Publish(Entries(301, 350)).ok()) << "up to the oldest pending entry there is room again";
  EXPECT_EQ(stream->Stats().trimmed, 50U);
  EXPECT_EQ(stream->Publish(Entries(351, 351)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Read(*slow), Numbers(151, 350));
  slow.reset();
  slow = *stream->Join("slow", "c");
  EXPECT_EQ(Read(*slow, 1), Numbers(51, 51)) << "the pending entry was kept";
}

TEST_F(RedisExecutionStreamTest, WhatEveryGroupHasIsTrimmedAndTheEndIsStillKnown) {
  auto stream = Make({.trim_interval = 10});
  auto consumer = *stream->Join("g", "c");
  for (std::uint64_t first = 1; first <= 100; first += 10) {
    ASSERT_TRUE(stream->Publish(Entries(first, first + 9)).ok());
    ASSERT_EQ(Read(*consumer).size(), 10U);
    ASSERT_TRUE(Acknowledge(*consumer, first, first + 9).ok());
    EXPECT_LE(NumberOf(config_, {"XLEN", key_}), 10);
  }
  ASSERT_TRUE(stream->Publish(Entries(101, 110)).ok());
  ASSERT_EQ(Read(*consumer).size(), 10U);
  ASSERT_TRUE(Acknowledge(*consumer, 101, 110).ok());
  EXPECT_EQ(consumer->Lag(), 0U);
  MustRun(config_, {"XTRIM", key_, "MINID", "200"});
  stream = Make();
  EXPECT_EQ(stream->LastSequence()->value(), 110U) << "of an empty stream";
  EXPECT_EQ(stream->Publish(Entries(112, 112)).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(stream->Publish(Entries(105, 112)).ok());
  EXPECT_EQ(stream->Stats().duplicates, 6U);
  EXPECT_EQ((*stream->Join("late", "c"))->Lag(), 2U) << "what was trimmed is nobody's lag";
  EXPECT_EQ(Read(**stream->Join("g", "c")), Numbers(111, 112));
}

TEST_F(RedisExecutionStreamTest, TheNewestStayForWhoReadsWithoutAGroup) {
  auto stream = Make({.keep_entries = 30, .trim_interval = 10});
  redis::RedisExecutionReader reader(config_, shard_);
  const auto read = [&](std::uint64_t after, std::size_t max) {
    const auto entries = reader.ReadBehind(domain::SequenceNumber(after), max, kNow);
    EXPECT_TRUE(entries.ok()) << entries.status();
    return entries.ok() ? Sequences(*entries) : std::vector<std::uint64_t>();
  };
  EXPECT_TRUE(read(0, 10).empty()) << "no stream yet";
  auto consumer = *stream->Join("g", "c");
  for (std::uint64_t n = 1; n <= 100; n += 10) {
    ASSERT_TRUE(stream->Publish(Entries(n, n + 9)).ok());
    EXPECT_EQ(Read(*consumer), Numbers(n, n + 9));
    ASSERT_TRUE(Acknowledge(*consumer, n, n + 9).ok());
  }
  EXPECT_EQ(read(0, 100), Numbers(71, 100)) << "trimmed up to 70, when 100 were published";
  EXPECT_EQ(read(75, 10), Numbers(76, 85));
  EXPECT_TRUE(read(100, 10).empty());
  // Reading holds nothing back.
  EXPECT_EQ(redis::Integer(*MustRun(config_, {"XPENDING", key_, "g"})->element[0]), 0);
}

TEST_F(RedisExecutionStreamTest, AReaderWaitsForTheNext) {
  auto stream = Make();
  ASSERT_TRUE(stream->Publish(Entries(1, 1)).ok());
  redis::RedisExecutionReader reader(config_, shard_);
  absl::StatusOr<std::vector<ports::EventEntry>> entries;
  std::thread waiting([&] { entries = reader.ReadBehind(domain::SequenceNumber(1), 10, kDeadline); });
  ASSERT_TRUE(stream->Publish(Entries(2, 2)).ok());
  waiting.join();
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(Sequences(*entries), Numbers(2, 2));
  reader.Close();
  EXPECT_EQ(reader.ReadBehind(domain::SequenceNumber(2), 10, kDeadline).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(RedisExecutionStreamTest, ASlowLivingConsumerKeepsItsEntries) {
  auto stream = Make();
  ASSERT_TRUE(stream->Publish(Entries(1, 200)).ok());
  auto slow = *stream->Join("g", "slow");
  auto other = *stream->Join("g", "other");
  ASSERT_EQ(Read(*slow, 100), Numbers(1, 100));
  SharedRedis::Instance().PassTime(milliseconds(400));
  ASSERT_EQ(Read(*other, 100), Numbers(101, 200));
  SharedRedis::Instance().PassTime(milliseconds(599));
  EXPECT_EQ(other->Claim(milliseconds(1000), 1000)->size(), 0U);
  SharedRedis::Instance().PassTime(milliseconds(1));
  EXPECT_EQ(other->Claim(milliseconds(1000), 1000)->size(), 100U);
  EXPECT_EQ(stream->Stats().redelivered, 100U);
  ASSERT_TRUE(Acknowledge(*other, 1, 200).ok());
  EXPECT_EQ(other->Lag(), 0U);
}

TEST_F(RedisExecutionStreamTest, PendingEntriesThatSomebodyTrimmedAreCountedAndForgotten) {
  auto stream = Make();
  ASSERT_TRUE(stream->Publish(Entries(1, 30)).ok());
  auto dead = *stream->Join("g", "dead");
  auto alive = *stream->Join("g", "alive");
  ASSERT_EQ(Read(*dead, 10), Numbers(1, 10));
  ASSERT_EQ(Read(*alive, 10), Numbers(11, 20));
  MustRun(config_, {"XTRIM", key_, "MINID", "18"});
  alive.reset();
  alive = *stream->Join("g", "alive");
  EXPECT_EQ(Read(*alive), Numbers(18, 20));
  EXPECT_EQ(stream->Stats().lost_pending, 7U);
  SharedRedis::Instance().PassTime(milliseconds(10));
  EXPECT_EQ(alive->Claim(milliseconds(10), 100)->size(), 0U);
  EXPECT_EQ(stream->Stats().lost_pending, 17U);
  EXPECT_EQ(Read(*alive), Numbers(21, 30));
  EXPECT_EQ(alive->Lag(), 13U);
}

TEST_F(RedisExecutionStreamTest, AFullRedisRefusesAndTakesTheSameAgainLater) {
  OwnRedis redis(Kind::kGeneral);
  RedisExecutionStream stream(redis.Config());
  ASSERT_TRUE(stream.Publish(Entries(1, 3)).ok());
  auto consumer = *stream.Join("g", "c");
  ASSERT_EQ(Read(*consumer, 2), Numbers(1, 2));
  ASSERT_TRUE(Acknowledge(*consumer, 1, 2).ok());
  MustRun(redis.Config(), {"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(stream.Publish(Entries(4, 6)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(stream.Stats().refused_full, 1U);
  EXPECT_EQ(stream.Stats().trimmed, 2U) << "it has made what room it could";
  EXPECT_EQ(stream.LastSequence()->value(), 3U);
  MustRun(redis.Config(), {"CONFIG", "SET", "maxmemory", "100mb"});
  EXPECT_TRUE(stream.Publish(Entries(4, 6)).ok());
}

TEST_F(RedisExecutionStreamTest, APublishWhoseReplyIsLostIsNotStoredTwice) {
  OwnRedis redis(Kind::kGeneral);
  RedisExecutionStream stream(redis.Config(50));
  ASSERT_TRUE(Eventually([&] { return stream.Publish(Entries(1, 3)).ok(); }));
  const std::uint64_t lost = stream.Stats().lost_connections;
  redis.server().Pause();
  EXPECT_EQ(stream.Publish(Entries(4, 500)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(stream.Stats().lost_connections, lost + 1);
  redis.server().Resume();
  RedisExecutionStream again(redis.Config());
  ASSERT_TRUE(again.Publish(Entries(4, 500)).ok());
  EXPECT_EQ(Read(**again.Join("g", "c")), Numbers(1, 500));
}

TEST_F(RedisExecutionStreamTest, ADeliveryWhoseReplyIsLostComesAgain) {
  OwnRedis redis(Kind::kGeneral);
  RedisExecutionStream stream(redis.Config());
  ASSERT_TRUE(stream.Publish(Entries(1, 5)).ok());
  CuttingProxy proxy(redis.server().port());
  redis::RedisConfig through = redis.Config();
  through.port = proxy.port();
  RedisExecutionStream cut(through);
  auto consumer = *cut.Join("g", "c");
  ASSERT_EQ(Read(*consumer, 2), Numbers(1, 2));
  proxy.CutReplyTo("XREADGROUP");
  EXPECT_EQ(consumer->Read(100, kNow).status().code(), absl::StatusCode::kUnavailable);
  std::vector<std::uint64_t> all = Read(*consumer);
  EXPECT_EQ(all, Numbers(1, 5)) << "own pending entries, those of the lost reply among them";
}

TEST_F(RedisExecutionStreamTest, WhatCouldNotBeAcknowledgedComesAgain) {
  OwnRedis redis(Kind::kGeneral);
  RedisExecutionStream stream(redis.Config());
  auto consumer = *stream.Join("g", "c");
  ASSERT_TRUE(stream.Publish(Entries(1, 5)).ok());
  ASSERT_EQ(Read(*consumer), Numbers(1, 5));
  MustRun(redis.Config(), {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_EQ(Acknowledge(*consumer, 1, 5).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Read(*consumer), Numbers(1, 5));
  EXPECT_TRUE(Acknowledge(*consumer, 1, 5).ok());
  ASSERT_TRUE(stream.Publish(Entries(6, 6)).ok() || stream.Publish(Entries(6, 6)).ok()) << "its connection went, too";
  EXPECT_EQ(Read(*consumer), Numbers(6, 6));
}

TEST_F(RedisExecutionStreamTest, WhatAKilledRedisLostIsPublishedAgain) {
  OwnRedis redis(Kind::kGeneral);
  RedisExecutionStream stream(redis.Config());
  auto consumer = *stream.Join("g", "c");
  ASSERT_TRUE(stream.Publish(Entries(1, 100)).ok());
  ASSERT_EQ(Read(*consumer, 50), Numbers(1, 50));
  ASSERT_TRUE(Acknowledge(*consumer, 1, 50).ok());
  for (std::uint64_t sequence = 101; sequence <= 200; ++sequence) ASSERT_TRUE(stream.Publish({Entry(sequence)}).ok());
  redis.KillAndLose(3'000);
  EXPECT_EQ(stream.Publish(Entries(201, 210)).code(), absl::StatusCode::kUnavailable);
  const std::uint64_t last = stream.LastSequence()->value();
  EXPECT_LT(last, 200U);
  EXPECT_GT(last, 100U);
  EXPECT_EQ(stream.Publish(Entries(201, 210)).code(), absl::StatusCode::kInvalidArgument) << "a hole";
  ASSERT_TRUE(stream.Publish(Entries(last + 1, 210)).ok());
  ASSERT_EQ(consumer->Read(1, kNow).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Read(*consumer), Numbers(51, 210));
}

TEST_F(RedisExecutionStreamTest, AWipedRedisStartsOver) {
  OwnRedis redis(Kind::kGeneral);
  RedisExecutionStream stream(redis.Config());
  auto consumer = *stream.Join("g", "c");
  ASSERT_TRUE(stream.Publish(Entries(1, 10)).ok());
  ASSERT_EQ(Read(*consumer), Numbers(1, 10));
  MustRun(redis.Config(), {"FLUSHALL"});
  EXPECT_EQ(consumer->Read(100, kNow).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(stream.LastSequence()->value(), 0U);
  EXPECT_EQ(stream.Publish(Entries(11, 12)).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(stream.Publish(Entries(1, 12)).ok());
  EXPECT_EQ(Read(*consumer), Numbers(1, 12));
}

// The group went, too. Whoever is first makes the stream anew.
TEST_F(RedisExecutionStreamTest, AWipedRedisGoesOnBehindWhatNobodyHas) {
  OwnRedis redis(Kind::kGeneral);
  RedisExecutionStream stream(redis.Config());
  auto consumer = *stream.Join("g", "c");
  std::uint64_t last = 0;
  for (const bool publisher_first : {true, false}) {
    ASSERT_TRUE(stream.BeginAt(domain::SequenceNumber(last + 1)).ok());
    ASSERT_TRUE(stream.Publish(Entries(last + 1, last + 10)).ok());
    ASSERT_EQ(Read(*consumer), Numbers(last + 1, last + 10));
    ASSERT_TRUE(Acknowledge(*consumer, last + 1, last + 10).ok());
    MustRun(redis.Config(), {"FLUSHALL"});
    last += 20;
    if (publisher_first) {
      ASSERT_TRUE(stream.BeginAt(domain::SequenceNumber(last + 1)).ok());
    }
    EXPECT_EQ(consumer->Read(100, kNow).status().code(), absl::StatusCode::kUnavailable);
    if (!publisher_first) {
      ASSERT_TRUE(stream.BeginAt(domain::SequenceNumber(last + 1)).ok());
    }
    EXPECT_EQ(stream.Acknowledged()->value(), 0U) << "a group that has read nothing";
    ASSERT_TRUE(stream.Publish(Entries(last + 1, last + 3)).ok());
    EXPECT_EQ(Read(*consumer), Numbers(last + 1, last + 3));
    ASSERT_TRUE(Acknowledge(*consumer, last + 1, last + 3).ok());
    EXPECT_EQ(stream.Acknowledged()->value(), last + 3);
    last += 3;
  }
}

}  // namespace
}  // namespace xt::contract
