#include "services/gateway/call.h"

#include <algorithm>
#include <utility>

#include "libs/runtime/log.h"
#include "services/gateway/core/http_status.h"
#include "services/gateway/core/order_json.h"

namespace xt::gateway {

using domain::RejectReason;

void Call::Send(http::Response response) {
  if (!allow_origin.empty()) {
    response.headers.Set("Access-Control-Allow-Origin", allow_origin);
    response.headers.Set("Vary", "Origin");
  }
  responder.Send(std::move(response));
}

void Call::Answer(std::string json) {
  http::Response response;
  response.body = std::move(json);
  Send(std::move(response));
}

void Call::Refuse(const Refusal& refusal) {
  metrics.CountReject(refusal.reason);
  Send(RefusalResponse(refusal));
}

void Call::RefuseLimited(std::int64_t retry_after_ms) {
  metrics.CountReject(RejectReason::kRateLimited);
  http::Response response = RefusalResponse(Refusal(RejectReason::kRateLimited));
  response.headers.Set("Retry-After", std::to_string(std::max<std::int64_t>(1, (retry_after_ms + 999) / 1000)));
  Send(std::move(response));
}

Refusal RefusalOf(const absl::Status& status, RejectReason not_found) {
  if (absl::IsNotFound(status)) return Refusal(not_found);
  if (absl::IsResourceExhausted(status)) return Refusal(RejectReason::kBackpressure);
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) return Refusal(RejectReason::kUnavailable);
  runtime::Log(runtime::LogLevel::kError, "a query failed", {runtime::LogField(status)});
  return Refusal(RejectReason::kInternal);
}

http::Response RefusalResponse(const Refusal& refusal) {
  http::Response response;
  response.status = HttpStatusOf(refusal.reason);
  response.body = RefusalJson(refusal);
  return response;
}

}  // namespace xt::gateway
