// RabbitMqConfig: how the notification bus reaches RabbitMQ. Plain values; Validate names the field that is wrong.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"

namespace xt::rabbitmq {

struct RabbitMqConfig {
  std::string url;  // "amqp://user:password@host:port/vhost"
  // In front of the names of exchanges and named queues, so that several exchanges share one broker: up to 100 of
  // [A-Za-z0-9._-].
  std::string prefix;
  // How long Publish waits for confirmations, reconnecting included. 100..600000 ms.
  std::chrono::milliseconds publish_timeout{10'000};
  // How long connecting and declaring take at most, and acknowledgements wait for room. 100..60000 ms.
  std::chrono::milliseconds request_timeout{5'000};
  int window = 256;                // sent and not confirmed yet; Publish waits when there are more. 1..10000
  int max_dead_letters = 100'000;  // the oldest of more are dropped by the broker, which counts them. 1..10000000

  [[nodiscard]] absl::Status Validate() const;
};

}  // namespace xt::rabbitmq
