#include "services/gateway/order_entry_stream.h"

#include <utility>

#include "libs/auth/signature.h"
#include "libs/domain/names.h"
#include "libs/wire/event_proto.h"
#include "services/gateway/account_names.h"
#include "services/gateway/client_order_ids.h"
#include "services/gateway/core/order_request.h"
#include "services/gateway/request_limits.h"

namespace xt::gateway {
namespace {

namespace pb = xtrader::v1;
using domain::RejectReason;

// Values of the enums are equal; what is no value of ours becomes kUnspecified here and is refused as missing.
template <typename Enum>
Enum FromWire(int value, Enum last) {
  return value > 0 && value <= static_cast<int>(last) ? static_cast<Enum>(value) : Enum::kUnspecified;
}

domain::NewOrder ToOrder(const pb::EnterOrder& from, const domain::Symbol& symbol, domain::AccountId account) {
  domain::NewOrder order;
  order.account = account;
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
  return order;
}

domain::Reject CheckEnums(const pb::EnterOrder& order) {
  if (!pb::Side_IsValid(order.side())) return {RejectReason::kInvalidValue, "side"};
  if (!pb::OrderType_IsValid(order.type())) return {RejectReason::kInvalidValue, "type"};
  if (!pb::TimeInForce_IsValid(order.time_in_force())) return {RejectReason::kInvalidValue, "timeInForce"};
  if (!pb::SelfTradePrevention_IsValid(order.self_trade_prevention())) {
    return {RejectReason::kInvalidValue, "selfTradePrevention"};
  }
  return {};
}

domain::Reject ReadClientOrderId(const std::string& text, domain::ClientOrderId& out) {
  if (!domain::IsValidClientOrderId(text)) return {RejectReason::kInvalidValue, "clientOrderId"};
  out = *domain::ClientOrderId::From(text);
  return {};
}

}  // namespace

OrderEntryStream::OrderEntryStream(OrderEntryService& service, std::string remote)
    : service_(service), parts_(service.parts()), remote_(std::move(remote)) {}

void OrderEntryStream::Start() {
  const std::lock_guard lock(mutex_);
  ReadMore();
}

void OrderEntryStream::Drain() {
  const std::lock_guard lock(mutex_);
  reads_ended_ = true;
  end_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
  EndIfDone();
}

void OrderEntryStream::OnReadDone(bool ok) {
  Request request;
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    if (!ok || reads_ended_) {
      reads_ended_ = true;
      return EndIfDone();
    }
    request = std::move(incoming_);
    ++unanswered_;
  }
  Handle(request);
  const std::lock_guard lock(mutex_);
  ReadMore();
}

void OrderEntryStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  --unanswered_;
  outgoing_.pop_front();
  if (!ok) {
    reads_ended_ = true;
    unanswered_ -= outgoing_.size();
    outgoing_.clear();
  }
  WriteNext();
  ReadMore();
  EndIfDone();
}

void OrderEntryStream::OnCancel() {
  const std::lock_guard lock(mutex_);
  reads_ended_ = true;
  cancelled_ = true;
  end_ = grpc::Status::CANCELLED;
  EndIfDone();
}

void OrderEntryStream::OnDone() {
  {
    // Whoever is still in here with an answer leaves first.
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  service_.Remove(shared_from_this());
}

void OrderEntryStream::Handle(const Request& request) {
  const std::uint64_t id = request.request_id();
  if (!logon_seen_) {
    logon_seen_ = true;
    if (request.body_case() == Request::kLogon) return Logon(id, request.logon());
    OnLogon(id, "", Refusal(RejectReason::kUnauthenticated));
    return;
  }
  switch (request.body_case()) {
    case Request::kEnterOrder: return Enter(id, request.enter_order());
    case Request::kCancelOrder: return Cancel(id, request.cancel_order());
    case Request::kLogon: return Refuse(id, Refusal(RejectReason::kInvalidCombination, "logon"));
    case Request::BODY_NOT_SET: return Refuse(id, Refusal(RejectReason::kMalformedRequest));
  }
}

void OrderEntryStream::Logon(std::uint64_t request_id, const pb::Logon& logon) {
  if (parts_.limits.TakeAddress(remote_)) return OnLogon(request_id, "", Refusal(RejectReason::kRateLimited));
  SignedMessage message{logon.api_key(), logon.timestamp_ms(), logon.signature(),
                        auth::LogonPayload(logon.timestamp_ms(), logon.api_key())};
  parts_.authenticator.Verify(
      std::move(message), [self = shared_from_this(), request_id, key = logon.api_key()](const auto& verdict) {
        const bool posted =
            self->parts_.workers->Post([self, request_id, key, verdict] { self->OnLogon(request_id, key, verdict); });
        if (!posted) self->OnLogon(request_id, key, Refusal(RejectReason::kBackpressure));
      });
}

void OrderEntryStream::OnLogon(std::uint64_t request_id, const std::string& api_key,
                               const std::variant<domain::AccountId, Refusal>& verdict) {
  const auto end = [&](const Refusal& refusal) {
    {
      const std::lock_guard lock(mutex_);
      reads_ended_ = true;
      end_ = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the logon was refused");
    }
    Refuse(request_id, refusal);
  };
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) return end(*refusal);
  const auto account = std::get<domain::AccountId>(verdict);
  const auto name = parts_.account_names.Get(account, parts_.desk->acknowledged());
  if (!name.ok()) return end(Refusal(RejectReason::kUnavailable));
  Response response;
  response.set_request_id(request_id);
  response.mutable_logged_on()->set_account_id(account.value());
  response.mutable_logged_on()->set_account(*name);
  {
    const std::lock_guard lock(mutex_);
    account_ = account;
    api_key_ = api_key;
    logged_on_ = true;
  }
  Send(std::move(response));
  const std::lock_guard lock(mutex_);
  ReadMore();
}

std::optional<Refusal> OrderEntryStream::TakeLimit() {
  if (!parts_.limits.TakeKey(api_key_)) return std::nullopt;
  return Refusal(RejectReason::kRateLimited);
}

void OrderEntryStream::Enter(std::uint64_t request_id, const pb::EnterOrder& order) {
  const std::int64_t started_ns = parts_.clock.MonotonicNs();
  if (const auto refusal = TakeLimit()) return RefuseOrder(request_id, OrderOperation::kNew, *refusal);
  EnterKnown(request_id, order, true, started_ns);
}

void OrderEntryStream::EnterKnown(std::uint64_t request_id, const pb::EnterOrder& order, bool may_refresh,
                                  std::int64_t started_ns) {
  const auto refuse = [&](const Refusal& refusal) { RefuseOrder(request_id, OrderOperation::kNew, refusal); };
  const auto symbols = parts_.symbols->Current();
  if (symbols == nullptr) return refuse(Refusal(RejectReason::kUnavailable));
  const domain::Symbol* symbol = symbols->Find(order.symbol());
  if (symbol == nullptr && may_refresh && parts_.symbols->RefreshDue()) {
    const bool posted = parts_.workers->Post([self = shared_from_this(), request_id, order, started_ns] {
      self->parts_.symbols->RefreshIfDue().IgnoreError();
      self->EnterKnown(request_id, order, false, started_ns);
    });
    if (!posted) refuse(Refusal(RejectReason::kBackpressure));
    return;
  }
  if (symbol == nullptr) return refuse(Refusal(RejectReason::kUnknownSymbol, "symbol"));
  domain::Reject reject = CheckEnums(order);
  domain::NewOrder command = ToOrder(order, *symbol, account_);
  if (!reject && !order.client_order_id().empty()) {
    reject = ReadClientOrderId(order.client_order_id(), command.client_order_id);
  }
  if (!reject) reject = CheckOrder(*symbol, command);
  if (reject) return refuse(Refusal(reject));
  if (command.client_order_id.empty()) command.client_order_id = parts_.client_order_ids.Next();
  parts_.desk->Enter(command, Protocol::kGrpc, started_ns, AnswerTo(request_id));
}

void OrderEntryStream::Cancel(std::uint64_t request_id, const pb::CancelEnteredOrder& cancel) {
  const std::int64_t started_ns = parts_.clock.MonotonicNs();
  if (const auto refusal = TakeLimit()) return RefuseOrder(request_id, OrderOperation::kCancel, *refusal);
  domain::CancelOrder command{account_, domain::OrderId(cancel.order_id()), {}};
  if (cancel.order_id() == 0) {
    const domain::Reject reject = ReadClientOrderId(cancel.client_order_id(), command.client_order_id);
    if (reject) return RefuseOrder(request_id, OrderOperation::kCancel, Refusal(reject));
  }
  parts_.desk->Cancel(command, Protocol::kGrpc, started_ns, AnswerTo(request_id));
}

OrderDone OrderEntryStream::AnswerTo(std::uint64_t request_id) {
  return [self = shared_from_this(), request_id](const OrderOutcome& outcome) {
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) return self->Refuse(request_id, *refusal);
    const auto& reply = std::get<OrderReply>(outcome);
    Response response;
    response.set_request_id(request_id);
    pb::OrderResult& result = *response.mutable_result();
    result.set_sequence(reply.answer.sequence.value());
    result.set_timestamp_ns(reply.answer.timestamp_ns);
    result.set_duplicate(reply.resent);
    wire::ToProto(reply.answer.report, *result.mutable_report());
    for (const domain::ExecutionReport& fill : reply.answer.fills) wire::ToProto(fill, *result.add_fills());
    self->Send(std::move(response));
  };
}

void OrderEntryStream::Refuse(std::uint64_t request_id, const Refusal& refusal) {
  parts_.metrics.CountReject(refusal.reason);
  Response response;
  response.set_request_id(request_id);
  pb::Refusal& out = *response.mutable_refusal();
  out.set_reason(static_cast<pb::RejectReason>(refusal.reason));
  out.set_code(std::string(domain::RejectReasonCode(refusal.reason)));
  out.set_message(std::string(refusal.Text()));
  out.set_field(refusal.field);
  Send(std::move(response));
}

void OrderEntryStream::RefuseOrder(std::uint64_t request_id, OrderOperation operation, const Refusal& refusal) {
  parts_.metrics.CountOrder(operation, Protocol::kGrpc, ResultKindOf(refusal.reason));
  Refuse(request_id, refusal);
}

void OrderEntryStream::Send(Response response) {
  const std::lock_guard lock(mutex_);
  if (finished_ || cancelled_) return;
  outgoing_.push_back(std::move(response));
  WriteNext();
}

void OrderEntryStream::ReadMore() {
  // Until the logon is decided, nothing else is read.
  const bool waits_for_logon = logon_seen_ && !logged_on_;
  if (reading_ || reads_ended_ || finished_ || waits_for_logon || unanswered_ >= parts_.max_unanswered) return;
  reading_ = true;
  StartRead(&incoming_);
}

void OrderEntryStream::WriteNext() {
  if (writing_ || finished_ || cancelled_ || outgoing_.empty()) return;
  writing_ = true;
  StartWrite(&outgoing_.front());
}

void OrderEntryStream::EndIfDone() {
  // Nobody waits for the answers of a cancelled stream.
  if (finished_ || !reads_ended_ || writing_ || (unanswered_ != 0 && !cancelled_)) return;
  finished_ = true;
  Finish(end_);
}

}  // namespace xt::gateway
