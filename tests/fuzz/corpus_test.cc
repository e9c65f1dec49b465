// The inputs of corpus/, among them everything that a fuzzer ever found, once more in every build.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/targets.h"

namespace xt::fuzz {
namespace {

void RunFolder(const std::string& name, std::string (*run)(Bytes)) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(XT_SOURCE_DIR "/tests/fuzz/corpus/") + name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(run(bytes), "") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(CorpusTest, Commands) { RunFolder("commands", RunCommands); }
TEST(CorpusTest, Snapshots) { RunFolder("snapshot", RunSnapshot); }

// The seeds are of the present format: else the fuzzer would begin with nothing that is read.
TEST(CorpusTest, ASeedRestores) {
  std::ifstream file(XT_SOURCE_DIR "/tests/fuzz/corpus/snapshot/seed-300", std::ios::binary);
  const std::string body{std::istreambuf_iterator<char>(file), {}};
  std::string error;
  EXPECT_NE(matching::Engine::RestoreSnapshot(Config(), SnapshotOf(body), &error), nullptr)
      << error << "; tests/fuzz/README.md says how seeds are made";
}

}  // namespace
}  // namespace xt::fuzz
