// Drives the gRPC order entry by one signed-in stream: either with a fixed number of requests in flight, each answer followed
// by the next request; or at a fixed rate, whatever the answers do, and then a latency counts from when the request was due.
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
  std::int64_t per_second = 0;  // requests; 0: as many as are answered
  std::uint64_t seed = 1;
};

// Returns after the window, when every request has its answer and the stream has ended.
Recorder DriveGrpc(const GrpcLoad& load, const Market& market, Window window);

}  // namespace xt::bench
