#include "services/gateway/order_entry_requests.h"

#include <string_view>
#include <utility>

#include "libs/domain/names.h"
#include "libs/wire/event_proto.h"
#include "services/gateway/client_order_ids.h"
#include "services/gateway/core/order_request.h"

namespace xt::gateway {
namespace {

namespace pb = xtrader::v1;
using domain::Reject;
using domain::RejectReason;
using Request = OrderEntryRequests::Request;
using Response = OrderEntryRequests::Response;

// Values of the enums are equal; what is no value of ours becomes kUnspecified here and is refused as missing.
template <typename Enum>
Enum FromWire(int value, Enum last) {
  return value > 0 && value <= static_cast<int>(last) ? static_cast<Enum>(value) : Enum::kUnspecified;
}

domain::NewOrder ToOrder(const pb::EnterOrder& from, const domain::Symbol& symbol, const OrderEntrySession& session) {
  domain::NewOrder order;
  order.account = session.account;
  order.symbol = symbol.id;
  order.side = FromWire(from.side(), domain::Side::kSell);
  order.type = FromWire(from.type(), domain::OrderType::kIceberg);
  order.time_in_force = FromWire(from.time_in_force(), domain::TimeInForce::kGtd);
  order.self_trade_prevention = FromWire(from.self_trade_prevention(), domain::SelfTradePrevention::kDecrement);
  order.price = domain::Price(from.price_ticks());
  order.stop_price = domain::Price(from.stop_price_ticks());
  order.quantity = domain::Quantity(from.quantity_lots());
  order.iceberg_quantity = domain::Quantity(from.iceberg_quantity_lots());
  order.quote_quantity = domain::Amount(from.quote_quantity());
  order.expire_time_ms = from.expire_time_ms();
  order.group = from.order_group() != 0 ? domain::OrderGroup(from.order_group()) : session.group;
  return order;
}

Reject CheckEnums(const pb::EnterOrder& order) {
  if (!pb::Side_IsValid(order.side())) return {RejectReason::kInvalidValue, "side"};
  if (!pb::OrderType_IsValid(order.type())) return {RejectReason::kInvalidValue, "type"};
  if (!pb::TimeInForce_IsValid(order.time_in_force())) return {RejectReason::kInvalidValue, "timeInForce"};
  if (!pb::SelfTradePrevention_IsValid(order.self_trade_prevention())) {
    return {RejectReason::kInvalidValue, "selfTradePrevention"};
  }
  return {};
}

Reject ReadMode(pb::ReplaceMode from, domain::ReplaceMode& out) {
  constexpr std::string_view kField = "cancelReplaceMode";
  if (!pb::ReplaceMode_IsValid(from)) return {RejectReason::kInvalidValue, kField};
  out = FromWire(from, domain::ReplaceMode::kAllowFailure);
  return out == domain::ReplaceMode::kUnspecified ? Reject{RejectReason::kMissingField, kField} : Reject{};
}

Reject ReadClientOrderId(const std::string& text, std::string_view field, domain::ClientOrderId& out) {
  if (!domain::IsValidClientOrderId(text)) return {RejectReason::kInvalidValue, field};
  out = *domain::ClientOrderId::From(text);
  return {};
}

// An order that is named by id, or by client order id when the id is 0.
Reject ReadName(std::uint64_t id, const std::string& text, std::string_view field, domain::OrderId& order_id,
                domain::ClientOrderId& client_order_id) {
  order_id = domain::OrderId(id);
  return id != 0 ? Reject{} : ReadClientOrderId(text, field, client_order_id);
}

OrderOperation OperationOf(const Request& request) {
  switch (request.body_case()) {
    case Request::kCancelOrder: return OrderOperation::kCancel;
    case Request::kCancelOrders: return OrderOperation::kCancelAll;
    case Request::kReplaceOrder: return OrderOperation::kReplace;
    case Request::kAmendOrder: return OrderOperation::kAmend;
    case Request::kArmCountdown: return OrderOperation::kCountdown;
    default: return OrderOperation::kNew;
  }
}

void Write(const OrderAnswer& answer, bool resent, pb::OrderResult& out) {
  out.set_sequence(answer.sequence.value());
  out.set_timestamp_ns(answer.timestamp_ns);
  out.set_duplicate(resent);
  wire::ToProto(answer.report, *out.mutable_report());
  for (const domain::ExecutionReport& fill : answer.fills) wire::ToProto(fill, *out.add_fills());
}

void Write(const std::variant<OrderAnswer, Refusal>& half, pb::ReplaceHalf& out) {
  if (const auto* refusal = std::get_if<Refusal>(&half)) {
    *out.mutable_refusal() = ToProto(*refusal);
  } else {
    Write(std::get<OrderAnswer>(half), false, *out.mutable_result());
  }
}

void Write(const CancelAllAnswer& answer, pb::CancelOrdersResult& out) {
  out.set_sequence(answer.sequence.value());
  out.set_timestamp_ns(answer.timestamp_ns);
  for (const domain::OrderId order : answer.orders) out.add_order_ids(order.value());
}

void Write(const CountdownAnswer& answer, pb::CountdownResult& out) {
  out.set_sequence(answer.sequence.value());
  out.set_timestamp_ns(answer.timestamp_ns);
  out.set_order_group(answer.group.value());
  out.set_deadline_ns(answer.deadline_ns);
}

}  // namespace

pb::Refusal ToProto(const Refusal& refusal) {
  pb::Refusal out;
  out.set_reason(static_cast<pb::RejectReason>(refusal.reason));
  out.set_code(std::string(domain::RejectReasonCode(refusal.reason)));
  out.set_message(std::string(refusal.Text()));
  out.set_field(refusal.field);
  return out;
}

struct OrderEntryRequests::Entry {
  SessionPtr session;
  std::uint64_t request_id;
  OrderOperation operation;
  std::int64_t started_ns;
  Respond respond;

  [[nodiscard]] Origin origin() const { return {Protocol::kGrpc, started_ns}; }
  [[nodiscard]] Response MakeResponse() const {
    Response response;
    response.set_request_id(request_id);
    return response;
  }
};

void OrderEntryRequests::Execute(const SessionPtr& session, const Request& request, Respond respond) const {
  const std::uint64_t id = request.request_id();
  if (request.has_logon()) return respond(Refused(id, Refusal(RejectReason::kInvalidCombination, "logon")));
  if (request.body_case() == Request::BODY_NOT_SET) {
    return respond(Refused(id, Refusal(RejectReason::kMalformedRequest)));
  }
  const EntryPtr entry =
      std::make_shared<Entry>(Entry{session, id, OperationOf(request), parts_.clock.MonotonicNs(), std::move(respond)});
  if (parts_.limits.TakeKey(session->api_key)) return Refuse(entry, Refusal(RejectReason::kRateLimited));
  switch (request.body_case()) {
    case Request::kEnterOrder: return Enter(entry, request.enter_order());
    case Request::kCancelOrder: return Cancel(entry, request.cancel_order());
    case Request::kCancelOrders: return CancelAll(entry, request.cancel_orders());
    case Request::kReplaceOrder: return Replace(entry, request.replace_order());
    case Request::kAmendOrder: return Amend(entry, request.amend_order());
    case Request::kArmCountdown: return Countdown(entry, request.arm_countdown());
    case Request::kLogon:
    case Request::BODY_NOT_SET: break;
  }
}

template <typename Then>
void OrderEntryRequests::WithSymbol(const EntryPtr& entry, const std::string& code, Then then) const {
  const auto go_on = [this, entry, code, then = std::move(then)] {
    const auto symbols = parts_.symbols->Current();
    if (symbols == nullptr) return Refuse(entry, Refusal(RejectReason::kUnavailable));
    const domain::Symbol* symbol = symbols->Find(code);
    if (symbol == nullptr) return Refuse(entry, Refusal(RejectReason::kUnknownSymbol, "symbol"));
    then(*symbol);
  };
  const auto symbols = parts_.symbols->Current();
  if (symbols == nullptr || symbols->Find(code) != nullptr) return go_on();
  const bool posted = parts_.workers->Post([this, entry, go_on] {
    if (!parts_.symbols->Refresh().ok()) return Refuse(entry, Refusal(RejectReason::kUnavailable));
    go_on();
  });
  if (!posted) Refuse(entry, Refusal(RejectReason::kBackpressure));
}

std::optional<domain::NewOrder> OrderEntryRequests::Read(const EntryPtr& entry, const pb::EnterOrder& order,
                                                         const domain::Symbol& symbol) const {
  Reject reject = CheckEnums(order);
  domain::NewOrder command = ToOrder(order, symbol, *entry->session);
  if (!reject && !order.client_order_id().empty()) {
    reject = ReadClientOrderId(order.client_order_id(), "clientOrderId", command.client_order_id);
  }
  if (!reject) reject = CheckOrder(symbol, command);
  if (reject) {
    Refuse(entry, Refusal(reject));
    return std::nullopt;
  }
  if (command.client_order_id.empty()) command.client_order_id = parts_.client_order_ids.Next();
  return command;
}

void OrderEntryRequests::Enter(const EntryPtr& entry, const pb::EnterOrder& order) const {
  WithSymbol(entry, order.symbol(), [this, entry, order](const domain::Symbol& symbol) {
    const auto command = Read(entry, order, symbol);
    if (command) parts_.desk->Enter(*command, entry->origin(), AnswerTo(entry));
  });
}

void OrderEntryRequests::Cancel(const EntryPtr& entry, const pb::CancelEnteredOrder& cancel) const {
  domain::CancelOrder command{entry->session->account, {}, {}};
  const Reject reject =
      ReadName(cancel.order_id(), cancel.client_order_id(), "clientOrderId", command.order_id, command.client_order_id);
  if (reject) return Refuse(entry, Refusal(reject));
  parts_.desk->Cancel(command, entry->origin(), AnswerTo(entry));
}

void OrderEntryRequests::CancelAll(const EntryPtr& entry, const pb::CancelEnteredOrders& cancel) const {
  const auto go_on = [this, entry, group = domain::OrderGroup(cancel.order_group())](domain::SymbolId symbol) {
    parts_.desk->CancelAll({entry->session->account, symbol, group}, entry->origin(),
                           [this, entry](const CancelAllOutcome& outcome) {
                             if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
                               return RefuseAnswered(entry, *refusal);
                             }
                             Response response = entry->MakeResponse();
                             Write(std::get<CancelAllAnswer>(outcome), *response.mutable_canceled());
                             entry->respond(std::move(response));
                           });
  };
  if (cancel.symbol().empty()) return go_on(domain::kAllSymbols);
  WithSymbol(entry, cancel.symbol(), [go_on](const domain::Symbol& symbol) { go_on(symbol.id); });
}

void OrderEntryRequests::Replace(const EntryPtr& entry, const pb::ReplaceEnteredOrder& replace) const {
  domain::CancelReplace command;
  Reject reject = ReadName(replace.cancel_order_id(), replace.cancel_client_order_id(), "cancelClientOrderId",
                           command.cancel_order_id, command.cancel_client_order_id);
  if (!reject) reject = ReadMode(replace.mode(), command.mode);
  if (reject) return Refuse(entry, Refusal(reject));
  WithSymbol(entry, replace.order().symbol(),
             [this, entry, command, from = replace.order()](const domain::Symbol& symbol) {
               const auto order = Read(entry, from, symbol);
               if (!order) return;
               domain::CancelReplace whole = command;
               whole.order = *order;
               parts_.desk->Replace(whole, entry->origin(), [this, entry](const ReplaceOutcome& outcome) {
                 if (const auto* refusal = std::get_if<Refusal>(&outcome)) return RefuseAnswered(entry, *refusal);
                 Response response = entry->MakeResponse();
                 if (const auto* first = std::get_if<OrderReply>(&outcome)) {
                   Write(first->answer, first->resent, *response.mutable_result());
                 } else {
                   const ReplaceAnswer& answer = std::get<ReplaceReply>(outcome).answer;
                   if (answer.cancel) Write(*answer.cancel, *response.mutable_replaced()->mutable_cancel());
                   Write(answer.order, *response.mutable_replaced()->mutable_order());
                 }
                 entry->respond(std::move(response));
               });
             });
}

void OrderEntryRequests::Amend(const EntryPtr& entry, const pb::AmendEnteredOrder& amend) const {
  domain::AmendOrder command{entry->session->account, {}, {}, domain::Quantity(amend.quantity_lots())};
  Reject reject =
      ReadName(amend.order_id(), amend.client_order_id(), "clientOrderId", command.order_id, command.client_order_id);
  if (!reject && command.quantity.value() <= 0) reject = {RejectReason::kNotPositive, "quantity"};
  if (reject) return Refuse(entry, Refusal(reject));
  parts_.desk->Amend(command, entry->origin(), AnswerTo(entry));
}

void OrderEntryRequests::Countdown(const EntryPtr& entry, const pb::ArmCountdown& countdown) const {
  const CountdownRequest request{countdown.timeout_ms(), countdown.order_group()};
  const ValidatedCountdown validated = ValidateCountdown(request, entry->session->account);
  if (validated.reject) return Refuse(entry, Refusal(validated.reject));
  parts_.desk->Countdown(validated.countdown, entry->origin(), [this, entry](const CountdownOutcome& outcome) {
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return RefuseAnswered(entry, *refusal);
    Response response = entry->MakeResponse();
    Write(std::get<CountdownAnswer>(outcome), *response.mutable_countdown());
    entry->respond(std::move(response));
  });
}

OrderDone OrderEntryRequests::AnswerTo(const EntryPtr& entry) const {
  return [this, entry](const OrderOutcome& outcome) {
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return RefuseAnswered(entry, *refusal);
    const auto& reply = std::get<OrderReply>(outcome);
    Response response = entry->MakeResponse();
    Write(reply.answer, reply.resent, *response.mutable_result());
    entry->respond(std::move(response));
  };
}

Response OrderEntryRequests::Refused(std::uint64_t request_id, const Refusal& refusal) const {
  parts_.metrics.CountReject(refusal.reason);
  Response response;
  response.set_request_id(request_id);
  *response.mutable_refusal() = ToProto(refusal);
  return response;
}

void OrderEntryRequests::RefuseAnswered(const EntryPtr& entry, const Refusal& refusal) const {
  entry->respond(Refused(entry->request_id, refusal));
}

void OrderEntryRequests::Refuse(const EntryPtr& entry, const Refusal& refusal) const {
  parts_.metrics.CountOrder(entry->operation, Protocol::kGrpc, ResultKindOf(refusal.reason));
  RefuseAnswered(entry, refusal);
}

}  // namespace xt::gateway
