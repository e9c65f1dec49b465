// The client side of the ports that cross processes, over gRPC: each function makes an object that connects to one peer
// by address, in the background, and again after every loss (backoff 50..1000 ms; a silent peer is lost after 2 s). The
// peer may be absent: calls then fail with UNAVAILABLE. The objects are thread-safe as their ports say; destruction
// ends all calls under way and blocks until no thread of the client runs any more; every unanswered command gets its
// outcome first, while a replica's observer hears nothing of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "libs/ports/history.h"
#include "libs/ports/market_queries.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/order_sequencing.h"

namespace xt::grpc_clients {

struct ClientOptions {
  std::string address;                           // "127.0.0.1:9091"
  std::chrono::milliseconds call_timeout{5000};  // deadline of every unary call
  std::size_t max_in_flight = 8192;  // commands (or frames) that wait for their answer; beyond: RESOURCE_EXHAUSTED
  int max_message_bytes = 16 * 1024 * 1024;
  // Told each change of a stream's connection, on a thread of the client; must not block. For health checks. Used by
  // ConnectOrderSequencing only, may be empty.
  std::function<void(bool connected)> on_connection;
};

// One bidirectional stream; commands that wait at the same moment travel in one message. When the stream breaks, what
// was sent and not answered ends as UNKNOWN, what was not sent as UNAVAILABLE.
std::unique_ptr<ports::OrderSequencing> ConnectOrderSequencing(const ClientOptions& options);
// One stream per Connect(); a break is told to the observer once.
std::unique_ptr<ports::MatchingReplica> ConnectMatchingReplica(const ClientOptions& options);
std::unique_ptr<ports::MatchingQueries> ConnectMatchingQueries(const ClientOptions& options);
std::unique_ptr<ports::History> ConnectHistory(const ClientOptions& options);
std::unique_ptr<ports::MarketQueries> ConnectMarketQueries(const ClientOptions& options);

}  // namespace xt::grpc_clients
