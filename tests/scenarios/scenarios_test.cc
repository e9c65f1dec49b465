// One test per file in the folders of cases/. With XT_UPDATE_SCENARIOS=1 in the environment the answers in the files are
// written anew; read the difference before keeping it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace xt::scenarios {
namespace {

std::filesystem::path Folder() { return std::filesystem::path(XT_SOURCE_DIR) / "tests/scenarios/cases"; }

std::vector<std::filesystem::path> Files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Folder())) {
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

// "stop_loss__waits" for stop-loss/waits.scenario.
std::string NameOfTest(const std::filesystem::path& file) {
  const std::filesystem::path path = file.lexically_relative(Folder());
  std::string name = path.parent_path().string() + "__" + path.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
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

TEST_P(ScenarioTest, AnswersTheSameWhenEveryCommandIsFollowedByARestart) {
  const std::string text = Read(GetParam());
  const auto with_restarts = RunScenario(text, Restarts::kAfterEachCommand);
  ASSERT_TRUE(with_restarts.ok()) << with_restarts.status();
  const auto without = RunScenario(text);
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ(*with_restarts, *without);
}

// The first line says the rule.
TEST_P(ScenarioTest, SaysItsRule) {
  const std::string text = Read(GetParam());
  EXPECT_TRUE(text.starts_with("# ")) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Cases, ScenarioTest, testing::ValuesIn(Files()),
                         [](const auto& param) { return NameOfTest(param.param); });

TEST(ScenarioFilesTest, ThereAreAtLeast120InFoldersBySubject) {
  std::set<std::filesystem::path> folders;
  for (const auto& file : Files()) {
    EXPECT_EQ(file.parent_path().parent_path(), Folder()) << file;
    folders.insert(file.parent_path());
  }
  EXPECT_GE(Files().size(), 120u);
  EXPECT_GE(folders.size(), 20u);
}

TEST(ScenarioRunnerTest, SaysWhichLineItDoesNotUnderstand) {
  for (const std::string line : {"alice dances", "alice buy 1 @ 100 gladly", "tick now"}) {
    const auto result = RunScenario("asset BTC 0\nasset KRW 0\nsymbol BTC-KRW tick 1 lot 1\naccount alice\n" + line);
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.status().ToString().find(line), std::string::npos);
  }
}

TEST(ScenarioRunnerTest, ReplacesWrongAnswers) {
  const auto result = RunScenario("asset KRW 0\naccount alice KRW 5\nbalance alice\n  alice KRW 6\n");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, "asset KRW 0\naccount alice KRW 5\nbalance alice\n  alice KRW 5\n");
}

}  // namespace
}  // namespace xt::scenarios
