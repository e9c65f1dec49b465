// Serialising through an arena: one allocation instead of one per submessage, freed together.
#pragma once

#include <google/protobuf/arena.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace xt::wire::internal {

// fill(message) sets the fields.
template <typename Message, typename Fill>
std::string Encode(const Fill& fill) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<Message>(&arena);
  fill(*message);
  return message->SerializeAsString();
}

// read(message) returns a StatusOr of what the bytes hold; DATA_LOSS when they are no such message.
template <typename Message, typename Read>
auto Decode(std::string_view bytes, const Read& read) -> decltype(read(std::declval<const Message&>())) {
  google::protobuf::Arena arena;
  auto* message = google::protobuf::Arena::CreateMessage<Message>(&arena);
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(absl::StrCat("not a ", Message::descriptor()->name()));
  }
  return read(*message);
}

}  // namespace xt::wire::internal
