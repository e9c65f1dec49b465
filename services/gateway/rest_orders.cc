// One order at a time by REST: enter, cancel, amend.
#include <utility>

#include "libs/domain/names.h"
#include "services/gateway/core/order_json.h"
#include "services/gateway/request_reader.h"
#include "services/gateway/rest_api.h"
#include "services/gateway/rest_order_reading.h"

namespace xt::gateway {

using domain::RejectReason;

namespace {

bool Knows(const SymbolTable& symbols, const OrderRequest& request) {
  return !request.symbol || symbols.Find(*request.symbol) != nullptr;
}

}  // namespace

std::variant<domain::NewOrder, Refusal> ReadOrder(const OrderRequest& request, const SymbolTable& symbols,
                                                  domain::AccountId account, ClientOrderIds& ids) {
  if (!request.symbol) return Refusal(RejectReason::kMissingField, "symbol");
  const domain::Symbol* symbol = symbols.Find(*request.symbol);
  if (symbol == nullptr) return Refusal(RejectReason::kUnknownSymbol, "symbol");
  ValidatedOrder validated = ValidateOrder(request, *symbol, account);
  if (validated.reject) return Refusal(validated.reject);
  if (validated.order.client_order_id.empty()) validated.order.client_order_id = ids.Next();
  return validated.order;
}

void RestApi::PostOrder(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return RefuseOrder(call, OrderOperation::kNew, *query.refusal());
  const auto read = ReadOrderRequest(call->request.body);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return RefuseOrder(call, OrderOperation::kNew, *refusal);
  const auto covers = [&](const SymbolTable& symbols) { return Knows(symbols, std::get<OrderRequest>(read)); };
  WithSymbols(call, OrderOperation::kNew, covers,
              [this, call, request = std::get<OrderRequest>(read)](const SymbolTable& symbols) {
                const auto order = ReadOrder(request, symbols, call->account, parts_.client_order_ids);
                if (const auto* refusal = std::get_if<Refusal>(&order)) {
                  return RefuseOrder(call, OrderOperation::kNew, *refusal);
                }
                parts_.desk->Enter(std::get<domain::NewOrder>(order), OriginOf(call), AnswerTo(call));
              });
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
  parts_.desk->Cancel(cancel, OriginOf(call), AnswerTo(call));
}

void RestApi::PatchOrder(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return RefuseOrder(call, OrderOperation::kAmend, *query.refusal());
  const ParsedOrderId order = ParseOrderId(call->request.PathParameter("orderId"));
  if (order.reject) return RefuseOrder(call, OrderOperation::kAmend, Refusal(order.reject));
  AmendOrder(call, "orderId", [this, call, id = order.id] {
    return parts_.history.GetOrder(parts_.desk->acknowledged(), call->account, id);
  });
}

void RestApi::PatchOrderByClientId(const CallPtr& call) {
  QueryReader query(call->request, {"clientOrderId"});
  const auto id = query.Text("clientOrderId");
  query.Require(!id || domain::IsValidClientOrderId(*id), "clientOrderId");
  if (query.refusal()) return RefuseOrder(call, OrderOperation::kAmend, *query.refusal());
  if (!id) return RefuseOrder(call, OrderOperation::kAmend, Refusal(RejectReason::kMissingField, "clientOrderId"));
  AmendOrder(call, "clientOrderId", [this, call, id = *id] {
    return parts_.history.FindOrder(parts_.desk->acknowledged(), call->account, id);
  });
}

// A quantity is lots of the order's market, which only the order itself says.
void RestApi::AmendOrder(const CallPtr& call, std::string_view field, FindRow find) {
  auto read = ReadAmendRequest(call->request.body);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return RefuseOrder(call, OrderOperation::kAmend, *refusal);
  const auto amend = [this, call, field, find = std::move(find), text = std::get<0>(std::move(read))] {
    const auto refuse = [&](const Refusal& refusal) { RefuseOrder(call, OrderOperation::kAmend, refusal); };
    if (!text) return refuse(Refusal(RejectReason::kMissingField, "quantity"));
    const absl::StatusOr<ports::OrderRow> row = find();
    if (absl::IsNotFound(row.status())) return refuse(Refusal(RejectReason::kUnknownOrder, field));
    if (!row.ok()) return refuse(RefusalOf(row.status()));
    const auto symbols = SymbolsFor([&](const SymbolTable& table) { return table.Get(row->report.symbol) != nullptr; });
    if (symbols == nullptr) return refuse(Refusal(RejectReason::kUnavailable));
    const ValidatedQuantity validated = ValidateQuantity(text, *symbols->Get(row->report.symbol));
    if (validated.reject) return refuse(Refusal(validated.reject));
    parts_.desk->Amend({call->account, row->report.order_id, {}, validated.quantity}, OriginOf(call), AnswerTo(call));
  };
  if (!parts_.workers->Post(amend)) RefuseOrder(call, OrderOperation::kAmend, Refusal(RejectReason::kBackpressure));
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
