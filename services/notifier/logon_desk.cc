#include "services/notifier/logon_desk.h"

#include <vector>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "libs/base/status.h"
#include "services/notifier/messages.h"

namespace xt::notifier {
namespace {

constexpr std::size_t kBatch = 16;
constexpr std::chrono::seconds kProbeInterval{1};
constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

LogonDesk::LogonDesk(const NotifierConfig& config, ports::History& history, const Clock& clock, Hub& hub,
                     runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health)
    : config_(config),
      history_(history),
      clock_(clock),
      hub_(hub),
      health_(health.AddCheck("notifier.history", runtime::Dependency::kSoft)),
      failures_total_(metrics.Counter("gateway_auth_failures_total", "Requests that failed authentication.",
                                      {{"reason", "logon"}})),
      tasks_(config.logon_queue) {}

LogonDesk::~LogonDesk() { Stop(); }

void LogonDesk::Start() {
  thread_ = std::thread([this] { Run(); });
}

void LogonDesk::Stop() {
  stopping_ = true;
  tasks_.Close();
  if (thread_.joinable()) thread_.join();
}

void LogonDesk::Submit(std::uint64_t session, const std::string& request_id, const LogonRequest& request) {
  if (tasks_.TryPush({session, request_id, request})) return;
  hub_.Reply(session, ErrorMessage(request_id, domain::RejectReason::kBackpressure, ""));
}

void LogonDesk::Run() {
  Report(history_.CommittedSequence().status());
  std::vector<Task> tasks;
  while (tasks_.PopBatch(tasks, kBatch, kProbeInterval)) {
    if (tasks.empty()) Report(history_.CommittedSequence().status());
    for (const Task& task : tasks) {
      // Each may wait for persistence: the end does not wait for all of them.
      if (stopping_) return;
      Check(task);
    }
  }
}

void LogonDesk::Check(const Task& task) {
  domain::AccountId account;
  if (const domain::Reject reject = Verify(task.request, account)) {
    if (reject.reason != domain::RejectReason::kUnavailable) failures_total_.Increment();
    hub_.Reply(task.session, ErrorMessage(task.request_id, reject.reason, reject.field));
    return;
  }
  hub_.SignIn(task.session, task.request_id, account);
}

domain::Reject LogonDesk::Verify(const LogonRequest& request, domain::AccountId& account) {
  if (!auth::IsFresh(request.timestamp_ms, clock_.WallNs() / kNsPerMs, config_.signature_window_ms)) {
    return {domain::RejectReason::kStaleTimestamp, "timestamp"};
  }
  const absl::StatusOr<ports::ApiKeyRow> key = history_.GetApiKey(request.api_key);
  Report(absl::IsNotFound(key.status()) ? absl::OkStatus() : key.status());
  if (absl::IsNotFound(key.status())) return {domain::RejectReason::kUnauthenticated, "apiKey"};
  if (!key.ok()) return {domain::RejectReason::kUnavailable, ""};
  const std::string payload = auth::LogonPayload(request.timestamp_ms, request.api_key);
  if (!auth::ConstantTimeEquals(auth::HmacSha256Hex(key->secret, payload), request.signature)) {
    return {domain::RejectReason::kInvalidSignature, "signature"};
  }
  // The exchange's own account is nobody's: it has no stream.
  if (key->account == domain::kFeeAccount) return {domain::RejectReason::kUnauthenticated, "apiKey"};
  account = key->account;
  return {};
}

void LogonDesk::Report(const absl::Status& status) {
  if (status.ok()) return health_.SetOk();
  health_.Set(runtime::HealthStatus::kDown, "nobody can sign in: " + std::string(MessageOf(status)));
}

}  // namespace xt::notifier
