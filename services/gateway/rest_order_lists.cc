// Several orders at once by REST: batch, cancel-replace, cancel all, countdown.
#include <algorithm>
#include <mutex>
#include <utility>

#include "services/gateway/core/order_json.h"
#include "services/gateway/request_reader.h"
#include "services/gateway/rest_api.h"
#include "services/gateway/rest_order_reading.h"

namespace xt::gateway {
namespace {

using domain::RejectReason;

// Gathers the results of a batch and answers with the last.
class BatchAnswer {
 public:
  BatchAnswer(CallPtr call, std::size_t orders) : call_(std::move(call)), results_(orders), left_(orders) {}

  void Set(std::size_t i, OrderResult result) {
    {
      const std::lock_guard lock(mutex_);
      results_[i] = std::move(result);
      if (--left_ != 0) return;
    }
    call_->Answer(BatchJson(results_));
  }
  void Set(std::size_t i, const OrderOutcome& outcome) {
    if (const auto* reply = std::get_if<OrderReply>(&outcome)) return Set(i, {reply->answer, reply->symbols});
    const auto& refusal = std::get<Refusal>(outcome);
    call_->metrics.CountReject(refusal.reason);
    Set(i, OrderResult{refusal, nullptr});
  }

 private:
  const CallPtr call_;
  std::mutex mutex_;
  std::vector<OrderResult> results_;
  std::size_t left_;
};

bool Knows(const SymbolTable& symbols, const BatchItem& item) {
  const auto* request = std::get_if<OrderRequest>(&item);
  return request == nullptr || !request->symbol || symbols.Find(*request->symbol) != nullptr;
}

// Without an order's refusal: what is wrong with the list itself is known.
std::variant<domain::NewOrder, Refusal> ReadItem(const BatchItem& item, const SymbolTable& symbols,
                                                 domain::AccountId account, ClientOrderIds& ids) {
  if (const auto* refusal = std::get_if<Refusal>(&item)) return *refusal;
  return ReadOrder(std::get<OrderRequest>(item), symbols, account, ids);
}

std::variant<domain::CancelReplace, Refusal> ReadReplace(const ReplaceRequest& request, const SymbolTable& symbols,
                                                         domain::AccountId account, ClientOrderIds& ids) {
  if (!request.order.symbol) return Refusal(RejectReason::kMissingField, "symbol");
  const domain::Symbol* symbol = symbols.Find(*request.order.symbol);
  if (symbol == nullptr) return Refusal(RejectReason::kUnknownSymbol, "symbol");
  ValidatedReplace validated = ValidateReplace(request, *symbol, account);
  if (validated.reject) return Refusal(validated.reject);
  if (validated.replace.order.client_order_id.empty()) validated.replace.order.client_order_id = ids.Next();
  return validated.replace;
}

// What the first cancel of a resent cancel-replace did is not known any more.
std::string ResentReplaceJson(const OrderReply& reply) {
  return ReplaceJson({reply.answer.sequence, reply.answer.timestamp_ns, std::nullopt, reply.answer}, *reply.symbols);
}

}  // namespace

void RestApi::PostOrders(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return call->Refuse(*query.refusal());
  auto read = ReadBatchRequest(call->request.body);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return call->Refuse(*refusal);
  auto items = std::get<std::vector<BatchItem>>(std::move(read));
  // The request itself has taken one.
  if (const auto wait = parts_.limits.TakeKey(call->api_key, items.size() - 1)) {
    return call->RefuseLimited(wait->count());
  }
  const auto covers = [&](const SymbolTable& symbols) {
    return std::ranges::all_of(items, [&](const BatchItem& item) { return Knows(symbols, item); });
  };
  WithSymbols(call, OrderOperation::kNew, covers,
              [this, call, items](const SymbolTable& symbols) { EnterBatch(call, items, symbols); });
}

// Everything is checked before the first order is handed over: they are handed over without a pause between them, and
// travel together.
void RestApi::EnterBatch(const CallPtr& call, const std::vector<BatchItem>& items, const SymbolTable& symbols) {
  std::vector<std::variant<domain::NewOrder, Refusal>> orders;
  for (const BatchItem& item : items) {
    orders.push_back(ReadItem(item, symbols, call->account, parts_.client_order_ids));
  }
  const auto answer = std::make_shared<BatchAnswer>(call, items.size());
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (const auto* refusal = std::get_if<Refusal>(&orders[i])) {
      parts_.metrics.CountOrder(OrderOperation::kNew, Protocol::kRest, OrderResultKind::kRejected);
      answer->Set(i, *refusal);
      continue;
    }
    parts_.desk->Enter(std::get<domain::NewOrder>(orders[i]), OriginOf(call),
                       [answer, i](const OrderOutcome& outcome) { answer->Set(i, outcome); });
  }
}

void RestApi::PostReplace(const CallPtr& call) {
  constexpr auto kOperation = OrderOperation::kReplace;
  const QueryReader query(call->request, {});
  if (query.refusal()) return RefuseOrder(call, kOperation, *query.refusal());
  const auto read = ReadReplaceRequest(call->request.body);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return RefuseOrder(call, kOperation, *refusal);
  const auto& request = std::get<ReplaceRequest>(read);
  const auto covers = [&](const SymbolTable& symbols) {
    return !request.order.symbol || symbols.Find(*request.order.symbol) != nullptr;
  };
  WithSymbols(call, kOperation, covers, [this, call, request](const SymbolTable& symbols) {
    const auto replace = ReadReplace(request, symbols, call->account, parts_.client_order_ids);
    if (const auto* refusal = std::get_if<Refusal>(&replace)) return RefuseOrder(call, kOperation, *refusal);
    parts_.desk->Replace(std::get<domain::CancelReplace>(replace), OriginOf(call),
                         [call](const ReplaceOutcome& outcome) {
                           if (const auto* refusal = std::get_if<Refusal>(&outcome)) return call->Refuse(*refusal);
                           if (const auto* reply = std::get_if<ReplaceReply>(&outcome)) {
                             return call->Answer(ReplaceJson(reply->answer, *reply->symbols));
                           }
                           http::Response response;
                           response.headers.Set("X-XT-Resent", "true");
                           response.body = ResentReplaceJson(std::get<OrderReply>(outcome));
                           call->Send(std::move(response));
                         });
  });
}

void RestApi::DeleteOrders(const CallPtr& call) {
  constexpr auto kOperation = OrderOperation::kCancelAll;
  QueryReader query(call->request, {"symbol", "group"});
  const auto code = query.Text("symbol");
  const auto group = static_cast<std::uint32_t>(query.Number("group", 0, 1, UINT32_MAX));
  if (query.refusal()) return RefuseOrder(call, kOperation, *query.refusal());
  const domain::CancelAll cancel{call->account, domain::kAllSymbols, domain::OrderGroup(group)};
  if (!code) return CancelAll(call, cancel);
  const auto covers = [&](const SymbolTable& symbols) { return symbols.Find(*code) != nullptr; };
  WithSymbols(call, kOperation, covers, [this, call, cancel, code = *code](const SymbolTable& symbols) {
    const domain::Symbol* symbol = symbols.Find(code);
    if (symbol == nullptr) return RefuseOrder(call, kOperation, Refusal(RejectReason::kUnknownSymbol, "symbol"));
    domain::CancelAll one = cancel;
    one.symbol = symbol->id;
    CancelAll(call, one);
  });
}

void RestApi::CancelAll(const CallPtr& call, const domain::CancelAll& cancel) {
  parts_.desk->CancelAll(cancel, OriginOf(call), [call](const CancelAllOutcome& outcome) {
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return call->Refuse(*refusal);
    call->Answer(CancelAllJson(std::get<CancelAllAnswer>(outcome)));
  });
}

void RestApi::PostCountdown(const CallPtr& call) {
  constexpr auto kOperation = OrderOperation::kCountdown;
  const QueryReader query(call->request, {});
  if (query.refusal()) return RefuseOrder(call, kOperation, *query.refusal());
  const auto read = ReadCountdownRequest(call->request.body);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return RefuseOrder(call, kOperation, *refusal);
  const auto validated = ValidateCountdown(std::get<CountdownRequest>(read), call->account);
  if (validated.reject) return RefuseOrder(call, kOperation, Refusal(validated.reject));
  const std::int64_t timeout_ms = validated.countdown.timeout_ms;
  parts_.desk->Countdown(validated.countdown, OriginOf(call), [call, timeout_ms](const CountdownOutcome& outcome) {
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return call->Refuse(*refusal);
    call->Answer(CountdownJson(std::get<CountdownAnswer>(outcome), timeout_ms));
  });
}

}  // namespace xt::gateway
