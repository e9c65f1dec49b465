#include "libs/wire/frame_codec.h"

#include <google/protobuf/arena.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/wire/command_proto.h"
#include "libs/wire/fields.h"
#include "libs/wire/internal/rules.h"
#include "xtrader/v1/journal.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

namespace {

constexpr std::uint32_t kFormatVersion = 1;

// A field that this program does not know could change what the command means: a journal is never half understood.
bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

// Of the message and of those in it; commands have no repeated ones.
bool HasUnknownFieldsInside(const google::protobuf::Message& message) {
  if (HasUnknownFields(message)) return true;
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!reflection->HasField(message, field)) continue;
    if (HasUnknownFieldsInside(reflection->GetMessage(message, field))) return true;
  }
  return false;
}

bool CommandHasUnknownFields(const google::protobuf::Message& command) {
  if (HasUnknownFields(command)) return true;
  const auto* reflection = command.GetReflection();
  const auto* body = reflection->GetOneofFieldDescriptor(command, command.GetDescriptor()->oneof_decl(0));
  return body != nullptr && HasUnknownFieldsInside(reflection->GetMessage(command, body));
}

absl::Status CheckHeader(const pb::JournalFrame& message) {
  if (message.format_version() != kFormatVersion) {
    return FieldError("format_version", absl::StrCat(message.format_version(), " is not ", kFormatVersion));
  }
  if (HasUnknownFields(message)) return FieldError("frame", "has a field that is not known");
  if (message.epoch() == 0) return FieldError("epoch", "must not be 0");
  if (message.first_sequence() == 0) return FieldError("first_sequence", "must not be 0");
  const auto count = static_cast<std::size_t>(message.commands_size());
  if (count == 0 || count > domain::kMaxFrameCommands) {
    return FieldError("commands", absl::StrCat(count, " of them, 1..", domain::kMaxFrameCommands, " allowed"));
  }
  if (message.first_sequence() > std::numeric_limits<std::uint64_t>::max() - count) {
    return FieldError("first_sequence", "out of range");
  }
  if (message.timestamp_ns() < 0) return FieldError("timestamp_ns", "must not be negative");
  return absl::OkStatus();
}

absl::Status ReadCommands(const pb::JournalFrame& message, domain::Frame& frame) {
  frame.commands.reserve(static_cast<std::size_t>(message.commands_size()));
  for (const pb::Command& item : message.commands()) {
    const auto in_command = [&] { return Indexed("commands", frame.commands.size()); };
    if (CommandHasUnknownFields(item)) return FieldError(in_command(), "has a field that is not known");
    auto command = FromProto(item);
    if (!command.ok()) return InField(in_command(), command.status());
    frame.commands.push_back(*command);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateCommand(const domain::Command& command) {
  absl::Status status = std::visit([](const auto& body) { return internal::Check(body); }, command.body);
  return status.ok() ? status : InField(internal::FieldName(command.body), status);
}

std::string EncodeFrame(domain::Frame& frame) {
  std::string bytes = FrameBytes(frame);
  frame.hash = HashBytes(bytes);
  return bytes;
}

std::string FrameBytes(const domain::Frame& frame) {
  XT_CHECK(!frame.commands.empty() && frame.commands.size() <= domain::kMaxFrameCommands, "commands of a frame");
  XT_CHECK(frame.epoch.value() != 0 && frame.first_sequence.value() != 0 && frame.timestamp_ns >= 0, "frame header");
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<pb::JournalFrame>(&arena);
  message->set_format_version(kFormatVersion);
  message->set_epoch(frame.epoch.value());
  message->set_first_sequence(frame.first_sequence.value());
  message->set_timestamp_ns(frame.timestamp_ns);
  message->set_previous_hash(frame.previous_hash.ToBytes());
  for (const domain::Command& command : frame.commands) {
    const absl::Status valid = ValidateCommand(command);
    XT_CHECK(valid.ok(), std::string(valid.message()));
    ToProto(command, *message->add_commands());
  }
  return message->SerializeAsString();
}

absl::StatusOr<domain::Frame> DecodeFrame(std::string_view bytes) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<pb::JournalFrame>(&arena);
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("frame: not a JournalFrame");
  }
  XT_RETURN_IF_ERROR(CheckHeader(*message));
  auto previous_hash = Hash128::FromBytes(message->previous_hash());
  if (!previous_hash.ok()) return FieldError("previous_hash", std::string(previous_hash.status().message()));
  domain::Frame frame;
  frame.epoch = domain::Epoch(message->epoch());
  frame.first_sequence = domain::SequenceNumber(message->first_sequence());
  frame.timestamp_ns = message->timestamp_ns();
  frame.previous_hash = *previous_hash;
  XT_RETURN_IF_ERROR(ReadCommands(*message, frame));
  frame.hash = HashBytes(bytes);
  return frame;
}

}  // namespace xt::wire
