// WebSocket frames (RFC 6455) as pure functions of bytes, no I/O: what the server sends is encoded, what a client sent
// is decoded, unmasked, put together from fragments and checked (masking, reserved bits, order of fragments, sizes,
// UTF-8, close codes). Own code, and not Beast's stream, because a push server wants to write many shared payloads
// with one system call and to send a close frame past a full queue; Beast's stream owns its socket and writes one
// message at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace xt::http::internal {

enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

struct FrameHeader {
  std::array<char, 10> bytes;
  std::size_t size;
};

// The header of one unfragmented, unmasked frame.
FrameHeader EncodeFrameHeader(Opcode opcode, std::size_t payload_bytes);
// The payload of a close frame: code, and the reason cut to fit at a character boundary. Empty for kCloseNoStatus.
std::string EncodeClosePayload(std::uint16_t code, std::string_view reason);

bool IsValidUtf8(std::string_view text);

class FrameDecoder {
 public:
  enum class Event { kNeedMore, kMessage, kPing, kPong, kClose, kError };

  explicit FrameDecoder(std::size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

  // Consumes from the front of `input` up to the next event. After kError it must not be called again.
  Event Next(std::string_view& input);

  // After kMessage: the payload, free to be moved from.
  std::string& message() { return message_; }
  [[nodiscard]] bool binary() const { return message_opcode_ == Opcode::kBinary; }
  // After kPing and kPong.
  [[nodiscard]] const std::string& control() const { return control_; }
  // After kClose: the peer's code (1005 when none) and reason. After kError: what to close with.
  [[nodiscard]] std::uint16_t close_code() const { return close_code_; }
  [[nodiscard]] const std::string& close_reason() const { return close_reason_; }

 private:
  bool ReadHeader(std::string_view& input);
  bool CheckHeader(std::uint64_t length);
  void ReadPayload(std::string_view& input);
  Event FinishFrame();
  Event FinishClose();
  bool Fail(std::uint16_t code, std::string_view reason);

  [[nodiscard]] bool is_control() const { return static_cast<std::uint8_t>(opcode_) >= 8; }

  const std::size_t max_message_bytes_;
  std::array<unsigned char, 14> header_{};
  std::size_t header_bytes_ = 0;
  bool in_payload_ = false;
  bool failed_ = false;
  bool final_ = false;
  bool in_message_ = false;  // between the first and the last fragment
  Opcode opcode_ = Opcode::kText;
  Opcode message_opcode_ = Opcode::kText;
  std::array<unsigned char, 4> mask_{};
  std::uint64_t remaining_ = 0;
  std::size_t mask_position_ = 0;
  std::string message_;
  std::string control_;
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
};

}  // namespace xt::http::internal
