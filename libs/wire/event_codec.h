// Event codec: what one command did, to bytes and back. The bytes are a serialized xtrader.v1.EventBatch, the payload
// of the outbox, of the execution stream and of the topic `trading.events`. Equal results give equal bytes. Decoding
// checks every enum, identifier, text and count and names the field that is wrong. Pure functions, thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/hash.h"
#include "libs/domain/event.h"

namespace xt::wire {

// Shared, never changed after it was made.
using EncodedBatch = std::shared_ptr<const std::string>;

std::string EncodeEventBatch(const domain::CommandResult& result);
std::vector<EncodedBatch> EncodeEventBatches(std::span<const domain::CommandResult> results);
absl::StatusOr<domain::CommandResult> DecodeEventBatch(std::string_view bytes);

// The digest of a frame's results (ports::FrameResults::digest): the chain of HashBytes over the batches in order.
Hash128 DigestBatches(std::span<const EncodedBatch> batches);

}  // namespace xt::wire
