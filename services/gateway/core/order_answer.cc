#include "services/gateway/core/order_answer.h"

#include <algorithm>
#include <optional>

namespace xt::gateway {
namespace {

using domain::ExecutionReport;

std::optional<Interpretation> FindRefusal(const domain::CommandResult& result) {
  for (const domain::Event& event : result.events) {
    const auto* rejected = std::get_if<domain::CommandRejected>(&event);
    if (rejected == nullptr) continue;
    if (rejected->reason != domain::RejectReason::kNone) return Refusal(rejected->reason, rejected->field.view());
    return ResentOrder{rejected->original_sequence};
  }
  return std::nullopt;
}

template <typename Predicate>
domain::OrderId FindOrderId(const domain::CommandResult& result, Predicate belongs) {
  domain::OrderId found;
  for (const domain::Event& event : result.events) {
    const auto* report = std::get_if<ExecutionReport>(&event);
    if (report != nullptr && belongs(*report)) found = std::max(found, report->order_id);
  }
  return found;
}

Interpretation AnswerOf(const domain::CommandResult& result, domain::OrderId order) {
  OrderAnswer answer{result.sequence, result.timestamp_ns, {}, {}};
  bool found = false;
  for (const domain::Event& event : result.events) {
    const auto* report = std::get_if<ExecutionReport>(&event);
    if (report == nullptr || report->order_id != order) continue;
    found = true;
    answer.report = *report;
    if (report->execution_type == domain::ExecutionType::kTrade) answer.fills.push_back(*report);
  }
  if (!found) return Refusal(domain::RejectReason::kInternal);
  if (answer.report.status == domain::OrderStatus::kRejected) return Refusal(answer.report.reject_reason);
  return answer;
}

}  // namespace

Interpretation Interpret(const domain::CommandResult& result, const domain::NewOrder& order) {
  if (auto refusal = FindRefusal(result)) return *std::move(refusal);
  // An older order of the account may have had the same client order id (they are free again after a day) and be
  // touched by this one: the entered order is the newest.
  return AnswerOf(result, FindOrderId(result, [&](const ExecutionReport& report) {
                    return report.account == order.account && report.client_order_id == order.client_order_id;
                  }));
}

Interpretation Interpret(const domain::CommandResult& result, const domain::CancelOrder& cancel) {
  if (auto refusal = FindRefusal(result)) return *std::move(refusal);
  return AnswerOf(result, FindOrderId(result, [&](const ExecutionReport& report) {
                    return report.account == cancel.account &&
                           (cancel.order_id.value() != 0 ? report.order_id == cancel.order_id
                                                         : report.client_order_id == cancel.client_order_id);
                  }));
}

}  // namespace xt::gateway
