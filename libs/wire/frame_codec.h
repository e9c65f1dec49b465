// Frame codec: journal frames to bytes and back. The bytes are a serialized xtrader.v1.JournalFrame; the hash of a
// frame is HashBytes over exactly these bytes, so bytes are kept and passed on as they were written, never encoded
// again to be compared. Decoding trusts nothing: it checks the version, every count, enum, identifier and text, and its
// errors (INVALID_ARGUMENT, or DATA_LOSS for bytes that are no frame at all) name the field. Numbers of the business
// (prices, quantities, amounts, decimals) pass as they are: matching refuses them with a reason. Pure functions,
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/command.h"
#include "libs/domain/frame.h"

namespace xt::wire {

// Whether the command can stand in a frame: every enum is a known value (unspecified only where it means a default),
// every text keeps the rule of its type. Whoever numbers commands checks this first; the error names the field.
absl::Status ValidateCommand(const domain::Command& command);

// Sets frame.hash. `previous_hash` must be set; every command must pass ValidateCommand and there must be 1..256 of
// them (both checked: a frame that could not be read back must never be written).
std::string EncodeFrame(domain::Frame& frame);

// The same bytes again, of a frame that has its hash.
std::string FrameBytes(const domain::Frame& frame);

// The frame with its hash set to HashBytes(bytes).
absl::StatusOr<domain::Frame> DecodeFrame(std::string_view bytes);

}  // namespace xt::wire
