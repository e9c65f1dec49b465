// Every fault of the table once, on one cluster under load: `./dev chaos` in a test.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <ostream>
#include <string>

#include "tests/chaos/run.h"
#include "tests/support/files.h"

namespace xt::chaos {

// For gtest, which looks for it here.
void PrintTo(const FaultEntry& entry, std::ostream* out) { *out << entry.name; }

namespace {

// The cluster that all tests of this program use.
class ChaosTest : public testing::TestWithParam<FaultEntry> {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TemporaryFolder>();
    run_ = std::make_unique<chaos::Run>(RunOptions{.binaries = XT_BINARY_DIR "/bin", .data = *folder_ / "data"},
                                        [](const std::string& line) { std::printf("%s\n", line.c_str()); });
    const absl::Status started = run_->Start();
    going_ = started.ok();
    EXPECT_TRUE(going_) << started;
  }
  static void TearDownTestSuite() {
    if (going_) {
      const Report& report = run_->Finish();
      EXPECT_FALSE(report.violated()) << TextOf(report);
    }
    run_.reset();
    folder_.reset();
  }

  static inline std::unique_ptr<test::TemporaryFolder> folder_;
  static inline std::unique_ptr<chaos::Run> run_;
  static inline bool going_ = false;
};

TEST_P(ChaosTest, NothingAcknowledgedIsLostOrDoubled) {
  ASSERT_TRUE(going_) << "it did not recover from an earlier fault";
  const FaultEntry& entry = GetParam();
  going_ = run_->Inject({&entry});
  Report report = run_->report();
  const FaultResult& result = report.Of(entry.name);
  EXPECT_EQ(result.lost, 0U);
  EXPECT_EQ(result.doubled, 0U);
  if (!entry.known.empty()) return;
  for (const std::string& violation : result.violations) ADD_FAILURE() << violation;
}

std::string NameOf(const testing::TestParamInfo<FaultEntry>& info) {
  std::string name = info.param.name;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Faults, ChaosTest, testing::ValuesIn(AllFaults()), NameOf);

}  // namespace
}  // namespace xt::chaos
