// ZooKeeperServer: as much of ZooKeeper as elections and records use: znodes with versions, ephemeral and sequential ones,
// sessions that expire when nothing is heard of them, watches that fire once. It keeps everything through a restart; sessions
// get their whole timeout again then. zookeeper_handle.cc has the client's side.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/kernel.h"

namespace xt::sim {

enum class Mistake;

class ZooKeeperServer {
 public:
  enum class Code { kOk, kNoNode, kNodeExists, kBadVersion, kSessionExpired };
  // Told of a znode that was changed or deleted.
  using Watch = std::function<void(const std::string& path, bool deleted)>;
  struct Node {
    std::string data;
    std::int32_t version = 0;
    std::int64_t owner = 0;
    std::int64_t last_child = 0;
  };
  struct Answer {
    Code code = Code::kOk;
    Node node;
    std::string path;
    std::vector<std::string> children;
  };

  ZooKeeperServer(Kernel& kernel, Mistake mistake) : kernel_(kernel), mistake_(mistake) {}

  void SetUp(bool up);
  [[nodiscard]] bool up() const { return up_; }

  std::int64_t NewSession(Nanos timeout);
  // False: it has expired.
  bool Touch(std::int64_t session);
  void CloseSession(std::int64_t session);

  Answer Get(std::int64_t session, const std::string& path, const Watch& watch);
  Answer Children(std::int64_t session, const std::string& path);
  Answer Create(std::int64_t session, const std::string& path, const std::string& data, bool ephemeral,
                bool sequential);
  Answer Set(std::int64_t session, const std::string& path, const std::string& data, std::int32_t version);
  Answer Delete(std::int64_t session, const std::string& path);

  // What lies there, for the checks; empty when nothing does.
  [[nodiscard]] std::string DataAt(const std::string& path) const {
    const auto found = nodes_.find(path);
    return found == nodes_.end() ? "" : found->second.data;
  }

 private:
  struct Session {
    Nanos timeout = 0;
    Nanos heard = 0;
  };
  void Fire(const std::string& path, bool deleted);
  void Remove(const std::string& path);
  void Expire(std::int64_t session);

  Kernel& kernel_;
  const Mistake mistake_;
  bool up_ = true;
  std::int64_t last_session_ = 0;
  std::map<std::string, Node> nodes_{{"/", Node{}}};
  std::map<std::int64_t, Session> sessions_;
  std::map<std::string, std::vector<Watch>> watches_;
};

}  // namespace xt::sim
