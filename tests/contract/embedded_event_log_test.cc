// FileEventLog and SegmentLog: the contract of the port, and what is their own: torn tails, damage, retention.
#include <filesystem>
#include <fstream>

#include "libs/adapters/embedded/file_event_log.h"
#include "libs/adapters/embedded/segment_log.h"
#include "tests/contract/event_log_contract.h"

namespace xt::contract {
namespace {

using embedded::FileEventLog;
using embedded::SegmentLog;
using ::testing::HasSubstr;

class FileBackend final : public EventLogBackend {
 public:
  std::unique_ptr<ports::EventLog> Connect() override {
    auto log = FileEventLog::Open(folder_.path() + "/events", {.segment_bytes = 4096, .retain_bytes = 0});
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }

 private:
  TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, EventLogContract, ::testing::Values(+[]() -> std::unique_ptr<EventLogBackend> {
                           return std::make_unique<FileBackend>();
                         }));

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
std::string LastFile(const std::string& folder) {
  std::string last;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) last = std::max(last, entry.path().string());
  return last;
}

std::unique_ptr<SegmentLog> MustOpen(const std::string& folder, std::uint64_t segment_bytes = 1 << 20) {
  auto log = SegmentLog::Open(folder, {segment_bytes, 1});
  EXPECT_TRUE(log.ok()) << log.status();
  return *std::move(log);
}

TEST(SegmentLogTest, ATailTornAtAnyByteIsCutAndAppendingGoesOn) {
  TemporaryFolder folder;
  MustOpen(folder.path())->Append({"first", "second", "the third record"}).IgnoreError();
  const std::string file = LastFile(folder.path());
  const std::string whole = ReadFile(file);
  const std::size_t third = 16 + 8 + 5 + 8 + 6;
  ASSERT_EQ(whole.size(), third + 8 + 16);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    WriteFile(file, whole.substr(0, size));
    const std::uint64_t kept = size < 16 + 13 ? 0 : size < third ? 1 : 2;
    auto log = MustOpen(folder.path());
    ASSERT_EQ(log->end(), kept + 1) << "cut at " << size;
    ASSERT_TRUE(log->Append({"again"}).ok());
    ASSERT_EQ(*log->Read(kept + 1, 10)->at(0).payload, "again");
    log = nullptr;
    ASSERT_EQ(MustOpen(folder.path())->end(), kept + 2);
  }
  for (std::size_t at = third; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 4;
    WriteFile(file, damaged);
    auto log = MustOpen(folder.path());
    ASSERT_EQ(log->end(), 3U) << "byte " << at;
    ASSERT_EQ(log->torn_bytes_cut(), whole.size() - third);
  }
}

TEST(SegmentLogTest, DamageInAnEarlierSegmentIsFoundByReading) {
  TemporaryFolder folder;
  auto log = MustOpen(folder.path(), 100);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(log->Append({"a payload of some bytes"}).ok());
  log = nullptr;
  const std::string file = folder.path() + "/00000000000000000001.log";
  std::string bytes = ReadFile(file);
  bytes[30] ^= 1;
  WriteFile(file, bytes);
  log = MustOpen(folder.path(), 100);
  EXPECT_EQ(log->end(), 21U);
  const auto read = log->Read(1, 5);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(file + " at offset 16"));
  EXPECT_TRUE(log->Read(15, 5).ok());
}

TEST(SegmentLogTest, TrimmingDeletesWholeSegments) {
  TemporaryFolder folder;
  auto log = MustOpen(folder.path(), 200);
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(log->Append({"record " + std::to_string(i)}).ok());
  const std::uint64_t before = log->SizeBytes();
  ASSERT_TRUE(log->TrimBelow(50).ok());
  EXPECT_LE(log->begin(), 50U);
  EXPECT_GT(log->begin(), 30U);
  EXPECT_LT(log->SizeBytes(), before);
  EXPECT_EQ(log->Read(log->begin() - 1, 1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(*log->Read(50, 1)->at(0).payload, "record 50");
  ASSERT_TRUE(log->TrimToBytes(0).ok());
  EXPECT_FALSE(log->Read(log->end() - 1, 1)->empty()) << "the newest record stays";
  log = nullptr;
  EXPECT_EQ(MustOpen(folder.path(), 200)->end(), 101U);
}

TEST(SegmentLogTest, ReadsAreBoundedInBytesAndFindAnyPosition) {
  TemporaryFolder folder;
  auto log = MustOpen(folder.path(), 8192);
  std::vector<std::string> payloads;
  for (int i = 1; i <= 1000; ++i) payloads.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i), '.'));
  ASSERT_TRUE(log->Append({payloads.begin(), payloads.begin() + 500}).ok());
  ASSERT_TRUE(log->Append({payloads.begin() + 500, payloads.end()}).ok());
  EXPECT_EQ(log->Read(900, 100, 1)->size(), 1U);
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t position = 1; position <= 1000; position += 37) {
      const auto records = log->Read(position, 3);
      ASSERT_TRUE(records.ok());
      ASSERT_EQ(*records->at(0).payload, payloads[position - 1]);
    }
    log = nullptr;
    log = MustOpen(folder.path(), 8192);
  }
}

TEST(FileEventLogTest, ATornCursorWriteFallsBackToTheOneBefore) {
  TemporaryFolder folder;
  {
    auto log = *FileEventLog::Open(folder.path());
    ASSERT_TRUE(log->Append(Entries(1, 5)).ok());
    auto cursor = *log->OpenCursor("broker");
    ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(3)).ok());
    ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(4)).ok());
  }
  const std::string newest = folder.path() + "/cursor-broker.0";  // generations 1 and 2 lie in slots 1 and 0
  const std::string whole = ReadFile(newest);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    WriteFile(newest, whole.substr(0, size));
    auto log = *FileEventLog::Open(folder.path());
    ASSERT_EQ((*log->OpenCursor("broker"))->position().value(), 3U) << "cut at " << size;
  }
}

TEST(FileEventLogTest, ADamagedCursorFileMeansThatEntriesComeAgain) {
  TemporaryFolder folder;
  {
    auto log = *FileEventLog::Open(folder.path());
    ASSERT_TRUE(log->Append(Entries(1, 5)).ok());
    ASSERT_TRUE((*log->OpenCursor("broker"))->Advance(domain::SequenceNumber(4)).ok());
  }
  for (const char* slot : {".0", ".1"}) {
    std::string cursor = ReadFile(folder.path() + "/cursor-broker" + slot);
    if (!cursor.empty()) cursor.back() = '5';
    WriteFile(folder.path() + "/cursor-broker" + slot, cursor);
  }
  auto log = *FileEventLog::Open(folder.path());
  EXPECT_EQ((*log->OpenCursor("broker"))->position().value(), 0U);
}

TEST(FileEventLogTest, RetentionKeepsWhatACursorHasNotRead) {
  TemporaryFolder folder;
  auto log = *FileEventLog::Open(folder.path(), {.segment_bytes = 1000, .retain_bytes = 3000});
  auto cursor = *log->OpenCursor("broker");
  for (std::uint64_t i = 1; i <= 500; ++i) ASSERT_TRUE(log->Append({Entry(i)}).ok());
  EXPECT_EQ(Sequences(cursor->Read(500, kNow)).size(), 500U);
  ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(490)).ok());
  ASSERT_TRUE(log->Append({Entry(501)}).ok());
  EXPECT_LE(log->SizeBytes(), 4000U);
  EXPECT_EQ(log->ReadFrom(domain::SequenceNumber(1), 1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Sequences(cursor->Read(500, kNow)), Numbers(491, 501));
  EXPECT_TRUE(log->Append(Entries(1, 502)).ok()) << "what is gone is not compared";
}

TEST(FileEventLogTest, NamesAreCheckedAndTheFolderHasOneOwner) {
  TemporaryFolder folder;
  auto log = *FileEventLog::Open(folder.path());
  EXPECT_EQ(log->OpenCursor("../x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log->OpenCursor("").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FileEventLog::Open(folder.path()).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace xt::contract
