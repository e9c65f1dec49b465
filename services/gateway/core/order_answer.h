// What one command did to the order that it was about, read from the command's events. A command can touch many orders:
// each fill has a report for both sides, what was due at its time (expired orders, countdowns) stands before it, and the
// stops that it triggered behind it, some of them the same account's. These functions find the order that the client
// asked about and nothing else. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/domain/reject_reason.h"

namespace xt::gateway {

// The order after the command, and its fills by the command in order.
struct OrderAnswer {
  domain::SequenceNumber sequence;  // of the command
  std::int64_t timestamp_ns = 0;    // journal time
  domain::ExecutionReport report;
  std::vector<domain::ExecutionReport> fills;
};

// A refusal that owns its text. `field` as in the REST API, empty when it is not about one field. `message` stands
// instead of the reason's own sentence unless it is empty.
struct Refusal {
  domain::RejectReason reason = domain::RejectReason::kInternal;
  std::string field;
  std::string message;

  Refusal() = default;
  explicit Refusal(domain::RejectReason why, std::string_view which = {}, std::string_view text = {})
      : reason(why), field(which), message(text) {}
  explicit Refusal(const domain::Reject& reject) : reason(reject.reason), field(reject.field) {}
  [[nodiscard]] std::string_view Text() const {
    return message.empty() ? domain::RejectReasonText(reason) : std::string_view(message);
  }
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// The same order was executed before, by this command; that answer is the answer.
struct ResentOrder {
  domain::SequenceNumber original_sequence;
};

using Interpretation = std::variant<OrderAnswer, Refusal, ResentOrder>;
Interpretation Interpret(const domain::CommandResult& result, const domain::NewOrder& order);
Interpretation Interpret(const domain::CommandResult& result, const domain::CancelOrder& cancel);
Interpretation Interpret(const domain::CommandResult& result, const domain::AmendOrder& amend);

// Both halves of a cancel-replace, each done or refused.
struct ReplaceAnswer {
  domain::SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;
  std::optional<std::variant<OrderAnswer, Refusal>> cancel;  // nullopt: not known any more
  std::variant<OrderAnswer, Refusal> order;
};
// A refusal: nothing was done.
using ReplaceInterpretation = std::variant<ReplaceAnswer, Refusal, ResentOrder>;
ReplaceInterpretation Interpret(const domain::CommandResult& result, const domain::CancelReplace& replace);

// The orders that were cancelled, oldest first.
struct CancelAllAnswer {
  domain::SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;
  std::vector<domain::OrderId> orders;
};
std::variant<CancelAllAnswer, Refusal> Interpret(const domain::CommandResult& result, const domain::CancelAll& cancel);

struct CountdownAnswer {
  domain::SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;
  domain::OrderGroup group;
  std::int64_t deadline_ns = 0;  // journal time; 0: disarmed
};
std::variant<CountdownAnswer, Refusal> Interpret(const domain::CommandResult& result,
                                                 const domain::SetCountdown& countdown);

// The refusal of a command that is about no order.
std::optional<Refusal> RefusalIn(const domain::CommandResult& result);

}  // namespace xt::gateway
