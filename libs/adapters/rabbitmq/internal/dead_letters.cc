#include "libs/adapters/rabbitmq/internal/dead_letters.h"

#include <optional>
#include <string>
#include <utility>

#include "libs/adapters/rabbitmq/internal/message_assembler.h"
#include "libs/adapters/rabbitmq/internal/topology.h"
#include "libs/base/status.h"

namespace xt::rabbitmq {
namespace {

absl::StatusOr<ports::NotificationDelivery> ReadMessage(Connection& connection, MessageAssembler& assembler,
                                                        const CloseSignal& closing, Deadline deadline) {
  while (true) {
    XT_RETURN_IF_ERROR(closing.Check());
    XT_ASSIGN_OR_RETURN(const auto frame, connection.NextFrame());
    if (frame) {
      if (auto delivery = assembler.Feed(*frame)) return *std::move(delivery);
    } else if (Clock::now() >= deadline) {
      return absl::UnavailableError("rabbitmq: no answer in time");
    } else {
      connection.Wait(deadline, closing, false);
    }
  }
}

// The oldest one that this connection does not hold already; nullopt when there is none.
absl::StatusOr<std::optional<ports::NotificationDelivery>> Get(Connection& connection, const std::string& queue,
                                                               const CloseSignal& closing, Deadline deadline) {
  const amqp_rpc_reply_t reply = amqp_basic_get(connection.state(), kChannel, BytesOf(queue), 0);
  XT_RETURN_IF_ERROR(connection.Check(reply, "basic.get"));
  if (reply.reply.id != AMQP_BASIC_GET_OK_METHOD) return std::nullopt;
  const auto& got = *static_cast<const amqp_basic_get_ok_t*>(reply.reply.decoded);
  MessageAssembler assembler;
  assembler.Begin(got.delivery_tag, got.redelivered != 0, TextOf(got.routing_key));
  XT_ASSIGN_OR_RETURN(auto delivery, ReadMessage(connection, assembler, closing, deadline));
  return delivery;
}

}  // namespace

absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(const RabbitMqConfig& config,
                                                                 const CloseSignal& closing, std::size_t max) {
  XT_RETURN_IF_ERROR(closing.Check());
  const Deadline deadline = Clock::now() + config.request_timeout;
  XT_ASSIGN_OR_RETURN(const auto connection, Connection::Open(config, deadline));
  XT_RETURN_IF_ERROR(DeclareExchanges(*connection, config));
  const std::string queue = DeadLetterQueue(config);
  std::vector<ports::Notification> taken;
  std::uint64_t last_tag = 0;
  while (taken.size() < max && Clock::now() < deadline) {
    XT_ASSIGN_OR_RETURN(auto delivery, Get(*connection, queue, closing, deadline));
    if (!delivery) break;
    last_tag = delivery->tag;
    taken.push_back(std::move(delivery->notification));
  }
  if (taken.empty()) return taken;
  XT_RETURN_IF_ERROR(connection->CheckSent(amqp_basic_ack(connection->state(), kChannel, last_tag, 1), "basic.ack"));
  return taken;
}

}  // namespace xt::rabbitmq
