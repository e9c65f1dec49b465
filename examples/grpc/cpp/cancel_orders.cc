// Cancels all open orders of the account in one market, by one signed request without a stream:
//
//   XT_API_KEY=... XT_SECRET=... cancel-orders 127.0.0.1:9090 BTC-KRW
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>

#include "examples/grpc/cpp/client.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace pb = xtrader::v1;

int main(int argc, char** argv) {
  if (argc != 3) example::Fail("usage: cancel-orders ADDRESS SYMBOL");
  const auto stub = pb::OrderEntryService::NewStub(grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));

  pb::OrderEntryRequest cancel;
  cancel.mutable_cancel_orders()->set_symbol(argv[2]);
  pb::OrderEntryServiceExecuteRequest request;
  request.set_api_key(example::FromEnvironment("XT_API_KEY"));
  request.set_timestamp_ms(example::NowMs());
  request.set_request(cancel.SerializeAsString());  // these bytes are signed, and these bytes are sent
  request.set_signature(example::Sign(example::FromEnvironment("XT_SECRET"),
                                      std::to_string(request.timestamp_ms()) + "EXECUTE" + request.request()));

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  pb::OrderEntryServiceExecuteResponse answer;
  const grpc::Status status = stub->Execute(&context, request, &answer);
  if (!status.ok()) example::Fail("no answer: " + status.error_message());
  const pb::OrderEntryResponse& response = answer.response();
  if (response.has_refusal()) example::Fail(response.refusal().code() + ": " + response.refusal().message());
  std::printf("canceled %d\n", response.canceled().order_ids_size());
  for (const auto id : response.canceled().order_ids()) {
    std::printf("order %llu\n", static_cast<unsigned long long>(id));
  }
}
