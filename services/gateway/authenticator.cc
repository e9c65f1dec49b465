#include "services/gateway/authenticator.h"

#include <utility>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "libs/runtime/log.h"
#include "services/gateway/core/order_json.h"

namespace xt::gateway {
namespace {

using domain::RejectReason;

std::variant<domain::AccountId, Refusal> Check(const SignedMessage& message, const ports::ApiKeyRow& key) {
  if (!auth::ConstantTimeEquals(auth::HmacSha256Hex(key.secret, message.payload), message.signature)) {
    return Refusal(RejectReason::kInvalidSignature);
  }
  return key.account;
}

}  // namespace

Authenticator::Authenticator(KeyStore& keys, std::shared_ptr<WorkerPool> workers, const Clock& clock,
                             std::int64_t window_ms)
    : keys_(keys), workers_(std::move(workers)), clock_(clock), window_ms_(window_ms) {}

void Authenticator::Verify(SignedMessage message, Done done) {
  if (!auth::IsFresh(message.timestamp_ms, clock_.WallNs() / kNsPerMs, window_ms_)) {
    return done(Refusal(RejectReason::kStaleTimestamp));
  }
  if (const KeyStore::Key key = keys_.Find(message.api_key)) return done(Check(message, *key));
  const bool posted = workers_->Post([this, message = std::move(message), done] { Load(message, done); });
  if (!posted) done(Refusal(RejectReason::kBackpressure));
}

void Authenticator::Load(const SignedMessage& message, const Done& done) {
  const absl::StatusOr<KeyStore::Key> key = keys_.Load(message.api_key);
  if (key.ok()) return done(Check(message, **key));
  if (absl::IsNotFound(key.status())) return done(Refusal(RejectReason::kUnauthenticated));
  runtime::Log(runtime::LogLevel::kWarn, "an API key cannot be looked up", {runtime::LogField(key.status())});
  done(Refusal(RejectReason::kUnavailable));
}

}  // namespace xt::gateway
