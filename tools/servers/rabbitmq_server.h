// RabbitMqServer: Debian's RabbitMQ 3.10 as one node: no plugins, loopback only, with an epmd, cookie and ports of its
// own, so that it shares nothing with another node of this machine. About 110 MB resident.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tools/servers/server_process.h"

namespace xt::servers {

class RabbitMqServer final : public ServerProcess {
 public:
  explicit RabbitMqServer(std::string folder, std::uint16_t port = 0);
  ~RabbitMqServer() override;

  [[nodiscard]] std::string url() const;

 protected:
  absl::Status Prepare(Command& command) override;
  bool Serves() override;
  [[nodiscard]] std::chrono::seconds patience() const override { return std::chrono::seconds(120); }

 private:
  // Started by us, or the node would leave one behind that outlives it.
  absl::Status StartPortMapper();

  const std::uint16_t epmd_port_;
  const std::uint16_t distribution_port_;
  std::unique_ptr<ChildProcess> epmd_;
};

}  // namespace xt::servers
