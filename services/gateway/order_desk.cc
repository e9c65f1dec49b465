#include "services/gateway/order_desk.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/runtime/log.h"

namespace xt::gateway {
namespace {

using domain::RejectReason;

constexpr std::size_t kFillsPerPage = 1000;

template <typename T>
T& AsLvalue(T&& value) {
  return value;
}

// Whatever is not certainly refused may have been applied.
RejectReason ReasonOf(const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) return RejectReason::kInvalidValue;
  if (absl::IsResourceExhausted(status)) return RejectReason::kBackpressure;
  if (absl::IsUnavailable(status)) return RejectReason::kUnavailable;
  return RejectReason::kUnknownOutcome;
}

bool Covers(const SymbolTable* symbols, const OrderAnswer& answer) {
  return symbols != nullptr && symbols->Get(answer.report.symbol) != nullptr;
}

bool Covers(const SymbolTable* symbols, const ReplaceAnswer& answer) {
  const auto covers = [&](const std::variant<OrderAnswer, Refusal>& half) {
    const auto* order = std::get_if<OrderAnswer>(&half);
    return order == nullptr || Covers(symbols, *order);
  };
  return symbols != nullptr && (!answer.cancel || covers(*answer.cancel)) && covers(answer.order);
}

OrderReply ReplyOf(OrderAnswer answer) { return {std::move(answer), false, nullptr}; }
ReplaceReply ReplyOf(ReplaceAnswer answer) { return {std::move(answer), nullptr}; }

// The order whose client order id the command brings.
const domain::NewOrder& EnteredBy(const domain::NewOrder& order) { return order; }
const domain::NewOrder& EnteredBy(const domain::CancelReplace& replace) { return replace.order; }

}  // namespace

template <typename Outcome>
struct OrderDesk::Ticket {
  OrderOperation operation;
  Origin origin;
  Done<Outcome> done;
};

OrderDesk::OrderDesk(const GatewayConfig& config, Parts parts)
    : parts_(std::move(parts)),
      pending_(config.order_max_pending, std::chrono::milliseconds(config.order_timeout_ms)) {}

template <typename Outcome>
OrderDesk::TicketPtr<Outcome> OrderDesk::Open(OrderOperation operation, Origin origin, Done<Outcome> done) {
  return std::make_shared<Ticket<Outcome>>(Ticket<Outcome>{operation, origin, std::move(done)});
}

void OrderDesk::Enter(const domain::NewOrder& order, Origin origin, OrderDone done) {
  Submit(order, Open(OrderOperation::kNew, origin, std::move(done)));
}

void OrderDesk::Cancel(const domain::CancelOrder& cancel, Origin origin, OrderDone done) {
  Submit(cancel, Open(OrderOperation::kCancel, origin, std::move(done)));
}

void OrderDesk::Amend(const domain::AmendOrder& amend, Origin origin, OrderDone done) {
  Submit(amend, Open(OrderOperation::kAmend, origin, std::move(done)));
}

void OrderDesk::Replace(const domain::CancelReplace& replace, Origin origin, Done<ReplaceOutcome> done) {
  Submit(replace, Open(OrderOperation::kReplace, origin, std::move(done)));
}

void OrderDesk::CancelAll(const domain::CancelAll& cancel, Origin origin, Done<CancelAllOutcome> done,
                          Admission admission) {
  Submit(cancel, Open(OrderOperation::kCancelAll, origin, std::move(done)), admission);
}

void OrderDesk::Countdown(const domain::SetCountdown& countdown, Origin origin, Done<CountdownOutcome> done,
                          Admission admission) {
  Submit(countdown, Open(OrderOperation::kCountdown, origin, std::move(done)), admission);
}

void OrderDesk::Operate(const domain::Command& command, Origin origin, Done<OperatorOutcome> done) {
  Submit(command.body, Open(OrderOperation::kOperator, origin, std::move(done)));
}

template <typename Outcome, typename Body>
void OrderDesk::Submit(const Body& body, const TicketPtr<Outcome>& ticket, Admission admission) {
  if (draining_ && admission != Admission::kAlways) {
    return Finish<Outcome>(ticket, Refusal(RejectReason::kUnavailable));
  }
  const auto self = shared_from_this();
  // The entry must not own the desk that owns it.
  const std::uint64_t id =
      pending_.Add([this, ticket] { Finish<Outcome>(ticket, Refusal(RejectReason::kUnknownOutcome)); });
  if (id == 0) return Finish<Outcome>(ticket, Refusal(RejectReason::kBackpressure));
  parts_.sequencing.Submit(domain::Command{body},
                           [self, ticket, body, id](const absl::StatusOr<domain::CommandResult>& result) {
                             // Close() waits for whoever is in here.
                             const std::shared_lock lock(self->closing_);
                             if (!self->closed_ && self->pending_.Take(id)) self->OnResult(ticket, body, result);
                           });
}

template <typename Outcome, typename Body>
void OrderDesk::OnResult(const TicketPtr<Outcome>& ticket, const Body& body,
                         const absl::StatusOr<domain::CommandResult>& result) {
  if (!result.ok()) return Finish<Outcome>(ticket, Refusal(ReasonOf(result.status())));
  Acknowledge(result->sequence);
  if constexpr (std::is_same_v<Body, domain::CommandBody>) {
    Finish<Outcome>(ticket, *result);
  } else {
    std::visit(
        [&](auto& read) {
          using Read = std::decay_t<decltype(read)>;
          constexpr bool kNames = std::is_same_v<Body, domain::NewOrder> || std::is_same_v<Body, domain::CancelReplace>;
          if constexpr (std::is_same_v<Read, OrderAnswer> || std::is_same_v<Read, ReplaceAnswer>) {
            ReplyWithSymbols(ticket, ReplyOf(std::move(read)));
          } else if constexpr (!std::is_same_v<Read, ResentOrder>) {
            Finish<Outcome>(ticket, std::move(read));
          } else if constexpr (kNames) {
            ReplyFirstResult(ticket, EnteredBy(body), read.original_sequence);
          } else {
            Finish<Outcome>(ticket, Refusal(RejectReason::kInternal));
          }
        },
        AsLvalue(Interpret(*result, body)));
  }
}

// A cancel can name an order of a symbol that came after the last look at the reference data.
template <typename Outcome, typename Reply>
void OrderDesk::ReplyWithSymbols(const TicketPtr<Outcome>& ticket, Reply reply) {
  reply.symbols = parts_.symbols->Current();
  if (Covers(reply.symbols.get(), reply.answer)) return Finish<Outcome>(ticket, std::move(reply));
  const bool posted = parts_.workers->Post([self = shared_from_this(), ticket, reply]() mutable {
    if (self->parts_.symbols->Refresh().ok()) reply.symbols = self->parts_.symbols->Current();
    if (!Covers(reply.symbols.get(), reply.answer)) {
      return self->Finish<Outcome>(ticket, Refusal(RejectReason::kUnknownOutcome));
    }
    self->Finish<Outcome>(ticket, std::move(reply));
  });
  if (!posted) Finish<Outcome>(ticket, Refusal(RejectReason::kUnknownOutcome));
}

template <typename Outcome>
void OrderDesk::ReplyFirstResult(const TicketPtr<Outcome>& ticket, const domain::NewOrder& order,
                                 domain::SequenceNumber sequence) {
  const bool posted = parts_.workers->Post(
      [self = shared_from_this(), ticket, account = order.account, id = order.client_order_id, sequence] {
        absl::StatusOr<OrderAnswer> answer = self->LoadFirstResult(account, id, sequence);
        if (answer.ok()) return self->ReplyWithSymbols(ticket, OrderReply{*std::move(answer), true, nullptr});
        runtime::Log(runtime::LogLevel::kWarn, "the first result of a resent order is not to be had",
                     {runtime::LogField(answer.status()), {"seq", sequence.value()}});
        // It was executed; only its result is not known here and now.
        self->Finish<Outcome>(ticket, Refusal(RejectReason::kUnknownOutcome));
      });
  if (!posted) Finish<Outcome>(ticket, Refusal(RejectReason::kUnknownOutcome));
}

absl::StatusOr<OrderAnswer> OrderDesk::LoadFirstResult(domain::AccountId account, domain::ClientOrderId client_order_id,
                                                       domain::SequenceNumber sequence) {
  XT_ASSIGN_OR_RETURN(const ports::OrderRow row, parts_.history.FindOrder(sequence, account, client_order_id.view()));
  if (row.created_sequence != sequence) return absl::InternalError("the client order id names another order");
  OrderAnswer answer{sequence, row.created_ns, row.report, {}};
  answer.report.status = row.first_status;
  answer.report.executed_quantity = row.first_executed_quantity;
  answer.report.executed_quote = row.first_executed_quote;
  if (row.first_executed_quantity.value() != 0) {
    XT_ASSIGN_OR_RETURN(answer.fills, LoadFills(account, row.report.order_id, sequence));
  }
  return answer;
}

// Fills come newest first, so those of the first command are the last.
absl::StatusOr<std::vector<domain::ExecutionReport>> OrderDesk::LoadFills(domain::AccountId account,
                                                                          domain::OrderId order,
                                                                          domain::SequenceNumber sequence) {
  std::vector<domain::ExecutionReport> fills;
  ports::FillFilter filter;
  filter.account = account;
  filter.order = order;
  filter.limit = kFillsPerPage;
  while (true) {
    XT_ASSIGN_OR_RETURN(const std::vector<ports::FillRow> rows, parts_.history.ListFills(sequence, filter));
    for (const ports::FillRow& row : rows) {
      if (row.id.sequence == sequence) fills.push_back(row.report);
    }
    if (rows.size() < kFillsPerPage) break;
    filter.before = rows.back().id;
  }
  std::ranges::reverse(fills);
  return fills;
}

template <typename Outcome>
void OrderDesk::Finish(const TicketPtr<Outcome>& ticket, Outcome outcome) {
  const auto* refusal = std::get_if<Refusal>(&outcome);
  parts_.metrics.CountOrder(ticket->operation, ticket->origin.protocol,
                            refusal == nullptr ? OrderResultKind::kAccepted : ResultKindOf(refusal->reason));
  parts_.metrics.ObserveAcknowledgement(ticket->operation, parts_.clock.MonotonicNs() - ticket->origin.started_ns);
  const Done<Outcome> done = std::move(ticket->done);
  done(std::move(outcome));
}

void OrderDesk::Acknowledge(domain::SequenceNumber sequence) {
  std::uint64_t seen = acknowledged_.load();
  while (seen < sequence.value() && !acknowledged_.compare_exchange_weak(seen, sequence.value())) {
  }
}

bool OrderDesk::Drain(std::chrono::steady_clock::time_point deadline) {
  draining_ = true;
  return WaitUntilIdle(deadline);
}

void OrderDesk::Close() {
  draining_ = true;
  {
    const std::unique_lock lock(closing_);
    closed_ = true;
  }
  pending_.Close();
}

}  // namespace xt::gateway
