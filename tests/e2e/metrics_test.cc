// What the standalone exports is the catalogue of all six services, without what needs a server or another process.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/cluster.h"
#include "tests/support/standalone.h"

namespace xt::test {
namespace {

TEST(MetricsTest, AreThoseOfTheCatalogue) {
  Standalone standalone;
  ASSERT_TRUE(standalone.Start()) << standalone.output();
  const std::string url = standalone.ready().at("metrics").at(0);
  const ToolResult compared = RunTool({XT_SOURCE_DIR "/tools/metrics/catalogue.py", "compare", "standalone", url});
  EXPECT_EQ(compared.status, 0) << compared.output;
  const ToolResult checked = RunTool({"bash", "-c", "set -o pipefail; curl -sf " + url + " | promtool check metrics"});
  EXPECT_EQ(checked.status, 0) << checked.output;
}

}  // namespace
}  // namespace xt::test
