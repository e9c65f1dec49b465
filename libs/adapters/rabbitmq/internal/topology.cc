#include "libs/adapters/rabbitmq/internal/topology.h"

#include <vector>

#include "libs/base/status.h"

namespace xt::rabbitmq {
namespace {

// The arguments of a declaration; they point into the strings that they are given.
class Arguments {
 public:
  void Add(const char* key, const std::string& text) {
    amqp_field_value_t value{};
    value.kind = AMQP_FIELD_KIND_UTF8;
    value.value.bytes = BytesOf(text);
    entries_.push_back({amqp_cstring_bytes(key), value});
  }
  void Add(const char* key, std::size_t number) {
    amqp_field_value_t value{};
    value.kind = AMQP_FIELD_KIND_I64;
    value.value.i64 = static_cast<std::int64_t>(number);
    entries_.push_back({amqp_cstring_bytes(key), value});
  }
  [[nodiscard]] amqp_table_t table() { return {static_cast<int>(entries_.size()), entries_.data()}; }

 private:
  std::vector<amqp_table_entry_t> entries_;
};

const std::string kQuorum = "quorum";
const std::string kRejectPublish = "reject-publish";
const std::string kDropHead = "drop-head";
const std::string kAtLeastOnce = "at-least-once";

absl::Status DeclareExchange(Connection& connection, const std::string& name, const char* type) {
  amqp_exchange_declare(connection.state(), kChannel, BytesOf(name), amqp_cstring_bytes(type), 0, 1, 0, 0,
                        amqp_empty_table);
  return connection.LastReply("exchange " + name);
}

absl::Status Bind(Connection& connection, const std::string& queue, const std::string& exchange,
                  const std::string& binding) {
  amqp_queue_bind(connection.state(), kChannel, BytesOf(queue), BytesOf(exchange), BytesOf(binding), amqp_empty_table);
  return connection.LastReply("binding " + binding);
}

absl::Status DeclareDeadLetterQueue(Connection& connection, const RabbitMqConfig& config) {
  const std::string name = DeadLetterQueue(config);
  Arguments arguments;
  arguments.Add("x-queue-type", kQuorum);
  arguments.Add("x-overflow", kDropHead);
  arguments.Add("x-max-length", static_cast<std::size_t>(config.max_dead_letters));
  amqp_queue_declare(connection.state(), kChannel, BytesOf(name), 0, 1, 0, 0, arguments.table());
  XT_RETURN_IF_ERROR(connection.LastReply("queue " + name));
  return Bind(connection, name, DeadLetterExchange(config), "");
}

}  // namespace

std::string NotificationsExchange(const RabbitMqConfig& config) { return config.prefix + "market-notifications"; }
std::string HeadersExchange(const RabbitMqConfig& config) { return config.prefix + "notification"; }
std::string DeadLetterExchange(const RabbitMqConfig& config) { return config.prefix + "market-notifications.dead"; }
std::string DeadLetterQueue(const RabbitMqConfig& config) { return DeadLetterExchange(config); }

absl::Status DeclareExchanges(Connection& connection, const RabbitMqConfig& config) {
  XT_RETURN_IF_ERROR(DeclareExchange(connection, NotificationsExchange(config), "topic"));
  XT_RETURN_IF_ERROR(DeclareExchange(connection, HeadersExchange(config), "headers"));
  XT_RETURN_IF_ERROR(DeclareExchange(connection, DeadLetterExchange(config), "fanout"));
  return DeclareDeadLetterQueue(connection, config);
}

absl::StatusOr<std::string> DeclareQueue(Connection& connection, const RabbitMqConfig& config,
                                         const ports::QueueOptions& options) {
  const bool is_private = options.name.empty();
  const std::string wanted = is_private ? "" : config.prefix + options.name;
  const std::string dead = DeadLetterExchange(config);
  Arguments arguments;
  arguments.Add("x-dead-letter-exchange", dead);
  arguments.Add("x-overflow", kRejectPublish);
  if (is_private) {
    arguments.Add("x-max-length", options.max_length);
  } else {
    arguments.Add("x-queue-type", kQuorum);
    arguments.Add("x-dead-letter-strategy", kAtLeastOnce);
    // A quorum queue refuses once it holds more than its limit, and gives up what came back more often than its limit.
    arguments.Add("x-max-length", options.max_length - 1);
    arguments.Add("x-delivery-limit", static_cast<std::size_t>(options.max_deliveries - 1));
  }
  const auto* declared = amqp_queue_declare(connection.state(), kChannel, BytesOf(wanted), 0, is_private ? 0 : 1,
                                            is_private ? 1 : 0, is_private ? 1 : 0, arguments.table());
  XT_RETURN_IF_ERROR(connection.LastReply("queue " + wanted));
  const std::string name = TextOf(declared->queue);
  for (const std::string& binding : options.bindings) {
    XT_RETURN_IF_ERROR(Bind(connection, name, NotificationsExchange(config), binding));
  }
  return name;
}

}  // namespace xt::rabbitmq
