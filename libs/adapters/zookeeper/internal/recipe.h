// Recipe: what a session keeps right on the servers for one user of it: a candidate, a member, a watch. Everything here
// is called on the session's one thread. A recipe looks at what there is and does what is missing, so that it may be
// interrupted by a lost connection anywhere and be called again.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"

namespace xt::zookeeper {

class Recipe {
 public:
  virtual ~Recipe() = default;
  // Does what is missing. Called while there is a connection: after the start, after every change, and again after an
  // error. Cheap when there is nothing to do.
  virtual absl::Status Step(ZooKeeperHandle& handle) = 0;
  // A watch on this znode has fired; it may be another recipe's.
  virtual void Changed(const std::string& path, bool deleted) = 0;
  // The session is gone, with all its ephemeral znodes and watches. A new one follows.
  virtual void Expired() = 0;
};

}  // namespace xt::zookeeper
