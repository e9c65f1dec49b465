// RedisExecutionReader: the stream of redis_execution_stream.h, read by sequence with XREAD. One connection.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/adapters/redis/redis_config.h"
#include "libs/ports/execution_reader.h"

namespace xt::redis {

class RedisConnection;

class RedisExecutionReader final : public ports::ExecutionReader {
 public:
  RedisExecutionReader(const RedisConfig& config, const std::string& shard);
  ~RedisExecutionReader() override;

  absl::StatusOr<std::vector<ports::EventEntry>> ReadBehind(domain::SequenceNumber after, std::size_t max,
                                                            std::chrono::milliseconds timeout) override;
  void Close() override;

 private:
  const std::string key_;
  const std::unique_ptr<RedisConnection> connection_;
};

}  // namespace xt::redis
