// Authenticator: whether a signed message comes from the holder of an API key. Keys in memory are checked on the calling
// thread; others are asked from persistence on a worker. Thread-safe. Secrets and signatures are never logged.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "libs/base/clock.h"
#include "libs/domain/ids.h"
#include "services/gateway/core/order_answer.h"
#include "services/gateway/key_store.h"
#include "services/gateway/worker_pool.h"

namespace xt::gateway {

// What was signed, and with what.
struct SignedMessage {
  std::string api_key;
  std::int64_t timestamp_ms = 0;
  std::string signature;
  std::string payload;
};

class Authenticator {
 public:
  using Done = std::function<void(std::variant<domain::AccountId, Refusal>)>;
  Authenticator(KeyStore& keys, std::shared_ptr<WorkerPool> workers, const Clock& clock, std::int64_t window_ms);

  // `done` is called once, at once or on a worker.
  void Verify(SignedMessage message, Done done);

 private:
  void Load(const SignedMessage& message, const Done& done);

  KeyStore& keys_;
  const std::shared_ptr<WorkerPool> workers_;
  const Clock& clock_;
  const std::int64_t window_ms_;
};

}  // namespace xt::gateway
