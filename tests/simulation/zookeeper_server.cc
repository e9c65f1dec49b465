#include "tests/simulation/zookeeper_server.h"

#include <cstdio>
#include <utility>

#include "tests/simulation/world.h"

namespace xt::sim {

void ZooKeeperServer::SetUp(bool up) {
  up_ = up;
  for (auto& [id, session] : sessions_) session.heard = kernel_.now();
}

std::int64_t ZooKeeperServer::NewSession(Nanos timeout) {
  const std::int64_t id = ++last_session_;
  sessions_[id] = {timeout, kernel_.now()};
  kernel_.At(timeout, [this, id] { Expire(id); });
  return id;
}

bool ZooKeeperServer::Touch(std::int64_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return false;
  found->second.heard = kernel_.now();
  return true;
}

// Looks again when something was heard meanwhile.
void ZooKeeperServer::Expire(std::int64_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  const Nanos left = up_ ? found->second.heard + found->second.timeout - kernel_.now() : found->second.timeout;
  if (left <= 0) return CloseSession(session);
  kernel_.At(left, [this, session] { Expire(session); });
}

void ZooKeeperServer::CloseSession(std::int64_t session) {
  if (sessions_.erase(session) == 0) return;
  std::vector<std::string> gone;
  for (const auto& [path, node] : nodes_) {
    if (node.owner == session) gone.push_back(path);
  }
  for (const std::string& path : gone) Remove(path);
}

void ZooKeeperServer::Remove(const std::string& path) {
  nodes_.erase(path);
  Fire(path, true);
}

void ZooKeeperServer::Fire(const std::string& path, bool deleted) {
  const auto found = watches_.find(path);
  if (found == watches_.end()) return;
  const std::vector<Watch> watches = std::move(found->second);
  watches_.erase(found);
  for (const Watch& watch : watches) watch(path, deleted);
}

ZooKeeperServer::Answer ZooKeeperServer::Get(std::int64_t session, const std::string& path, const Watch& watch) {
  if (!Touch(session)) return {Code::kSessionExpired, {}, {}, {}};
  const auto found = nodes_.find(path);
  if (found == nodes_.end()) return {Code::kNoNode, {}, {}, {}};
  if (watch) watches_[path].push_back(watch);
  return {Code::kOk, found->second, path, {}};
}

ZooKeeperServer::Answer ZooKeeperServer::Children(std::int64_t session, const std::string& path) {
  if (!Touch(session)) return {Code::kSessionExpired, {}, {}, {}};
  if (!nodes_.contains(path)) return {Code::kNoNode, {}, {}, {}};
  Answer answer;
  const std::string prefix = path + "/";
  for (auto it = nodes_.lower_bound(prefix); it != nodes_.end() && it->first.starts_with(prefix); ++it) {
    const std::string name = it->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) answer.children.push_back(name);
  }
  return answer;
}

ZooKeeperServer::Answer ZooKeeperServer::Create(std::int64_t session, const std::string& path, const std::string& data,
                                                bool ephemeral, bool sequential) {
  if (!Touch(session)) return {Code::kSessionExpired, {}, {}, {}};
  const std::size_t slash = path.rfind('/');
  const auto parent = nodes_.find(slash == 0 ? "/" : path.substr(0, slash));
  if (parent == nodes_.end()) return {Code::kNoNode, {}, {}, {}};
  std::string created = path;
  if (sequential) {
    char number[16];
    std::snprintf(number, sizeof(number), "%010lld", static_cast<long long>(parent->second.last_child++));
    created += number;
  }
  if (nodes_.contains(created)) return {Code::kNodeExists, {}, {}, {}};
  nodes_[created] = {data, 0, ephemeral ? session : 0, 0};
  return {Code::kOk, {}, created, {}};
}

ZooKeeperServer::Answer ZooKeeperServer::Set(std::int64_t session, const std::string& path, const std::string& data,
                                             std::int32_t version) {
  if (!Touch(session)) return {Code::kSessionExpired, {}, {}, {}};
  const auto found = nodes_.find(path);
  if (found == nodes_.end()) return {Code::kNoNode, {}, {}, {}};
  if (version != -1 && found->second.version != version && mistake_ != Mistake::kSetWithoutCompare) {
    return {Code::kBadVersion, {}, {}, {}};
  }
  found->second.data = data;
  ++found->second.version;
  const Node node = found->second;
  Fire(path, false);
  return {Code::kOk, node, path, {}};
}

ZooKeeperServer::Answer ZooKeeperServer::Delete(std::int64_t session, const std::string& path) {
  if (!Touch(session)) return {Code::kSessionExpired, {}, {}, {}};
  if (!nodes_.contains(path)) return {Code::kNoNode, {}, {}, {}};
  Remove(path);
  return {};
}

}  // namespace xt::sim
