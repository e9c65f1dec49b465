// PostgresServer: a PostgreSQL 15 of its own on 127.0.0.1, with its unix socket in its data folder, in small memory and
// with fsync. One role, a superuser whom it trusts. It starts again after a Kill: what the killed one left behind (its
// children, their shared memory) is removed first, and also when the object goes. As root it runs as the user
// `postgres`, to whom its data then belong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/servers/server_process.h"

namespace xt::servers {

class PostgresServer final : public ServerProcess {
 public:
  // `settings`: "name=value", besides and above those of the class.
  explicit PostgresServer(std::string folder, std::uint16_t port = 0, std::vector<std::string> settings = {});
  ~PostgresServer() override;

  // For libpq: "postgresql://xtrader@127.0.0.1:<port>/postgres".
  [[nodiscard]] std::string url() const;

 protected:
  absl::Status Prepare(Command& command) override;
  bool Serves() override;
  [[nodiscard]] int stop_signal() const override;

 private:
  [[nodiscard]] std::string data() const { return folder() + "/data"; }
  absl::Status Initialize(const std::string& postgres);
  // Ends the processes whose postmaster was killed, and waits until they are gone.
  void EndOrphans() const;

  const std::vector<std::string> settings_;
};

}  // namespace xt::servers
