// OrderDesk: order entry behind the protocols. It hands a validated command to the sequencer, bounds how many wait and for
// how long, and turns what comes back into the answer for the client: the order as it is after the command, a refusal, or
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
using OrderOutcome = std::variant<OrderReply, Refusal>;
// Called exactly once, on any thread; must not block.
using OrderDone = std::function<void(OrderOutcome)>;

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

  // `started_ns`: monotonic time at which the request came in.
  void Enter(const domain::NewOrder& order, Protocol protocol, std::int64_t started_ns, OrderDone done);
  void Cancel(const domain::CancelOrder& cancel, Protocol protocol, std::int64_t started_ns, OrderDone done);

  // The highest sequence that was told to any client: queries wait for it.
  [[nodiscard]] domain::SequenceNumber acknowledged() const { return domain::SequenceNumber(acknowledged_.load()); }

  // Refuses new commands with UNAVAILABLE and waits for those under way. False when some still wait at the deadline.
  bool Drain(std::chrono::steady_clock::time_point deadline);
  // Answers what still waits with UNKNOWN_OUTCOME. No port is called afterwards by answers that come late.
  void Close();
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  struct Ticket;
  using TicketPtr = std::shared_ptr<Ticket>;

  template <typename Order>
  void Submit(const Order& order, const TicketPtr& ticket);
  template <typename Order>
  void OnResult(const TicketPtr& ticket, const Order& order, const absl::StatusOr<domain::CommandResult>& result);
  void Reply(const TicketPtr& ticket, OrderReply reply);
  void ReplyFirstResult(const TicketPtr& ticket, domain::AccountId account, domain::ClientOrderId client_order_id,
                        domain::SequenceNumber sequence);
  absl::StatusOr<OrderAnswer> LoadFirstResult(domain::AccountId account, domain::ClientOrderId client_order_id,
                                              domain::SequenceNumber sequence);
  absl::StatusOr<std::vector<domain::ExecutionReport>> LoadFills(domain::AccountId account, domain::OrderId order,
                                                                 domain::SequenceNumber sequence);
  void Finish(const TicketPtr& ticket, OrderOutcome outcome);
  void Acknowledge(domain::SequenceNumber sequence);

  Parts parts_;
  PendingCalls pending_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<bool> draining_{false};
  std::shared_mutex closing_;
  bool closed_ = false;
};

}  // namespace xt::gateway
