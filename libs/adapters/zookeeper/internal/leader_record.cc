#include "libs/adapters/zookeeper/internal/leader_record.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::zookeeper {
namespace {

// "<epoch> <leader id>"
std::string ToBytes(const LeaderRecord& record) { return absl::StrCat(record.epoch.value(), " ", record.leader_id); }

absl::StatusOr<LeaderRecord> FromNode(const StampedNode& node, const std::string& path) {
  const std::size_t blank = node.bytes.find(' ');
  std::uint64_t epoch = 0;
  if (blank == std::string::npos || !absl::SimpleAtoi(node.bytes.substr(0, blank), &epoch)) {
    return absl::DataLossError(absl::StrCat(path, " does not hold an epoch and a leader"));
  }
  return LeaderRecord{domain::Epoch(epoch), node.bytes.substr(blank + 1), node.stamp, node.version};
}

}  // namespace

std::string LeaderPath(const std::string& role_path) { return absl::StrCat(role_path, "/leader"); }

absl::StatusOr<LeaderRecord> ReadLeader(ZooKeeperHandle& handle, const std::string& role_path, bool watch) {
  const std::string path = LeaderPath(role_path);
  XT_ASSIGN_OR_RETURN(StampedNode node, ReadStamped(handle, path, watch));
  if (node.version == kAbsentVersion) {
    const absl::Status created =
        WriteStamped(handle, path, kAbsentVersion, NewStamp(), ToBytes(LeaderRecord())).status();
    if (!created.ok() && !absl::IsAborted(created)) return created;
    XT_ASSIGN_OR_RETURN(node, ReadStamped(handle, path, watch));
  }
  return FromNode(node, path);
}

absl::Status WriteLeader(ZooKeeperHandle& handle, const std::string& role_path, LeaderRecord& record) {
  XT_ASSIGN_OR_RETURN(record.version,
                      WriteStamped(handle, LeaderPath(role_path), record.version, record.stamp, ToBytes(record)));
  return absl::OkStatus();
}

}  // namespace xt::zookeeper
