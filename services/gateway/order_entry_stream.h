// OrderEntryStream: one signed-in program. All of its state is guarded by one mutex; answers come from the sequencer's
// threads, reads and writes complete on gRPC's. It keeps itself alive until gRPC is done with it, and callbacks that come
// after the program has gone find it finished. A stream that signed in with a group is watched by the DisconnectGuard
// from before its logon is answered until gRPC is done with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "libs/domain/command.h"
#include "services/gateway/order_entry_service.h"

namespace xt::gateway {

class OrderEntryStream final
    : public grpc::ServerBidiReactor<xtrader::v1::OrderEntryRequest, xtrader::v1::OrderEntryResponse>,
      public std::enable_shared_from_this<OrderEntryStream> {
 public:
  OrderEntryStream(OrderEntryService& service, std::string remote);

  void Start();
  // Reads nothing more; ends when everything is answered.
  void Drain();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  using Request = xtrader::v1::OrderEntryRequest;
  using Response = xtrader::v1::OrderEntryResponse;

  void Handle(const Request& request);
  void Logon(std::uint64_t request_id, const xtrader::v1::Logon& logon);
  void OnLogon(std::uint64_t request_id, OrderEntrySession session,
               const std::variant<domain::AccountId, Refusal>& verdict);
  void Watch(std::uint64_t request_id, OrderEntrySession session, std::string name);
  void Welcome(std::uint64_t request_id, OrderEntrySession session, const std::string& name);
  void EndLogon(std::uint64_t request_id, const Refusal& refusal);
  void Send(Response response);

  // With mutex_ held.
  void ReadMore();
  void WriteNext();
  void EndIfDone();

  OrderEntryService& service_;
  const OrderEntryService::Parts& parts_;
  const std::string remote_;

  std::mutex mutex_;
  Request incoming_;
  std::deque<Response> outgoing_;
  std::size_t unanswered_ = 0;  // requests whose answer is not written yet
  bool reading_ = false;
  bool writing_ = false;
  bool reads_ended_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
  grpc::Status end_ = grpc::Status::OK;

  // Set once by the logon, before any order is read; null until then.
  std::shared_ptr<const OrderEntrySession> session_;
  bool logon_seen_ = false;
  std::optional<std::pair<domain::AccountId, domain::OrderGroup>> watched_;  // to be released at the end
};

}  // namespace xt::gateway
