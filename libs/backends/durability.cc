#include "libs/backends/durability.h"

#include "absl/strings/str_cat.h"
#include "libs/runtime/config.h"

namespace xt::backends {

std::string_view DurabilityName(Durability mode) {
  switch (mode) {
    case Durability::kAuto: return "auto";
    case Durability::kMemory: return "memory";
    case Durability::kRedis: return "redis";
    case Durability::kLocalAndRedis: return "local+redis";
    case Durability::kLocal: return "local";
    case Durability::kAlways: return "always";
  }
  return "";
}

void DurabilityConfig::Describe(runtime::ConfigSchema& schema, const std::string* redis_journal) {
  const auto choice = [](Durability one) { return std::pair(DurabilityName(one), one); };
  schema
      .Enum("journal.durability", &mode,
            {choice(Durability::kAuto), choice(Durability::kMemory), choice(Durability::kRedis),
             choice(Durability::kLocalAndRedis), choice(Durability::kLocal), choice(Durability::kAlways)},
            {.doc = "What must hold a command before it is acknowledged (docs/durability.md); auto: local+redis with "
                    "redis_journal.address, local without."})
      .Int64(
          "journal.min_copies", &min_copies,
          {.min = 1,
           .max = 2,
           .unit = "copies",
           .doc = "2: while only one copy of the journal is there commands are refused, instead of going on with one."})
      .Check([this, redis_journal] { return Check(!redis_journal->empty()); });
}

absl::Status DurabilityConfig::Check(bool with_redis_journal) const {
  const std::string name(DurabilityName(mode));
  if (mode == Durability::kLocal && with_redis_journal) {
    return absl::InvalidArgumentError("journal.durability local is the file alone: leave redis_journal.address empty");
  }
  if (mode != Durability::kLocal && mode != Durability::kAuto && !with_redis_journal) {
    return absl::InvalidArgumentError(absl::StrCat("journal.durability ", name, " needs redis_journal.address"));
  }
  const Durability chosen = Chosen(with_redis_journal);
  if (min_copies > 1 && chosen != Durability::kLocalAndRedis && chosen != Durability::kAlways) {
    return absl::InvalidArgumentError(
        absl::StrCat("journal.min_copies ", min_copies, " needs journal.durability local+redis or always: with ",
                     std::string(DurabilityName(chosen)), " an acknowledgement does not wait for two copies"));
  }
  return absl::OkStatus();
}

Durability DurabilityConfig::Chosen(bool with_redis_journal) const {
  if (mode != Durability::kAuto) return mode;
  return with_redis_journal ? Durability::kLocalAndRedis : Durability::kLocal;
}

}  // namespace xt::backends
