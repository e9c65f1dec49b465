// Order entry by REST.
#include <utility>

#include "services/gateway/core/order_json.h"
#include "services/gateway/request_reader.h"
#include "services/gateway/rest_api.h"

namespace xt::gateway {

using domain::RejectReason;

void RestApi::PostOrder(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return RefuseOrder(call, OrderOperation::kNew, *query.refusal());
  auto read = ReadOrderRequest(call->request.body);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return RefuseOrder(call, OrderOperation::kNew, *refusal);
  EnterOrder(call, std::get<OrderRequest>(read), true);
}

void RestApi::EnterOrder(const CallPtr& call, const OrderRequest& request, bool may_refresh) {
  const auto refuse = [&](const Refusal& refusal) { RefuseOrder(call, OrderOperation::kNew, refusal); };
  if (!request.symbol) return refuse(Refusal(RejectReason::kMissingField, "symbol"));
  const auto symbols = parts_.symbols->Current();
  if (symbols == nullptr) return refuse(Refusal(RejectReason::kUnavailable));
  const domain::Symbol* symbol = symbols->Find(*request.symbol);
  if (symbol == nullptr && may_refresh && parts_.symbols->RefreshDue()) {
    const bool posted = parts_.workers->Post([this, call, request] {
      // When matching does not answer, what is known decides.
      parts_.symbols->RefreshIfDue().IgnoreError();
      EnterOrder(call, request, false);
    });
    if (!posted) refuse(Refusal(RejectReason::kBackpressure));
    return;
  }
  if (symbol == nullptr) return refuse(Refusal(RejectReason::kUnknownSymbol, "symbol"));
  ValidatedOrder validated = ValidateOrder(request, *symbol, call->account);
  if (validated.reject) return refuse(Refusal(validated.reject));
  if (validated.order.client_order_id.empty()) validated.order.client_order_id = parts_.client_order_ids.Next();
  parts_.desk->Enter(validated.order, Protocol::kRest, call->started_ns, AnswerTo(call));
}

void RestApi::DeleteOrder(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return RefuseOrder(call, OrderOperation::kCancel, *query.refusal());
  const ParsedOrderId order = ParseOrderId(call->request.PathParameter("orderId"));
  if (order.reject) return RefuseOrder(call, OrderOperation::kCancel, Refusal(order.reject));
  CancelOrder(call, {call->account, order.id, {}});
}

void RestApi::DeleteOrderByClientId(const CallPtr& call) {
  QueryReader query(call->request, {"clientOrderId"});
  const auto text = query.Text("clientOrderId");
  const auto id = text ? domain::ClientOrderId::From(*text) : std::nullopt;
  query.Require(!text || (id && !id->empty()), "clientOrderId");
  if (query.refusal()) return RefuseOrder(call, OrderOperation::kCancel, *query.refusal());
  if (!text) return RefuseOrder(call, OrderOperation::kCancel, Refusal(RejectReason::kMissingField, "clientOrderId"));
  CancelOrder(call, {call->account, {}, *id});
}

void RestApi::CancelOrder(const CallPtr& call, const domain::CancelOrder& cancel) {
  parts_.desk->Cancel(cancel, Protocol::kRest, call->started_ns, AnswerTo(call));
}

OrderDone RestApi::AnswerTo(const CallPtr& call) {
  return [call](const OrderOutcome& outcome) {
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return call->Refuse(*refusal);
    const auto& reply = std::get<OrderReply>(outcome);
    http::Response response;
    response.body = OrderAnswerJson(reply.answer, *reply.symbols);
    if (reply.resent) response.headers.Set("X-XT-Resent", "true");
    call->Send(std::move(response));
  };
}

void RestApi::RefuseOrder(const CallPtr& call, OrderOperation operation, const Refusal& refusal) {
  parts_.metrics.CountOrder(operation, Protocol::kRest, ResultKindOf(refusal.reason));
  call->Refuse(refusal);
}

}  // namespace xt::gateway
