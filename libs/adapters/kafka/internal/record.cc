#include "libs/adapters/kafka/internal/record.h"

#include <charconv>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"

namespace xt::kafka {
namespace {

using domain::EventId;
using domain::SequenceNumber;

std::optional<EventId> ParseId(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::uint64_t sequence = 0;
  std::uint32_t index = 0;
  const auto [dash, bad_sequence] = std::from_chars(text.data(), end, sequence);
  if (bad_sequence != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [stop, bad_index] = std::from_chars(dash + 1, end, index);
  if (bad_index != std::errc() || stop != end) return std::nullopt;
  return EventId{SequenceNumber(sequence), index};
}

std::optional<EventId> HeaderId(const rd_kafka_headers_t* headers, const char* name) {
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR || value == nullptr) {
    return std::nullopt;
  }
  return ParseId({static_cast<const char*>(value), size});
}

std::string Bytes(const void* data, std::size_t size) {
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

}  // namespace

std::string FormatId(const EventId& id) { return absl::StrCat(id.sequence.value(), "-", id.index); }

Record Decode(const rd_kafka_message_t& message) {
  Record record;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    record.message.id = HeaderId(headers, kIdHeader).value_or(EventId{});
    record.highest = HeaderId(headers, kHighestHeader).value_or(record.message.id);
  }
  record.message.key = Bytes(message.key, message.key_len);
  record.message.payload = std::make_shared<const std::string>(Bytes(message.payload, message.len));
  return record;
}

}  // namespace xt::kafka
