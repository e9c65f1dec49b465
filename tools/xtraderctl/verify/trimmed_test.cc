// What verify says of a journal that was trimmed: with its history everything is proven as ever; without it nothing is
// called ok that was not checked, and what shows nevertheless is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tools/xtraderctl/journal/joined_source.h"
#include "tools/xtraderctl/testing/fake_store.h"
#include "tools/xtraderctl/testing/memory_journal.h"
#include "tools/xtraderctl/verify/bus_check.h"
#include "tools/xtraderctl/verify/history_check.h"
#include "tools/xtraderctl/verify/live_check.h"
#include "tools/xtraderctl/verify/money_check.h"
#include "tools/xtraderctl/verify/rules_check.h"
#include "tools/xtraderctl/verify/store_check.h"
#include "tools/xtraderctl/verify/verify.h"

namespace xt::ctl {
namespace {

using testing::FakeStore;
using ::testing::HasSubstr;
using testing::MemoryJournal;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kNotPlayed[] = "not checked the journal begins behind sequence 12";

class TrimmedTest : public ::testing::Test {
 protected:
  TrimmedTest() {
    MemoryJournal whole = MemoryJournal::Story();
    Player player;
    EXPECT_TRUE(player.Play(whole, {.sequence = domain::SequenceNumber(13)}, [](const Step&) {}).ok());
    const ports::StateDigest digest{domain::SequenceNumber(13), player.engine().Digest()};
    answers_.replicas = {{"replica", digest, {player.engine().Snapshot(domain::SymbolId(0), 0)}}};
    answers_.snapshots = {{"early", digest}};
    store_ = std::make_unique<FakeStore>(whole);
    bus_.name = "Kafka";
    bus_.through = domain::SequenceNumber(15);
    lines_ = R"({"event": "invoke", "ns": 1, "account": 1, "clientOrderId": "offer"}
                {"event": "acknowledged", "ns": 5, "account": 1, "clientOrderId": "offer", "sequence": 11})";
    auto copy = std::make_unique<MemoryJournal>(std::move(whole));
    copy_ = copy.get();
    copies_.push_back(std::move(copy));
  }
  VerifyReport Verified() {
    std::vector<std::unique_ptr<Check>> checks;
    auto rules = std::make_unique<RulesCheck>();
    auto live = std::make_unique<LiveCheck>(answers_, *rules);
    checks.push_back(std::move(rules));
    checks.push_back(std::move(live));
    checks.push_back(std::make_unique<MoneyCheck>());
    checks.push_back(std::make_unique<StoreCheck>(std::unique_ptr<StoreView>(std::move(store_))));
    checks.push_back(std::make_unique<BusCheck>(std::vector<BusContent>{bus_}));
    std::istringstream stream(lines_);
    auto history = ReadHistory(stream);
    EXPECT_TRUE(history.ok()) << history.status();
    checks.push_back(std::make_unique<HistoryCheck>(*std::move(history)));
    const auto journal = JoinedSource::Of(copies_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    auto report = Verify(**journal, checks);
    EXPECT_TRUE(report.ok()) << report.status();
    return *std::move(report);
  }
  // Of all, in the order of the invariants: I1, I2, I3, I4, I5, I6, I7, I8, I9, I11.
  static std::vector<std::string> Texts(const VerifyReport& report) {
    const char* const outcomes[] = {"ok ", "violated ", "not checked "};
    std::vector<std::string> texts;
    for (const Verdict& one : report.verdicts) texts.push_back(outcomes[static_cast<int>(one.outcome)] + one.text);
    return texts;
  }
  static std::string Of(const VerifyReport& report, const std::string& invariant) {
    const std::vector<std::string> texts = Texts(report);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (report.verdicts[i].invariant == invariant) return texts[i];
    }
    return "";
  }

  LiveAnswers answers_;
  std::unique_ptr<FakeStore> store_;
  BusContent bus_;
  std::string lines_;
  CopySources copies_;
  MemoryJournal* copy_ = nullptr;
};

TEST_F(TrimmedTest, WithItsHistoryEverythingIsProven) {
  copy_->TrimToHistory(12);
  const VerifyReport report = Verified();
  EXPECT_FALSE(report.violated());
  EXPECT_EQ(report.missing, "");
  EXPECT_EQ(report.note, "with the history: 1..12 from memory");
  const auto texts = Texts(report);
  ASSERT_EQ(texts.size(), 10U);
  EXPECT_THAT(texts, ::testing::Each(StartsWith("ok "))) << VerifyText(report);
  EXPECT_EQ(texts[0], "ok 6 frames, 15 commands, epochs: 1");
  EXPECT_EQ(Of(report, "I5"), "ok 1 replicas and 1 snapshots have the state of the journal");
}

TEST_F(TrimmedTest, WithoutItNothingIsOkThatWasNotChecked) {
  copy_->TrimFront(12);
  const VerifyReport report = Verified();
  EXPECT_FALSE(report.violated());
  const std::string missing = "the journal begins behind sequence 12, no copy has what leads there: memory has 13..15";
  EXPECT_EQ(report.missing, missing);
  EXPECT_THAT(Texts(report), ::testing::ElementsAre("ok 3 frames, 3 commands, epochs: 1; only from sequence 13 on",
                                                    kNotPlayed, kNotPlayed, kNotPlayed, kNotPlayed, kNotPlayed,
                                                    kNotPlayed, "ok 1 orders in real time", kNotPlayed, kNotPlayed));
  const std::string text = VerifyText(report);
  EXPECT_THAT(text, StartsWith("journal memory, from sequence 13 up to sequence 15\nI1 "));
  EXPECT_THAT(text, ::testing::EndsWith("\nnot played: " + missing + "\n"));
  const auto json = nlohmann::json::parse(VerifyJson(report));
  EXPECT_EQ(json.at("from"), 13);
  EXPECT_EQ(json.at("missing"), missing);
}

TEST_F(TrimmedTest, ABreakBehindTheBaseIsAViolation) {
  copy_->TrimFront(12);
  copy_->records.erase(copy_->records.begin() + 1);
  const VerifyReport report = Verified();
  EXPECT_EQ(Of(report, "I1"), "violated sequence 15: it follows 13: not gap-free");
  EXPECT_TRUE(report.violated());
}

TEST_F(TrimmedTest, WhatIsAheadOfTheJournalShowsNevertheless) {
  copy_->TrimFront(12);
  answers_.snapshots[0].digest.sequence = domain::SequenceNumber(16);
  store_->set_watermark(16);
  bus_.through = domain::SequenceNumber(16);
  lines_.replace(lines_.find("11}"), 2, "16");
  const VerifyReport report = Verified();
  EXPECT_EQ(Of(report, "I2"),
            "violated account 1, client order id offer was acknowledged at sequence 16, but the journal ends at 15");
  EXPECT_EQ(Of(report, "I3"), "violated the database has everything up to sequence 16, but the journal ends at 15");
  EXPECT_EQ(Of(report, "I5"), "violated early stands at sequence 16, but the journal ends at 15");
  EXPECT_EQ(Of(report, "I9"), "violated Kafka has everything up to sequence 16, but the journal ends at 15");
}

TEST_F(TrimmedTest, WhatIsWrongByItselfShowsNevertheless) {
  copy_->TrimFront(12);
  answers_.damage = "a file";
  const domain::EventId id{domain::SequenceNumber(1), 1};
  bus_.lanes["lane"].Add({id, HashBytes("one")});
  bus_.lanes["lane"].Add({id, HashBytes("another")});
  lines_ += "\n" + std::string(R"({"event": "invoke", "ns": 6, "account": 1, "clientOrderId": "late"})") + "\n" +
            R"({"event": "acknowledged", "ns": 7, "account": 1, "clientOrderId": "late", "sequence": 10})";
  const VerifyReport report = Verified();
  EXPECT_EQ(Of(report, "I5"), "violated a snapshot cannot be restored: a file");
  EXPECT_EQ(Of(report, "I9"), "violated Kafka, lane: 1-1 came again with another content");
  EXPECT_THAT(Of(report, "I8"), StartsWith("violated account 1, client order id late was sent when sequence 11 "));
  EXPECT_EQ(Of(report, "I2"), kNotPlayed);
}

TEST_F(TrimmedTest, WhatIsNotThereIsSaidAsEver) {
  copy_->TrimFront(12);
  std::vector<std::unique_ptr<Check>> checks;
  checks.push_back(std::make_unique<StoreCheck>(absl::UnavailableError("no database is named")));
  checks.push_back(std::make_unique<HistoryCheck>(std::nullopt));
  const auto report = Verify(**JoinedSource::Of(copies_), checks);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Of(*report, "I3"), "not checked no database is named");
  EXPECT_EQ(Of(*report, "I8"), "not checked no history");
}

TEST_F(TrimmedTest, ADamagedHistoryIsAViolationThoughAnotherCopyHasTheRecords) {
  copy_->TrimFront(12);
  copy_->damage = "a file at offset 7: a record is damaged";
  VerifyReport report = Verified();
  EXPECT_EQ(Of(report, "I1"), "violated the history is damaged: a file at offset 7: a record is damaged");
  EXPECT_NE(report.missing, "");
  store_ = std::make_unique<FakeStore>(*std::make_unique<MemoryJournal>(MemoryJournal::Story()));
  copies_.push_back(std::make_unique<MemoryJournal>(MemoryJournal::Story(3)));
  report = Verified();
  EXPECT_EQ(Of(report, "I1"), "violated the history is damaged: a file at offset 7: a record is damaged");
  EXPECT_EQ(report.missing, "");
  EXPECT_THAT(Of(report, "I3"), StartsWith("ok "));
}

// It was whole when its end was looked for.
TEST_F(TrimmedTest, WhatIsTrimmedWhileItIsPlayedEndsIt) {
  class Trimmer final : public Check {
   public:
    explicit Trimmer(MemoryJournal& journal) : journal_(journal) {}
    void Take(const Step& step) override {
      if (step.sequence.value() == 11) journal_.TrimFront(14);
    }
    std::vector<Verdict> Finish() override { return {{"I9", Outcome::kOk, "finished"}}; }
    std::vector<Verdict> FinishUnplayed(domain::SequenceNumber end, const std::string& why) override {
      return {{"I9", Outcome::kNotChecked, std::to_string(end.value()) + " " + why}};
    }

   private:
    MemoryJournal& journal_;
  };
  std::vector<std::unique_ptr<Check>> checks;
  checks.push_back(std::make_unique<Trimmer>(*copy_));
  const auto report = Verify(**JoinedSource::Of(copies_), checks);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Of(*report, "I1"), "ok 1 frames, 1 commands, epochs: 1; only from sequence 15 on");
  EXPECT_EQ(Of(*report, "I9"), "not checked 15 the journal begins behind sequence 14");
  EXPECT_THAT(report->missing, StartsWith("the journal was trimmed while it was played, what follows sequence 11 is "
                                          "gone: the journal begins behind sequence 14, no copy has what leads there"));
}

}  // namespace
}  // namespace xt::ctl
