#include "libs/wire/event_codec.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "libs/wire/testing/random_values.h"
#include "xtrader/v1/execution.pb.h"

namespace xt::wire {
namespace {

namespace pb = ::xtrader::v1;
using testing::RandomValues;

std::string ErrorAfter(const std::function<void(pb::EventBatch&)>& damage) {
  RandomValues random(1);
  domain::CommandResult result = random.Result(0);
  for (std::size_t i = 0; i < std::variant_size_v<domain::Event>; ++i) result.events.push_back(random.Event(i));
  pb::EventBatch message;
  EXPECT_TRUE(message.ParseFromString(EncodeEventBatch(result)));
  damage(message);
  const auto decoded = DecodeEventBatch(message.SerializeAsString());
  return decoded.ok() ? "decoded" : std::string(decoded.status().message());
}

TEST(EventCodec, RoundTripsEveryEvent) {
  for (std::size_t alternative = 0; alternative < std::variant_size_v<domain::Event>; ++alternative) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      RandomValues random(seed);
      domain::CommandResult result = random.Result(0);
      result.events = {random.Event(alternative)};
      const auto decoded = DecodeEventBatch(EncodeEventBatch(result));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(*decoded, result);
    }
  }
}

TEST(EventCodec, EqualResultsGiveEqualBytes) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const domain::CommandResult result = RandomValues(seed).Result(40);
    const std::string bytes = EncodeEventBatch(result);
    const auto decoded = DecodeEventBatch(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(EncodeEventBatch(*decoded), bytes);
  }
}

TEST(EventCodec, ARepeatedCommandIsNamedWithoutAReason) {
  domain::CommandRejected repeated;
  repeated.account = domain::AccountId(3);
  repeated.original_sequence = domain::SequenceNumber(4);
  const domain::CommandResult result{domain::SequenceNumber(9), 1, {repeated}};
  const auto decoded = DecodeEventBatch(EncodeEventBatch(result));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, result);
}

TEST(EventCodec, ErrorsNameTheField) {
  EXPECT_EQ(ErrorAfter([](auto& b) { b.set_sequence(0); }), "sequence: must not be 0");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.clear_events(); }), "events: must not be empty");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(2)->clear_body(); }), "events[2].body: must be set");
  EXPECT_EQ(ErrorAfter([](auto& b) {
              b.mutable_events(0)->mutable_execution_report()->set_status(static_cast<pb::OrderStatus>(7));
            }),
            "events[0].execution_report.status: 7 is not a known value");
  EXPECT_EQ(ErrorAfter([](auto& b) {
              b.mutable_events(0)->mutable_execution_report()->set_reject_reason(static_cast<pb::RejectReason>(6));
            }),
            "events[0].execution_report.reject_reason: 6 is not a known value");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(1)->mutable_trade()->clear_taker_side(); }),
            "events[1].trade.taker_side: must be set");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(2)->mutable_book_change()->clear_side(); }),
            "events[2].book_change.side: must be set");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(3)->mutable_balance_change()->set_asset_id(1U << 16U); }),
            "events[3].balance_change.asset_id: out of range");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(4)->mutable_asset_defined()->set_code("€"); }),
            "events[4].asset_defined.code: has characters that are not allowed");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(5)->mutable_symbol_defined()->clear_code(); }),
            "events[5].symbol_defined.code: must be set");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(6)->mutable_account_created()->set_name(std::string(33, 'a')); }),
            "events[6].account_created.name: 33 characters, at most 32 are allowed");
  EXPECT_EQ(ErrorAfter([](auto& b) {
              b.mutable_events(7)->mutable_command_rejected()->set_reason(static_cast<pb::RejectReason>(99));
            }),
            "events[7].command_rejected.reason: 99 is not a known value");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(8)->mutable_epoch_started()->set_epoch(0); }),
            "events[8].epoch_started.epoch: must not be 0");
}

TEST(EventCodec, ErrorsOfRiskAndAccountsNameTheField) {
  EXPECT_EQ(ErrorAfter([](auto& b) {
              b.mutable_events(9)->mutable_risk_decision()->set_reason(static_cast<pb::RejectReason>(59));
            }),
            "events[9].risk_decision.reason: 59 is not a known value");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(10)->mutable_orders_canceled()->clear_reason(); }),
            "events[10].orders_canceled.reason: must be set");
  EXPECT_EQ(ErrorAfter([](auto& b) {
              b.mutable_events(12)->mutable_account_changed()->set_status(static_cast<pb::AccountStatus>(5));
            }),
            "events[12].account_changed.status: 5 is not a known value");
  EXPECT_EQ(ErrorAfter([](auto& b) {
              b.mutable_events(12)->mutable_account_changed()->mutable_settings()->set_fee_tier(256);
            }),
            "events[12].account_changed.settings.fee_tier: out of range");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(13)->mutable_fee_tier_defined()->set_id(256); }),
            "events[13].fee_tier_defined.id: out of range");
  EXPECT_EQ(ErrorAfter([](auto& b) { b.mutable_events(14)->mutable_symbol_limits_changed()->set_symbol_id(65536); }),
            "events[14].symbol_limits_changed.symbol_id: out of range");
}

TEST(EventCodec, HostileBytesAreRefusedOrValid) {
  const google::protobuf::LogSilencer quiet;
  const std::string bytes = EncodeEventBatch(RandomValues(7).Result(30));
  std::mt19937_64 engine(7);
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes;
    for (std::uint64_t k = 0; k <= engine() % 4; ++k) damaged[engine() % damaged.size()] = static_cast<char>(engine());
    if (engine() % 4 == 0) damaged.resize(engine() % damaged.size());
    const auto decoded = DecodeEventBatch(damaged);
    if (decoded.ok()) {
      EXPECT_TRUE(DecodeEventBatch(EncodeEventBatch(*decoded)).ok());
    }
  }
  EXPECT_EQ(DecodeEventBatch("\xff\xff").status().code(), absl::StatusCode::kDataLoss);
}

TEST(EventCodec, DigestDependsOnEveryResultAndTheirOrder) {
  RandomValues random(5);
  std::vector<domain::CommandResult> results{random.Result(3), random.Result(3)};
  const Hash128 digest = DigestBatches(EncodeEventBatches(results));
  EXPECT_EQ(DigestBatches(EncodeEventBatches(results)), digest);
  std::swap(results[0], results[1]);
  EXPECT_NE(DigestBatches(EncodeEventBatches(results)), digest);
  results.pop_back();
  EXPECT_NE(DigestBatches(EncodeEventBatches(results)), digest);
}

}  // namespace
}  // namespace xt::wire
