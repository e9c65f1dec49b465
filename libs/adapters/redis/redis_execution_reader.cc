#include "libs/adapters/redis/redis_execution_reader.h"

#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/execution_entries.h"
#include "libs/adapters/redis/internal/redis_connection.h"
#include "libs/base/status.h"

namespace xt::redis {

RedisExecutionReader::RedisExecutionReader(const RedisConfig& config, const std::string& shard)
    : key_(ExecutionsKey(shard)), connection_(std::make_unique<RedisConnection>(config)) {}

RedisExecutionReader::~RedisExecutionReader() = default;

absl::StatusOr<std::vector<ports::EventEntry>> RedisExecutionReader::ReadBehind(domain::SequenceNumber after,
                                                                                std::size_t max,
                                                                                std::chrono::milliseconds timeout) {
  const std::string most = absl::StrCat(max);
  const std::string block = absl::StrCat(timeout.count());
  const std::string id = absl::StrCat(after.value(), "-0");
  RedisConnection::Args args{"XREAD", "COUNT", most};
  if (timeout.count() > 0) args.insert(args.end(), {"BLOCK", block});
  args.insert(args.end(), {"STREAMS", key_, id});
  XT_ASSIGN_OR_RETURN(const Reply reply, connection_->Run(args, timeout));
  return ParseEntries(*reply);
}

void RedisExecutionReader::Close() { connection_->Interrupt(); }

}  // namespace xt::redis
