// The client side of ports::MatchingQueries: one unary call per question, to the replica whose state is the newest.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/adapters/grpc/channel.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/wire/fields.h"
#include "libs/wire/market_proto.h"
#include "libs/wire/symbol_proto.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using std::chrono::milliseconds;

// How often the newest replica is looked for.
constexpr milliseconds kLookInterval{1'000};

// Every message as a domain value; the position of each must be its id.
template <typename T, typename Messages>
absl::Status ReadAll(const Messages& messages, std::vector<T>& out) {
  for (const auto& message : messages) {
    XT_ASSIGN_OR_RETURN(T value, wire::FromProto(message));
    if (value.id.value() != out.size()) return wire::FieldError("id", "is not the position");
    out.push_back(value);
  }
  return absl::OkStatus();
}

class MatchingQueriesClient final : public ports::MatchingQueries {
 public:
  explicit MatchingQueriesClient(const ClientOptions& options)
      : timeout_(options.call_timeout),
        look_timeout_(options.addresses.size() == 1 ? timeout_ : std::min(timeout_, options.look_timeout)) {
    XT_CHECK(!options.addresses.empty(), "a client without an address");
    for (const std::string& address : options.addresses) {
      stubs_.push_back(
          pb::MatchingService::NewStub(MakeChannel(address, pb::MatchingService::service_full_name(), options)));
    }
    if (stubs_.size() == 1) return;
    present_ = kNotKnown;
    thread_ = std::thread([this] { Run(); });
  }

  ~MatchingQueriesClient() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override {
    pb::GetBookRequest request;
    pb::GetBookResponse response;
    request.set_symbol_id(symbol.value());
    request.set_depth(static_cast<std::uint32_t>(depth));
    XT_RETURN_IF_ERROR(Call(&Stub::GetBook, request, response));
    return wire::FromProto(response.book());
  }

  absl::StatusOr<ports::ReferenceData> GetReferenceData() override {
    XT_ASSIGN_OR_RETURN(const pb::GetReferenceDataResponse response, AskAll());
    ports::ReferenceData data;
    data.sequence = domain::SequenceNumber(response.sequence());
    XT_RETURN_IF_ERROR(ReadAll(response.assets(), data.assets));
    XT_RETURN_IF_ERROR(ReadAll(response.symbols(), data.symbols));
    return data;
  }

  absl::StatusOr<ports::StateDigest> GetStateDigest() override {
    pb::GetStateDigestResponse response;
    XT_RETURN_IF_ERROR(Call(&Stub::GetStateDigest, pb::GetStateDigestRequest(), response));
    XT_ASSIGN_OR_RETURN(const Hash128 digest, Hash128::FromBytes(response.digest()));
    return ports::StateDigest{domain::SequenceNumber(response.sequence()), digest};
  }

 private:
  using Stub = pb::MatchingService::Stub;
  static constexpr std::size_t kNotKnown = static_cast<std::size_t>(-1);

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    if (present_ == kNotKnown) XT_RETURN_IF_ERROR(AskAll().status());
    const absl::Status status = CallUnary(*stubs_[present_], method, timeout_, request, response);
    if (!absl::IsUnavailable(status) || stubs_.size() == 1) return status;
    if (!AskAll().ok()) return status;
    return CallUnary(*stubs_[present_], method, timeout_, request, response);
  }

  // The answer of the replica with the highest applied sequence, which is the present one from now on.
  absl::StatusOr<pb::GetReferenceDataResponse> AskAll() {
    const std::uint64_t look = ++looks_;
    absl::StatusOr<pb::GetReferenceDataResponse> newest = absl::UnavailableError("no replica of matching answers");
    std::size_t newest_at = present_;
    for (std::size_t i = 0; i < stubs_.size(); ++i) {
      pb::GetReferenceDataResponse response;
      const absl::Status status =
          CallUnary(*stubs_[i], &Stub::GetReferenceData, look_timeout_, pb::GetReferenceDataRequest(), response);
      if (!status.ok() && !newest.ok()) newest = status;
      if (!status.ok() || (newest.ok() && newest->sequence() >= response.sequence())) continue;
      newest = std::move(response);
      newest_at = i;
    }
    if (!newest.ok()) return newest;
    const std::lock_guard lock(mutex_);
    if (look > found_by_) {  // one that began later knows better
      found_by_ = look;
      present_ = newest_at;
    }
    return newest;
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      AskAll().IgnoreError();
      lock.lock();
      changed_.wait_for(lock, kLookInterval, [this] { return stopping_; });
    }
  }

  const milliseconds timeout_;
  const milliseconds look_timeout_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  std::atomic<std::size_t> present_{0};
  std::atomic<std::uint64_t> looks_{0};
  std::mutex mutex_;
  std::uint64_t found_by_ = 0;  // the look that present_ comes from
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<ports::MatchingQueries> ConnectMatchingQueries(const ClientOptions& options) {
  return std::make_unique<MatchingQueriesClient>(options);
}

}  // namespace xt::grpc_clients
