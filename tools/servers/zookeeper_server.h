// ZooKeeperServer: Debian's ZooKeeper 3.8 as one standalone server. Ticks of 500 ms, so that sessions last 1 to 60 s.
// The admin server is off; data, snapshots and the JVM's temporary files stay in the folder. About 70 MB resident.
#pragma once

#include <string>

#include "tools/servers/server_process.h"

namespace xt::servers {

class ZooKeeperServer final : public ServerProcess {
 public:
  explicit ZooKeeperServer(std::string folder, std::uint16_t port = 0);

 protected:
  absl::Status Prepare(Command& command) override;
  bool Serves() override;
};

}  // namespace xt::servers
