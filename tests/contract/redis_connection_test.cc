// What the Redis adapters build on, against the real server: how RedisConnection treats a broken context, and the
// behaviour of Redis itself that the protocols rely on.
#include <thread>

#include "gmock/gmock.h"
#include "libs/base/status.h"
#include "tests/contract/redis_support.h"

namespace xt::contract {
namespace {

using redis::RedisConnection;
using redis::Reply;
using redis::Script;
using redis::Text;
using Kind = servers::RedisServer::Kind;
using ::testing::StartsWith;

constexpr std::int64_t kShortMs = 50;  // a time-out that the test waits for

TEST(RedisConnectionTest, ATimedOutConnectionIsNeverUsedAgain) {
  const std::string name = SharedRedis::Instance().NewName();
  redis::RedisConfig config = SharedRedis::Instance().Config();
  config.command_timeout_ms = kShortMs;
  RedisConnection connection(config);
  EXPECT_EQ(connection.Run({"BLPOP", name, "0"}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(connection.connected());
  MustRun(SharedRedis::Instance().Config(), {"LPUSH", name, "late"});
  const auto reply = connection.Run({"ECHO", "mine"}, kDeadline);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(Text(**reply), "mine") << "the late reply of an earlier command";
  EXPECT_EQ(connection.connects(), 2U);
}

TEST(RedisConnectionTest, ATimedOutCommandIsStillExecuted) {
  OwnRedis redis(Kind::kGeneral);
  RedisConnection connection(redis.Config(kShortMs));
  ASSERT_TRUE(connection.Run({"PING"}, kDeadline).ok());
  redis.server().Pause();
  EXPECT_EQ(connection.Run({"SET", "key", "value"}).status().code(), absl::StatusCode::kUnavailable);
  redis.server().Resume();
  EXPECT_EQ(TextOf(redis.Config(), {"GET", "key"}), "value");
}

TEST(RedisConnectionTest, ARestartIsSeenByTheRunIdAndByNoscript) {
  OwnRedis redis(Kind::kJournal);
  const std::string run_id = RunId(redis.Config());
  EXPECT_EQ(run_id.size(), 40U);
  static constexpr Script kScript{"return 'ran'"};
  RedisConnection connection(redis.Config());
  EXPECT_EQ(Text(**connection.Eval(kScript, {}, {})), "ran");
  const std::string digest = TextOf(redis.Config(), {"SCRIPT", "LOAD", kScript.text});
  redis.KillAndRestart();
  EXPECT_NE(RunId(redis.Config()), run_id);
  RedisConnection other(redis.Config());
  const absl::Status status = other.Run({"EVALSHA", digest, "0"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(status)), ::testing::HasSubstr("NOSCRIPT"));
  EXPECT_FALSE(other.connected()) << "a server that is not the one we knew";
  EXPECT_EQ(connection.Eval(kScript, {}, {}).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Text(**connection.Eval(kScript, {}, {})), "ran");
}

TEST(RedisConnectionTest, WhatRedisRefusesLeavesTheConnectionGood) {
  OwnRedis redis(Kind::kJournal);
  RedisConnection connection(redis.Config());
  ASSERT_TRUE(connection.Run({"SET", "text", "x"}).ok());
  const absl::Status wrong_type = connection.Run({"LPUSH", "text", "y"}).status();
  EXPECT_EQ(wrong_type.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(wrong_type)), StartsWith("WRONGTYPE"));
  ASSERT_TRUE(connection.Run({"CONFIG", "SET", "maxmemory", "1"}).ok());
  const absl::Status full = connection.Run({"SET", "text", "z"}).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
  EXPECT_EQ(connection.connects(), 1U);
}

TEST(RedisConnectionTest, APipelineKeepsItsOrderAndOneErrorIsOneReply) {
  RedisConnection connection(SharedRedis::Instance().Config());
  ASSERT_TRUE(connection.Connect().ok());
  connection.Queue({"ECHO", "a"});
  connection.Queue({"NONSENSE"});
  connection.Queue({"ECHO", std::string_view("b\0\r\n", 4)});
  ASSERT_TRUE(connection.Flush().ok());
  EXPECT_EQ(Text(**connection.Receive()), "a");
  EXPECT_EQ(connection.Receive().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Text(**connection.Receive()), std::string_view("b\0\r\n", 4));
}

TEST(RedisConnectionTest, WhatIsLargerThanAllBuffersPasses) {
  RedisConnection connection(SharedRedis::Instance().Config());
  const std::string large(20'000'000, 'x');
  EXPECT_EQ(Text(**connection.Run({"ECHO", large})), large);
}

TEST(RedisConnectionTest, InterruptWakesWhoWaitsAndIsFinal) {
  const std::string name = SharedRedis::Instance().NewName();
  RedisConnection connection(SharedRedis::Instance().Config());
  absl::Status status;
  std::thread waiting([&] { status = connection.Run({"BLPOP", name, "0"}, kDeadline).status(); });
  connection.Interrupt();
  waiting.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(connection.Run({"PING"}).status().code(), absl::StatusCode::kCancelled);
}

TEST(RedisConnectionTest, NobodyListensIsUnavailable) {
  redis::RedisConfig config;
  config.port = servers::FreePort();
  EXPECT_EQ(RedisConnection(config).Run({"PING"}).status().code(), absl::StatusCode::kUnavailable);
}

// What Redis does, not what we do: when an update changes it, the protocols must be thought through again.

TEST(RedisBehaviourTest, AScriptThatFailsIsNotRolledBack) {
  static constexpr Script kTwice{
      "redis.call('XADD', KEYS[1], '5-0', 'a', 'b') redis.call('XADD', KEYS[1], '5-0', 'a', 'b')"};
  const std::string key = SharedRedis::Instance().NewName();
  RedisConnection connection(SharedRedis::Instance().Config());
  EXPECT_FALSE(connection.Eval(kTwice, {key}, {}).ok());
  EXPECT_EQ(redis::Integer(**connection.Run({"XLEN", key})), 1);
}

TEST(RedisBehaviourTest, NumbersInScriptsAreDoubles) {
  static constexpr Script kNumber{"return {string.format('%.0f', tonumber(ARGV[1])), ARGV[1]}"};
  RedisConnection connection(SharedRedis::Instance().Config());
  const auto reply = connection.Eval(kNumber, {}, {"9007199254740993"});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(Text(*redis::Elements(**reply)[0]), "9007199254740992");
  EXPECT_EQ(Text(*redis::Elements(**reply)[1]), "9007199254740993");
}

TEST(RedisBehaviourTest, TrimmingByLengthTakesUnreadEntriesOfAGroup) {
  const std::string key = SharedRedis::Instance().NewName();
  RedisConnection connection(SharedRedis::Instance().Config());
  ASSERT_TRUE(connection.Run({"XGROUP", "CREATE", key, "g", "0", "MKSTREAM"}).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(connection.Run({"XADD", key, "*", "a", "b"}).ok());
  EXPECT_EQ(redis::Integer(**connection.Run({"XTRIM", key, "MAXLEN", "3"})), 7);
}

}  // namespace
}  // namespace xt::contract
