#include "libs/adapters/rabbitmq/internal/message_assembler.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/adapters/rabbitmq/internal/connection.h"

namespace xt::rabbitmq {
namespace {

// Zero when another program published without an id of ours.
domain::EventId IdOf(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '-');
  std::uint64_t sequence = 0;
  std::uint32_t index = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &sequence) || !absl::SimpleAtoi(parts[1], &index)) return {};
  return {domain::SequenceNumber(sequence), index};
}

std::uint32_t CountOf(const amqp_field_value_t& value) {
  switch (value.kind) {
    case AMQP_FIELD_KIND_I64: return static_cast<std::uint32_t>(value.value.i64);
    case AMQP_FIELD_KIND_I32: return static_cast<std::uint32_t>(value.value.i32);
    case AMQP_FIELD_KIND_U8:
    case AMQP_FIELD_KIND_I8: return value.value.u8;
    default: return 0;
  }
}

}  // namespace

std::string MessageIdOf(const domain::EventId& id) { return absl::StrCat(id.sequence.value(), "-", id.index); }

void MessageAssembler::Begin(std::uint64_t tag, bool redelivered, std::string routing_key) {
  delivery_ = {};
  delivery_.tag = tag;
  delivery_.delivery_count = redelivered ? 2 : 1;
  delivery_.notification.routing_key = std::move(routing_key);
  body_.clear();
}

std::optional<ports::NotificationDelivery> MessageAssembler::Feed(const amqp_frame_t& frame) {
  if (frame.frame_type == AMQP_FRAME_HEADER) {
    body_size_ = frame.payload.properties.body_size;
    ReadHeader(*static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded));
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    const amqp_bytes_t fragment = frame.payload.body_fragment;
    body_.append(static_cast<const char*>(fragment.bytes), fragment.len);
  } else {
    return std::nullopt;
  }
  if (body_.size() < body_size_) return std::nullopt;
  delivery_.notification.payload = std::make_shared<const std::string>(std::move(body_));
  return std::move(delivery_);
}

void MessageAssembler::ReadHeader(const amqp_basic_properties_t& properties) {
  if ((properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) {
    delivery_.notification.id = IdOf(TextOf(properties.message_id));
  }
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return;
  for (int i = 0; i < properties.headers.num_entries; ++i) {
    const amqp_table_entry_t& entry = properties.headers.entries[i];
    // Of a quorum queue: how often it came back before.
    if (TextOf(entry.key) == "x-delivery-count") delivery_.delivery_count = CountOf(entry.value) + 1;
  }
}

}  // namespace xt::rabbitmq
