// What verify says of an exchange in which nothing is wrong, and of each of many in which one thing was made wrong by
// hand: the invariant and the first bad id are named.
#include "tools/xtraderctl/verify/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "libs/wire/event_codec.h"
#include "libs/wire/market_proto.h"
#include "services/matching/snapshot_store.h"
#include "tests/support/files.h"
#include "tools/xtraderctl/testing/fake_store.h"
#include "tools/xtraderctl/testing/memory_journal.h"
#include "tools/xtraderctl/verify/bus_check.h"
#include "tools/xtraderctl/verify/history_check.h"
#include "tools/xtraderctl/verify/live_check.h"
#include "tools/xtraderctl/verify/money_check.h"
#include "tools/xtraderctl/verify/rules_check.h"
#include "tools/xtraderctl/verify/store_check.h"

namespace xt::ctl {
namespace {

using testing::FakeStore;
using ::testing::HasSubstr;
using testing::MemoryJournal;
using ::testing::StartsWith;

std::string Text(const Verdict& verdict) {
  const char* const outcomes[] = {"ok ", "violated ", "not checked "};
  return outcomes[static_cast<int>(verdict.outcome)] + verdict.text;
}

// What one check says of the story, whose events are changed on their way.
using Tamper = std::function<void(domain::SequenceNumber, std::vector<domain::Event>&)>;
std::vector<std::string> Said(
    Check& check, const Tamper& tamper = [](auto, auto&) {}) {
  MemoryJournal journal = MemoryJournal::Story();
  Player player;
  const absl::Status played = player.Play(journal, {}, [&](const Step& step) {
    std::vector<domain::Event> events(step.events.begin(), step.events.end());
    tamper(step.sequence, events);
    check.Take({step.sequence, step.timestamp_ns, step.command, events, step.engine});
  });
  EXPECT_TRUE(played.ok()) << played;
  std::vector<std::string> texts;
  for (const Verdict& verdict : check.Finish()) texts.push_back(Text(verdict));
  return texts;
}

template <typename Event>
Tamper ChangeAt(std::uint64_t sequence, std::function<void(Event&)> change) {
  return [=](domain::SequenceNumber at, std::vector<domain::Event>& events) {
    if (at.value() != sequence) return;
    for (domain::Event& event : events) {
      if (auto* found = std::get_if<Event>(&event)) return change(*found);
    }
    ADD_FAILURE() << "no such event";
  };
}

TEST(RulesCheckTest, TheStoryKeepsTheRules) {
  RulesCheck check;
  EXPECT_EQ(Said(check).at(0), "ok 4 orders, 2 trades; the second engine says the same");
}

TEST(RulesCheckTest, EveryDifferenceIsNamed) {
  using Report = domain::ExecutionReport;
  const auto said = [](const Tamper& tamper) {
    RulesCheck check;
    return Said(check, tamper).at(0);
  };
  EXPECT_THAT(said(ChangeAt<domain::Trade>(12, [](auto& trade) { ++trade.price; })),
              StartsWith("violated sequence 12: the engine says: trade "));
  EXPECT_THAT(said([](auto sequence, auto& events) {
                if (sequence.value() == 15) events.pop_back();
              }),
              StartsWith("ok"))
      << "the last event is a change of the book, which the second engine does not tell";
  EXPECT_THAT(said([](auto sequence, auto& events) {
                if (sequence.value() == 14) std::erase_if(events, [](const auto& e) { return e.index() == 0; });
              }),
              HasSubstr("sequence 14: the engine says: nothing more; the second engine: "));
  EXPECT_THAT(said(ChangeAt<Report>(12, [](Report& report) { report.last_price = domain::Price(99); })),
              HasSubstr("it traded at 99, beyond its limit"));
  EXPECT_THAT(said(ChangeAt<Report>(12, [](Report& report) { report.executed_quantity += domain::Quantity(1); })),
              HasSubstr("its fills do not sum up to what is executed"));
  EXPECT_THAT(said(ChangeAt<Report>(
                  12, [](Report& report) { report.last_quantity = report.executed_quantity = domain::Quantity(6); })),
              HasSubstr("its fills exceed its quantity"));
  EXPECT_THAT(said(ChangeAt<Report>(11, [](Report& report) { report.status = domain::OrderStatus::kCanceled; })),
              StartsWith("violated sequence 11"));
}

TEST(RulesCheckTest, NothingHappensToAnOrderAfterItsEnd) {
  RulesCheck check;
  domain::OrderId offer;
  const auto said = Said(check, [&](domain::SequenceNumber sequence, std::vector<domain::Event>& events) {
    for (domain::Event& event : events) {
      auto* report = std::get_if<domain::ExecutionReport>(&event);
      if (report == nullptr) continue;
      if (sequence.value() == 11) offer = report->order_id;
      if (sequence.value() == 15) report->order_id = offer;
    }
  });
  EXPECT_EQ(said.at(0), "violated sequence 15, order " + std::to_string(offer.value()) +
                            ": something happened to it after its end");
}

TEST(MoneyCheckTest, NothingIsCreatedOrNegative) {
  using Change = domain::BalanceChange;
  const auto said = [](const Tamper& tamper) {
    MoneyCheck check;
    return Said(check, tamper).at(0);
  };
  EXPECT_EQ(said([](auto, auto&) {}), "ok 6 balances of 2 assets");
  EXPECT_EQ(said(ChangeAt<Change>(12, [](Change& change) { ++change.available; })),
            "violated sequence 12, account 2, asset 1: the changes do not add up to the balance");
  EXPECT_EQ(said(ChangeAt<Change>(6, [](Change& change) { change.reason = domain::BalanceReason::kTrade; })),
            "violated sequence 6: asset 0 was created or destroyed");
  EXPECT_EQ(
      said(ChangeAt<Change>(11, [](Change& change) { change.locked_delta = change.locked = domain::Amount(-1); })),
      "violated sequence 11, account 1, asset 0: a negative balance");
  EXPECT_EQ(said(ChangeAt<Change>(6,
                                  [](Change& change) {
                                    change.available_delta += domain::Amount(5);
                                    change.available += domain::Amount(5);
                                  }))
                .substr(0, 26),
            "violated sequence 11, acco")
      << "the next change does not follow";
}

class StoreCheckTest : public ::testing::Test {
 protected:
  StoreCheckTest() : store_(std::make_unique<FakeStore>(journal_)) {}
  StoreRow& Row(const std::string& table, std::size_t index) { return store_->rows[table].at(index); }
  std::string Said() {
    StoreCheck check{std::unique_ptr<StoreView>(std::move(store_))};
    return ctl::Said(check).at(0);
  }

  MemoryJournal journal_ = MemoryJournal::Story();
  std::unique_ptr<FakeStore> store_;
};

TEST_F(StoreCheckTest, AllTablesAgree) {
  EXPECT_THAT(Said(), HasSubstr("rows of 12 tables, at the database's sequence 15"));
}

TEST_F(StoreCheckTest, AChangedValue) {
  const std::string id = Row("orders", 1)[0];
  Row("orders", 1)[8] = "5";
  EXPECT_EQ(Said(), "violated orders (" + id + "): status is 5, by the journal 3");
}

TEST_F(StoreCheckTest, AChangedBalance) {
  Row("balances", 1)[2] = "7";
  EXPECT_THAT(Said(), StartsWith("violated balances (0, 1): available is 7, by the journal "));
}

TEST_F(StoreCheckTest, AMissingRow) {
  const StoreRow fill = Row("fills", 1);
  store_->rows["fills"].erase(store_->rows["fills"].begin() + 1);
  EXPECT_EQ(Said(), "violated fills (" + fill[0] + ", " + fill[1] + "): the row is missing");
}

TEST_F(StoreCheckTest, AMissingLastRow) {
  store_->rows["trades"].pop_back();
  EXPECT_THAT(Said(), HasSubstr("violated trades (15, "));
}

TEST_F(StoreCheckTest, ARowTooMany) {
  StoreRow row = Row("trades", 1);
  row[1] = "999";
  store_->rows["trades"].push_back(row);
  EXPECT_EQ(Said(), "violated trades (15, 999): the journal knows no such row");
}

TEST_F(StoreCheckTest, ARowTooManyInAnEmptyTable) {
  store_->rows["fee_tiers"].push_back({"3", "1", "1"});
  EXPECT_EQ(Said(), "violated fee_tiers (3): the journal knows no such row");
}

TEST_F(StoreCheckTest, ADatabaseThatLagsIsComparedWhereItStands) {
  MemoryJournal before = MemoryJournal::Story();
  before.records.resize(4);
  store_ = std::make_unique<FakeStore>(before);
  EXPECT_THAT(Said(), HasSubstr("at the database's sequence 13"));
}

TEST_F(StoreCheckTest, ADatabaseAheadOfTheJournal) {
  store_->set_watermark(16);
  EXPECT_EQ(Said(), "violated the database has everything up to sequence 16, but the journal ends at 15");
}

TEST_F(StoreCheckTest, WithoutADatabase) {
  StoreCheck check(absl::UnavailableError("no database is named"));
  EXPECT_EQ(ctl::Said(check).at(0), "not checked no database is named");
}

class LiveCheckTest : public ::testing::Test {
 protected:
  LiveCheckTest() {
    MemoryJournal journal = MemoryJournal::Story();
    Player player;
    EXPECT_TRUE(player.Play(journal, {.sequence = domain::SequenceNumber(13)}, [](const Step&) {}).ok());
    answers_.replicas = {{"replica",
                          {domain::SequenceNumber(13), player.engine().Digest()},
                          {player.engine().Snapshot(domain::SymbolId(0), 0)}}};
  }
  [[nodiscard]] std::string snapshots() const { return folder_ / "snapshots"; }
  // Of the state behind command 13 of `journal`; the file.
  std::string WriteSnapshot(MemoryJournal journal) {
    Player player;
    EXPECT_TRUE(player.Play(journal, {.sequence = domain::SequenceNumber(13)}, [](const Step&) {}).ok());
    auto store = matching::SnapshotStore::Open(snapshots());
    EXPECT_TRUE(store->Write({domain::SequenceNumber(13), {}, 0, {}, player.engine().SaveSnapshot()}).ok());
    return store->FileOf(domain::SequenceNumber(13));
  }
  std::vector<std::string> Said() {
    MemoryJournal journal = MemoryJournal::Story();
    std::vector<std::unique_ptr<Check>> checks;
    auto rules = std::make_unique<RulesCheck>();
    auto live = std::make_unique<LiveCheck>(answers_, *rules);
    checks.push_back(std::move(rules));
    checks.push_back(std::move(live));
    const auto report = Verify(journal, checks);
    EXPECT_TRUE(report.ok()) << report.status();
    return {Text(report->verdicts.at(1)), Text(report->verdicts.at(2))};
  }
  LiveAnswers answers_;
  test::TemporaryFolder folder_;
};

TEST_F(LiveCheckTest, StatesAndBooksAreComparedAtTheirCommand) {
  EXPECT_THAT(Said(), ::testing::ElementsAre("ok 1 replicas and 0 snapshots have the state of the journal",
                                             "ok 1 books are those of the journal"));
}

TEST_F(LiveCheckTest, AnotherStateAndAnotherBook) {
  answers_.replicas[0].digest.digest.low ^= 1;
  answers_.replicas[0].books[0].asks[0].quantity += domain::Quantity(1);
  const auto said = Said();
  EXPECT_THAT(said[0], StartsWith("violated sequence 13: replica has another state ("));
  EXPECT_EQ(said[1], "violated sequence 13: replica has another book of symbol 0 than the journal gives");
}

TEST_F(LiveCheckTest, AReplicaAheadOfTheJournal) {
  answers_.replicas[0].digest.sequence = domain::SequenceNumber(16);
  EXPECT_EQ(Said()[0], "violated replica stands at sequence 16, but the journal ends at 15");
}

TEST_F(LiveCheckTest, SnapshotsAreRestoredAndComparedAtTheirCommand) {
  const std::string file = WriteSnapshot(MemoryJournal::Story());
  RestoreSnapshots({snapshots(), "/is/not/there"}, answers_);
  EXPECT_EQ(Said()[0], "ok 1 replicas and 1 snapshots have the state of the journal");
  answers_.replicas.clear();
  EXPECT_EQ(Said()[0], "ok 0 replicas and 1 snapshots have the state of the journal");
  answers_.snapshots[0].digest.sequence = domain::SequenceNumber(16);
  EXPECT_EQ(Said()[0], "violated " + file + " stands at sequence 16, but the journal ends at 15");
}

TEST_F(LiveCheckTest, ASnapshotOfAnotherState) {
  MemoryJournal other = MemoryJournal::Story();
  domain::Frame frame = *wire::DecodeFrame(other.records[3].bytes);
  std::get<domain::NewOrder>(frame.commands[0].body).quantity += domain::Quantity(1);
  other.records[3].bytes = wire::EncodeFrame(frame);
  testing::Rechain(other.records);
  const std::string file = WriteSnapshot(std::move(other));
  RestoreSnapshots({snapshots()}, answers_);
  EXPECT_THAT(Said()[0], StartsWith("violated sequence 13: " + file + " has another state ("));
}

TEST_F(LiveCheckTest, ADamagedSnapshotAndNothingIsChanged) {
  const std::string file = WriteSnapshot(MemoryJournal::Story());
  std::ofstream(file, std::ios::binary | std::ios::app) << "x";
  const std::string half = file + ".1.tmp";
  std::ofstream(half) << "being written";
  RestoreSnapshots({snapshots()}, answers_);
  EXPECT_EQ(Said()[0], "violated a snapshot cannot be restored: " + file + ": its length is wrong");
  EXPECT_TRUE(std::filesystem::exists(half));
}

TEST_F(LiveCheckTest, NobodyAnswers) {
  answers_.replicas.clear();
  answers_.failure = "h:1 does not answer: away";
  EXPECT_THAT(Said(), ::testing::Each("not checked h:1 does not answer: away"));
}

// trading.events and market.trade of the story, as a broker would have them.
class BusCheckTest : public ::testing::Test {
 protected:
  BusCheckTest() {
    content_.name = "Kafka";
    content_.topics = {"trading.events"};
    content_.through = domain::SequenceNumber(15);
    MemoryJournal journal = MemoryJournal::Story();
    Player player;
    const absl::Status played = player.Play(journal, {}, [this](const Step& step) {
      const domain::CommandResult result{step.sequence, step.timestamp_ns, {step.events.begin(), step.events.end()}};
      messages_.push_back({{step.sequence, 1}, HashBytes(wire::EncodeEventBatch(result))});
    });
    EXPECT_TRUE(played.ok()) << played;
  }
  std::string Said() {
    for (const BusMessage& message : messages_) {
      // From the definition of the symbol on, accounts and deposits have no symbol.
      const std::uint64_t sequence = message.id.sequence.value();
      const bool of_symbol = sequence == 4 || sequence > 10;
      content_.lanes[LaneName("trading.events", of_symbol ? "BTC-KRW" : "")].Add(message);
    }
    BusCheck check({content_});
    return ctl::Said(check).at(0);
  }
  BusContent content_;
  std::vector<BusMessage> messages_;  // in the order of the broker
};

TEST_F(BusCheckTest, Complete) { EXPECT_EQ(Said(), "ok Kafka 15 messages from 1 up to sequence 15"); }

TEST_F(BusCheckTest, AMissingMessage) {
  messages_.erase(messages_.begin() + 12);
  EXPECT_EQ(Said(), "violated Kafka, trading.events BTC-KRW: 13-1 is missing");
}

TEST_F(BusCheckTest, TheLastOneIsMissing) {
  messages_.pop_back();
  EXPECT_EQ(Said(), "violated Kafka, trading.events BTC-KRW: 15-1 is missing");
}

TEST_F(BusCheckTest, WhatIsNotConfirmedYetMayBeMissing) {
  messages_.pop_back();
  content_.through = domain::SequenceNumber(14);
  EXPECT_EQ(Said(), "ok Kafka 14 messages from 1 up to sequence 14");
}

TEST_F(BusCheckTest, WhatComesAgainIsDroppedWhenItIsTheSame) {
  messages_.push_back(messages_[11]);
  EXPECT_THAT(Said(), StartsWith("ok"));
  messages_.back().hash.low ^= 1;
  EXPECT_EQ(Said(), "violated Kafka, trading.events BTC-KRW: 12-1 came again with another content");
}

TEST_F(BusCheckTest, OutOfOrder) {
  std::swap(messages_[12], messages_[13]);
  EXPECT_EQ(Said(), "violated Kafka, trading.events BTC-KRW: 13-1 is missing");
  const BusMessage late = messages_[13];
  Lane lane;
  lane.Add({{domain::SequenceNumber(14), 1}, {}});
  lane.Add(late);
  EXPECT_EQ(lane.wrong(), "13-1 came behind 14-1");
}

TEST_F(BusCheckTest, AnotherContent) {
  messages_[12].hash.low ^= 1;
  EXPECT_EQ(Said(), "violated Kafka, trading.events BTC-KRW: 13-1 has another content than the journal gives");
}

TEST_F(BusCheckTest, AMessageThatNobodyCaused) {
  messages_.insert(messages_.begin() + 12, {{domain::SequenceNumber(12), 2}, {}});
  EXPECT_EQ(Said(), "violated Kafka, trading.events BTC-KRW: 12-2 does not come from the journal");
}

TEST_F(BusCheckTest, TheBeginningMayHaveBeenTrimmedWhereItSaysSo) {
  messages_.erase(messages_.begin(), messages_.begin() + 11);
  EXPECT_THAT(Said(), StartsWith("violated Kafka, trading.events: 1-1 is missing"));
  content_.trimmed = true;
  EXPECT_EQ(Said(), "ok Kafka 4 messages from 12 up to sequence 15");
}

TEST_F(BusCheckTest, ABusThatIsAheadOfTheJournalOrAway) {
  content_.through = domain::SequenceNumber(16);
  EXPECT_EQ(Said(), "violated Kafka has everything up to sequence 16, but the journal ends at 15");
  content_.failure = "no broker";
  EXPECT_EQ(Said(), "not checked Kafka: no broker");
}

TEST(BusContentTest, TheLinkOfADepthMessageIsNotItsContent) {
  wire::MarketDepth depth{.sequence = domain::SequenceNumber(7), .code = *domain::SymbolCode::From("BTC-KRW")};
  depth.changes.push_back({.side = domain::Side::kBuy, .price = domain::Price(1), .quantity = domain::Quantity(2)});
  wire::MarketDepth linked = depth;
  linked.previous_sequence = domain::SequenceNumber(5);
  const auto hash = [](const wire::MarketDepth& one) {
    return ContentHash("market.depth", wire::EncodeMarketDepth(one));
  };
  EXPECT_EQ(hash(depth), hash(linked));
  linked.changes[0].quantity = domain::Quantity(3);
  EXPECT_NE(hash(depth), hash(linked));
}

// Lines of a history, with the account of each order of the story.
std::string Line(const std::string& event, int ns, int account, const std::string& id, int sequence = 0) {
  nlohmann::json line{{"event", event}, {"ns", ns}, {"account", account}, {"clientOrderId", id}};
  if (sequence != 0) line["sequence"] = sequence;
  return line.dump() + "\n";
}
const std::string& StoryHistory() {
  static const std::string lines = Line("invoke", 1, 1, "offer") + Line("acknowledged", 5, 1, "offer", 11) +
                                   Line("invoke", 6, 2, "taker") + Line("invoke", 7, 2, "bid") +
                                   Line("acknowledged", 8, 2, "bid", 13) + Line("timedOut", 9, 2, "taker") +
                                   Line("invoke", 9, 1, "never");
  return lines;
}
std::vector<std::string> SaidOfHistory(const std::string& lines) {
  std::istringstream stream(lines);
  auto history = ReadHistory(stream);
  EXPECT_TRUE(history.ok()) << history.status();
  HistoryCheck check(*std::move(history));
  return Said(check);
}

TEST(HistoryCheckTest, WhatClientsSawIsTrue) {
  EXPECT_THAT(SaidOfHistory(StoryHistory()),
              ::testing::ElementsAre("ok 2 acknowledged orders are in the journal", "ok 2 orders in real time",
                                     "ok 4 ids, the outcome of 2 unknown to its client"));
}

TEST(HistoryCheckTest, AnAcknowledgedOrderThatIsNotThere) {
  EXPECT_EQ(
      SaidOfHistory(Line("invoke", 1, 1, "lost") + Line("acknowledged", 2, 1, "lost", 12))[0],
      "violated account 1, client order id lost was acknowledged at sequence 12, where the journal does not have it");
  EXPECT_THAT(SaidOfHistory(Line("invoke", 1, 1, "offer") + Line("acknowledged", 2, 1, "offer", 12))[0],
              StartsWith("violated account 1, client order id offer was acknowledged at sequence 12"));
}

TEST(HistoryCheckTest, WhoCameLaterInRealTimeComesLaterInTheJournal) {
  EXPECT_EQ(
      SaidOfHistory(Line("invoke", 1, 2, "bid") + Line("acknowledged", 2, 2, "bid", 13) +
                    Line("invoke", 3, 1, "offer") + Line("acknowledged", 4, 1, "offer", 11))[1],
      "violated account 1, client order id offer was sent when sequence 13 was acknowledged, and got sequence 11");
  // At the same time either order is right.
  EXPECT_THAT(SaidOfHistory(Line("invoke", 1, 2, "bid") + Line("invoke", 2, 1, "offer") +
                            Line("acknowledged", 3, 2, "bid", 13) + Line("acknowledged", 4, 1, "offer", 11))[1],
              StartsWith("ok"));
}

TEST(HistoryCheckTest, AnOrderThatWasExecutedTwice) {
  std::istringstream stream(Line("invoke", 1, 1, "offer"));
  HistoryCheck check(*ReadHistory(stream));
  MemoryJournal journal = MemoryJournal::Story();
  Player player;
  ASSERT_TRUE(player
                  .Play(journal, {},
                        [&](const Step& step) {
                          check.Take(step);
                          if (step.sequence.value() == 11) check.Take(step);
                        })
                  .ok());
  EXPECT_EQ(Text(check.Finish().at(2)),
            "violated account 1, client order id offer was executed 2 times, last by sequence 11");
}

TEST(HistoryCheckTest, LinesThatAreNone) {
  for (const std::string& lines : {std::string("{"), std::string("[]\n"), Line("acknowledged", 1, 1, "a", 1),
                                   Line("invoke", 1, 1, "a") + Line("acknowledged", 2, 1, "a"),
                                   Line("invoke", 1, 1, "a") + Line("lost", 2, 1, "a")}) {
    std::istringstream stream(lines);
    EXPECT_THAT(std::string(ReadHistory(stream).status().message()), StartsWith("line ")) << lines;
  }
  HistoryCheck none(std::nullopt);
  EXPECT_THAT(Said(none), ::testing::Each("not checked no history"));
}

TEST(VerifyTest, ADamagedJournalIsAViolation) {
  MemoryJournal journal = MemoryJournal::Story();
  journal.note = "a note";
  auto report = Verify(journal, {});
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->violated());
  EXPECT_EQ(VerifyText(*report),
            "journal memory, up to sequence 15\na note\nI1  ok  6 frames, 15 commands, epochs: 1\n");
  journal.records.erase(journal.records.begin() + 3);
  report = Verify(journal, {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->violated());
  EXPECT_EQ(nlohmann::json::parse(VerifyJson(*report)).at("invariants").at(0),
            nlohmann::json::parse(R"({"invariant": "I1", "outcome": "violated",
                                      "text": "sequence 14: it follows 12: not gap-free"})"));
}

// Which a source finds behind the last good record.
TEST(VerifyTest, DamageBehindTheEndIsAViolation) {
  class Damaged final : public JournalSource {
   public:
    [[nodiscard]] std::string name() const override { return "damaged"; }
    absl::StatusOr<std::string> Read(const Begins& begins, const Visitor& visitor) override {
      const auto read = journal_.Read(begins, visitor);
      return read.ok() ? absl::DataLossError("wal at offset 7") : read;
    }

   private:
    MemoryJournal journal_ = MemoryJournal::Story();
  };
  Damaged journal;
  const auto report = Verify(journal, {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(Text(report->verdicts.at(0)), "violated wal at offset 7");
}

}  // namespace
}  // namespace xt::ctl
