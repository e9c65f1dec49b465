// What the tests of the ZooKeeper adapter share: one server for the program, a root of its own for each test.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"
#include "tests/contract/contract_support.h"
#include "tools/servers/zookeeper_server.h"

namespace xt::contract {

// Long enough that no session expires on a slow machine unless a test makes it.
inline constexpr std::chrono::seconds kPatientSession{20};
// Longer than any test waits: such a session ends only when somebody closes it.
inline constexpr std::chrono::seconds kEndlessSession{240};
static_assert(kEndlessSession > kDeadline);
// What a test waits for, when a session is meant to expire.
inline constexpr std::chrono::seconds kShortSession{6};

// Started by the first who asks, for the whole program.
inline servers::ZooKeeperServer& SharedZooKeeper() {
  static TemporaryFolder folder;
  static servers::ZooKeeperServer server(folder.path());
  static const absl::Status started = server.Start();
  if (!started.ok()) ADD_FAILURE() << started;
  return server;
}

inline std::string NewRoot() {
  static std::atomic<int> count{0};
  return "/test-" + std::to_string(++count);
}

inline zookeeper::ZooKeeperConfig ZooKeeperConfigFor(const std::string& address, const std::string& root) {
  zookeeper::ZooKeeperConfig config;
  config.servers = address;
  config.root = root;
  config.session_timeout = kPatientSession;
  config.call_timeout = kDeadline;
  return config;
}

inline std::shared_ptr<zookeeper::ZooKeeperSession> OpenSession(zookeeper::ZooKeeperConfig config) {
  auto session = zookeeper::ZooKeeperSession::Open(std::move(config));
  EXPECT_TRUE(session.ok()) << session.status();
  return session.ok() ? *std::move(session) : nullptr;
}

// The names of the children, seen by a session that the code under test knows nothing of.
inline std::vector<std::string> ChildrenOf(zookeeper::ZooKeeperSession& session, const std::string& path) {
  auto handle = session.WaitForHandle(std::chrono::steady_clock::now() + kDeadline);
  EXPECT_TRUE(handle.ok()) << handle.status();
  if (!handle.ok()) return {};
  EXPECT_TRUE((*handle)->Sync(path).ok());
  auto children = (*handle)->Children(path, false);
  EXPECT_TRUE(children.ok()) << children.status();
  return children.ok() ? *std::move(children) : std::vector<std::string>();
}

}  // namespace xt::contract
