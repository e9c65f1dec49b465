#include "libs/adapters/embedded/internal/wal_preparer.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

namespace xt::embedded::wal {
namespace {

constexpr std::uint64_t kCapacity = 4096;
constexpr std::string_view kUuid = "0123456789abcdef0123456789abcdef";

ino_t Inode(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_ino;
}

// Keeps this thread, and those that it starts meanwhile, on one core: a new thread then runs only when this one lets it.
class OneCore {
 public:
  OneCore() {
    EXPECT_EQ(::sched_getaffinity(0, sizeof(before_), &before_), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    EXPECT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
  }
  ~OneCore() { ::sched_setaffinity(0, sizeof(before_), &before_); }
  OneCore(const OneCore&) = delete;
  OneCore& operator=(const OneCore&) = delete;

 private:
  cpu_set_t before_ = {};
};

// The writer may take a segment that was found at the start before the preparer's thread runs. If the thread then made
// that segment again, what is written would go to a file without a name.
TEST(SegmentPreparerTest, NeverMakesASegmentOverTheOneInUse) {
  std::string folder = ::testing::TempDir() + "/preparer-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const OneCore one_core;
  for (std::uint64_t round = 0; round < 20; ++round) {
    const std::uint64_t index = 1 + 2 * round;
    auto found = CreateSegment(folder, index, kCapacity, kUuid, FileIo::Default());
    ASSERT_TRUE(found.ok()) << found.status();
    const std::string path = found->path;
    const ino_t inode = Inode(path);
    SegmentPreparer preparer(folder, std::string(kUuid), kCapacity, FileIo::Default(), *std::move(found));
    ASSERT_TRUE(preparer.Take(index).ok());
    for (int i = 0; i < 10; ++i) std::this_thread::yield();  // room for the thread to begin with nothing asked of it
    ASSERT_TRUE(preparer.Take(index + 1).ok());              // now it has run for certain
    ASSERT_EQ(Inode(path), inode) << "round " << round;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace xt::embedded::wal
