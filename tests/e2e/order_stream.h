// OrderStream: a program that enters orders over gRPC, signed in as one of the demo accounts. One thread; every call waits
// at most 60 s.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "tests/support/standalone.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace xt::test {

class OrderStream {
 public:
  using Request = xtrader::v1::OrderEntryRequest;
  using Response = xtrader::v1::OrderEntryResponse;

  // With a group: cancel on disconnect.
  OrderStream(const Standalone& exchange, std::size_t account, std::uint32_t group = 0);
  ~OrderStream();  // cuts the stream unless it was closed

  [[nodiscard]] bool logged_on() const { return logged_on_; }
  // An empty answer when the stream has ended.
  Response Ask(Request request);
  Response Enter(const xtrader::v1::EnterOrder& order);
  // Ends the stream in order.
  bool Close();

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<xtrader::v1::OrderEntryService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
  std::uint64_t last_id_ = 0;
  bool logged_on_ = false;
  bool closed_ = false;
};

}  // namespace xt::test
