// ExecutionReader: the executions by their sequence, for those who read them beside the consumer groups and acknowledge
// nothing. It holds nothing back: what the groups have acknowledged may go before it was read, and the reader sees the gap
// by the sequences. One thread; Close by any.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/ids.h"
#include "libs/ports/event_log.h"

namespace xt::ports {

class ExecutionReader {
 public:
  virtual ~ExecutionReader() = default;
  // Up to `max` entries behind `after`, from the oldest that is there, waiting up to `timeout` for the first. Empty after a
  // time-out, UNAVAILABLE when the server is away, CANCELLED after Close.
  virtual absl::StatusOr<std::vector<EventEntry>> ReadBehind(domain::SequenceNumber after, std::size_t max,
                                                             std::chrono::milliseconds timeout) = 0;
  virtual void Close() = 0;
};

}  // namespace xt::ports
