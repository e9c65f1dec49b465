// The HTTP status of each reject reason: what docs/errors.md shows. Pure functions.
#pragma once

#include "libs/domain/reject_reason.h"

namespace xt::gateway {

// What a client does with the refusal.
enum class Retry {
  kNo,      // the same request will be refused again
  kLater,   // certainly not accepted: send it again later
  kSameId,  // may have been applied: resend with the same client order id
};

int HttpStatusOf(domain::RejectReason reason);
Retry RetryOf(domain::RejectReason reason);
// "no", "later", "same clientOrderId".
std::string_view RetryName(Retry retry);

}  // namespace xt::gateway
