#include "libs/wire/frame_codec.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "libs/wire/command_proto.h"
#include "libs/wire/testing/random_values.h"
#include "xtrader/v1/account.pb.h"
#include "xtrader/v1/journal.pb.h"
#include "xtrader/v1/order.pb.h"
#include "xtrader/v1/symbol.pb.h"

namespace xt::wire {
namespace {

namespace pb = ::xtrader::v1;
using ::testing::HasSubstr;
using testing::RandomValues;

// The message of the error of decoding a good frame that `damage` has changed.
std::string ErrorAfter(const std::function<void(pb::JournalFrame&)>& damage) {
  RandomValues random(1);
  domain::Frame frame = random.Frame(0);
  for (std::size_t i = 0; i < std::variant_size_v<domain::CommandBody>; ++i)
    frame.commands.push_back(random.Command(i));
  pb::JournalFrame message;
  EXPECT_TRUE(message.ParseFromString(EncodeFrame(frame)));
  damage(message);
  const auto decoded = DecodeFrame(message.SerializeAsString());
  return decoded.ok() ? "decoded" : std::string(decoded.status().message());
}

TEST(FrameCodec, RoundTripsEveryCommand) {
  for (std::size_t alternative = 0; alternative < std::variant_size_v<domain::CommandBody>; ++alternative) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      RandomValues random(seed);
      domain::Frame frame = random.Frame(0);
      frame.commands = {random.Command(alternative)};
      const std::string bytes = EncodeFrame(frame);
      const auto decoded = DecodeFrame(bytes);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(*decoded, frame);
      EXPECT_EQ(frame.hash, HashBytes(bytes));
    }
  }
}

TEST(FrameCodec, RoundTripsFullFrames) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomValues random(seed);
    domain::Frame frame = random.Frame(1 + random.Below(domain::kMaxFrameCommands));
    const std::string bytes = EncodeFrame(frame);
    auto decoded = DecodeFrame(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, frame);
    EXPECT_EQ(EncodeFrame(*decoded), bytes);
  }
}

TEST(FrameCodec, DefaultsAreAllowedWhereTheyMeanSomething) {
  domain::Frame frame = RandomValues(1).Frame(0);
  domain::NewOrder order;
  order.side = domain::Side::kBuy;
  order.type = domain::OrderType::kLimit;
  order.client_order_id = *domain::ClientOrderId::From("a");
  frame.commands = {{order}, {domain::CancelOrder{domain::AccountId(1), domain::OrderId(2), {}}}};
  const auto decoded = DecodeFrame(EncodeFrame(frame));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, frame);
}

TEST(FrameCodec, HeaderErrorsNameTheField) {
  EXPECT_EQ(ErrorAfter([](auto& f) { f.set_format_version(2); }), "format_version: 2 is not 1");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.set_epoch(0); }), "epoch: must not be 0");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.set_first_sequence(0); }), "first_sequence: must not be 0");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.set_first_sequence(~std::uint64_t{0}); }), "first_sequence: out of range");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.set_timestamp_ns(-1); }), "timestamp_ns: must not be negative");
  EXPECT_THAT(ErrorAfter([](auto& f) { f.set_previous_hash("short"); }), HasSubstr("previous_hash: "));
  EXPECT_THAT(ErrorAfter([](auto& f) { f.clear_commands(); }), HasSubstr("commands: 0 of them"));
  EXPECT_THAT(ErrorAfter([](auto& f) {
                while (f.commands_size() <= 256) *f.add_commands() = f.commands(0);
              }),
              HasSubstr("commands: 257 of them"));
  EXPECT_THAT(ErrorAfter([](auto& f) { f.GetReflection()->MutableUnknownFields(&f)->AddVarint(77, 1); }),
              HasSubstr("frame: has a field that is not known"));
}

TEST(FrameCodec, CommandErrorsNameTheField) {
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(3)->clear_body(); }), "commands[3].body: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(0)->mutable_new_order()->set_side(pb::SIDE_UNSPECIFIED); }),
            "commands[0].new_order.side: must be set");
  EXPECT_EQ(
      ErrorAfter([](auto& f) { f.mutable_commands(0)->mutable_new_order()->set_type(static_cast<pb::OrderType>(9)); }),
      "commands[0].new_order.type: 9 is not a known value");
  EXPECT_EQ(
      ErrorAfter([](auto& f) { f.mutable_commands(0)->mutable_new_order()->set_side(static_cast<pb::Side>(-1)); }),
      "commands[0].new_order.side: -1 is not a known value");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(0)->mutable_new_order()->set_symbol_id(65536); }),
            "commands[0].new_order.symbol_id: out of range");
  EXPECT_EQ(ErrorAfter(
                [](auto& f) { f.mutable_commands(0)->mutable_new_order()->set_client_order_id(std::string(37, 'a')); }),
            "commands[0].new_order.client_order_id: 37 characters, at most 36 are allowed");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(0)->mutable_new_order()->set_client_order_id("a b"); }),
            "commands[0].new_order.client_order_id: has characters that are not allowed");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(1)->mutable_cancel_order()->Clear(); }),
            "commands[1].cancel_order.client_order_id: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(2)->mutable_define_asset()->set_code("btc"); }),
            "commands[2].define_asset.code: has characters that are not allowed");
  EXPECT_EQ(
      ErrorAfter([](auto& f) { f.mutable_commands(3)->mutable_define_symbol()->mutable_symbol()->set_code("B"); }),
      "commands[3].define_symbol.symbol.code: has characters that are not allowed");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(4)->mutable_set_symbol_status()->clear_status(); }),
            "commands[4].set_symbol_status.status: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(5)->mutable_create_account()->clear_name(); }),
            "commands[5].create_account.name: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(6)->mutable_deposit()->set_asset_id(70000); }),
            "commands[6].deposit.asset_id: out of range");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(7)->mutable_withdraw()->clear_reference(); }),
            "commands[7].withdraw.reference: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(8)->mutable_epoch_start()->set_epoch(0); }),
            "commands[8].epoch_start.epoch: must not be 0");
}

TEST(FrameCodec, ErrorsOfCommandsAboutSeveralOrdersNameTheField) {
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(9)->mutable_cancel_all()->set_symbol_id(65536); }),
            "commands[9].cancel_all.symbol_id: out of range");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(10)->mutable_cancel_replace()->clear_mode(); }),
            "commands[10].cancel_replace.mode: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) {
              f.mutable_commands(10)->mutable_cancel_replace()->set_mode(static_cast<pb::ReplaceMode>(3));
            }),
            "commands[10].cancel_replace.mode: 3 is not a known value");
  EXPECT_EQ(ErrorAfter([](auto& f) {
              f.mutable_commands(10)->mutable_cancel_replace()->clear_cancel_order_id();
              f.mutable_commands(10)->mutable_cancel_replace()->clear_cancel_client_order_id();
            }),
            "commands[10].cancel_replace.cancel_client_order_id: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(10)->mutable_cancel_replace()->clear_order(); }),
            "commands[10].cancel_replace.order.side: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(11)->mutable_amend_order()->Clear(); }),
            "commands[11].amend_order.client_order_id: must be set");
}

TEST(FrameCodec, ErrorsOfCommandsOfOperatorsNameTheField) {
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(13)->mutable_transfer()->set_reference("a b"); }),
            "commands[13].transfer.reference: has characters that are not allowed");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(14)->mutable_set_account_status()->clear_status(); }),
            "commands[14].set_account_status.status: must be set");
  EXPECT_EQ(ErrorAfter([](auto& f) {
              f.mutable_commands(15)->mutable_configure_account()->mutable_settings()->set_fee_tier(256);
            }),
            "commands[15].configure_account.settings.fee_tier: out of range");
  EXPECT_EQ(ErrorAfter([](auto& f) {
              auto* settings = f.mutable_commands(15)->mutable_configure_account()->mutable_settings();
              settings->set_self_trade_prevention(static_cast<pb::SelfTradePrevention>(6));
            }),
            "commands[15].configure_account.settings.self_trade_prevention: 6 is not a known value");
  EXPECT_EQ(
      ErrorAfter([](auto& f) { f.mutable_commands(16)->mutable_define_fee_tier()->mutable_tier()->set_id(1000); }),
      "commands[16].define_fee_tier.tier.id: out of range");
  EXPECT_EQ(ErrorAfter([](auto& f) { f.mutable_commands(17)->mutable_set_symbol_limits()->set_symbol_id(65536); }),
            "commands[17].set_symbol_limits.symbol_id: out of range");
}

TEST(FrameCodec, RefusesFieldsOfTheFuture) {
  EXPECT_EQ(ErrorAfter([](auto& f) {
              auto* order = f.mutable_commands(0)->mutable_new_order();
              order->GetReflection()->MutableUnknownFields(order)->AddVarint(99, 1);
            }),
            "commands[0]: has a field that is not known");
  EXPECT_EQ(ErrorAfter([](auto& f) {
              auto* symbol = f.mutable_commands(3)->mutable_define_symbol()->mutable_symbol();
              symbol->GetReflection()->MutableUnknownFields(symbol)->AddVarint(99, 1);
            }),
            "commands[3]: has a field that is not known");
  EXPECT_EQ(ErrorAfter([](auto& f) {
              auto* order = f.mutable_commands(10)->mutable_cancel_replace()->mutable_order();
              order->GetReflection()->MutableUnknownFields(order)->AddVarint(99, 1);
            }),
            "commands[10]: has a field that is not known");
}

TEST(FrameCodec, HostileBytesNeverPassAsAnotherFrame) {
  const google::protobuf::LogSilencer quiet;
  RandomValues random(7);
  domain::Frame frame = random.Frame(20);
  const std::string bytes = EncodeFrame(frame);
  std::mt19937_64 engine(7);
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes;
    switch (engine() % 3) {
      case 0: damaged.resize(engine() % damaged.size()); break;
      case 1: damaged[engine() % damaged.size()] ^= static_cast<char>(1U << (engine() % 8)); break;
      default:
        for (int k = 0; k < 8; ++k) damaged[engine() % damaged.size()] = static_cast<char>(engine());
    }
    auto decoded = DecodeFrame(damaged);
    if (!decoded.ok() || damaged == bytes) continue;
    EXPECT_NE(decoded->hash, frame.hash);
    for (const domain::Command& command : decoded->commands) EXPECT_TRUE(ValidateCommand(command).ok());
  }
  for (int i = 0; i < 2000; ++i) {
    std::string noise(engine() % 200, '\0');
    for (char& c : noise) c = static_cast<char>(engine());
    EXPECT_FALSE(DecodeFrame(noise).ok());
  }
}

TEST(FrameCodec, ValidateCommandSeesWhatACastBrought) {
  domain::NewOrder order = std::get<domain::NewOrder>(RandomValues(3).Command(0).body);
  EXPECT_TRUE(ValidateCommand({order}).ok());
  order.side = static_cast<domain::Side>(7);
  EXPECT_EQ(ValidateCommand({order}).message(), "new_order.side: 7 is not a known value");
}

TEST(FrameCodecDeathTest, NeverWritesWhatItCouldNotRead) {
  domain::Frame frame = RandomValues(1).Frame(0);
  EXPECT_DEATH(EncodeFrame(frame), "commands of a frame");
  frame.commands = {{domain::NewOrder{}}};
  EXPECT_DEATH(EncodeFrame(frame), "new_order.side: must be set");
}

}  // namespace
}  // namespace xt::wire
