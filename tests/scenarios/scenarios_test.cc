// One test per file in cases/. With XT_UPDATE_SCENARIOS=1 in the environment the answers in the files are written anew;
// read the difference before keeping it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace xt::scenarios {
namespace {

std::vector<std::filesystem::path> Files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(XT_SOURCE_DIR) / "tests/scenarios/cases")) {
    if (entry.path().extension() == ".scenario") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string Read(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return content.str();
}

class ScenarioTest : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ScenarioTest, AnswersAsWritten) {
  const std::string expected = Read(GetParam());
  const auto actual = RunScenario(expected);
  ASSERT_TRUE(actual.ok()) << actual.status();
  if (std::getenv("XT_UPDATE_SCENARIOS") != nullptr && *actual != expected) {
    std::ofstream(GetParam()) << *actual;
    GTEST_SKIP() << "written anew: " << GetParam();
  }
  EXPECT_EQ(*actual, expected);
}

INSTANTIATE_TEST_SUITE_P(Cases, ScenarioTest, testing::ValuesIn(Files()), [](const auto& param) {
  std::string name = param.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

TEST(ScenarioRunnerTest, SaysWhichLineItDoesNotUnderstand) {
  const auto result = RunScenario("asset KRW 0\naccount alice\nalice dances\n");
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().ToString().find("alice dances"), std::string::npos);
}

TEST(ScenarioRunnerTest, ReplacesWrongAnswers) {
  const auto result = RunScenario("asset KRW 0\naccount alice KRW 5\nbalance alice\n  alice KRW 6\n");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, "asset KRW 0\naccount alice KRW 5\nbalance alice\n  alice KRW 5\n");
}

}  // namespace
}  // namespace xt::scenarios
