// DeadLetters: takes messages out of the queue of dead letters, over a connection that lives for one call.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "libs/adapters/rabbitmq/internal/connection.h"
#include "libs/ports/notification_bus.h"

namespace xt::rabbitmq {

// Up to `max`, oldest first. They leave the queue together, at the end: after an error all are still there.
absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(const RabbitMqConfig& config,
                                                                 const CloseSignal& closing, std::size_t max);

}  // namespace xt::rabbitmq
