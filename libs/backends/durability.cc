#include "libs/backends/durability.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/config.h"

namespace xt::backends {
namespace {

constexpr std::size_t kMaxStandbys = 8;

}  // namespace

std::string_view DurabilityName(Durability mode) {
  switch (mode) {
    case Durability::kAuto: return "auto";
    case Durability::kMemory: return "memory";
    case Durability::kRedis: return "redis";
    case Durability::kLocalAndRedis: return "local+redis";
    case Durability::kLocal: return "local";
    case Durability::kAlways: return "always";
    case Durability::kLocalRedisAndStandbys: return "local+redis+standbys";
  }
  return "";
}

void DurabilityConfig::Describe(runtime::ConfigSchema& schema, const std::string* redis_journal) {
  const auto choice = [](Durability one) { return std::pair(DurabilityName(one), one); };
  schema
      .Enum("journal.durability", &mode,
            {choice(Durability::kAuto), choice(Durability::kMemory), choice(Durability::kRedis),
             choice(Durability::kLocalAndRedis), choice(Durability::kLocal), choice(Durability::kAlways),
             choice(Durability::kLocalRedisAndStandbys)},
            {.doc = "What must hold a command before it is acknowledged (docs/durability.md); auto: local+redis with "
                    "redis_journal.address, local without."})
      .StringList("journal.standby_addresses", &standby_addresses,
                  {.doc = "Host and gRPC port of each other sequencer, whose file this one feeds while it leads; with "
                          "journal.durability local+redis+standbys.",
                   .max_items = kMaxStandbys})
      .Int64("journal.min_copies", &min_copies,
             {.min = 0,
              .max = 2 + kMaxStandbys,
              .unit = "copies",
              .doc = "While fewer copies of the journal are there commands are refused, instead of going on with those "
                     "that are; 0: 2 with local+redis+standbys, else 1."})
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
  XT_RETURN_IF_ERROR(CheckStandbys());
  return CheckMinCopies(Chosen(with_redis_journal));
}

absl::Status DurabilityConfig::CheckStandbys() const {
  const bool wanted = mode == Durability::kLocalRedisAndStandbys;
  if (wanted && standby_addresses.empty()) {
    return absl::InvalidArgumentError("journal.durability local+redis+standbys needs journal.standby_addresses");
  }
  if (!wanted && !standby_addresses.empty()) {
    return absl::InvalidArgumentError("journal.standby_addresses needs journal.durability local+redis+standbys");
  }
  std::vector<std::string> sorted = standby_addresses;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
    return absl::InvalidArgumentError(absl::StrCat("journal.standby_addresses has ", *twice, " twice"));
  }
  return absl::OkStatus();
}

absl::Status DurabilityConfig::CheckMinCopies(Durability chosen) const {
  int copies = 1;  // that an acknowledgement waits for
  if (chosen == Durability::kLocalAndRedis || chosen == Durability::kAlways) copies = 2;
  if (chosen == Durability::kLocalRedisAndStandbys) copies = 2 + static_cast<int>(standby_addresses.size());
  if (min_copies <= copies) return absl::OkStatus();
  const std::string name(DurabilityName(chosen));
  if (copies == 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("journal.min_copies ", min_copies,
                     " needs journal.durability local+redis, always or local+redis+standbys: with ", name,
                     " an acknowledgement does not wait for two copies"));
  }
  return absl::InvalidArgumentError(absl::StrCat("journal.min_copies ", min_copies, " is more than the ", copies,
                                                 " copies that there are with ", name));
}

Durability DurabilityConfig::Chosen(bool with_redis_journal) const {
  if (mode != Durability::kAuto) return mode;
  return with_redis_journal ? Durability::kLocalAndRedis : Durability::kLocal;
}

int DurabilityConfig::MinCopies(bool with_redis_journal) const {
  if (min_copies != 0) return min_copies;
  return Chosen(with_redis_journal) == Durability::kLocalRedisAndStandbys ? 2 : 1;
}

}  // namespace xt::backends
