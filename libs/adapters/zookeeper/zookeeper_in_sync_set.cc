#include "libs/adapters/zookeeper/zookeeper_in_sync_set.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::zookeeper {
namespace {

absl::Status AnotherLeads(std::uint64_t epoch) {
  return absl::FailedPreconditionError(absl::StrCat("the in-sync set belongs to the leader of epoch ", epoch));
}

}  // namespace

ZooKeeperInSyncSet::ZooKeeperInSyncSet(std::shared_ptr<ZooKeeperSession> session, const std::string& shard)
    : record_(std::move(session), "sequencer-" + shard + "/in-sync") {}

absl::StatusOr<std::vector<std::string>> ZooKeeperInSyncSet::Claim(domain::Epoch epoch) {
  epoch_ = epoch;
  XT_ASSIGN_OR_RETURN(State state, Read());
  if (state.epoch > epoch.value()) return AnotherLeads(state.epoch);
  state.epoch = epoch.value();
  XT_RETURN_IF_ERROR(Write(state));
  return std::move(state.members);
}

absl::Status ZooKeeperInSyncSet::Replace(const std::vector<std::string>& members) {
  const absl::Status written = Write({epoch_.value(), members});
  if (!absl::IsAborted(written)) return written;
  // Somebody wrote, or an earlier attempt of this one arrived late.
  XT_ASSIGN_OR_RETURN(const State state, Read());
  if (state.epoch > epoch_.value()) return AnotherLeads(state.epoch);
  return state.members == members ? absl::OkStatus() : written;
}

absl::StatusOr<ZooKeeperInSyncSet::State> ZooKeeperInSyncSet::Look() {
  XT_ASSIGN_OR_RETURN(seen_, Read());
  return seen_;
}

absl::Status ZooKeeperInSyncSet::Add(const std::string& entry) {
  State state = seen_;
  state.members.push_back(entry);
  return Write(state);
}

absl::Status ZooKeeperInSyncSet::Remove(const std::string& entry) {
  State state = seen_;
  std::erase(state.members, entry);
  return Write(state);
}

absl::StatusOr<ZooKeeperInSyncSet::State> ZooKeeperInSyncSet::Read() {
  XT_ASSIGN_OR_RETURN(const ZooKeeperRecord::Value value, record_.Read());
  version_ = value.version;
  if (value.version == ZooKeeperRecord::kAbsent) return State{};
  const auto json = nlohmann::json::parse(value.bytes, nullptr, false);
  const bool right = json.is_object() && json.value("epoch", nlohmann::json()).is_number_unsigned() &&
                     json.value("members", nlohmann::json()).is_array();
  if (!right) return absl::DataLossError(absl::StrCat("the in-sync set cannot be read: ", value.bytes));
  State state{json.at("epoch").get<std::uint64_t>(), {}};
  for (const auto& member : json.at("members")) {
    if (!member.is_string()) return absl::DataLossError(absl::StrCat("the in-sync set cannot be read: ", value.bytes));
    state.members.push_back(member);
  }
  return state;
}

absl::Status ZooKeeperInSyncSet::Write(const State& state) {
  const nlohmann::json json{{"epoch", state.epoch}, {"members", state.members}};
  XT_ASSIGN_OR_RETURN(version_, record_.CompareAndSet(version_, json.dump()));
  return absl::OkStatus();
}

}  // namespace xt::zookeeper
