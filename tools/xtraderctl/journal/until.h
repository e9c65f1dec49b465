// Until: the command or the journal time up to which a journal is replayed. A plain value.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ctl {

// Both hold: the last command that is replayed, and the last time. As it is: to the end.
struct Until {
  domain::SequenceNumber sequence{std::numeric_limits<std::uint64_t>::max()};
  std::int64_t time_ns = std::numeric_limits<std::int64_t>::max();
};

// "4711", or ISO 8601 with an offset: "2026-11-22T09:30:00.5Z", "2026-11-22T18:30:00+09:00". INVALID_ARGUMENT else.
absl::StatusOr<Until> ParseUntil(const std::string& text);

// "2026-11-22T09:30:00.5Z".
std::string FormatTime(std::int64_t time_ns);

}  // namespace xt::ctl
