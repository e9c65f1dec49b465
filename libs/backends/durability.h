// Durability: what an acknowledgement requires, as the keys journal.durability and journal.min_copies say it;
// docs/durability.md has what each mode can lose. Plain functions; call them from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::backends {

enum class Durability {
  kAuto,           // kLocalAndRedis where a Redis for the journal is configured, else kLocal
  kMemory,         // nothing: both copies get every frame, behind
  kRedis,          // Redis has it in memory; the own file gets it behind, and stands in when Redis is lost
  kLocalAndRedis,  // the own file has it on the disk, Redis in memory
  kLocal,          // the own file has it on the disk; there is no other copy
  kAlways,         // as kLocalAndRedis, and Redis has it on its disk, too
  // As kLocalAndRedis, and the file of each sequencer that stands by has it on its disk, of those that are in sync.
  kLocalRedisAndStandbys,
};

struct DurabilityConfig {
  Durability mode = Durability::kAuto;
  int min_copies = 0;  // orders are refused while fewer copies are there; 0: as MinCopies says
  // gRPC addresses of the other sequencers, with kLocalRedisAndStandbys.
  std::vector<std::string> standby_addresses;

  // `redis_journal` is read when the rules are checked, after everything is loaded.
  void Describe(runtime::ConfigSchema& schema, const std::string* redis_journal);
  // INVALID_ARGUMENT naming the key and the rule.
  [[nodiscard]] absl::Status Check(bool with_redis_journal) const;
  // Never kAuto.
  [[nodiscard]] Durability Chosen(bool with_redis_journal) const;
  // At least 1.
  [[nodiscard]] int MinCopies(bool with_redis_journal) const;

 private:
  [[nodiscard]] absl::Status CheckStandbys() const;
  [[nodiscard]] absl::Status CheckMinCopies(Durability chosen) const;
};

[[nodiscard]] std::string_view DurabilityName(Durability mode);  // "local+redis"

}  // namespace xt::backends
