// NotifierService: xtrader.v1.NotifierService, for operators. Thread-safe.
#pragma once

#include <grpcpp/grpcpp.h>

#include "services/notifier/hub.h"
#include "xtrader/v1/notifier_service.grpc.pb.h"

namespace xt::notifier {

class NotifierService final : public xtrader::v1::NotifierService::Service {
 public:
  explicit NotifierService(const Hub& hub) : hub_(hub) {}

  grpc::Status ListSessions(grpc::ServerContext* context, const xtrader::v1::ListSessionsRequest* request,
                            xtrader::v1::ListSessionsResponse* response) override;

 private:
  const Hub& hub_;
};

}  // namespace xt::notifier
