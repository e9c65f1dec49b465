// OrderEntryService of protos/xtrader/v1/gateway_service.proto: order entry for programs over gRPC. Each stream signs in
// first; then any number of requests is under way at once, answered as they are decided, in whatever order. Single calls
// are signed one by one.
// A stream with too many unanswered requests is not read until some are answered, so memory stays bounded. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "services/gateway/authenticator.h"
#include "services/gateway/order_desk.h"
#include "services/gateway/order_entry_requests.h"
#include "services/gateway/request_limits.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace xt::gateway {

class AccountNames;
class ClientOrderIds;
class DisconnectGuard;
class OrderEntryStream;

class OrderEntryService final : public xtrader::v1::OrderEntryService::CallbackService {
 public:
  // All must outlive the streams: the gRPC server is shut down first.
  struct Parts {
    std::shared_ptr<OrderDesk> desk;
    std::shared_ptr<SymbolDirectory> symbols;
    std::shared_ptr<WorkerPool> workers;
    Authenticator& authenticator;
    RequestLimits& limits;
    DisconnectGuard& guard;
    AccountNames& account_names;
    ClientOrderIds& client_order_ids;
    GatewayMetrics& metrics;
    const Clock& clock;
    std::size_t max_unanswered = 1000;
  };
  explicit OrderEntryService(Parts parts);

  grpc::ServerBidiReactor<xtrader::v1::OrderEntryRequest, xtrader::v1::OrderEntryResponse>* OrderEntry(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Execute(grpc::CallbackServerContext* context,
                                    const xtrader::v1::OrderEntryServiceExecuteRequest* request,
                                    xtrader::v1::OrderEntryServiceExecuteResponse* response) override;
  grpc::ServerUnaryReactor* ListSymbols(grpc::CallbackServerContext* context,
                                        const xtrader::v1::OrderEntryServiceListSymbolsRequest* request,
                                        xtrader::v1::OrderEntryServiceListSymbolsResponse* response) override;

  // Reads nothing more, answers what is under way and ends the streams; new ones are refused. False when some are left
  // at the deadline.
  bool Drain(std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] std::size_t streams() const;

  [[nodiscard]] const Parts& parts() const { return parts_; }
  [[nodiscard]] const OrderEntryRequests& requests() const { return requests_; }
  void Remove(const std::shared_ptr<OrderEntryStream>& stream);

 private:
  const Parts parts_;
  const OrderEntryRequests requests_;
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::set<std::shared_ptr<OrderEntryStream>> streams_;
  bool draining_ = false;
};

}  // namespace xt::gateway
