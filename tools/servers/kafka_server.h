// KafkaServer: one Kafka node that is broker and controller (KRaft), in small memory. Topics are never created by the way.
// Its jars are those that tools/dev/jars.sh fetches, in XTRADER_KAFKA_HOME or build/kafka of this checkout. It serves again
// about 6 s after a SIGKILL: so long its own dead registration keeps the node fenced.
#pragma once

#include <cstdint>
#include <string>

#include "tools/servers/server_process.h"

namespace xt::servers {

class KafkaServer final : public ServerProcess {
 public:
  // `port` 0: a free one; the controller's is always a free one.
  explicit KafkaServer(const std::string& folder, std::uint16_t port = 0);

 private:
  absl::Status Prepare(Command& command) override;
  bool Serves() override;

  absl::Status Format(const std::vector<std::string>& java);
  [[nodiscard]] std::string Properties() const;

  const std::uint16_t controller_port_;
  std::uint64_t log_begin_ = 0;  // where the output of this start begins
};

}  // namespace xt::servers
