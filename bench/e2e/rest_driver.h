// Drives the REST API: each connection is a thread that sends one signed request after the other, for any of the accounts.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/e2e/recorder.h"
#include "tests/support/signed_client.h"

namespace xt::bench {

struct RestLoad {
  std::uint16_t port = 0;
  std::vector<test::Credentials> accounts;
  std::size_t connections = 1;
  std::uint64_t seed = 1;
};

// Returns after the window, when every request has its answer.
Recorder DriveRest(const RestLoad& load, const Market& market, Window window);

}  // namespace xt::bench
