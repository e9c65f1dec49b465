#include "tools/xtraderctl/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tools/xtraderctl/journal/joined_source.h"
#include "tools/xtraderctl/testing/memory_journal.h"

namespace xt::ctl {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::MemoryJournal;
using ::testing::Not;

std::string Text(const ReplayOptions& options) {
  MemoryJournal journal = MemoryJournal::Story();
  journal.note = "a note";
  const auto text = Replay(journal, options);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

json Json(ReplayOptions options) {
  options.json = true;
  return json::parse(Text(options));
}

TEST(ReplayTest, TheBookAtEveryMoment) {
  const auto book = [](std::uint64_t sequence) {
    return Json({.until = {.sequence = domain::SequenceNumber(sequence)}}).at("books").at(0);
  };
  EXPECT_EQ(book(11).at("asks"), json::parse(R"([["100", "0.05"]])"));
  EXPECT_EQ(book(12).at("asks"), json::parse(R"([["100", "0.03"]])"));
  EXPECT_EQ(book(13).at("bids"), json::parse(R"([["90", "0.03"]])"));
  EXPECT_EQ(book(14).at("asks"), json::array());
  EXPECT_EQ(book(15),
            json::parse(R"({"symbol": "BTC-KRW", "status": "TRADING", "bids": [["90", "0.02"]], "asks": []})"));
}

TEST(ReplayTest, BalancesAndOpenOrders) {
  const json state = Json({});
  EXPECT_EQ(state.at("sequence"), 15);
  EXPECT_EQ(state.at("time"), "2023-11-14T22:13:20.000000006Z");
  EXPECT_EQ(state.at("note"), "a note");
  // 2 lots bought for 2 KRW, 3 lots bid for 2.7, one of them bought for 0.9; fees are paid in BTC.
  EXPECT_THAT(state.at("balances"), ::testing::Contains(json::parse(R"({"account": "2", "asset": "KRW",
      "available": "99999995.3", "locked": "1.8"})")))
      << state.dump(2);
  ASSERT_EQ(state.at("openOrders").size(), 1U) << state.dump(2);
  const json& bid = state.at("openOrders").at(0);
  EXPECT_EQ(bid.at("clientOrderId"), "bid");
  EXPECT_EQ(bid.at("status"), "PARTIALLY_FILLED");
  EXPECT_EQ(bid.at("executedQuantity"), "0.01");
  EXPECT_EQ(bid.at("sequence"), 13);
}

TEST(ReplayTest, OneAccount) {
  const json one = Json({.account = domain::AccountId(1)});
  EXPECT_EQ(one.at("account"), json::parse(R"({"id": "1", "name": "trader-1", "status": "ACTIVE"})"));
  EXPECT_EQ(one.at("openOrders").size(), 0U);
  for (const json& balance : one.at("balances")) EXPECT_EQ(balance.at("account"), "1");
  EXPECT_FALSE(one.contains("books"));
  EXPECT_THAT(Text({.account = domain::AccountId(2)}), HasSubstr("\naccount 2 trader-2 ACTIVE\n"));
}

TEST(ReplayTest, OneOrdersLife) {
  MemoryJournal journal = MemoryJournal::Story();
  const std::string id = Json({.until = {.sequence = domain::SequenceNumber(11)}}).at("openOrders").at(0).at("orderId");
  const domain::OrderId order(std::stoull(id));
  const json life = Json({.order = order});
  std::vector<std::string> events;
  for (const json& event : life.at("events")) {
    events.push_back(std::to_string(event.at("sequence").get<int>()) + " " + event.at("event").get<std::string>());
  }
  EXPECT_THAT(events, ::testing::IsSupersetOf({"11 NEW", "11 BALANCE", "12 TRADE", "12 MATCH", "14 CANCELED"}));
  EXPECT_THAT(events, Not(::testing::Contains(HasSubstr("13 "))));
  EXPECT_THAT(Text({.order = order}), HasSubstr("MATCH     tradeId=1 lastPrice=100 lastQuantity=0.02"));
  EXPECT_TRUE(absl::IsNotFound(Replay(journal, {.order = domain::OrderId(99)}).status()));
}

TEST(ReplayTest, TextForPeople) {
  const std::string text = Text({});
  EXPECT_THAT(text, HasSubstr("journal memory\nsequence 15 at 2023-11-14T22:13:20.000000006Z, epoch 1, state "));
  EXPECT_THAT(text, HasSubstr("\na note\n\nBTC-KRW TRADING\nbid  quantity  ask  quantity\n90   0.02\n\nbalances\n"));
  EXPECT_THAT(Text({.until = {.sequence = domain::SequenceNumber(5)}}), HasSubstr("BTC-KRW TRADING: no orders\n"));
}

TEST(ReplayTest, WhatIsNotThere) {
  MemoryJournal journal = MemoryJournal::Story();
  EXPECT_TRUE(absl::IsOutOfRange(Replay(journal, {.until = {.sequence = domain::SequenceNumber(16)}}).status()));
  EXPECT_TRUE(absl::IsNotFound(Replay(journal, {.account = domain::AccountId(3)}).status()));
  journal.records[3].bytes.back() ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(Replay(journal, {}).status()));
}

TEST(ReplayTest, AJournalThatWasTrimmed) {
  CopySources copies;
  auto trimmed = std::make_unique<MemoryJournal>(MemoryJournal::Story());
  MemoryJournal& journal = *trimmed;
  journal.TrimToHistory(12);
  copies.push_back(std::move(trimmed));
  const auto whole = JoinedSource::Of(copies);
  ASSERT_TRUE(whole.ok()) << whole.status();
  const std::string text = *Replay(**whole, {});
  EXPECT_THAT(text, HasSubstr("\nsequence 15 at 2023-11-14T22:13:20.000000006Z, "));
  EXPECT_THAT(text, HasSubstr("\nwith the history: 1..12 from memory\n"));
  journal.damage = "a file at offset 7";
  EXPECT_THAT(*Replay(**JoinedSource::Of(copies), {}),
              HasSubstr("\nthe history is damaged: a file at offset 7; with the history: 1..12 from memory\n"));
  journal.history.clear();
  EXPECT_EQ(Replay(**JoinedSource::Of(copies), {}).status(),
            absl::FailedPreconditionError("the journal begins behind sequence 12, no copy has what leads there: memory "
                                          "has 13..15"));
}

}  // namespace
}  // namespace xt::ctl
