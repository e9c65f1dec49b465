// Call: one HTTP request on its way through the gateway, shared by the callbacks that carry it on. Whoever has the answer
// sends it; the first one counts. One thread at a time, as the request moves on. CallPtr is what handlers get.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/domain/ids.h"
#include "libs/http/message.h"
#include "libs/http/server.h"
#include "services/gateway/core/order_answer.h"
#include "services/gateway/metrics.h"

namespace xt::gateway {

struct Call {
  Call(http::Request from, http::Responder to, std::string allowed_origin, std::int64_t now_ns, GatewayMetrics& counts)
      : request(std::move(from)),
        responder(std::move(to)),
        allow_origin(std::move(allowed_origin)),
        started_ns(now_ns),
        metrics(counts) {}

  void Send(http::Response response);
  void Answer(std::string json);
  void Refuse(const Refusal& refusal);
  void RefuseLimited(std::int64_t retry_after_ms);

  http::Request request;
  http::Responder responder;
  std::string allow_origin;     // for Access-Control-Allow-Origin; empty: none
  std::int64_t started_ns = 0;  // monotonic
  domain::AccountId account;    // of signed requests
  std::string api_key;
  GatewayMetrics& metrics;
};
using CallPtr = std::shared_ptr<Call>;

// How a client learns that a query of another service failed. NOT_FOUND is `not_found`.
Refusal RefusalOf(const absl::Status& status, domain::RejectReason not_found = domain::RejectReason::kNotFound);
http::Response RefusalResponse(const Refusal& refusal);

}  // namespace xt::gateway
