#include "services/matching/matching_service.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/wire/frame_codec.h"
#include "libs/wire/market_proto.h"
#include "libs/wire/symbol_proto.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::matching {
namespace {

namespace pb = ::xtrader::v1;

constexpr std::size_t kMaxFramesPerMessage = 16;
// A message is closed when it is this large, long before the transport's limit.
constexpr std::size_t kMessageBytes = 1 << 20;

grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

absl::StatusOr<std::shared_ptr<const domain::Frame>> ReadFrame(const pb::OfferedFrame& offered) {
  XT_ASSIGN_OR_RETURN(domain::Frame frame, wire::DecodeFrame(offered.frame()));
  XT_ASSIGN_OR_RETURN(const Hash128 hash, Hash128::FromBytes(offered.hash()));
  if (hash != frame.hash) return absl::DataLossError("the frame's bytes do not have the hash that came with them");
  return std::make_shared<const domain::Frame>(std::move(frame));
}

pb::FrameResult ToProto(const ports::FrameResults& results, bool digest_only) {
  pb::FrameResult message;
  if (!digest_only) {
    for (const auto& batch : results.batches) message.add_batches(*batch);
  }
  message.set_digest(results.digest.ToBytes());
  message.set_next_due_ns(results.next_due_ns);
  message.set_first_sequence(results.first_sequence.value());
  return message;
}

class Stream;

// Which stream is the sequencer's.
class StreamRegistry {
 public:
  explicit StreamRegistry(std::function<void()> on_disconnect) : on_disconnect_(std::move(on_disconnect)) {}

  // False when no more are taken.
  bool Admit(const std::shared_ptr<Stream>& stream) {
    const std::lock_guard lock(mutex_);
    if (ending_) return false;
    open_.insert(stream);
    return true;
  }
  // Makes it the sequencer's stream if `connect` succeeds, and gives the one that it replaces. One at a time: the
  // replica is connected to the stream that is the sequencer's.
  absl::StatusOr<std::shared_ptr<Stream>> Connect(const std::shared_ptr<Stream>& stream,
                                                  const std::function<absl::Status()>& connect) {
    const std::lock_guard lock(mutex_);
    XT_RETURN_IF_ERROR(connect());
    return std::exchange(current_, stream);
  }
  // From now on the stream does nothing any more.
  void Leave(const std::shared_ptr<Stream>& stream) {
    {
      const std::lock_guard lock(mutex_);
      if (current_ == stream) {
        current_ = nullptr;
        if (on_disconnect_) on_disconnect_();
      }
      open_.erase(stream);
    }
    changed_.notify_all();
  }
  std::vector<std::shared_ptr<Stream>> End() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    return {open_.begin(), open_.end()};
  }
  void WaitForNone(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [this] { return open_.empty(); });
  }

 private:
  const std::function<void()> on_disconnect_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::set<std::shared_ptr<Stream>> open_;
  std::shared_ptr<Stream> current_;
};

// One sequencer's stream. gRPC calls the reactor's methods; results come from the engine's thread. `self_` keeps the
// object while gRPC uses it, the observer holds it besides.
class Stream final : public grpc::ServerBidiReactor<pb::ReplicateRequest, pb::ReplicateResponse> {
 public:
  Stream(ports::MatchingReplica& replica, std::size_t max_held_frames, StreamRegistry& registry)
      : replica_(replica), max_held_frames_(max_held_frames), registry_(registry) {}

  static Stream* Open(ports::MatchingReplica& replica, std::size_t max_held_frames, StreamRegistry& registry) {
    auto stream = std::make_shared<Stream>(replica, max_held_frames, registry);
    stream->self_ = stream;
    Stream* const reactor = stream.get();
    if (registry.Admit(stream)) {
      stream->AwaitFirstRequest();
    } else {
      stream->End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining"));
    }
    return reactor;
  }

  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    EndWith(status);
  }

  void OnReadDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      if (!ok) return EndWith(grpc::Status::OK);
      if (ending_) return FinishIfIdle();
      if (begun_) {
        if (const absl::Status status = TakeRequest(); !status.ok()) return EndWith(ToGrpc(status));
        return StartRead(&request_);
      }
      begun_ = true;
    }
    Connect();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) EndWith(grpc::Status(grpc::StatusCode::CANCELLED, "the stream broke"));
    WriteMore();
    FinishIfIdle();
  }

  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    EndWith(grpc::Status(grpc::StatusCode::CANCELLED, "the stream broke"));
  }

  void OnDone() override {
    std::shared_ptr<Stream> self;
    {
      const std::lock_guard lock(mutex_);
      self = std::move(self_);
    }
    registry_.Leave(self);
  }

 private:
  void AwaitFirstRequest() {
    const std::lock_guard lock(mutex_);
    if (!ending_) StartRead(&request_);
  }

  // The first request is there, and no other is read before it is answered.
  void Connect() {
    ports::ReplicaPosition position;
    const auto replaced = registry_.Connect(self_, [&] { return ConnectReplica(position); });
    if (replaced.ok() && *replaced != nullptr) {
      (*replaced)->End(grpc::Status(grpc::StatusCode::ABORTED, "another sequencer connected"));
    }
    const std::lock_guard lock(mutex_);
    if (!replaced.ok()) return EndWith(ToGrpc(replaced.status()));
    if (ending_) return;
    response_.set_applied_sequence(position.applied.value());
    response_.set_frame_hash(position.frame_hash.ToBytes());
    response_.set_results_from(position.results_from.value());
    applied_hash_ = position.frame_hash;
    answered_ = true;
    writing_ = true;
    StartWrite(&response_);
    StartRead(&request_);
  }

  absl::Status ConnectReplica(ports::ReplicaPosition& position) {
    standby_ = request_.standby();
    const ports::SequencerPosition sequencer{
        .results_after = domain::SequenceNumber(request_.results_after()),
        .committed = domain::SequenceNumber(request_.committed_sequence()),
        .epoch = domain::Epoch(request_.epoch()),
        .published = Published(),
        .begin_anew = request_.begin_anew(),
        .standby = standby_,
        .journal_begins = domain::SequenceNumber(request_.journal_begins()),
        .snapshot_sources = {request_.snapshot_sources().begin(), request_.snapshot_sources().end()}};
    XT_ASSIGN_OR_RETURN(position, replica_.Connect(
                                      [stream = self_](absl::StatusOr<ports::FrameResults> results) {
                                        stream->Observe(std::move(results));
                                      },
                                      sequencer));
    return absl::OkStatus();
  }

  [[nodiscard]] std::optional<domain::SequenceNumber> Published() const {
    if (!request_.has_published_sequence()) return std::nullopt;
    return domain::SequenceNumber(request_.published_sequence());
  }

  void Observe(absl::StatusOr<ports::FrameResults> results) {
    if (!results.ok()) return End(ToGrpc(results.status()));
    pb::FrameResult message = ToProto(*results, standby_);
    const std::lock_guard lock(mutex_);
    if (ending_) return;
    results_.push_back({std::move(message), results->results.back().sequence.value()});
    WriteMore();
    // It has room again.
    if (const absl::Status status = OfferHeld(); !status.ok()) EndWith(ToGrpc(status));
  }

  // What follows runs under the lock.

  absl::Status TakeRequest() {
    for (const pb::OfferedFrame& offered : request_.frames()) {
      XT_ASSIGN_OR_RETURN(auto frame, ReadFrame(offered));
      if (held_.size() >= max_held_frames_) return absl::ResourceExhaustedError("too many frames on their way");
      held_.push_back(std::move(frame));
    }
    XT_RETURN_IF_ERROR(OfferHeld());
    if (const auto published = Published()) XT_RETURN_IF_ERROR(replica_.Published(*published));
    if (request_.committed_sequence() == 0) return absl::OkStatus();
    return replica_.Commit(domain::SequenceNumber(request_.committed_sequence()));
  }

  absl::Status OfferHeld() {
    while (!held_.empty()) {
      const absl::Status status = replica_.Offer(held_.front());
      if (absl::IsResourceExhausted(status)) return absl::OkStatus();
      XT_RETURN_IF_ERROR(status);
      taken_.push_back({held_.front()->last_sequence().value(), held_.front()->hash});
      held_.pop_front();
    }
    return absl::OkStatus();
  }

  void WriteMore() {
    if (!answered_ || writing_ || ending_ || results_.empty()) return;
    response_.Clear();
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < kMaxFramesPerMessage && bytes < kMessageBytes && !results_.empty(); ++i) {
      bytes += results_.front().message.ByteSizeLong();
      response_.set_applied_sequence(results_.front().last_sequence);
      response_.add_results()->Swap(&results_.front().message);
      results_.pop_front();
    }
    while (!taken_.empty() && taken_.front().last_sequence <= response_.applied_sequence()) {
      applied_hash_ = taken_.front().hash;
      taken_.pop_front();
    }
    response_.set_frame_hash(applied_hash_.ToBytes());
    writing_ = true;
    StartWrite(&response_);
  }

  void EndWith(const grpc::Status& status) {
    if (!ending_) {
      ending_ = true;
      status_ = status;
    }
    FinishIfIdle();
  }

  // A read that is under way ends by the finish itself.
  void FinishIfIdle() {
    if (!ending_ || finishing_ || writing_) return;
    finishing_ = true;
    Finish(status_);
  }

  struct WaitingResult {
    pb::FrameResult message;
    std::uint64_t last_sequence = 0;
  };
  struct TakenFrame {
    std::uint64_t last_sequence = 0;
    Hash128 hash;
  };

  ports::MatchingReplica& replica_;
  const std::size_t max_held_frames_;
  StreamRegistry& registry_;
  bool begun_ = false;    // the first request is there
  bool standby_ = false;  // of the first request
  pb::ReplicateRequest request_;
  pb::ReplicateResponse response_;

  std::mutex mutex_;
  std::shared_ptr<Stream> self_;
  std::deque<std::shared_ptr<const domain::Frame>> held_;  // the replica had no room
  std::deque<TakenFrame> taken_;                           // offered, and no result written yet
  std::deque<WaitingResult> results_;
  Hash128 applied_hash_;
  bool answered_ = false;  // the first request: results come after that
  bool writing_ = false;
  bool ending_ = false;
  bool finishing_ = false;
  grpc::Status status_;
};

// All but ReadSnapshot and CopySnapshot are answered on gRPC's threads.
using CallbackMethods = pb::MatchingService::WithCallbackMethod_Replicate<
    pb::MatchingService::WithCallbackMethod_GetBook<pb::MatchingService::WithCallbackMethod_GetReferenceData<
        pb::MatchingService::WithCallbackMethod_GetStateDigest<pb::MatchingService::WithCallbackMethod_TakeSnapshot<
            pb::MatchingService::WithCallbackMethod_ListSnapshots<pb::MatchingService::Service>>>>>>;

}  // namespace

class MatchingService::Impl final : public CallbackMethods {
 public:
  Impl(ports::MatchingReplica& replica, ports::MatchingQueries& queries, const MatchingServiceOptions& options)
      : replica_(replica), queries_(queries), options_(options), registry_(options.on_disconnect) {}

  grpc::ServerBidiReactor<pb::ReplicateRequest, pb::ReplicateResponse>* Replicate(
      grpc::CallbackServerContext*) override {
    return Stream::Open(replica_, options_.max_held_frames, registry_);
  }

  grpc::ServerUnaryReactor* GetBook(grpc::CallbackServerContext* context, const pb::GetBookRequest* request,
                                    pb::GetBookResponse* response) override {
    absl::Status status = absl::NotFoundError("unknown symbol");
    if (request->symbol_id() <= 0xFFFF) {
      const domain::SymbolId symbol(static_cast<std::uint16_t>(request->symbol_id()));
      const auto book = queries_.GetBook(symbol, request->depth());
      status = book.status();
      if (book.ok()) wire::ToProto(*book, *response->mutable_book());
    }
    return Answer(context, status);
  }

  grpc::ServerUnaryReactor* GetReferenceData(grpc::CallbackServerContext* context, const pb::GetReferenceDataRequest*,
                                             pb::GetReferenceDataResponse* response) override {
    const auto data = queries_.GetReferenceData();
    if (data.ok()) {
      response->set_sequence(data->sequence.value());
      for (const domain::Asset& asset : data->assets) wire::ToProto(asset, *response->add_assets());
      for (const domain::Symbol& symbol : data->symbols) wire::ToProto(symbol, *response->add_symbols());
    }
    return Answer(context, data.status());
  }

  grpc::ServerUnaryReactor* GetStateDigest(grpc::CallbackServerContext* context, const pb::GetStateDigestRequest*,
                                           pb::GetStateDigestResponse* response) override {
    const auto digest = queries_.GetStateDigest();
    if (digest.ok()) {
      response->set_sequence(digest->sequence.value());
      response->set_digest(digest->digest.ToBytes());
    }
    return Answer(context, digest.status());
  }

  grpc::ServerUnaryReactor* TakeSnapshot(grpc::CallbackServerContext* context, const pb::TakeSnapshotRequest* request,
                                         pb::TakeSnapshotResponse* response) override {
    if (options_.snapshots == nullptr) return Answer(context, KeepsNone());
    const auto taken = options_.snapshots->TakeSnapshot(request->even_leading());
    if (taken.ok()) {
      response->set_sequence(taken->sequence.value());
      response->set_bytes(taken->bytes);
    }
    return Answer(context, taken.status());
  }

  grpc::ServerUnaryReactor* ListSnapshots(grpc::CallbackServerContext* context, const pb::ListSnapshotsRequest*,
                                          pb::ListSnapshotsResponse* response) override {
    if (options_.snapshots == nullptr) return Answer(context, KeepsNone());
    const auto sequences = options_.snapshots->ListSnapshots();
    if (sequences.ok()) {
      for (const domain::SequenceNumber sequence : *sequences) response->add_sequences(sequence.value());
    }
    return Answer(context, sequences.status());
  }

  // On a thread of this call, which waits for nothing that a Connect holds.
  grpc::Status ReadSnapshot(grpc::ServerContext*, const pb::ReadSnapshotRequest* request,
                            grpc::ServerWriter<pb::ReadSnapshotResponse>* writer) override {
    if (options_.snapshots == nullptr) return ToGrpc(KeepsNone());
    pb::ReadSnapshotResponse response;
    const auto send = [&](std::string_view piece) -> absl::Status {
      if (draining_) return absl::UnavailableError("draining");
      response.set_piece(piece.data(), piece.size());
      return writer->Write(response) ? absl::OkStatus() : absl::CancelledError("the stream broke");
    };
    return ToGrpc(options_.snapshots->ReadSnapshot(domain::SequenceNumber(request->at_least()),
                                                   domain::SequenceNumber(request->at_most()), send));
  }

  // The same.
  grpc::Status CopySnapshot(grpc::ServerContext*, const pb::CopySnapshotRequest* request,
                            pb::CopySnapshotResponse*) override {
    if (options_.snapshots == nullptr) return ToGrpc(KeepsNone());
    return ToGrpc(options_.snapshots->CopySnapshot(request->source(), domain::SequenceNumber(request->at_least()),
                                                   domain::SequenceNumber(request->at_most())));
  }

  void EndStreams(std::chrono::steady_clock::time_point deadline) {
    draining_ = true;
    for (const std::shared_ptr<Stream>& stream : registry_.End()) {
      stream->End(grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining"));
    }
    registry_.WaitForNone(deadline);
  }

 private:
  static absl::Status KeepsNone() { return absl::UnimplementedError("it keeps no snapshots"); }
  static grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const absl::Status& status) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(ToGrpc(status));
    return reactor;
  }

  ports::MatchingReplica& replica_;
  ports::MatchingQueries& queries_;
  const MatchingServiceOptions options_;
  StreamRegistry registry_;
  std::atomic<bool> draining_{false};
};

MatchingService::MatchingService(ports::MatchingReplica& replica, ports::MatchingQueries& queries,
                                 const MatchingServiceOptions& options)
    : impl_(std::make_unique<Impl>(replica, queries, options)) {}

MatchingService::~MatchingService() = default;

runtime::GrpcService MatchingService::service() const {
  return {impl_.get(), pb::MatchingService::service_full_name()};
}

void MatchingService::EndStreams(std::chrono::steady_clock::time_point deadline) { impl_->EndStreams(deadline); }

}  // namespace xt::matching
