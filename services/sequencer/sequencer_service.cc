#include "services/sequencer/sequencer_service.h"

#include <google/protobuf/arena.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/runtime/log.h"
#include "libs/wire/command_proto.h"
#include "libs/wire/event_proto.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::sequencer {
namespace {

using xtrader::v1::SequencerServiceStepDownRequest;
using xtrader::v1::SequencerServiceStepDownResponse;
using xtrader::v1::SubmitRequest;
using xtrader::v1::SubmitResponse;
using xtrader::v1::SubmittedResult;

constexpr int kMaxPerMessage = 256;

xtrader::v1::SubmitOutcome OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted: return xtrader::v1::SUBMIT_OUTCOME_BACKPRESSURE;
    case absl::StatusCode::kInvalidArgument: return xtrader::v1::SUBMIT_OUTCOME_INVALID;
    case absl::StatusCode::kUnavailable: return xtrader::v1::SUBMIT_OUTCOME_UNAVAILABLE;
    default: return xtrader::v1::SUBMIT_OUTCOME_UNKNOWN;
  }
}

void ToProto(std::uint64_t request_id, const absl::StatusOr<domain::CommandResult>& outcome, SubmittedResult& result) {
  result.set_request_id(request_id);
  if (outcome.ok()) {
    result.set_outcome(xtrader::v1::SUBMIT_OUTCOME_APPLIED);
    wire::ToProto(*outcome, *result.mutable_result());
  } else {
    result.set_outcome(OutcomeOf(outcome.status()));
    result.set_detail(std::string(outcome.status().message()));
  }
}

class Stream;

// The streams that live, so that they can be ended and waited for.
class Streams {
 public:
  // False when no more are taken.
  bool Add(const std::shared_ptr<Stream>& stream) {
    const std::lock_guard lock(mutex_);
    if (ending_) return false;
    streams_.insert(stream);
    return true;
  }
  void Remove(const std::shared_ptr<Stream>& stream) {
    {
      const std::lock_guard lock(mutex_);
      streams_.erase(stream);
    }
    changed_.notify_all();
  }
  std::vector<std::shared_ptr<Stream>> End() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    return {streams_.begin(), streams_.end()};
  }
  void WaitForNone(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [this] { return streams_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::set<std::shared_ptr<Stream>> streams_;
};

// One gateway's stream. gRPC calls the reactor's methods; answers come from the sequencer's thread. The object outlives
// the call for as long as answers may still come: `self_` keeps it while gRPC uses it, each callback holds it besides.
class Stream final : public grpc::ServerBidiReactor<SubmitRequest, SubmitResponse> {
 public:
  Stream(ports::OrderSequencing& sequencing, std::size_t max_unanswered, Streams& streams)
      : sequencing_(sequencing), max_unanswered_(max_unanswered), streams_(streams) {}

  static grpc::ServerBidiReactor<SubmitRequest, SubmitResponse>* Open(ports::OrderSequencing& sequencing,
                                                                      std::size_t max_unanswered, Streams& streams) {
    auto stream = std::make_shared<Stream>(sequencing, max_unanswered, streams);
    stream->self_ = stream;
    if (streams.Add(stream)) {
      stream->StartRead(&stream->request_);
    } else {
      stream->Finish(grpc::Status::OK);
    }
    return stream.get();
  }

  // Finishes as soon as nothing is unanswered; requests that arrive later are not read.
  void End() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    FinishIfIdle();
  }

  void OnReadDone(bool ok) override {
    std::vector<Decoded> commands;
    {
      const std::lock_guard lock(mutex_);
      if (!ok) ending_ = true;
      if (!ok || finishing_) {
        reading_ = false;
        FinishIfIdle();
        return;
      }
      asking_ = true;
      commands = Decode();
      unanswered_ += commands.size();
    }
    // Not under the lock: a refusal is answered inside Submit.
    for (const auto& [request_id, command] : commands) Ask(request_id, command);
    const std::lock_guard lock(mutex_);
    asking_ = reading_ = false;
    ReadMore();
    FinishIfIdle();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    unanswered_ -= static_cast<std::size_t>(response_->results_size());
    if (!ok) broken_ = true;
    WriteMore();
    ReadMore();
    FinishIfIdle();
  }

  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    broken_ = true;
    FinishIfIdle();
  }

  void OnDone() override {
    std::shared_ptr<Stream> self;
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
      self = std::move(self_);
    }
    streams_.Remove(self);
  }

 private:
  using Decoded = std::pair<std::uint64_t, absl::StatusOr<domain::Command>>;

  [[nodiscard]] std::vector<Decoded> Decode() const {
    std::vector<Decoded> commands;
    commands.reserve(static_cast<std::size_t>(request_.commands_size()));
    for (const auto& submitted : request_.commands()) {
      commands.emplace_back(submitted.request_id(), wire::FromProto(submitted.command()));
    }
    return commands;
  }

  void Ask(std::uint64_t request_id, const absl::StatusOr<domain::Command>& command) {
    if (!command.ok()) {
      Answer(request_id, command.status());
      return;
    }
    sequencing_.Submit(*command, [self = self_, request_id](absl::StatusOr<domain::CommandResult> outcome) {
      self->Answer(request_id, std::move(outcome));
    });
  }

  void Answer(std::uint64_t request_id, absl::StatusOr<domain::CommandResult> outcome) {
    const std::lock_guard lock(mutex_);
    if (finished_ || broken_) return;
    waiting_.emplace_back(request_id, std::move(outcome));
    WriteMore();
  }

  // What follows runs under the lock.

  void WriteMore() {
    if (writing_ || finishing_ || broken_ || waiting_.empty()) return;
    arena_.Reset();
    response_ = google::protobuf::Arena::CreateMessage<SubmitResponse>(&arena_);
    for (int i = 0; i < kMaxPerMessage && !waiting_.empty(); ++i) {
      ToProto(waiting_.front().first, waiting_.front().second, *response_->add_results());
      waiting_.pop_front();
    }
    writing_ = true;
    StartWrite(response_);
  }

  void ReadMore() {
    if (reading_ || ending_ || broken_ || finishing_ || unanswered_ >= max_unanswered_) return;
    reading_ = true;
    StartRead(&request_);
  }

  void FinishIfIdle() {
    if (finishing_ || writing_ || asking_) return;
    if (!broken_ && (!ending_ || unanswered_ > 0)) return;
    finishing_ = true;
    Finish(broken_ ? grpc::Status(grpc::StatusCode::CANCELLED, "the stream broke") : grpc::Status::OK);
  }

  ports::OrderSequencing& sequencing_;
  const std::size_t max_unanswered_;
  Streams& streams_;
  SubmitRequest request_;
  google::protobuf::Arena arena_;
  SubmitResponse* response_ = nullptr;  // in the arena; the one that is being written

  std::mutex mutex_;
  std::shared_ptr<Stream> self_;
  std::deque<std::pair<std::uint64_t, absl::StatusOr<domain::CommandResult>>> waiting_;
  std::size_t unanswered_ = 0;  // read, and the answer not written yet
  bool reading_ = true;         // a read is under way, or what it brought is being handed on
  bool asking_ = false;         // the latter
  bool writing_ = false;
  bool ending_ = false;  // nothing more is read
  bool broken_ = false;  // nothing more can be written
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace

class SequencerService::Impl final : public xtrader::v1::SequencerService::CallbackService {
 public:
  Impl(ports::OrderSequencing& sequencing, const SequencerServiceOptions& options)
      : sequencing_(sequencing), options_(options) {}

  grpc::ServerBidiReactor<SubmitRequest, SubmitResponse>* Submit(grpc::CallbackServerContext*) override {
    return Stream::Open(sequencing_, options_.max_unanswered, streams_);
  }

  grpc::ServerUnaryReactor* StepDown(grpc::CallbackServerContext* context,
                                     const SequencerServiceStepDownRequest* request,
                                     SequencerServiceStepDownResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (!options_.step_down) {
      reactor->Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "it cannot step down"));
      return reactor;
    }
    const absl::StatusOr<domain::Epoch> epoch = options_.step_down(request->force());
    const std::string peer = context->peer();
    if (!epoch.ok()) {
      runtime::Log(runtime::LogLevel::kInfo, "does not step down",
                   {{"peer", peer}, {"reason", request->reason()}, runtime::LogField(epoch.status())});
      reactor->Finish(grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, std::string(epoch.status().message())));
      return reactor;
    }
    runtime::Log(
        runtime::LogLevel::kInfo, "steps down",
        {{"peer", peer}, {"reason", request->reason()}, {"force", request->force()}, {"epoch", epoch->value()}});
    response->set_leader_id(options_.instance);
    response->set_epoch(epoch->value());
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  void EndStreams(std::chrono::steady_clock::time_point deadline) {
    for (const std::shared_ptr<Stream>& stream : streams_.End()) stream->End();
    streams_.WaitForNone(deadline);
  }

 private:
  ports::OrderSequencing& sequencing_;
  const SequencerServiceOptions options_;
  Streams streams_;
};

SequencerService::SequencerService(ports::OrderSequencing& sequencing, const SequencerServiceOptions& options)
    : impl_(std::make_unique<Impl>(sequencing, options)) {}

SequencerService::~SequencerService() = default;

runtime::GrpcService SequencerService::service() const {
  return {impl_.get(), xtrader::v1::SequencerService::service_full_name()};
}

void SequencerService::EndStreams(std::chrono::steady_clock::time_point deadline) { impl_->EndStreams(deadline); }

}  // namespace xt::sequencer
