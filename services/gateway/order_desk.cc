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

// Whatever is not certainly refused may have been applied.
RejectReason ReasonOf(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return RejectReason::kBackpressure;
  if (absl::IsUnavailable(status)) return RejectReason::kUnavailable;
  return RejectReason::kUnknownOutcome;
}

bool Covers(const SymbolTable* symbols, const domain::ExecutionReport& report) {
  return symbols != nullptr && symbols->Get(report.symbol) != nullptr;
}

}  // namespace

struct OrderDesk::Ticket {
  OrderOperation operation;
  Protocol protocol;
  std::int64_t started_ns;
  OrderDone done;
};

OrderDesk::OrderDesk(const GatewayConfig& config, Parts parts)
    : parts_(std::move(parts)),
      pending_(config.order_max_pending, std::chrono::milliseconds(config.order_timeout_ms)) {}

void OrderDesk::Enter(const domain::NewOrder& order, Protocol protocol, std::int64_t started_ns, OrderDone done) {
  Submit(order, std::make_shared<Ticket>(Ticket{OrderOperation::kNew, protocol, started_ns, std::move(done)}));
}

void OrderDesk::Cancel(const domain::CancelOrder& cancel, Protocol protocol, std::int64_t started_ns, OrderDone done) {
  Submit(cancel, std::make_shared<Ticket>(Ticket{OrderOperation::kCancel, protocol, started_ns, std::move(done)}));
}

template <typename Order>
void OrderDesk::Submit(const Order& order, const TicketPtr& ticket) {
  if (draining_) return Finish(ticket, Refusal(RejectReason::kUnavailable));
  const auto self = shared_from_this();
  // The entry must not own the desk that owns it.
  const std::uint64_t id = pending_.Add([this, ticket] { Finish(ticket, Refusal(RejectReason::kUnknownOutcome)); });
  if (id == 0) return Finish(ticket, Refusal(RejectReason::kBackpressure));
  parts_.sequencing.Submit(domain::Command{order},
                           [self, ticket, order, id](const absl::StatusOr<domain::CommandResult>& result) {
                             // Close() waits for whoever is in here.
                             const std::shared_lock lock(self->closing_);
                             if (!self->closed_ && self->pending_.Take(id)) self->OnResult(ticket, order, result);
                           });
}

template <typename Order>
void OrderDesk::OnResult(const TicketPtr& ticket, const Order& order,
                         const absl::StatusOr<domain::CommandResult>& result) {
  if (!result.ok()) return Finish(ticket, Refusal(ReasonOf(result.status())));
  Acknowledge(result->sequence);
  Interpretation read = Interpret(*result, order);
  if (auto* refusal = std::get_if<Refusal>(&read)) return Finish(ticket, *std::move(refusal));
  if (auto* answer = std::get_if<OrderAnswer>(&read)) return Reply(ticket, {*std::move(answer), false, nullptr});
  if constexpr (std::is_same_v<Order, domain::NewOrder>) {
    ReplyFirstResult(ticket, order.account, order.client_order_id, std::get<ResentOrder>(read).original_sequence);
  } else {
    Finish(ticket, Refusal(RejectReason::kInternal));
  }
}

// A cancel can name an order of a symbol that came after the last look at the reference data.
void OrderDesk::Reply(const TicketPtr& ticket, OrderReply reply) {
  reply.symbols = parts_.symbols->Current();
  if (Covers(reply.symbols.get(), reply.answer.report)) return Finish(ticket, std::move(reply));
  const bool posted = parts_.workers->Post([self = shared_from_this(), ticket, reply]() mutable {
    if (self->parts_.symbols->Refresh().ok()) reply.symbols = self->parts_.symbols->Current();
    if (!Covers(reply.symbols.get(), reply.answer.report)) {
      return self->Finish(ticket, Refusal(RejectReason::kUnknownOutcome));
    }
    self->Finish(ticket, std::move(reply));
  });
  if (!posted) Finish(ticket, Refusal(RejectReason::kUnknownOutcome));
}

void OrderDesk::ReplyFirstResult(const TicketPtr& ticket, domain::AccountId account,
                                 domain::ClientOrderId client_order_id, domain::SequenceNumber sequence) {
  const bool posted = parts_.workers->Post([self = shared_from_this(), ticket, account, client_order_id, sequence] {
    absl::StatusOr<OrderAnswer> answer = self->LoadFirstResult(account, client_order_id, sequence);
    if (answer.ok()) return self->Reply(ticket, {*std::move(answer), true, nullptr});
    runtime::Log(runtime::LogLevel::kWarn, "the first result of a resent order is not to be had",
                 {runtime::LogField(answer.status()), {"seq", sequence.value()}});
    // It was executed; only its result is not known here and now.
    self->Finish(ticket, Refusal(RejectReason::kUnknownOutcome));
  });
  if (!posted) Finish(ticket, Refusal(RejectReason::kUnknownOutcome));
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

void OrderDesk::Finish(const TicketPtr& ticket, OrderOutcome outcome) {
  const auto* refusal = std::get_if<Refusal>(&outcome);
  parts_.metrics.CountOrder(ticket->operation, ticket->protocol,
                            refusal == nullptr ? OrderResultKind::kAccepted : ResultKindOf(refusal->reason));
  parts_.metrics.ObserveAcknowledgement(ticket->operation, parts_.clock.MonotonicNs() - ticket->started_ns);
  const OrderDone done = std::move(ticket->done);
  done(std::move(outcome));
}

void OrderDesk::Acknowledge(domain::SequenceNumber sequence) {
  std::uint64_t seen = acknowledged_.load();
  while (seen < sequence.value() && !acknowledged_.compare_exchange_weak(seen, sequence.value())) {
  }
}

bool OrderDesk::Drain(std::chrono::steady_clock::time_point deadline) {
  draining_ = true;
  return pending_.WaitUntilEmpty(deadline);
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
