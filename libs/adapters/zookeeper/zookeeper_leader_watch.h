// ZooKeeperLeaderWatch: tells who leads a role, without being a candidate. After a leader's crash it is still named until
// its successor is elected.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libs/adapters/zookeeper/zookeeper_session.h"
#include "libs/ports/leader_election.h"

namespace xt::zookeeper {

class ZooKeeperLeaderWatch {
 public:
  // `observer` is told the present leader, and every change in order, on the session's thread, until the destructor
  // returns; it must not block. Leadership::leader is always false.
  ZooKeeperLeaderWatch(std::shared_ptr<ZooKeeperSession> session, const std::string& role,
                       ports::LeaderElection::Observer observer);
  ~ZooKeeperLeaderWatch();

 private:
  class Watch;
  const std::shared_ptr<ZooKeeperSession> session_;
  const std::unique_ptr<Watch> watch_;
};

}  // namespace xt::zookeeper
