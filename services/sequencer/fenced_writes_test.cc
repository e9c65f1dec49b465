#include "services/sequencer/fenced_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"

namespace xt::sequencer {
namespace {

TEST(FencedWritesTest, OutliveTheProcess) {
  const test::TemporaryFolder folder;
  const std::string file = folder / "fenced-writes";
  EXPECT_EQ(FencedWrites(file).Count(), 0);
  EXPECT_TRUE(FencedWrites(file).Add(absl::FailedPreconditionError("FENCED 2097152\nof epoch 2"), 0).ok());
  EXPECT_EQ(FencedWrites(file).Count(), 1);
  EXPECT_TRUE(FencedWrites(file).Add(absl::FailedPreconditionError("FENCED again"), 1'000'000'000).ok());
  EXPECT_EQ(FencedWrites(file).Count(), 2);
  EXPECT_EQ(test::ReadFile(file), "0 FENCED 2097152 of epoch 2\n1000000000 FENCED again\n");
}

TEST(FencedWritesTest, AFolderThatIsNotThereIsSaid) {
  EXPECT_TRUE(absl::IsUnavailable(FencedWrites("/nonexistent/fenced-writes").Add(absl::UnknownError("why"), 0)));
}

}  // namespace
}  // namespace xt::sequencer
