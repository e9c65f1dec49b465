// The copy in a real Redis, which is trimmed while it is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/redis_journal.h"
#include "tests/support/files.h"
#include "tools/servers/redis_server.h"
#include "tools/xtraderctl/journal/joined_source.h"
#include "tools/xtraderctl/testing/memory_journal.h"

namespace xt::ctl {
namespace {

using ::testing::ElementsAre;
using testing::MemoryJournal;

constexpr std::uint64_t kTicks = 400;  // several replies of Redis
constexpr std::uint64_t kLast = 15 + kTicks;

class RedisSourceTest : public ::testing::Test {
 protected:
  RedisSourceTest() : server_(servers::RedisServer::Kind::kJournal, folder_.path()) {}
  void SetUp() override {
    const absl::Status started = server_.Start();
    ASSERT_TRUE(started.ok()) << started;
    redis::RedisConfig config;
    config.port = server_.port();
    config.connect_timeout_ms = config.command_timeout_ms = 30'000;
    journal_.emplace(config);
    const auto report = journal_->Open({domain::Epoch(1), 0});
    ASSERT_TRUE(report.ok()) << report.status();
    auto source = RedisSource(absl::StrCat("127.0.0.1:", server_.port()), "0");
    ASSERT_TRUE(source.ok()) << source.status();
    copies_.push_back(*std::move(source));
  }
  void Write() {
    MemoryJournal story = MemoryJournal::Story();
    for (std::uint64_t i = 0; i < kTicks; ++i) story.Append({domain::Tick{}});
    for (const ports::JournalRecord& record : story.records) {
      std::promise<absl::Status> done;
      journal_->Append(record, [&](const absl::Status& status) { done.set_value(status); });
      const absl::Status status = done.get_future().get();
      ASSERT_TRUE(status.ok()) << status;
    }
  }
  void Trim(std::uint64_t upto) {
    const absl::Status status = journal_->TrimFront(domain::SequenceNumber(upto));
    EXPECT_TRUE(status.ok()) << status;
  }
  // Records one after the other; `visit` is told the last sequence of each.
  absl::Status Read(
      JournalSource& source, const std::function<void(std::uint64_t)>& visit = [](std::uint64_t) {}) {
    return source
        .Read(
            [&](const Beginning& beginning) {
              bases_.push_back(beginning.base.sequence.value());
              first_ = last_ = 0;
              return absl::OkStatus();
            },
            [&](const ports::JournalRecord& record) {
              if (first_ == 0) first_ = record.first_sequence.value();
              EXPECT_TRUE(last_ == 0 || record.first_sequence.value() == last_ + 1);
              last_ = record.last_sequence.value();
              visit(last_);
              return absl::OkStatus();
            })
        .status();
  }

  test::TemporaryFolder folder_;
  servers::RedisServer server_;
  std::optional<redis::RedisJournal> journal_;
  CopySources copies_;
  std::vector<std::uint64_t> bases_;  // that were told
  std::uint64_t first_ = 0;           // that was visited behind the last one
  std::uint64_t last_ = 0;
};

TEST_F(RedisSourceTest, ItBeginsAtItsBase) {
  EXPECT_TRUE(absl::IsNotFound(Read(*copies_[0])));
  Write();
  EXPECT_TRUE(Read(*copies_[0]).ok());
  EXPECT_EQ(first_, 1U);
  Trim(100);
  EXPECT_TRUE(Read(*copies_[0]).ok());
  EXPECT_EQ(first_, 101U);
  EXPECT_EQ(last_, kLast);
  EXPECT_THAT(bases_, ElementsAre(0, 0, 100));
  Trim(kLast);
  EXPECT_TRUE(Read(*copies_[0]).ok()) << "an empty journal that has a base is one";
  EXPECT_EQ(first_, 0U);
  const auto holdings = copies_[0]->Look();
  ASSERT_TRUE(holdings.ok()) << holdings.status();
  EXPECT_EQ(holdings->journal->end(), journal_->Base());
  EXPECT_TRUE(holdings->forgets);
}

TEST_F(RedisSourceTest, WhatIsTrimmedWhileItIsReadIsReadAgain) {
  Write();
  EXPECT_TRUE(Read(*copies_[0], [&](std::uint64_t last) {
                if (last == 12) Trim(300);
              }).ok());
  EXPECT_THAT(bases_, ElementsAre(0, 300));
  EXPECT_EQ(first_, 301U);
  EXPECT_EQ(last_, kLast);
}

TEST_F(RedisSourceTest, NorDoesItEndWhereAllThatComesIsTrimmed) {
  Write();
  EXPECT_TRUE(Read(*copies_[0], [&](std::uint64_t last) {
                if (last == 12) Trim(kLast);
              }).ok());
  EXPECT_THAT(bases_, ElementsAre(0, kLast));
  EXPECT_EQ(first_, 0U);
}

TEST_F(RedisSourceTest, OneThatIsTrimmedAgainAndAgainIsGivenUp) {
  Write();
  std::uint64_t upto = 0;
  const absl::Status read = Read(*copies_[0], [&](std::uint64_t) {
    if (last_ == first_ || last_ == 10) Trim(upto += 130);
  });
  EXPECT_TRUE(absl::IsUnavailable(read)) << read;
  EXPECT_THAT(bases_, ElementsAre(0, 130, 260));
}

// The file of the leader has what Redis loses.
TEST_F(RedisSourceTest, TogetherWithAFileNothingIsMissed) {
  Write();
  auto wal = std::make_unique<MemoryJournal>(MemoryJournal::Story());
  MemoryJournal& file = *wal;
  copies_.push_back(std::move(wal));
  const auto joined = JoinedSource::Of(copies_);
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_TRUE(Read(**joined, [&](std::uint64_t last) {
                if (last != 20) return;
                while (file.records.back().last_sequence.value() < kLast) file.Append({domain::Tick{}});
                Trim(300);
              }).ok());
  EXPECT_EQ(first_, 1U);
  EXPECT_EQ(last_, kLast);
  EXPECT_THAT(bases_, ElementsAre(0));
}

}  // namespace
}  // namespace xt::ctl
