// RedisExecutionStream: the executions as a Redis Stream `xt:{<shard>}:executions` (the braces keep all keys of a shard on
// one node of a Redis Cluster). One entry per command, with the id `<sequence>-0` and the serialized EventBatch in its
// one field `b`, so that redis-cli shows the sequence.
//
// Publishing: a script appends a run of entries only behind the sequence that it names, so that neither a failure in the
// middle of a pipeline nor two publishers can leave a hole; what Redis lost at its restart is published again.
// Bound: when the stream holds `max_entries` that some group has not acknowledged, Publish is RESOURCE_EXHAUSTED and
// stores nothing: the backlog then stays in the publisher's outbox, on disk, and Redis never runs out of memory. A full
// Redis (OOM, MISCONF) is RESOURCE_EXHAUSTED too; what was stored is then known by LastSequence only.
// Trimming: only by MINID, behind the slowest group and `keep_entries`, for who reads without a group. Without a group
// nothing is trimmed.
// A gap (BeginAt) is in the stream's last id alone: what came before it stays for the groups that have not read it.
// Lost entries: what was trimmed by someone else while it was pending cannot be delivered. It is acknowledged and counted;
// the consumer sees the gap by the sequences.
// Threads: as the port says; every consumer has a connection of its own, everything else shares the publisher's and takes
// turns. Consumers may outlive the stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/adapters/redis/redis_config.h"
#include "libs/ports/execution_stream.h"

namespace xt::redis {

struct RedisExecutionStreamOptions {
  std::string shard = "0";
  std::uint64_t max_entries = 1'000'000;  // > 0; unacknowledged entries in Redis
  std::uint64_t keep_entries = 0;         // newest entries that stay although every group has acknowledged them
  std::uint64_t trim_interval = 1'000;    // > 0; entries published between two looks at what can be trimmed
};

struct RedisExecutionStats {
  std::uint64_t published = 0;
  std::uint64_t duplicates = 0;    // entries that were there already
  std::uint64_t refused_full = 0;  // calls of Publish that found no room
  std::uint64_t trimmed = 0;
  std::uint64_t redelivered = 0;   // own entries read again, and entries claimed
  std::uint64_t lost_pending = 0;  // pending entries that were gone from the stream
  std::uint64_t lost_connections = 0;
};

class RedisExecutionStream final : public ports::ExecutionStream {
 public:
  explicit RedisExecutionStream(RedisConfig config, RedisExecutionStreamOptions options = {});
  ~RedisExecutionStream() override;

  absl::Status Publish(const std::vector<ports::EventEntry>& entries) override;
  absl::StatusOr<domain::SequenceNumber> LastSequence() override;
  absl::StatusOr<domain::SequenceNumber> Acknowledged() override;
  absl::Status BeginAt(domain::SequenceNumber first) override;
  absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> Join(std::string_view group,
                                                                 std::string_view consumer) override;
  void Close() override;

  [[nodiscard]] RedisExecutionStats Stats() const;

 private:
  struct State;
  class Publisher;
  class Consumer;
  const std::shared_ptr<State> state_;
  const std::unique_ptr<Publisher> publisher_;
};

}  // namespace xt::redis
