// OrderEntryRequests: what signed-in programs ask for over gRPC, one request and its answer at a time, for streams and for
// single calls alike. It checks, hands over to the order desk and writes the answer. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libs/base/clock.h"
#include "libs/domain/command.h"
#include "services/gateway/order_desk.h"
#include "services/gateway/request_limits.h"
#include "services/gateway/symbol_directory.h"
#include "services/gateway/worker_pool.h"
#include "xtrader/v1/gateway_service.pb.h"

namespace xt::gateway {

class ClientOrderIds;

// Whose requests these are.
struct OrderEntrySession {
  domain::AccountId account;
  std::string api_key;
  domain::OrderGroup group;  // of orders that name none; 0: none
};

xtrader::v1::Refusal ToProto(const Refusal& refusal);

class OrderEntryRequests {
 public:
  // All must outlive the answers.
  struct Parts {
    std::shared_ptr<OrderDesk> desk;
    std::shared_ptr<SymbolDirectory> symbols;
    std::shared_ptr<WorkerPool> workers;
    RequestLimits& limits;
    ClientOrderIds& client_order_ids;
    GatewayMetrics& metrics;
    const Clock& clock;
  };
  using Request = xtrader::v1::OrderEntryRequest;
  using Response = xtrader::v1::OrderEntryResponse;
  // Called exactly once, on any thread; must not block.
  using Respond = std::function<void(Response)>;
  using SessionPtr = std::shared_ptr<const OrderEntrySession>;

  explicit OrderEntryRequests(Parts parts) : parts_(std::move(parts)) {}

  // Anything but a logon.
  void Execute(const SessionPtr& session, const Request& request, Respond respond) const;
  // A refusal of something that is no order; counts it.
  [[nodiscard]] Response Refused(std::uint64_t request_id, const Refusal& refusal) const;

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<const Entry>;

  void Enter(const EntryPtr& entry, const xtrader::v1::EnterOrder& order) const;
  void Cancel(const EntryPtr& entry, const xtrader::v1::CancelEnteredOrder& cancel) const;
  void CancelAll(const EntryPtr& entry, const xtrader::v1::CancelEnteredOrders& cancel) const;
  void Replace(const EntryPtr& entry, const xtrader::v1::ReplaceEnteredOrder& replace) const;
  void Amend(const EntryPtr& entry, const xtrader::v1::AmendEnteredOrder& amend) const;
  void Countdown(const EntryPtr& entry, const xtrader::v1::ArmCountdown& countdown) const;

  // Calls `then` with the market of that code, fetched anew on a worker when it is not known; else refuses.
  template <typename Then>
  void WithSymbol(const EntryPtr& entry, const std::string& code, Then then) const;
  // nullopt and refused when a rule is broken.
  std::optional<domain::NewOrder> Read(const EntryPtr& entry, const xtrader::v1::EnterOrder& order,
                                       const domain::Symbol& symbol) const;
  [[nodiscard]] OrderDone AnswerTo(const EntryPtr& entry) const;
  void Refuse(const EntryPtr& entry, const Refusal& refusal) const;  // counts it as an order, too
  void RefuseAnswered(const EntryPtr& entry, const Refusal& refusal) const;

  const Parts parts_;
};

}  // namespace xt::gateway
