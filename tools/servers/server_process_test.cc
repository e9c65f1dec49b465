#include "tools/servers/server_process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <set>
#include <vector>

namespace xt::servers {
namespace {

// So many that two of them would be the same nearly always if they were drawn without regard to each other.
constexpr std::size_t kPorts = 450;

std::vector<std::uint16_t> TakePorts() {
  std::vector<std::uint16_t> ports(kPorts);
  for (std::uint16_t& port : ports) port = FreePort();
  return ports;
}

TEST(FreePortTest, IsGivenOnceInAProcess) {
  const auto ports = TakePorts();
  EXPECT_EQ(std::set<std::uint16_t>(ports.begin(), ports.end()).size(), kPorts);
}

TEST(FreePortTest, IsNotGivenToAnotherProcessWhileTheFirstLives) {
  int from_child[2];
  int to_child[2];
  ASSERT_EQ(::pipe(from_child), 0);
  ASSERT_EQ(::pipe(to_child), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  constexpr std::size_t kBytes = kPorts * sizeof(std::uint16_t);
  if (child == 0) {
    ::close(to_child[1]);
    const auto ports = TakePorts();
    char byte = 0;
    const bool told = ::write(from_child[1], ports.data(), kBytes) == static_cast<ssize_t>(kBytes);
    ::_exit(told && ::read(to_child[0], &byte, 1) == 0 ? 0 : 1);
  }
  std::vector<std::uint16_t> theirs(kPorts);
  ASSERT_EQ(::read(from_child[0], theirs.data(), kBytes), static_cast<ssize_t>(kBytes));
  std::set<std::uint16_t> all(theirs.begin(), theirs.end());
  for (const std::uint16_t port : TakePorts()) EXPECT_TRUE(all.insert(port).second) << port;
  ::close(to_child[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace xt::servers
