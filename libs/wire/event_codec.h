// Event codec: what one command did, to bytes and back. The bytes are a serialized xtrader.v1.EventBatch, the payload
// of the outbox, of the execution stream and of the topic `trading.events`. Equal results give equal bytes. Decoding
// checks every enum, identifier, text and count and names the field that is wrong. Pure functions, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/hash.h"
#include "libs/domain/event.h"

namespace xt::wire {

std::string EncodeEventBatch(const domain::CommandResult& result);
absl::StatusOr<domain::CommandResult> DecodeEventBatch(std::string_view bytes);

// The digest of a frame's results (ports::FrameResults::digest): the chain of HashBytes over the encoded batches in
// order.
Hash128 DigestResults(std::span<const domain::CommandResult> results);

}  // namespace xt::wire
