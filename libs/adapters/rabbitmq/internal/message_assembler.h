// MessageAssembler: puts a message together from its frames: method, header, body.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "libs/ports/notification_bus.h"

namespace xt::rabbitmq {

// The text of an id on the wire, "<sequence>-<index>".
std::string MessageIdOf(const domain::EventId& id);

class MessageAssembler {
 public:
  void Begin(std::uint64_t tag, bool redelivered, std::string routing_key);
  // A header or body frame. The message when it is complete.
  std::optional<ports::NotificationDelivery> Feed(const amqp_frame_t& frame);

 private:
  void ReadHeader(const amqp_basic_properties_t& properties);

  ports::NotificationDelivery delivery_;
  std::string body_;
  std::uint64_t body_size_ = 0;
};

}  // namespace xt::rabbitmq
