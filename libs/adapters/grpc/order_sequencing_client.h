// The client side of ports::OrderSequencing for one sequencer, whether it leads or not. What was sent and not answered
// when the stream breaks ends as UNKNOWN, what was not sent as UNAVAILABLE; without a connection a command is
// UNAVAILABLE at once. LeaderRouter puts several of these together.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libs/adapters/grpc/clients.h"
#include "libs/ports/order_sequencing.h"

namespace xt::grpc_clients {

// `on_connection` is told each change of the stream's connection, first true, on a thread of the client; it must not
// block, and may be empty. Of the options it uses max_in_flight and max_message_bytes.
std::unique_ptr<ports::OrderSequencing> ConnectToSequencer(const std::string& address, const ClientOptions& options,
                                                           std::function<void(bool connected)> on_connection);

}  // namespace xt::grpc_clients
