#include "services/gateway/rest_api.h"

#include <array>
#include <utility>

#include "libs/auth/signature.h"

namespace xt::gateway {
namespace {

using domain::RejectReason;

constexpr std::string_view kKeyHeader = "X-XT-KEY";
constexpr std::string_view kTimestampHeader = "X-XT-TIMESTAMP";
constexpr std::string_view kSignatureHeader = "X-XT-SIGNATURE";

Refusal Missing(std::string_view header) { return Refusal(RejectReason::kUnauthenticated, header); }

}  // namespace

std::span<const RestApi::Route> RestApi::Routes() {
  static const std::array kRoutes{
      Route{"POST", "/v1/order", true, &RestApi::PostOrder},
      Route{"GET", "/v1/order", true, &RestApi::GetOrderByClientId},
      Route{"DELETE", "/v1/order", true, &RestApi::DeleteOrderByClientId},
      Route{"GET", "/v1/order/{orderId}", true, &RestApi::GetOrder},
      Route{"DELETE", "/v1/order/{orderId}", true, &RestApi::DeleteOrder},
      Route{"PATCH", "/v1/order", true, &RestApi::PatchOrderByClientId},
      Route{"PATCH", "/v1/order/{orderId}", true, &RestApi::PatchOrder},
      Route{"POST", "/v1/order/replace", true, &RestApi::PostReplace},
      Route{"POST", "/v1/orders", true, &RestApi::PostOrders},
      Route{"DELETE", "/v1/orders", true, &RestApi::DeleteOrders},
      Route{"POST", "/v1/countdown", true, &RestApi::PostCountdown},
      Route{"GET", "/v1/orders", true, &RestApi::ListOrders},
      Route{"GET", "/v1/trades", true, &RestApi::ListTrades},
      Route{"GET", "/v1/account", true, &RestApi::GetAccount},
      Route{"GET", "/v1/symbols", false, &RestApi::GetSymbols},
      Route{"GET", "/v1/market/{symbol}/book", false, &RestApi::GetBook},
      Route{"GET", "/v1/market/{symbol}/trades", false, &RestApi::GetMarketTrades},
      Route{"GET", "/v1/market/{symbol}/ticker", false, &RestApi::GetTicker},
      Route{"GET", "/v1/market/{symbol}/candles", false, &RestApi::GetCandles},
      Route{"GET", "/v1/time", false, &RestApi::GetTime},
      Route{"GET", "/api/ws/infra-health", false, &RestApi::GetInfraHealth},
      Route{"GET", "/ws/info", false, &RestApi::GetWebSocketInfo},
      Route{"GET", "/openapi.json", false, &RestApi::GetOpenApi},
  };
  return kRoutes;
}

RestApi::RestApi(CorsPolicy cors, Parts parts) : cors_(std::move(cors)), parts_(std::move(parts)) {
  for (const Route& route : Routes()) {
    router_.Add(route.method, route.pattern, [this, &route](http::Request request, http::Responder responder) {
      Begin(route, std::move(request), std::move(responder));
    });
  }
  router_.OnNotFound([this](http::Request request, http::Responder responder) {
    MakeCall(std::move(request), std::move(responder), true)->Refuse(Refusal(RejectReason::kNotFound));
  });
  router_.OnMethodNotAllowed([this](http::Request request, http::Responder responder, const std::string& allow) {
    const CallPtr call = MakeCall(std::move(request), std::move(responder), true);
    parts_.metrics.CountReject(RejectReason::kMethodNotAllowed);
    http::Response response = RefusalResponse(Refusal(RejectReason::kMethodNotAllowed));
    response.headers.Set("Allow", allow);
    call->Send(std::move(response));
  });
}

void RestApi::Handle(http::Request request, http::Responder responder) {
  if (request.method == "OPTIONS" && request.headers.Has("Access-Control-Request-Method")) {
    return Preflight(std::move(request), std::move(responder));
  }
  router_.Handle(std::move(request), std::move(responder));
}

http::Response RestApi::ServerError(int status, std::string_view detail) {
  RejectReason reason = RejectReason::kMalformedRequest;
  if (status == 413) reason = RejectReason::kBodyTooLarge;
  if (status == 500) reason = RejectReason::kInternal;
  if (status == 502 || status == 503) reason = RejectReason::kUnavailable;
  if (status == 403 || status == 404) reason = RejectReason::kNotFound;
  // Details of 5xx are for the log, not for the client.
  http::Response response = RefusalResponse(Refusal(reason, "", status < 500 ? detail : std::string_view()));
  response.status = status;
  return response;
}

CallPtr RestApi::MakeCall(http::Request request, http::Responder responder, bool is_public) {
  std::string allow = cors_.AllowOrigin(request.headers.Get("Origin"), is_public);
  return std::make_shared<Call>(std::move(request), std::move(responder), std::move(allow), parts_.clock.MonotonicNs(),
                                parts_.metrics);
}

void RestApi::Begin(const Route& route, http::Request request, http::Responder responder) {
  const CallPtr call = MakeCall(std::move(request), std::move(responder), !route.is_signed);
  if (const auto wait = parts_.limits.TakeAddress(call->request.remote_address)) {
    return call->RefuseLimited(wait->count());
  }
  if (route.is_signed) return Authenticate(call, route);
  (this->*route.handler)(call);
}

void RestApi::Authenticate(const CallPtr& call, const Route& route) {
  const http::Request& request = call->request;
  for (const std::string_view header : {kKeyHeader, kTimestampHeader, kSignatureHeader}) {
    if (request.headers.Get(header).empty()) return call->Refuse(Missing(header));
  }
  const std::string_view timestamp = request.headers.Get(kTimestampHeader);
  const auto timestamp_ms = auth::ParseTimestamp(timestamp);
  if (!timestamp_ms) return call->Refuse(Refusal(RejectReason::kStaleTimestamp, kTimestampHeader));
  SignedMessage message{std::string(request.headers.Get(kKeyHeader)), *timestamp_ms,
                        std::string(request.headers.Get(kSignatureHeader)),
                        auth::SignaturePayload(timestamp, request.method, request.target, request.body)};
  call->api_key = message.api_key;
  parts_.authenticator.Verify(std::move(message), [this, call, &route](const auto& verdict) {
    if (const auto* refusal = std::get_if<Refusal>(&verdict)) return call->Refuse(*refusal);
    call->account = std::get<domain::AccountId>(verdict);
    if (const auto wait = parts_.limits.TakeKey(call->api_key)) return call->RefuseLimited(wait->count());
    (this->*route.handler)(call);
  });
}

// A browser asks before it sends a page's signed request.
void RestApi::Preflight(http::Request request, http::Responder responder) {
  bool is_public = true;
  for (const Route& route : Routes()) {
    std::vector<std::pair<std::string, std::string>> parameters;
    if (route.is_signed && http::MatchPath(route.pattern, request.path(), parameters)) is_public = false;
  }
  const CallPtr call = MakeCall(std::move(request), std::move(responder), is_public);
  http::Response response;
  response.status = 204;
  response.headers.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE");
  response.headers.Set("Access-Control-Allow-Headers", "Content-Type, X-XT-KEY, X-XT-TIMESTAMP, X-XT-SIGNATURE");
  response.headers.Set("Access-Control-Max-Age", "600");
  call->Send(std::move(response));
}

void RestApi::OnWorker(const CallPtr& call, std::function<void()> task) {
  if (!parts_.workers->Post(std::move(task))) call->Refuse(Refusal(RejectReason::kBackpressure));
}

std::shared_ptr<const SymbolTable> RestApi::SymbolsFor(const std::function<bool(const SymbolTable&)>& covers) {
  auto symbols = parts_.symbols->Current();
  if (symbols != nullptr && covers(*symbols)) return symbols;
  if (!parts_.symbols->Refresh().ok()) return nullptr;
  symbols = parts_.symbols->Current();
  return covers(*symbols) ? symbols : nullptr;
}

}  // namespace xt::gateway
