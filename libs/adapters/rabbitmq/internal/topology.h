// The exchanges and queues of the notification bus, and declaring them. Everything may be declared again as it is.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/rabbitmq/internal/connection.h"
#include "libs/ports/notification_bus.h"

namespace xt::rabbitmq {

std::string NotificationsExchange(const RabbitMqConfig& config);  // topic
std::string HeadersExchange(const RabbitMqConfig& config);        // by channel and priority
std::string DeadLetterExchange(const RabbitMqConfig& config);     // fanout
std::string DeadLetterQueue(const RabbitMqConfig& config);

absl::Status DeclareExchanges(Connection& connection, const RabbitMqConfig& config);
// With its bindings. Its name at the broker, which the broker makes up for a private queue.
absl::StatusOr<std::string> DeclareQueue(Connection& connection, const RabbitMqConfig& config,
                                         const ports::QueueOptions& options);

}  // namespace xt::rabbitmq
