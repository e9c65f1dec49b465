#include "services/gateway/core/order_answer.h"

#include <algorithm>
#include <span>

namespace xt::gateway {
namespace {

using domain::ExecutionReport;
using domain::ExecutionType;
using Events = std::span<const domain::Event>;

// The command's own events. Countdowns that were due come before them and end with the number of what they cancelled;
// orders that expired come before those, and cannot be told from the command's own by their place.
Events OwnEvents(const domain::CommandResult& result) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < result.events.size(); ++i) {
    const auto* canceled = std::get_if<domain::OrdersCanceled>(&result.events[i]);
    if (canceled != nullptr && canceled->reason == domain::MassCancelReason::kCountdown) begin = i + 1;
  }
  return Events(result.events).subspan(begin);
}

std::vector<const domain::CommandRejected*> Rejections(Events events) {
  std::vector<const domain::CommandRejected*> found;
  for (const domain::Event& event : events) {
    if (const auto* rejected = std::get_if<domain::CommandRejected>(&event)) found.push_back(rejected);
  }
  return found;
}

Refusal RefusalOf(const domain::CommandRejected& rejected) { return Refusal(rejected.reason, rejected.field.view()); }

std::optional<Interpretation> FindRefusal(Events events) {
  const auto rejections = Rejections(events);
  if (rejections.empty()) return std::nullopt;
  const domain::CommandRejected& rejected = *rejections.front();
  if (rejected.reason != domain::RejectReason::kNone) return RefusalOf(rejected);
  return ResentOrder{rejected.original_sequence};
}

// What the first report about an order in a command says of its age.
enum class Age { kNew, kPerhapsNew, kOld };

Age AgeBy(const ExecutionReport& first) {
  switch (first.execution_type) {
    case ExecutionType::kNew: return Age::kNew;
    case ExecutionType::kTrade: return first.maker ? Age::kOld : Age::kNew;
    case ExecutionType::kExpired:
    case ExecutionType::kPrevented:
    case ExecutionType::kRejected: return Age::kPerhapsNew;
    default: return Age::kOld;
  }
}

// The order that was entered. An older order of the account can have had the same client order id (they are free again
// after a day) and be in the same events, and order ids do not grow with time. It is told by its first report: as a
// maker, as a cancelled or a triggered order. What is left are orders that expired: those that were due come before the
// entered one, and those that self-trade prevention took are of the other side.
domain::OrderId FindEntered(Events events, const domain::NewOrder& order) {
  domain::OrderId found;
  std::vector<domain::OrderId> seen;
  for (const domain::Event& event : events) {
    const auto* report = std::get_if<ExecutionReport>(&event);
    if (report == nullptr || report->account != order.account || report->side != order.side) continue;
    if (report->client_order_id != order.client_order_id) continue;
    if (std::ranges::find(seen, report->order_id) != seen.end()) continue;
    seen.push_back(report->order_id);
    const Age age = AgeBy(*report);
    if (age == Age::kNew) return report->order_id;
    if (age == Age::kPerhapsNew) found = report->order_id;
  }
  return found;
}

// The last report of this kind about the order that is named by id, or by client order id when the id is 0.
const ExecutionReport* FindLast(Events events, ExecutionType type, domain::AccountId account, domain::OrderId id,
                                const domain::ClientOrderId& client_order_id) {
  const ExecutionReport* found = nullptr;
  for (const domain::Event& event : events) {
    const auto* report = std::get_if<ExecutionReport>(&event);
    if (report == nullptr || report->execution_type != type || report->account != account) continue;
    if (id.value() != 0 ? report->order_id == id : report->client_order_id == client_order_id) found = report;
  }
  return found;
}

// The order as it is after the command, with its fills by it.
std::variant<OrderAnswer, Refusal> AnswerOf(const domain::CommandResult& result, Events events, domain::OrderId order) {
  OrderAnswer answer{result.sequence, result.timestamp_ns, {}, {}};
  bool found = false;
  for (const domain::Event& event : events) {
    const auto* report = std::get_if<ExecutionReport>(&event);
    if (report == nullptr || report->order_id != order) continue;
    found = true;
    answer.report = *report;
    if (report->execution_type == ExecutionType::kTrade) answer.fills.push_back(*report);
  }
  if (!found) return Refusal(domain::RejectReason::kInternal);
  if (answer.report.status == domain::OrderStatus::kRejected) return Refusal(answer.report.reject_reason);
  return answer;
}

Interpretation Widen(std::variant<OrderAnswer, Refusal> answer) {
  return std::visit([](auto& value) -> Interpretation { return std::move(value); }, answer);
}

// A cancel or an amendment: one report about an order that was there before.
Interpretation AnswerOf(const domain::CommandResult& result, const ExecutionReport* report) {
  if (report == nullptr) return Refusal(domain::RejectReason::kInternal);
  return OrderAnswer{result.sequence, result.timestamp_ns, *report, {}};
}

}  // namespace

Interpretation Interpret(const domain::CommandResult& result, const domain::NewOrder& order) {
  const Events events = OwnEvents(result);
  if (auto refusal = FindRefusal(events)) return *std::move(refusal);
  return Widen(AnswerOf(result, events, FindEntered(events, order)));
}

Interpretation Interpret(const domain::CommandResult& result, const domain::CancelOrder& cancel) {
  const Events events = OwnEvents(result);
  if (auto refusal = FindRefusal(events)) return *std::move(refusal);
  return AnswerOf(result,
                  FindLast(events, ExecutionType::kCanceled, cancel.account, cancel.order_id, cancel.client_order_id));
}

Interpretation Interpret(const domain::CommandResult& result, const domain::AmendOrder& amend) {
  const Events events = OwnEvents(result);
  if (auto refusal = FindRefusal(events)) return *std::move(refusal);
  return AnswerOf(result,
                  FindLast(events, ExecutionType::kReplaced, amend.account, amend.order_id, amend.client_order_id));
}

ReplaceInterpretation Interpret(const domain::CommandResult& result, const domain::CancelReplace& replace) {
  const Events events = OwnEvents(result);
  const auto rejections = Rejections(events);
  const ExecutionReport* canceled = FindLast(events, ExecutionType::kCanceled, replace.order.account,
                                             replace.cancel_order_id, replace.cancel_client_order_id);
  const domain::OrderId entered = FindEntered(events, replace.order);
  const bool nothing_done = canceled == nullptr && entered.value() == 0;
  if (nothing_done && rejections.size() == 1) {
    const domain::CommandRejected& rejected = *rejections.front();
    if (rejected.reason == domain::RejectReason::kNone) return ResentOrder{rejected.original_sequence};
    return RefusalOf(rejected);
  }
  const std::size_t done = (canceled != nullptr ? 1U : 0U) + (entered.value() != 0 ? 1U : 0U);
  if (rejections.size() + done != 2) return Refusal(domain::RejectReason::kInternal);
  // The cancel comes first, so the first refusal is its own unless it was done.
  ReplaceAnswer answer{result.sequence, result.timestamp_ns, std::nullopt, {}};
  if (canceled != nullptr) {
    answer.cancel = OrderAnswer{result.sequence, result.timestamp_ns, *canceled, {}};
  } else {
    answer.cancel = RefusalOf(*rejections.front());
  }
  if (entered.value() != 0) {
    answer.order = AnswerOf(result, events, entered);
  } else {
    answer.order = RefusalOf(*rejections.back());
  }
  return answer;
}

std::variant<CancelAllAnswer, Refusal> Interpret(const domain::CommandResult& result, const domain::CancelAll& cancel) {
  const Events events = OwnEvents(result);
  CancelAllAnswer answer{result.sequence, result.timestamp_ns, {}};
  for (const domain::Event& event : events) {
    if (const auto* rejected = std::get_if<domain::CommandRejected>(&event)) return RefusalOf(*rejected);
    const auto* report = std::get_if<ExecutionReport>(&event);
    if (report == nullptr || report->account != cancel.account) continue;
    if (report->execution_type == ExecutionType::kCanceled) answer.orders.push_back(report->order_id);
  }
  return answer;
}

std::variant<CountdownAnswer, Refusal> Interpret(const domain::CommandResult& result,
                                                 const domain::SetCountdown& countdown) {
  const domain::CountdownChanged* found = nullptr;
  for (const domain::Event& event : result.events) {
    if (const auto* rejected = std::get_if<domain::CommandRejected>(&event)) return RefusalOf(*rejected);
    const auto* changed = std::get_if<domain::CountdownChanged>(&event);
    const bool own = changed != nullptr && changed->account == countdown.account && changed->group == countdown.group;
    if (own) found = changed;  // the last one: the same countdown may have been due before
  }
  if (found == nullptr) return Refusal(domain::RejectReason::kInternal);
  return CountdownAnswer{result.sequence, result.timestamp_ns, found->group, found->deadline_ns};
}

std::optional<Refusal> RefusalIn(const domain::CommandResult& result) {
  const auto rejections = Rejections(result.events);
  if (rejections.empty() || rejections.front()->reason == domain::RejectReason::kNone) return std::nullopt;
  return RefusalOf(*rejections.front());
}

}  // namespace xt::gateway
