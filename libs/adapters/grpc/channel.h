// What every client here shares: the channel with the project's keepalive and reconnect settings, the context of a
// unary call, and the way from gRPC's errors to ours. Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/adapters/grpc/clients.h"

namespace xt::grpc_clients {

// For calls of one service ("xtrader.v1.MatchingService"). A TCP connection of its own, never shared with another channel
// of this process. A dead peer is noticed within 2 s.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, const std::string& service,
                                           const ClientOptions& options);

// The same code and message; a deadline that passed is UNAVAILABLE: for a query it makes no difference to the caller.
absl::Status ToAbsl(const grpc::Status& status);

// Calls a unary method of a stub: `Call(*stub_, &Stub::GetBook, request, response)`.
template <typename Stub, typename Request, typename Response>
absl::Status CallUnary(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                       std::chrono::milliseconds timeout, const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  return ToAbsl((stub.*method)(&context, request, &response));
}

}  // namespace xt::grpc_clients
