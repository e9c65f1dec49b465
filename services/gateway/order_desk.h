// OrderDesk: order entry behind the protocols. It hands a validated command to the sequencer, bounds how many wait and for
// how long, and turns what comes back into the answer for the client: what the command did, a refusal, or
// UNKNOWN_OUTCOME where nobody knows. A resent order gets its first result, which persistence remembers. Thread-safe.
// It is held by shared_ptr, because an answer can come after everybody else has let go of it; the ports that it refers to
// must outlive Close().
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/ports/history.h"
#include "libs/ports/order_sequencing.h"
#include "services/gateway/config.h"
#include "services/gateway/core/order_answer.h"
#include "services/gateway/core/symbol_table.h"
#include "services/gateway/metrics.h"
#include "services/gateway/pending_calls.h"
#include "services/gateway/symbol_directory.h"
#include "services/gateway/worker_pool.h"

namespace xt::gateway {

struct OrderReply {
  OrderAnswer answer;
  bool resent = false;                         // the result of an earlier command
  std::shared_ptr<const SymbolTable> symbols;  // has every symbol and asset of the answer
};
struct ReplaceReply {
  ReplaceAnswer answer;
  std::shared_ptr<const SymbolTable> symbols;
};
using OrderOutcome = std::variant<OrderReply, Refusal>;
// An OrderReply is the first result of a new order that was resent.
using ReplaceOutcome = std::variant<ReplaceReply, OrderReply, Refusal>;
using CancelAllOutcome = std::variant<CancelAllAnswer, Refusal>;
using CountdownOutcome = std::variant<CountdownAnswer, Refusal>;
// The events of the command, also when it was refused.
using OperatorOutcome = std::variant<domain::CommandResult, Refusal>;

// Each is called exactly once, on any thread; must not block.
template <typename Outcome>
using Done = std::function<void(Outcome)>;
using OrderDone = Done<OrderOutcome>;

// Where a request came in, and when (monotonic time).
struct Origin {
  Protocol protocol = Protocol::kRest;
  std::int64_t started_ns = 0;
};

// What the exchange does for clients that are gone goes on while it drains.
enum class Admission { kUnlessDraining, kAlways };

class OrderDesk : public std::enable_shared_from_this<OrderDesk> {
 public:
  struct Parts {
    ports::OrderSequencing& sequencing;
    ports::History& history;
    std::shared_ptr<WorkerPool> workers;
    std::shared_ptr<SymbolDirectory> symbols;
    GatewayMetrics& metrics;
    const Clock& clock;
  };
  OrderDesk(const GatewayConfig& config, Parts parts);

  void Enter(const domain::NewOrder& order, Origin origin, OrderDone done);
  void Cancel(const domain::CancelOrder& cancel, Origin origin, OrderDone done);
  void Amend(const domain::AmendOrder& amend, Origin origin, OrderDone done);
  void Replace(const domain::CancelReplace& replace, Origin origin, Done<ReplaceOutcome> done);
  void CancelAll(const domain::CancelAll& cancel, Origin origin, Done<CancelAllOutcome> done,
                 Admission admission = Admission::kUnlessDraining);
  void Countdown(const domain::SetCountdown& countdown, Origin origin, Done<CountdownOutcome> done,
                 Admission admission = Admission::kUnlessDraining);
  // A command of an operator; the caller sees to it that it is one.
  void Operate(const domain::Command& command, Origin origin, Done<OperatorOutcome> done);

  // The highest sequence that was told to any client: queries wait for it.
  [[nodiscard]] domain::SequenceNumber acknowledged() const { return domain::SequenceNumber(acknowledged_.load()); }

  // False when some commands still wait at the deadline.
  bool WaitUntilIdle(std::chrono::steady_clock::time_point deadline) { return pending_.WaitUntilEmpty(deadline); }
  // Refuses new commands with UNAVAILABLE and waits for those under way.
  bool Drain(std::chrono::steady_clock::time_point deadline);
  // Answers what still waits with UNKNOWN_OUTCOME. No port is called afterwards by answers that come late.
  void Close();
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  template <typename Outcome>
  struct Ticket;
  template <typename Outcome>
  using TicketPtr = std::shared_ptr<Ticket<Outcome>>;

  template <typename Outcome>
  static TicketPtr<Outcome> Open(OrderOperation operation, Origin origin, Done<Outcome> done);
  template <typename Outcome, typename Body>
  void Submit(const Body& body, const TicketPtr<Outcome>& ticket, Admission admission = Admission::kUnlessDraining);
  template <typename Outcome, typename Body>
  void OnResult(const TicketPtr<Outcome>& ticket, const Body& body,
                const absl::StatusOr<domain::CommandResult>& result);
  template <typename Outcome, typename Reply>
  void ReplyWithSymbols(const TicketPtr<Outcome>& ticket, Reply reply);
  template <typename Outcome>
  void ReplyFirstResult(const TicketPtr<Outcome>& ticket, const domain::NewOrder& order,
                        domain::SequenceNumber sequence);
  absl::StatusOr<OrderAnswer> LoadFirstResult(domain::AccountId account, domain::ClientOrderId client_order_id,
                                              domain::SequenceNumber sequence);
  absl::StatusOr<std::vector<domain::ExecutionReport>> LoadFills(domain::AccountId account, domain::OrderId order,
                                                                 domain::SequenceNumber sequence);
  template <typename Outcome>
  void Finish(const TicketPtr<Outcome>& ticket, Outcome outcome);
  void Acknowledge(domain::SequenceNumber sequence);

  Parts parts_;
  PendingCalls pending_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<bool> draining_{false};
  std::shared_mutex closing_;
  bool closed_ = false;
};

}  // namespace xt::gateway
