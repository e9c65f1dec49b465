#include "services/notifier/notifier_service.h"

namespace xt::notifier {

grpc::Status NotifierService::ListSessions(grpc::ServerContext*, const xtrader::v1::ListSessionsRequest*,
                                           xtrader::v1::ListSessionsResponse* response) {
  for (const SessionInfo& session : hub_.Sessions()) {
    xtrader::v1::Session& out = *response->add_sessions();
    out.set_session_id(session.id);
    out.set_remote_address(session.remote_address);
    out.set_account_id(session.account.value_or(domain::AccountId(0)).value());
    out.set_queued_bytes(session.queued_bytes);
    for (const std::string& channel : session.channels) out.add_channels(channel);
  }
  return grpc::Status::OK;
}

}  // namespace xt::notifier
