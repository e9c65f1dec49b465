#include "bench/e2e/grpc_driver.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace xt::bench {
namespace {

namespace pb = xtrader::v1;
constexpr std::chrono::seconds kPatience{120};

struct Pending {
  Operation operation = Operation::kRest;
  bool for_cancel = false;
  std::int64_t sent_ns = 0;
};

class GrpcClient {
 public:
  GrpcClient(const GrpcLoad& load, const Market& market, Window window)
      : load_(load),
        market_(market),
        flow_(market, load.seed, OrderFlow::kPreload),
        recorder_(window),
        stub_(pb::OrderEntryService::NewStub(grpc::CreateChannel(load.address, grpc::InsecureChannelCredentials()))) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience +
                          std::chrono::nanoseconds(window.end_ns - NowNs()));
    stream_ = stub_->OrderEntry(&context_);
  }

  Recorder Run() {
    if (SignIn()) {
      if (load_.per_second > 0) {
        RunAtRate();
      } else {
        RunInFlight();
      }
    }
    End();
    return std::move(recorder_);
  }

 private:
  bool SignIn() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t timestamp_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    pb::OrderEntryRequest request;
    pb::Logon& logon = *request.mutable_logon();
    logon.set_api_key(load_.account.api_key);
    logon.set_timestamp_ms(timestamp_ms);
    logon.set_signature(
        test::Sign(load_.account.secret, std::to_string(timestamp_ms) + "LOGON" + load_.account.api_key));
    pb::OrderEntryResponse response;
    if (stream_->Write(request) && stream_->Read(&response) && response.has_logged_on()) return true;
    recorder_.Fail("the logon was refused: " + response.refusal().code());
    return false;
  }

  void RunInFlight() {
    for (std::size_t i = 0; i < load_.in_flight; ++i) SendNext(NowNs());
    while (!pending_.empty() && ReadOne()) {
      if (!recorder_.Over()) SendNext(NowNs());
    }
  }

  void RunAtRate() {
    const std::int64_t start_ns = NowNs();
    bool sending = true;  // guarded by mutex_
    std::thread reader([&] {
      const auto waits = [&] {
        std::unique_lock lock(mutex_);
        sent_.wait(lock, [&] { return !pending_.empty() || !sending; });
        return !pending_.empty();
      };
      while (waits() && ReadOne()) {
      }
    });
    for (std::int64_t n = 0; !Over(); ++n) {
      const std::int64_t due_ns = start_ns + n * 1'000'000'000 / load_.per_second;
      if (const std::int64_t early_ns = due_ns - NowNs(); early_ns > 0) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(std::max(early_ns, kTickNs)));
      }
      SendNext(due_ns);
    }
    {
      std::lock_guard lock(mutex_);
      sending = false;
      sent_.notify_one();
    }
    reader.join();
  }

  bool Over() {
    std::lock_guard lock(mutex_);
    return recorder_.Over();
  }

  void SendNext(std::int64_t due_ns) {
    {
      std::lock_guard lock(mutex_);
      MakeNext(due_ns);
      sent_.notify_one();
    }
    // A broken stream is seen by the next read.
    stream_->Write(request_);
  }

  void MakeNext(std::int64_t due_ns) {
    Intent intent = flow_.Next();
    if (intent.operation == Operation::kCancel && resting_.empty()) intent = flow_.NextRest();
    request_.Clear();
    request_.set_request_id(++last_id_);
    if (intent.operation == Operation::kCancel) {
      // The newest: most likely it still rests.
      request_.mutable_cancel_order()->set_order_id(resting_.back());
      resting_.pop_back();
    } else {
      SetOrder(intent, *request_.mutable_enter_order());
    }
    pending_[last_id_] = {intent.operation, flow_.IsForCancel(intent), due_ns};
  }

  void SetOrder(const Intent& intent, pb::EnterOrder& order) {
    const bool crosses = intent.operation == Operation::kCross;
    order.set_symbol(market_.symbol);
    order.set_side(intent.buy ? pb::SIDE_BUY : pb::SIDE_SELL);
    order.set_type(pb::ORDER_TYPE_LIMIT);
    order.set_time_in_force(crosses ? pb::TIME_IN_FORCE_IOC : pb::TIME_IN_FORCE_GTC);
    order.set_self_trade_prevention(pb::SELF_TRADE_PREVENTION_NONE);
    order.set_price_ticks(intent.price_ticks);
    order.set_quantity_lots(intent.quantity_lots);
    order.set_client_order_id(id_prefix_ + std::to_string(last_id_));
  }

  bool ReadOne() {
    const bool read = stream_->Read(&response_);
    const std::int64_t received_ns = NowNs();
    std::lock_guard lock(mutex_);
    if (!read) {
      recorder_.Fail("the stream ended with requests unanswered");
      return false;
    }
    const auto found = pending_.find(response_.request_id());
    if (found == pending_.end()) {
      recorder_.Fail("an answer to no request, or a second one");
      return false;
    }
    const Pending pending = found->second;
    pending_.erase(found);
    recorder_.Answered(pending.sent_ns, received_ns);
    if (response_.has_refusal()) {
      recorder_.Refused(pending.operation, response_.refusal().code(), received_ns);
    } else if (pending.operation != Operation::kCancel) {
      Accept(pending);
    }
    return true;
  }

  void Accept(const Pending& pending) {
    const pb::ExecutionReport& report = response_.result().report();
    if (report.client_order_id() != id_prefix_ + std::to_string(response_.request_id())) {
      return recorder_.Fail("the answer is to another order");
    }
    recorder_.Accepted(report.order_id());
    if (pending.for_cancel) resting_.push_back(report.order_id());
  }

  void End() {
    if (!recorder_.error().empty()) context_.TryCancel();
    stream_->WritesDone();
    while (stream_->Read(&response_)) recorder_.Fail("an answer that nobody waits for");
    const grpc::Status status = stream_->Finish();
    if (!status.ok()) recorder_.Fail("the stream ended: " + status.error_message());
  }

  const GrpcLoad& load_;
  const Market& market_;
  OrderFlow flow_;
  Recorder recorder_;
  std::unique_ptr<pb::OrderEntryService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::OrderEntryRequest, pb::OrderEntryResponse>> stream_;
  pb::OrderEntryRequest request_;    // of the thread that sends
  pb::OrderEntryResponse response_;  // of the thread that reads
  std::mutex mutex_;                 // guards what follows, the flow and the recorder
  std::condition_variable sent_;
  absl::flat_hash_map<std::uint64_t, Pending> pending_;
  std::vector<std::uint64_t> resting_;
  std::uint64_t last_id_ = 0;
  const std::string id_prefix_ = "g-" + std::to_string(NowNs()) + "-";  // an exchange may see several clients
};

}  // namespace

Recorder DriveGrpc(const GrpcLoad& load, const Market& market, Window window) {
  return GrpcClient(load, market, window).Run();
}

}  // namespace xt::bench
