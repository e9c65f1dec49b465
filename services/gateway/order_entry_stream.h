// OrderEntryStream: one signed-in program. All of its state is guarded by one mutex; answers come from the sequencer's
// threads, reads and writes complete on gRPC's. It keeps itself alive until gRPC is done with it, and callbacks that come
// after the program has gone find it finished.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

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
  void OnLogon(std::uint64_t request_id, const std::string& api_key,
               const std::variant<domain::AccountId, Refusal>& verdict);
  void Enter(std::uint64_t request_id, const xtrader::v1::EnterOrder& order);
  void EnterKnown(std::uint64_t request_id, const xtrader::v1::EnterOrder& order, bool may_refresh,
                  std::int64_t started_ns);
  void Cancel(std::uint64_t request_id, const xtrader::v1::CancelEnteredOrder& cancel);
  std::optional<Refusal> TakeLimit();
  OrderDone AnswerTo(std::uint64_t request_id);

  void Refuse(std::uint64_t request_id, const Refusal& refusal);
  void RefuseOrder(std::uint64_t request_id, OrderOperation operation, const Refusal& refusal);
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

  // Set once by the logon, before any order is read.
  domain::AccountId account_;
  std::string api_key_;
  bool logon_seen_ = false;
  bool logged_on_ = false;
};

}  // namespace xt::gateway
