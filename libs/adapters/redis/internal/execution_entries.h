// How an execution lies in its stream: id `<sequence>-0`, one field `b` with the payload. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/adapters/redis/internal/redis_connection.h"
#include "libs/ports/event_log.h"

namespace xt::redis {

inline std::string ExecutionsKey(const std::string& shard) { return "xt:{" + shard + "}:executions"; }

// "<sequence>", or an entry id "<sequence>-<part>".
absl::StatusOr<std::uint64_t> ParseSequence(std::string_view text);
// The reply of XREAD or XREADGROUP for one stream; empty when it had nothing.
absl::StatusOr<std::vector<ports::EventEntry>> ParseEntries(const redisReply& reply);

}  // namespace xt::redis
