// A cluster that is started for a process, as that of a benchmark or a test, ends with it: also when it is killed and ends
// nothing itself.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <vector>

#include "libs/base/child_process.h"
#include "tests/support/cluster.h"
#include "tests/support/files.h"
#include "tools/cluster/cluster_file.h"

namespace xt::test {
namespace {

constexpr std::chrono::seconds kUp{300};
constexpr std::chrono::minutes kDown{3};

TEST(ClusterOwnerTest, TheClusterEndsWithItsOwner) {
  const TemporaryFolder folder;
  const std::string data = folder / "data";
  ChildProcess owner({"/usr/bin/sleep", "infinity"}, folder / "owner");
  const ToolResult up = RunTool({XT_BINARY_DIR "/bin/xt-cluster", "up", "--data", data, "--binaries",
                                 XT_BINARY_DIR "/bin", "--owner", std::to_string(owner.pid())},
                                kUp);
  ASSERT_EQ(up.status, 0) << up.output;
  const pid_t supervisor = cluster::SupervisorOf(data);
  ASSERT_NE(supervisor, 0);

  ASSERT_EQ(::kill(owner.pid(), SIGTERM), 0);
  ASSERT_TRUE(owner.Wait(kDown).has_value());
  const bool ended = cluster::WaitForEnd(supervisor, kDown);
  EXPECT_TRUE(ended);
  if (!ended) (void)RunTool({XT_BINARY_DIR "/bin/xt-cluster", "down", "--data", data}, kDown);
  EXPECT_EQ(ReadFile(data + "/ready.json"), "") << "it ended in order";
}

TEST(ClusterOwnerTest, AnOwnerThatIsGoneGetsNone) {
  const TemporaryFolder folder;
  ChildProcess owner({"/bin/true"}, folder / "owner");
  const pid_t pid = owner.pid();
  ASSERT_EQ(owner.Wait(kDown), 0);
  const ToolResult up = RunTool({XT_BINARY_DIR "/bin/xt-cluster", "up", "--data", folder / "data", "--binaries",
                                 XT_BINARY_DIR "/bin", "--owner", std::to_string(pid)},
                                kUp);
  EXPECT_EQ(up.status, 1);
  EXPECT_NE(up.output.find("there is no process"), std::string::npos) << up.output;
}

}  // namespace
}  // namespace xt::test
