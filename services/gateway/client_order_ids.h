// ClientOrderIds: names for orders whose client gave none. 128 random bits drawn once and a counter: unique over all
// gateways and restarts without asking anybody. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "libs/domain/fixed_string.h"

namespace xt::gateway {

class ClientOrderIds {
 public:
  ClientOrderIds();
  domain::ClientOrderId Next();

 private:
  std::string prefix_;  // 22 characters and a dash
  std::atomic<std::uint64_t> counter_{0};
};

}  // namespace xt::gateway
