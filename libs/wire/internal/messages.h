// Serialising through an arena, which begins on the stack: no allocation per submessage, freed together.
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

// Enough for what most commands did.
inline constexpr std::size_t kStackBytes = 8192;

class StackArena {
 public:
  google::protobuf::Arena* get() { return &arena_; }

 private:
  alignas(std::max_align_t) char block_[kStackBytes];
  google::protobuf::Arena arena_{block_, sizeof block_};
};

// fill(message) sets the fields.
template <typename Message, typename Fill>
std::string Encode(const Fill& fill) {
  StackArena arena;
  auto* message = google::protobuf::Arena::CreateMessage<Message>(arena.get());
  fill(*message);
  return message->SerializeAsString();
}

// read(message) returns a StatusOr of what the bytes hold; DATA_LOSS when they are no such message.
template <typename Message, typename Read>
auto Decode(std::string_view bytes, const Read& read) -> decltype(read(std::declval<const Message&>())) {
  StackArena arena;
  auto* message = google::protobuf::Arena::CreateMessage<Message>(arena.get());
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(absl::StrCat("not a ", Message::descriptor()->name()));
  }
  return read(*message);
}

}  // namespace xt::wire::internal
