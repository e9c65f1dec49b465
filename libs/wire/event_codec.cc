#include "libs/wire/event_codec.h"

#include "libs/wire/event_proto.h"
#include "libs/wire/internal/messages.h"
#include "xtrader/v1/execution.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

std::string EncodeEventBatch(const domain::CommandResult& result) {
  return internal::Encode<pb::EventBatch>([&](pb::EventBatch& message) { ToProto(result, message); });
}

absl::StatusOr<domain::CommandResult> DecodeEventBatch(std::string_view bytes) {
  return internal::Decode<pb::EventBatch>(bytes, [](const pb::EventBatch& message) { return FromProto(message); });
}

Hash128 DigestResults(std::span<const domain::CommandResult> results) {
  Hash128 digest;
  for (const domain::CommandResult& result : results) digest = ChainHash(digest, EncodeEventBatch(result));
  return digest;
}

}  // namespace xt::wire
