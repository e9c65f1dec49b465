#include "tests/e2e/order_stream.h"

#include <chrono>

namespace xt::test {

namespace pb = xtrader::v1;

OrderStream::OrderStream(const Standalone& exchange, std::size_t account, std::uint32_t group)
    : channel_(grpc::CreateChannel(exchange.grpc(), grpc::InsecureChannelCredentials())),
      stub_(pb::OrderEntryService::NewStub(channel_)) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  stream_ = stub_->OrderEntry(&context_);
  const Credentials credentials = exchange.account(account);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  Request request;
  pb::Logon& logon = *request.mutable_logon();
  logon.set_api_key(credentials.api_key);
  logon.set_timestamp_ms(now_ms);
  logon.set_signature(Sign(credentials.secret, std::to_string(now_ms) + "LOGON" + credentials.api_key));
  logon.set_order_group(group);
  logged_on_ = Ask(request).has_logged_on();
}

OrderStream::~OrderStream() {
  if (closed_) return;
  context_.TryCancel();
  stream_->Finish();
}

OrderStream::Response OrderStream::Ask(Request request) {
  request.set_request_id(++last_id_);
  Response response;
  if (!stream_->Write(request) || !stream_->Read(&response)) return {};
  return response;
}

OrderStream::Response OrderStream::Enter(const pb::EnterOrder& order) {
  Request request;
  *request.mutable_enter_order() = order;
  return Ask(request);
}

bool OrderStream::Close() {
  closed_ = true;
  stream_->WritesDone();
  return stream_->Finish().ok();
}

}  // namespace xt::test
