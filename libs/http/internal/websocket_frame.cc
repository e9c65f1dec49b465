#include "libs/http/internal/websocket_frame.h"

#include <algorithm>

#include "libs/http/websocket.h"

namespace xt::http::internal {
namespace {

constexpr std::size_t kMaxControlBytes = 125;

bool IsValidCloseCode(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

bool IsContinuation(std::string_view text, std::size_t index) {
  return (static_cast<unsigned char>(text[index]) & 0xc0) == 0x80;
}

// The length of the valid sequence at the front of `text`; 0 when it is not valid.
std::size_t SequenceBytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(text, i)) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate_or_beyond = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || surrogate_or_beyond ? 0 : bytes;
}

}  // namespace

FrameHeader EncodeFrameHeader(Opcode opcode, std::size_t payload_bytes) {
  FrameHeader header{};
  header.bytes[0] = static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  std::size_t length_bytes = 0;
  if (payload_bytes < 126) {
    header.bytes[1] = static_cast<char>(payload_bytes);
  } else {
    length_bytes = payload_bytes <= 0xffff ? 2 : 8;
    header.bytes[1] = static_cast<char>(length_bytes == 2 ? 126 : 127);
  }
  for (std::size_t i = 0; i < length_bytes; ++i) {
    header.bytes[2 + i] = static_cast<char>(payload_bytes >> (8 * (length_bytes - 1 - i)));
  }
  header.size = 2 + length_bytes;
  return header;
}

std::string EncodeClosePayload(std::uint16_t code, std::string_view reason) {
  if (code == kCloseNoStatus) return {};
  std::size_t bytes = std::min(reason.size(), kMaxControlBytes - 2);
  while (bytes < reason.size() && bytes > 0 && IsContinuation(reason, bytes)) --bytes;
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return payload.append(reason.substr(0, bytes));
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = SequenceBytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

bool FrameDecoder::Fail(std::uint16_t code, std::string_view reason) {
  failed_ = true;
  close_code_ = code;
  close_reason_ = reason;
  return false;
}

FrameDecoder::Event FrameDecoder::Next(std::string_view& input) {
  while (true) {
    if (!in_payload_ && !ReadHeader(input)) return failed_ ? Event::kError : Event::kNeedMore;
    ReadPayload(input);
    if (remaining_ > 0) return Event::kNeedMore;
    in_payload_ = false;
    header_bytes_ = 0;
    if (is_control() || final_) return FinishFrame();
  }
}

bool FrameDecoder::ReadHeader(std::string_view& input) {
  const auto take_until = [&](std::size_t wanted) {
    while (header_bytes_ < wanted && !input.empty()) {
      header_[header_bytes_++] = static_cast<unsigned char>(input.front());
      input.remove_prefix(1);
    }
    return header_bytes_ >= wanted;
  };
  if (!take_until(2)) return false;
  std::uint64_t length = header_[1] & 0x7fU;
  const std::size_t length_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
  if ((header_[1] & 0x80U) == 0) return Fail(kCloseProtocolError, "a client's frame must be masked");
  if (!take_until(2 + length_bytes + 4)) return false;
  if (length_bytes > 0) length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | header_[2 + i];
  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(2 + length_bytes), 4, mask_.begin());
  return CheckHeader(length);
}

bool FrameDecoder::CheckHeader(std::uint64_t length) {
  final_ = (header_[0] & 0x80U) != 0;
  opcode_ = static_cast<Opcode>(header_[0] & 0x0fU);
  if ((header_[0] & 0x70U) != 0) return Fail(kCloseProtocolError, "reserved bits are set");
  switch (opcode_) {
    case Opcode::kContinuation:
      if (!in_message_) return Fail(kCloseProtocolError, "a continuation without a start");
      break;
    case Opcode::kText:
    case Opcode::kBinary:
      if (in_message_) return Fail(kCloseProtocolError, "a new message inside a fragmented one");
      message_opcode_ = opcode_;
      message_.clear();
      in_message_ = true;
      break;
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      if (!final_ || length > kMaxControlBytes)
        return Fail(kCloseProtocolError, "a control frame is fragmented or too long");
      control_.clear();
      break;
    default: return Fail(kCloseProtocolError, "unknown opcode");
  }
  if (!is_control() && length > max_message_bytes_ - message_.size()) return Fail(kCloseTooBig, "message too big");
  in_payload_ = true;
  remaining_ = length;
  mask_position_ = 0;
  return true;
}

void FrameDecoder::ReadPayload(std::string_view& input) {
  std::string& out = is_control() ? control_ : message_;
  const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
  const std::size_t start = out.size();
  out.append(input.substr(0, bytes));
  for (std::size_t i = start; i < out.size(); ++i) {
    out[i] = static_cast<char>(static_cast<unsigned char>(out[i]) ^ mask_[mask_position_++ & 3U]);
  }
  input.remove_prefix(bytes);
  remaining_ -= bytes;
}

FrameDecoder::Event FrameDecoder::FinishFrame() {
  if (opcode_ == Opcode::kPing) return Event::kPing;
  if (opcode_ == Opcode::kPong) return Event::kPong;
  if (opcode_ == Opcode::kClose) return FinishClose();
  in_message_ = false;
  if (message_opcode_ == Opcode::kText && !IsValidUtf8(message_)) {
    Fail(kCloseBadPayload, "text is not UTF-8");
    return Event::kError;
  }
  return Event::kMessage;
}

FrameDecoder::Event FrameDecoder::FinishClose() {
  close_code_ = kCloseNoStatus;
  close_reason_.clear();
  if (control_.empty()) return Event::kClose;
  if (control_.size() == 1) {
    Fail(kCloseProtocolError, "half a close code");
    return Event::kError;
  }
  close_code_ = static_cast<std::uint16_t>(static_cast<unsigned char>(control_[0]) << 8 |
                                           static_cast<unsigned char>(control_[1]));
  close_reason_ = control_.substr(2);
  if (!IsValidCloseCode(close_code_)) {
    Fail(kCloseProtocolError, "bad close code");
    return Event::kError;
  }
  if (!IsValidUtf8(close_reason_)) {
    Fail(kCloseBadPayload, "close reason is not UTF-8");
    return Event::kError;
  }
  return Event::kClose;
}

}  // namespace xt::http::internal
