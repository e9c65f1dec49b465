#include "services/gateway/order_entry_service.h"

#include <utility>
#include <vector>

#include "libs/wire/symbol_proto.h"
#include "services/gateway/order_entry_stream.h"
#include "services/gateway/peer_address.h"

namespace xt::gateway {
namespace {

namespace pb = xtrader::v1;

class RefusedStream final : public grpc::ServerBidiReactor<pb::OrderEntryRequest, pb::OrderEntryResponse> {
 public:
  RefusedStream() { Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining")); }
  void OnDone() override { delete this; }
};

}  // namespace

OrderEntryService::OrderEntryService(Parts parts)
    : parts_(std::move(parts)),
      requests_({parts_.desk, parts_.symbols, parts_.workers, parts_.limits, parts_.client_order_ids, parts_.metrics,
                 parts_.clock}) {}

grpc::ServerBidiReactor<pb::OrderEntryRequest, pb::OrderEntryResponse>* OrderEntryService::OrderEntry(
    grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<OrderEntryStream>(*this, AddressOf(context->peer()));
  {
    const std::lock_guard lock(mutex_);
    if (draining_) return new RefusedStream();
    streams_.insert(stream);
  }
  stream->Start();
  return stream.get();
}

grpc::ServerUnaryReactor* OrderEntryService::Execute(grpc::CallbackServerContext* context,
                                                     const pb::OrderEntryServiceExecuteRequest* request,
                                                     pb::OrderEntryServiceExecuteResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const OrderEntryRequests::Respond respond = [reactor, response](pb::OrderEntryResponse answer) {
    *response->mutable_response() = std::move(answer);
    reactor->Finish(grpc::Status::OK);
  };
  pb::OrderEntryRequest order;
  if (!order.ParseFromString(request->request())) {
    respond(requests_.Refused(0, Refusal(domain::RejectReason::kMalformedRequest, "request")));
    return reactor;
  }
  const std::uint64_t id = order.request_id();
  if (parts_.limits.TakeAddress(AddressOf(context->peer()))) {
    respond(requests_.Refused(id, Refusal(domain::RejectReason::kRateLimited)));
    return reactor;
  }
  SignedMessage message{request->api_key(), request->timestamp_ms(), request->signature(),
                        std::to_string(request->timestamp_ms()) + "EXECUTE" + request->request()};
  parts_.authenticator.Verify(std::move(message), [this, id, respond, order = std::move(order),
                                                   api_key = request->api_key()](const auto& verdict) {
    if (const auto* refusal = std::get_if<Refusal>(&verdict)) return respond(requests_.Refused(id, *refusal));
    const OrderEntrySession session{std::get<domain::AccountId>(verdict), api_key, {}};
    requests_.Execute(std::make_shared<const OrderEntrySession>(session), order, respond);
  });
  return reactor;
}

grpc::ServerUnaryReactor* OrderEntryService::ListSymbols(grpc::CallbackServerContext* context,
                                                         const pb::OrderEntryServiceListSymbolsRequest* /*request*/,
                                                         pb::OrderEntryServiceListSymbolsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool posted = parts_.workers->Post([this, reactor, response] {
    parts_.symbols->RefreshIfDue().IgnoreError();
    const auto symbols = parts_.symbols->Current();
    if (symbols == nullptr) {
      return reactor->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "reference data is not there yet"));
    }
    for (const domain::Asset& asset : symbols->assets()) wire::ToProto(asset, *response->add_assets());
    for (const domain::Symbol& symbol : symbols->symbols()) wire::ToProto(symbol, *response->add_symbols());
    reactor->Finish(grpc::Status::OK);
  });
  if (!posted) reactor->Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "at capacity"));
  return reactor;
}

bool OrderEntryService::Drain(std::chrono::steady_clock::time_point deadline) {
  std::vector<std::shared_ptr<OrderEntryStream>> streams;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    streams.assign(streams_.begin(), streams_.end());
  }
  for (const auto& stream : streams) stream->Drain();
  streams.clear();
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, deadline, [&] { return streams_.empty(); });
}

std::size_t OrderEntryService::streams() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

void OrderEntryService::Remove(const std::shared_ptr<OrderEntryStream>& stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
  if (streams_.empty()) empty_.notify_all();
}

}  // namespace xt::gateway
