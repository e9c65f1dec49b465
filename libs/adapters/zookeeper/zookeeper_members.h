// Which processes of a role live, and where: each is an ephemeral znode <root>/<role>/members/<id> with bytes that the
// process gives, such as its addresses.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "libs/adapters/zookeeper/zookeeper_session.h"

namespace xt::zookeeper {

// This process among the members, from the construction to the destruction, as long as its session lives; after an expiry
// again with the next session. It takes the place of an earlier life with the same id at once. Who cannot tell the servers
// that it leaves gives its session up, with all else in it. Threads: any.
class ZooKeeperMember {
 public:
  ZooKeeperMember(std::shared_ptr<ZooKeeperSession> session, const std::string& role, const std::string& id,
                  std::string bytes);
  ~ZooKeeperMember();
  void Update(std::string bytes);

 private:
  class Presence;
  const std::shared_ptr<ZooKeeperSession> session_;
  const std::unique_ptr<Presence> presence_;
};

// Tells who is a member.
class ZooKeeperMemberWatch {
 public:
  using Members = std::map<std::string, std::string>;  // bytes by id
  using Observer = std::function<void(const Members&)>;
  // `observer` is told all members first, and after every change, on the session's thread, until the destructor returns;
  // it must not block. Without a connection the members stay as they were told last.
  ZooKeeperMemberWatch(std::shared_ptr<ZooKeeperSession> session, const std::string& role, Observer observer);
  ~ZooKeeperMemberWatch();

 private:
  class Watch;
  const std::shared_ptr<ZooKeeperSession> session_;
  const std::unique_ptr<Watch> watch_;
};

}  // namespace xt::zookeeper
