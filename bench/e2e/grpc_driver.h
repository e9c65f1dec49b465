// Drives the gRPC order entry: one signed-in stream with a fixed number of requests in flight, each answer followed by the
// next request.
#pragma once

#include <cstdint>
#include <string>

#include "bench/e2e/recorder.h"
#include "tests/support/signed_client.h"

namespace xt::bench {

struct GrpcLoad {
  std::string address;
  test::Credentials account;
  std::size_t in_flight = 1;
  std::uint64_t seed = 1;
};

// Returns after the window, when every request has its answer and the stream has ended.
Recorder DriveGrpc(const GrpcLoad& load, const Market& market, Window window);

}  // namespace xt::bench
