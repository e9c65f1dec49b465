#include "services/gateway/order_entry_stream.h"

#include <utility>

#include "libs/auth/signature.h"
#include "services/gateway/account_names.h"
#include "services/gateway/disconnect_guard.h"

namespace xt::gateway {

namespace pb = xtrader::v1;
using domain::RejectReason;

OrderEntryStream::OrderEntryStream(OrderEntryService& service, std::string remote)
    : service_(service), parts_(service.parts()), remote_(std::move(remote)) {}

void OrderEntryStream::Start() {
  const std::lock_guard lock(mutex_);
  ReadMore();
}

void OrderEntryStream::Drain() {
  const std::lock_guard lock(mutex_);
  reads_ended_ = true;
  end_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
  EndIfDone();
}

void OrderEntryStream::OnReadDone(bool ok) {
  Request request;
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    if (!ok || reads_ended_) {
      reads_ended_ = true;
      return EndIfDone();
    }
    request = std::move(incoming_);
    ++unanswered_;
  }
  Handle(request);
  const std::lock_guard lock(mutex_);
  ReadMore();
}

void OrderEntryStream::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  --unanswered_;
  outgoing_.pop_front();
  if (!ok) {
    reads_ended_ = true;
    unanswered_ -= outgoing_.size();
    outgoing_.clear();
  }
  WriteNext();
  ReadMore();
  EndIfDone();
}

void OrderEntryStream::OnCancel() {
  const std::lock_guard lock(mutex_);
  reads_ended_ = true;
  cancelled_ = true;
  end_ = grpc::Status::CANCELLED;
  EndIfDone();
}

void OrderEntryStream::OnDone() {
  {
    // Whoever is still in here with an answer leaves first.
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  if (watched_) parts_.guard.Release(watched_->first, watched_->second);
  service_.Remove(shared_from_this());
}

void OrderEntryStream::Handle(const Request& request) {
  const std::uint64_t id = request.request_id();
  if (!logon_seen_) {
    logon_seen_ = true;
    if (request.has_logon()) return Logon(id, request.logon());
    return EndLogon(id, Refusal(RejectReason::kUnauthenticated));
  }
  service_.requests().Execute(session_, request,
                              [self = shared_from_this()](Response response) { self->Send(std::move(response)); });
}

void OrderEntryStream::Logon(std::uint64_t request_id, const pb::Logon& logon) {
  if (parts_.limits.TakeAddress(remote_)) return EndLogon(request_id, Refusal(RejectReason::kRateLimited));
  SignedMessage message{logon.api_key(), logon.timestamp_ms(), logon.signature(),
                        auth::LogonPayload(logon.timestamp_ms(), logon.api_key())};
  const OrderEntrySession session{{}, logon.api_key(), domain::OrderGroup(logon.order_group())};
  parts_.authenticator.Verify(
      std::move(message), [self = shared_from_this(), request_id, session](const auto& verdict) {
        const bool posted = self->parts_.workers->Post(
            [self, request_id, session, verdict] { self->OnLogon(request_id, session, verdict); });
        if (!posted) self->EndLogon(request_id, Refusal(RejectReason::kBackpressure));
      });
}

void OrderEntryStream::OnLogon(std::uint64_t request_id, OrderEntrySession session,
                               const std::variant<domain::AccountId, Refusal>& verdict) {
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) return EndLogon(request_id, *refusal);
  session.account = std::get<domain::AccountId>(verdict);
  auto name = parts_.account_names.Get(session.account, parts_.desk->acknowledged());
  if (!name.ok()) return EndLogon(request_id, Refusal(RejectReason::kUnavailable));
  if (session.group.value() != 0) return Watch(request_id, std::move(session), *std::move(name));
  Welcome(request_id, std::move(session), *name);
}

// The countdown runs before the first order can be entered.
void OrderEntryStream::Watch(std::uint64_t request_id, OrderEntrySession session, std::string name) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  watched_.emplace(session.account, session.group);
  parts_.guard.Watch(session.account, session.group,
                     [self = shared_from_this(), request_id, session, name](const std::optional<Refusal>& refusal) {
                       if (refusal) return self->EndLogon(request_id, *refusal);
                       self->Welcome(request_id, session, name);
                     });
}

void OrderEntryStream::Welcome(std::uint64_t request_id, OrderEntrySession session, const std::string& name) {
  Response response;
  response.set_request_id(request_id);
  response.mutable_logged_on()->set_account_id(session.account.value());
  response.mutable_logged_on()->set_account(name);
  {
    const std::lock_guard lock(mutex_);
    session_ = std::make_shared<const OrderEntrySession>(std::move(session));
  }
  Send(std::move(response));
  const std::lock_guard lock(mutex_);
  ReadMore();
}

void OrderEntryStream::EndLogon(std::uint64_t request_id, const Refusal& refusal) {
  {
    const std::lock_guard lock(mutex_);
    reads_ended_ = true;
    end_ = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the logon was refused");
  }
  Send(service_.requests().Refused(request_id, refusal));
}

void OrderEntryStream::Send(Response response) {
  const std::lock_guard lock(mutex_);
  if (finished_ || cancelled_) return;
  outgoing_.push_back(std::move(response));
  WriteNext();
}

void OrderEntryStream::ReadMore() {
  // Until the logon is decided, nothing else is read.
  const bool waits_for_logon = logon_seen_ && session_ == nullptr;
  if (reading_ || reads_ended_ || finished_ || waits_for_logon || unanswered_ >= parts_.max_unanswered) return;
  reading_ = true;
  StartRead(&incoming_);
}

void OrderEntryStream::WriteNext() {
  if (writing_ || finished_ || cancelled_ || outgoing_.empty()) return;
  writing_ = true;
  StartWrite(&outgoing_.front());
}

void OrderEntryStream::EndIfDone() {
  // Nobody waits for the answers of a cancelled stream.
  if (finished_ || !reads_ended_ || writing_ || (unanswered_ != 0 && !cancelled_)) return;
  finished_ = true;
  Finish(end_);
}

}  // namespace xt::gateway
