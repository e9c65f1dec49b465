// ZooKeeperRecord, ZooKeeperMember and the session against a real server.
#include "libs/adapters/zookeeper/zookeeper_record.h"

#include "gmock/gmock.h"
#include "libs/adapters/zookeeper/zookeeper_members.h"
#include "tests/contract/zookeeper_support.h"
#include "tests/support/cutting_proxy.h"

namespace xt::contract {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using zookeeper::SessionCredentials;
using zookeeper::ZooKeeperMember;
using zookeeper::ZooKeeperMemberWatch;
using zookeeper::ZooKeeperRecord;
using zookeeper::ZooKeeperSession;

zookeeper::ZooKeeperConfig Config(const std::string& root) {
  return ZooKeeperConfigFor(SharedZooKeeper().address(), root);
}

TEST(ZooKeeperRecordTest, ChangesOnlyWhatWasRead) {
  const auto session = OpenSession(Config(NewRoot()));
  ZooKeeperRecord record(session, "role/state");
  ASSERT_EQ(record.Read()->version, ZooKeeperRecord::kAbsent);
  EXPECT_EQ(record.CompareAndSet(3, "x").status().code(), absl::StatusCode::kAborted);
  const auto first = record.CompareAndSet(ZooKeeperRecord::kAbsent, "one");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(record.CompareAndSet(ZooKeeperRecord::kAbsent, "x").status().code(), absl::StatusCode::kAborted);
  const auto second = record.CompareAndSet(*first, std::string("two\n\0", 5));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(record.CompareAndSet(*first, "x").status().code(), absl::StatusCode::kAborted);
  ZooKeeperRecord other(OpenSession(session->config()), "role/state");
  EXPECT_EQ(other.Read()->bytes, std::string("two\n\0", 5));
  EXPECT_EQ(other.Read()->version, *second);
  const std::string large(20'000, 'l');
  ASSERT_TRUE(other.CompareAndSet(*second, large).ok());
  EXPECT_EQ(record.Read()->bytes, large);
}

TEST(ZooKeeperRecordTest, AWriteWhoseReplyIsLostIsFound) {
  CuttingProxy proxy(SharedZooKeeper().port());
  ZooKeeperRecord record(OpenSession(ZooKeeperConfigFor(proxy.address(), NewRoot())), "state");
  proxy.CutReplyTo("created");
  const auto created = record.CompareAndSet(ZooKeeperRecord::kAbsent, "created");
  proxy.WaitForCut();
  ASSERT_TRUE(created.ok()) << created.status();
  proxy.CutReplyTo("changed");
  const auto changed = record.CompareAndSet(*created, "changed");
  proxy.WaitForCut();
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(*changed, *created + 1) << "written once";
}

TEST(ZooKeeperRecordTest, AnotherWriterOfTheSameBytesIsNotTakenForUs) {
  const std::string root = NewRoot();
  CuttingProxy proxy(SharedZooKeeper().port());
  ZooKeeperRecord record(OpenSession(ZooKeeperConfigFor(proxy.address(), root)), "state");
  ZooKeeperRecord other(OpenSession(Config(root)), "state");
  const auto version = record.CompareAndSet(ZooKeeperRecord::kAbsent, "0");
  ASSERT_TRUE(version.ok()) << version.status();
  ASSERT_TRUE(other.CompareAndSet(*version, "same").ok());
  proxy.CutReplyTo("same");  // its reply, a refusal, is lost
  EXPECT_EQ(record.CompareAndSet(*version, "same").status().code(), absl::StatusCode::kAborted);
  proxy.WaitForCut();
}

TEST(ZooKeeperRecordTest, WithoutAServerTheOutcomeIsUnknown) {
  TemporaryFolder folder;
  servers::ZooKeeperServer server(folder.path());
  ASSERT_TRUE(server.Start().ok());
  auto config = ZooKeeperConfigFor(server.address(), "/xt");
  config.session_timeout = kShortSession;
  config.call_timeout = std::chrono::milliseconds(500);
  const auto session = OpenSession(config);
  ASSERT_TRUE(session->WaitForHandle(std::chrono::steady_clock::now() + kDeadline).ok());
  ZooKeeperRecord record(session, "state");
  server.Pause();
  EXPECT_EQ(record.CompareAndSet(ZooKeeperRecord::kAbsent, "x").status().code(), absl::StatusCode::kUnavailable);
  server.Kill();
  EXPECT_EQ(record.Read().status().code(), absl::StatusCode::kUnavailable);
}

using Members = ZooKeeperMemberWatch::Members;

// Waits until the watch has told these members.
class WatchedMembers {
 public:
  WatchedMembers(std::shared_ptr<ZooKeeperSession> session, const std::string& role)
      : watch_(std::move(session), role, [this](const Members& members) { told_.Add(members); }) {}
  Members WaitFor(const Members& members) {
    for (;; ++seen_) {
      const auto told = told_.WaitFor(seen_);
      if (told.size() < seen_) return told.empty() ? Members() : told.back();
      if (told[seen_ - 1] == members) return members;
    }
  }

 private:
  Outcomes<Members> told_;
  std::size_t seen_ = 1;
  ZooKeeperMemberWatch watch_;
};

TEST(ZooKeeperMembersTest, TheListIsToldAsItChanges) {
  const std::string root = NewRoot();
  WatchedMembers watched(OpenSession(Config(root)), "role");
  EXPECT_EQ(watched.WaitFor({}), Members());
  auto session = OpenSession(Config(root));
  auto a = std::make_unique<ZooKeeperMember>(session, "role", "a", "{1}");
  const Members only_a{{"a", "{1}"}};
  EXPECT_EQ(watched.WaitFor(only_a), only_a);
  ZooKeeperMember b(OpenSession(Config(root)), "role", "b", "{2}");
  const Members both{{"a", "{1}"}, {"b", "{2}"}};
  EXPECT_EQ(watched.WaitFor(both), both);
  a->Update("{3}");
  const Members updated{{"a", "{3}"}, {"b", "{2}"}};
  EXPECT_EQ(watched.WaitFor(updated), updated);
  a.reset();
  const Members only_b{{"b", "{2}"}};
  EXPECT_EQ(watched.WaitFor(only_b), only_b);
}

TEST(ZooKeeperMembersTest, ALaterLifeTakesThePlaceOfAnEarlierOne) {
  const std::string root = NewRoot();
  WatchedMembers watched(OpenSession(Config(root)), "role");
  const auto earlier_session = OpenSession(Config(root));
  auto earlier = std::make_unique<ZooKeeperMember>(earlier_session, "role", "a", "{1}");
  const Members first{{"a", "{1}"}};
  ASSERT_EQ(watched.WaitFor(first), first);
  ZooKeeperMember later(OpenSession(Config(root)), "role", "a", "{2}");
  const Members second{{"a", "{2}"}};
  ASSERT_EQ(watched.WaitFor(second), second);
  // What ends with the earlier life is not the later one's.
  earlier.reset();
  earlier_session->Close();
  const ZooKeeperMember other(OpenSession(Config(root)), "role", "b", "{}");
  const Members both{{"a", "{2}"}, {"b", "{}"}};
  EXPECT_EQ(watched.WaitFor(both), both);
}

TEST(ZooKeeperMembersTest, AMemberComesAgainAfterAnExpiry) {
  auto config = Config(NewRoot());
  Outcomes<SessionCredentials> sessions;
  config.on_session = [&](const SessionCredentials& credentials) { sessions.Add(credentials); };
  const auto session = OpenSession(config);
  const ZooKeeperMember member(session, "role", "a", "{}");
  const Members present{{"a", "{}"}};
  ASSERT_EQ(WatchedMembers(OpenSession(Config(config.root)), "role").WaitFor(present), present);
  ASSERT_TRUE(zookeeper::CloseSession(SharedZooKeeper().address(), sessions.Get().at(0), kDeadline).ok());
  ASSERT_EQ(sessions.WaitFor(2).size(), 2U);
  EXPECT_EQ(WatchedMembers(OpenSession(Config(config.root)), "role").WaitFor(present), present);
}

TEST(ZooKeeperMembersTest, AWatchGoesOnAfterAnExpiry) {
  const std::string root = NewRoot();
  const auto session = OpenSession(Config(root));
  WatchedMembers watched(session, "role");
  ASSERT_EQ(watched.WaitFor({}), Members());
  ASSERT_TRUE(zookeeper::CloseSession(SharedZooKeeper().address(), *session->credentials(), kDeadline).ok());
  const ZooKeeperMember member(OpenSession(Config(root)), "role", "a", "{}");
  const Members present{{"a", "{}"}};
  EXPECT_EQ(watched.WaitFor(present), present);
}

TEST(ZooKeeperSessionTest, CredentialsAreOneWord) {
  SessionCredentials credentials;
  credentials.id = -2;
  for (std::size_t i = 0; i < credentials.password.size(); ++i) credentials.password[i] = static_cast<char>(250 + i);
  const std::string text = ToText(credentials);
  EXPECT_EQ(text, "fffffffffffffffefafbfcfdfeff00010203040506070809");
  EXPECT_EQ(*zookeeper::CredentialsFromText(text), credentials);
  EXPECT_FALSE(zookeeper::CredentialsFromText(text + "0").ok());
  EXPECT_FALSE(zookeeper::CredentialsFromText(std::string(48, 'g')).ok());
}

TEST(ZooKeeperSessionTest, ABadConfigurationIsRefused) {
  auto config = Config("/xt");
  config.servers = "";
  EXPECT_EQ(ZooKeeperSession::Open(config).status().code(), absl::StatusCode::kInvalidArgument);
  config = Config("xt");
  EXPECT_EQ(ZooKeeperSession::Open(config).status().code(), absl::StatusCode::kInvalidArgument);
  config = Config("/xt");
  config.session_timeout = std::chrono::milliseconds(0);
  EXPECT_EQ(ZooKeeperSession::Open(config).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ZooKeeperSessionTest, RequestsAreMeasuredAndErrorsTold) {
  const std::string root = NewRoot();
  std::atomic<int> requests{0};
  Outcomes<std::string> errors;
  auto config = Config(root);
  config.on_request = [&](std::chrono::nanoseconds) { ++requests; };
  config.on_error = [&](const absl::Status& status) { errors.Add(status.ToString()); };
  const auto session = OpenSession(config);
  const ZooKeeperMember member(session, "role", "a/b/c", "{}");  // there is no folder for it
  EXPECT_FALSE(errors.WaitFor(1).empty());
  EXPECT_GE(session->Stats().errors, 1U);
  EXPECT_GE(requests, 3);
  EXPECT_TRUE(session->Stats().connected);
  session->Close();
  EXPECT_FALSE(session->Stats().connected);
}

}  // namespace
}  // namespace xt::contract
