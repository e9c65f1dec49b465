// Faults of brokers and of those who read from them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/child_process.h"
#include "libs/http/client.h"
#include "tests/chaos/fault.h"

namespace xt::chaos {

// RabbitMQ has no memory left and takes nothing; healed it is killed, and starts with what it had.
class MemoryAlarm final : public Fault {
 public:
  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  pid_t pid_ = 0;
};

// WebSocket clients and a consumer of Kafka that do not read: nobody waits for them, and the memory of notifier and Kafka
// is bounded.
class SlowConsumers final : public Fault {
 public:
  absl::Status Inject(World& world) override;
  absl::Status Heal(World& world) override;
  std::string WhatDoesNotHold(World& world) override;

 private:
  std::vector<std::unique_ptr<http::WebSocketClient>> clients_;
  std::unique_ptr<ChildProcess> consumer_;
  std::int64_t notifier_kb_ = 0;
  std::int64_t grown_kb_ = 0;
};

}  // namespace xt::chaos
