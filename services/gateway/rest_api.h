// RestApi: the native REST API. Each route is one entry of a table that the OpenAPI file is tested against. A request goes
// through rate limits, signature and handler; handlers that ask other services run on workers, order entry is answered
// from the sequencer's callback. Thread-safe once constructed; what it refers to must outlive the HTTP server that
// serves it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/http/router.h"
#include "libs/ports/history.h"
#include "libs/ports/market_queries.h"
#include "services/gateway/authenticator.h"
#include "services/gateway/call.h"
#include "services/gateway/client_order_ids.h"
#include "services/gateway/cors.h"
#include "services/gateway/infra_health.h"
#include "services/gateway/order_desk.h"
#include "services/gateway/request_limits.h"
#include "services/gateway/request_reader.h"
#include "services/gateway/symbol_directory.h"
#include "services/gateway/worker_pool.h"

namespace xt::gateway {

class AccountNames;

class RestApi {
 public:
  struct Parts {
    ports::History& history;
    ports::MarketQueries& market;
    std::shared_ptr<OrderDesk> desk;
    std::shared_ptr<SymbolDirectory> symbols;
    std::shared_ptr<WorkerPool> workers;
    Authenticator& authenticator;
    RequestLimits& limits;
    AccountNames& account_names;
    ClientOrderIds& client_order_ids;
    GatewayMetrics& metrics;
    const Clock& clock;
    std::function<InfraHealth()> infra_health;
  };
  RestApi(CorsPolicy cors, Parts parts);

  void Handle(http::Request request, http::Responder responder);
  // For answers that the HTTP server gives by itself.
  static http::Response ServerError(int status, std::string_view detail);

  struct Route {
    std::string_view method;
    std::string_view pattern;  // as in http::Router
    bool is_signed = false;
    void (RestApi::*handler)(const CallPtr&) = nullptr;
  };
  static std::span<const Route> Routes();

 private:
  CallPtr MakeCall(http::Request request, http::Responder responder, bool is_public);
  void Begin(const Route& route, http::Request request, http::Responder responder);
  void Authenticate(const CallPtr& call, const Route& route);
  void Preflight(http::Request request, http::Responder responder);

  // Order entry.
  void PostOrder(const CallPtr& call);
  void DeleteOrder(const CallPtr& call);
  void DeleteOrderByClientId(const CallPtr& call);
  void PatchOrder(const CallPtr& call);
  void PatchOrderByClientId(const CallPtr& call);
  void CancelOrder(const CallPtr& call, const domain::CancelOrder& cancel);
  using FindRow = std::function<absl::StatusOr<ports::OrderRow>()>;
  void AmendOrder(const CallPtr& call, std::string_view field, FindRow find);
  OrderDone AnswerTo(const CallPtr& call);
  // Several orders at once, and what stops them.
  void PostReplace(const CallPtr& call);
  void PostOrders(const CallPtr& call);
  void EnterBatch(const CallPtr& call, const std::vector<BatchItem>& items, const SymbolTable& symbols);
  void DeleteOrders(const CallPtr& call);
  void CancelAll(const CallPtr& call, const domain::CancelAll& cancel);
  void PostCountdown(const CallPtr& call);

  // Calls `then` with the reference data. When it does not cover the request, it is fetched anew before, on a worker.
  template <typename Covers, typename Then>
  void WithSymbols(const CallPtr& call, OrderOperation operation, Covers covers, Then then);
  [[nodiscard]] Origin OriginOf(const CallPtr& call) const { return {Protocol::kRest, call->started_ns}; }
  void RefuseOrder(const CallPtr& call, OrderOperation operation, const Refusal& refusal);

  // Queries of an account.
  void GetOrder(const CallPtr& call);
  void GetOrderByClientId(const CallPtr& call);
  void ListOrders(const CallPtr& call);
  void ListTrades(const CallPtr& call);
  void GetAccount(const CallPtr& call);
  void AnswerOrder(const CallPtr& call, const absl::StatusOr<ports::OrderRow>& row);
  std::optional<domain::SymbolId> ReadSymbol(QueryReader& query);

  // Public data.
  void GetSymbols(const CallPtr& call);
  void GetBook(const CallPtr& call);
  void GetMarketTrades(const CallPtr& call);
  void GetTicker(const CallPtr& call);
  void GetCandles(const CallPtr& call);
  void GetTime(const CallPtr& call);
  void GetInfraHealth(const CallPtr& call);
  void GetWebSocketInfo(const CallPtr& call);
  void GetOpenApi(const CallPtr& call);
  // Runs `task` with the symbol of the path, on a worker.
  void WithSymbol(const CallPtr& call, std::function<void(const domain::Symbol&)> task);

  // On a worker; BACKPRESSURE when there is none free.
  void OnWorker(const CallPtr& call, std::function<void()> task);
  // Reference data that has the symbols of all reports; null when they cannot be had. May block.
  std::shared_ptr<const SymbolTable> SymbolsFor(const std::function<bool(const SymbolTable&)>& covers);

  const CorsPolicy cors_;
  Parts parts_;
  http::Router router_;
};

template <typename Covers, typename Then>
void RestApi::WithSymbols(const CallPtr& call, OrderOperation operation, Covers covers, Then then) {
  const auto symbols = parts_.symbols->Current();
  if (symbols == nullptr) return RefuseOrder(call, operation, Refusal(domain::RejectReason::kUnavailable));
  if (covers(*symbols)) return then(*symbols);
  const bool posted = parts_.workers->Post([this, call, operation, then = std::move(then)] {
    if (!parts_.symbols->Refresh().ok()) {
      return RefuseOrder(call, operation, Refusal(domain::RejectReason::kUnavailable));
    }
    then(*parts_.symbols->Current());
  });
  if (!posted) RefuseOrder(call, operation, Refusal(domain::RejectReason::kBackpressure));
}

}  // namespace xt::gateway
