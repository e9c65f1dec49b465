// JournalLink: the one connection through which a journal is written. Connecting takes the next token, so that after it
// nothing of an earlier connection can be executed any more. No state of the chain but what is told; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "libs/adapters/redis/internal/redis_connection.h"
#include "libs/ports/command_journal.h"

namespace xt::redis {

struct JournalKeys {
  explicit JournalKeys(const std::string& shard)
      : stream("xt:{" + shard + "}:journal"), end("xt:{" + shard + "}:journal:end") {}
  std::string stream;
  std::string end;
};

// Where a chain ends.
struct JournalEnd {
  domain::SequenceNumber sequence;
  Hash128 hash;
  friend bool operator==(const JournalEnd&, const JournalEnd&) = default;
};

// DATA_LOSS when it is none.
absl::StatusOr<std::uint64_t> ParseNumber(std::string_view text);
// The fields b, bh and be of the hash `key`.
absl::StatusOr<ports::JournalBase> ParseBase(const std::string& key, std::string_view sequence, std::string_view hash,
                                             std::string_view epoch);

class JournalLink {
 public:
  using RestartCheck = std::function<absl::Status(const std::string& run_id)>;

  JournalLink(RedisConfig config, JournalKeys keys);

  // Connects anew and returns where the journal ends. When the server is not the one of the last call, `on_restart` is
  // asked first. `needs_fsync_always` refuses a Redis with another appendfsync, FAILED_PRECONDITION.
  // FAILED_PRECONDITION "FENCED" when a higher token is there. DATA_LOSS when half of the journal is missing, or when
  // it is another one than at the last call.
  absl::StatusOr<JournalEnd> Connect(ports::FencingToken token, const RestartCheck& on_restart,
                                     bool needs_fsync_always);
  void Drop() { connection_.Drop(); }
  // Begins an empty journal, another one, in the place of the one that is there; the name under which the stream is kept.
  absl::StatusOr<std::string> SetAside(ports::FencingToken token);

  // A pipeline of appends; UNAVAILABLE as RedisConnection.
  void Queue(const JournalEnd& previous, const ports::JournalRecord& record);
  absl::Status Flush() { return connection_.Flush(); }
  absl::Status Receive();
  absl::Status CutTail(const JournalEnd& keep);
  absl::Status BeginAt(const ports::JournalBase& base);

  [[nodiscard]] const std::string& run_id() const { return run_id_; }
  [[nodiscard]] const std::string& uuid() const { return uuid_; }
  // Of the present connection, for those who may write only while it is there.
  [[nodiscard]] const std::string& token() const { return token_; }
  // As it was when this connected.
  [[nodiscard]] const ports::JournalBase& base() const { return base_; }

 private:
  absl::StatusOr<std::string> ReadRunId();
  absl::Status CheckFsyncAlways();
  absl::StatusOr<std::uint64_t> NextToken(ports::FencingToken token);
  absl::StatusOr<JournalEnd> Init(ports::FencingToken token, std::uint64_t next);

  const JournalKeys keys_;
  RedisConnection connection_;
  std::string token_;
  std::string run_id_;
  std::string uuid_;
  ports::JournalBase base_;
};

}  // namespace xt::redis
