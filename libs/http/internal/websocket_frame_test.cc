#include "libs/http/internal/websocket_frame.h"
#include "absl/strings/str_cat.h"

#include <gtest/gtest.h>

#include "libs/http/websocket.h"

namespace xt::http::internal {
namespace {

using Event = FrameDecoder::Event;

std::string ClientFrame(unsigned first_byte, std::string_view payload) {
  const FrameHeader header = EncodeFrameHeader(Opcode::kText, payload.size());
  std::string frame(header.bytes.data(), header.size);
  frame[0] = static_cast<char>(first_byte);
  frame[1] = static_cast<char>(static_cast<unsigned char>(frame[1]) | 0x80U);
  const std::string mask = "\x11\x22\x33\x44";
  frame += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return frame;
}

Event Feed(FrameDecoder& decoder, std::string_view bytes) { return decoder.Next(bytes); }

TEST(FrameDecoderTest, MessagesOfEveryLengthCutAnywhere) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U}) {
    const std::string payload(size, 'x');
    FrameDecoder decoder(100'000);
    const std::string frame = ClientFrame(0x81, payload);
    for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
      ASSERT_EQ(Feed(decoder, {frame.data() + i, 1}), Event::kNeedMore);
    }
    ASSERT_EQ(Feed(decoder, {frame.data() + frame.size() - 1, 1}), Event::kMessage) << size;
    EXPECT_EQ(decoder.message(), payload);
    EXPECT_FALSE(decoder.binary());
  }
}

TEST(FrameDecoderTest, FragmentsWithAPingBetween) {
  FrameDecoder decoder(100);
  const std::string bytes = ClientFrame(0x02, "ab") + ClientFrame(0x89, "p") + ClientFrame(0x00, "cd") +
                            ClientFrame(0x80, "ef") + ClientFrame(0x81, "next");
  std::string_view input = bytes;
  ASSERT_EQ(decoder.Next(input), Event::kPing);
  EXPECT_EQ(decoder.control(), "p");
  ASSERT_EQ(decoder.Next(input), Event::kMessage);
  EXPECT_EQ(decoder.message(), "abcdef");
  EXPECT_TRUE(decoder.binary());
  ASSERT_EQ(decoder.Next(input), Event::kMessage);
  EXPECT_EQ(decoder.message(), "next");
  EXPECT_EQ(decoder.Next(input), Event::kNeedMore);
}

TEST(FrameDecoderTest, Violations) {
  const auto code = [](const std::string& bytes) {
    FrameDecoder decoder(10);
    std::string_view input = bytes;
    Event event = decoder.Next(input);
    while (event != Event::kNeedMore && event != Event::kError) event = decoder.Next(input);
    return event == Event::kError ? decoder.close_code() : 0;
  };
  EXPECT_EQ(code(std::string("\x81\x01x", 3)), kCloseProtocolError) << "not masked";
  EXPECT_EQ(code(ClientFrame(0xc1, "x")), kCloseProtocolError) << "reserved bit";
  EXPECT_EQ(code(ClientFrame(0x83, "x")), kCloseProtocolError) << "opcode";
  EXPECT_EQ(code(ClientFrame(0x80, "x")), kCloseProtocolError) << "continuation of nothing";
  EXPECT_EQ(code(ClientFrame(0x01, "x") + ClientFrame(0x81, "y")), kCloseProtocolError) << "message in a message";
  EXPECT_EQ(code(ClientFrame(0x09, "x")), kCloseProtocolError) << "fragmented ping";
  EXPECT_EQ(code(ClientFrame(0x89, std::string(126, 'x'))), kCloseProtocolError) << "long ping";
  EXPECT_EQ(code(ClientFrame(0x81, "12345678901")), kCloseTooBig);
  EXPECT_EQ(code(ClientFrame(0x01, "123456") + ClientFrame(0x80, "78901")), kCloseTooBig) << "in two fragments";
  EXPECT_EQ(code(ClientFrame(0x81, "\xc3\x28")), kCloseBadPayload);
  EXPECT_EQ(code(ClientFrame(0x82, "\xc3\x28")), 0) << "binary may be anything";
  EXPECT_EQ(code(ClientFrame(0x88, "x")), kCloseProtocolError) << "half a code";
  EXPECT_EQ(code(ClientFrame(0x88, "\x03\xed")), kCloseProtocolError) << "1005 is never sent";
}

TEST(FrameDecoderTest, CloseWithAndWithoutReason) {
  FrameDecoder decoder(10);
  EXPECT_EQ(Feed(decoder, ClientFrame(0x88, EncodeClosePayload(1008, "slow"))), Event::kClose);
  EXPECT_EQ(decoder.close_code(), 1008);
  EXPECT_EQ(decoder.close_reason(), "slow");
  FrameDecoder silent(10);
  EXPECT_EQ(Feed(silent, ClientFrame(0x88, "")), Event::kClose);
  EXPECT_EQ(silent.close_code(), kCloseNoStatus);
}

TEST(ClosePayloadTest, ALongReasonIsCutBetweenCharacters) {
  const std::string payload = EncodeClosePayload(1000, absl::StrCat(std::string(122, 'x'), "\xc3\xa9"));
  EXPECT_EQ(payload.size(), 124U);
  EXPECT_TRUE(EncodeClosePayload(kCloseNoStatus, "x").empty());
}

TEST(Utf8Test, AcceptsAndRefuses) {
  EXPECT_TRUE(IsValidUtf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsValidUtf8(bad));
  }
}

}  // namespace
}  // namespace xt::http::internal
