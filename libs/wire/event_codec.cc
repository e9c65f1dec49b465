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

std::vector<EncodedBatch> EncodeEventBatches(std::span<const domain::CommandResult> results) {
  std::vector<EncodedBatch> batches;
  batches.reserve(results.size());
  for (const domain::CommandResult& result : results) {
    batches.push_back(std::make_shared<const std::string>(EncodeEventBatch(result)));
  }
  return batches;
}

Hash128 DigestBatches(std::span<const EncodedBatch> batches) {
  Hash128 digest;
  for (const EncodedBatch& batch : batches) digest = ChainHash(digest, *batch);
  return digest;
}

}  // namespace xt::wire
