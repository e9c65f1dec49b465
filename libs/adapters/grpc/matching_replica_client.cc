// The client side of ports::MatchingReplica: one session per Connect, with a thread that writes frames and commits and
// one that reads results. A session that is replaced ends without a word to its observer.

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/adapters/grpc/channel.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/frame_codec.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using Observer = ports::MatchingReplica::Observer;
using std::chrono::milliseconds;

constexpr std::size_t kMaxFramesPerMessage = 16;

absl::StatusOr<Hash128> ReadHash(const std::string& bytes) {
  if (bytes.empty()) return Hash128{};
  return Hash128::FromBytes(bytes);
}

absl::StatusOr<ports::FrameResults> ReadResults(pb::FrameResult& message) {
  ports::FrameResults results;
  for (std::string& batch : *message.mutable_batches()) {
    XT_ASSIGN_OR_RETURN(auto result, wire::DecodeEventBatch(batch));
    results.results.push_back(std::move(result));
    results.batches.push_back(std::make_shared<const std::string>(std::move(batch)));
  }
  XT_ASSIGN_OR_RETURN(results.digest, ReadHash(message.digest()));
  results.next_due_ns = message.next_due_ns();
  results.first_sequence = domain::SequenceNumber(message.first_sequence());
  return results;
}

class Session {
 public:
  Session(pb::MatchingService::Stub& stub, const ClientOptions& options, Observer observer,
          const ports::SequencerPosition& sequencer)
      : options_(options), observer_(std::move(observer)), sequencer_(sequencer), stream_(stub.Replicate(&context_)) {}

  // The observer is not called once this has begun, unless it is being called.
  ~Session() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    context_.TryCancel();
    if (reader_.joinable()) reader_.join();
    if (writer_.joinable()) writer_.join();
    if (!finished_) stream_->Finish();
  }

  absl::StatusOr<ports::ReplicaPosition> Start() {
    reader_ = std::thread([this] { Read(); });
    writer_ = std::thread([this] { Write(); });
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, options_.call_timeout, [this] { return position_.has_value() || broken_; });
    if (!position_ && broken_) return Refusal(lock);
    if (!position_) return absl::UnavailableError("matching did not tell its position");
    observing_ = true;
    if (broken_) return absl::UnavailableError("the connection to matching broke");
    changed_.notify_all();
    return *position_;
  }

  [[nodiscard]] bool broken() {
    std::lock_guard lock(mutex_);
    return broken_;
  }

  absl::Status Offer(std::shared_ptr<const domain::Frame> frame) {
    {
      std::lock_guard lock(mutex_);
      if (broken_) return absl::UnavailableError("the connection to matching broke");
      if (unanswered_ >= options_.max_in_flight) return absl::ResourceExhaustedError("matching does not keep up");
      ++unanswered_;
      frames_.push_back(std::move(frame));
    }
    changed_.notify_all();
    return absl::OkStatus();
  }

  absl::Status Commit(domain::SequenceNumber sequence) {
    {
      std::lock_guard lock(mutex_);
      if (broken_) return absl::UnavailableError("the connection to matching broke");
      committed_ = std::max(committed_, sequence);
    }
    changed_.notify_all();
    return absl::OkStatus();
  }

  absl::Status Published(domain::SequenceNumber sequence) {
    {
      std::lock_guard lock(mutex_);
      if (broken_) return absl::UnavailableError("the connection to matching broke");
      published_ = std::max(published_, sequence);
    }
    changed_.notify_all();
    return absl::OkStatus();
  }

 private:
  // What is to be told next.
  struct News {
    std::vector<std::shared_ptr<const domain::Frame>> frames;
    domain::SequenceNumber committed;
    domain::SequenceNumber published;
  };

  // Why the stream ended before it told a position, in the replica's own words.
  absl::Status Refusal(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    reader_.join();
    writer_.join();
    finished_ = true;
    const absl::Status status = ToAbsl(stream_->Finish());
    if (!status.ok() && !absl::IsCancelled(status)) return status;
    return absl::UnavailableError("matching did not tell its position");
  }

  void Read() {
    pb::ReplicateResponse response;
    absl::Status error;
    while (error.ok() && stream_->Read(&response)) error = Take(response);
    // One that was refused has a status, to be had from Start.
    if (!error.ok() || HasPosition()) context_.TryCancel();
    {
      std::unique_lock lock(mutex_);
      broken_ = true;
      changed_.notify_all();
      // Before Connect has returned there is nobody to tell: its own answer says it.
      if (!observing_ || stopping_) return;
    }
    observer_(error.ok() ? absl::UnavailableError("the connection to matching broke") : error);
  }

  absl::Status Take(pb::ReplicateResponse& response) {
    if (!HasPosition()) return TakePosition(response);
    for (pb::FrameResult& message : *response.mutable_results()) {
      XT_ASSIGN_OR_RETURN(auto results, ReadResults(message));
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return observing_ || stopping_; });
        if (stopping_) return absl::OkStatus();
        if (unanswered_ > 0) --unanswered_;
      }
      observer_(std::move(results));
    }
    return absl::OkStatus();
  }

  bool HasPosition() {
    std::lock_guard lock(mutex_);
    return position_.has_value();
  }

  absl::Status TakePosition(const pb::ReplicateResponse& response) {
    XT_ASSIGN_OR_RETURN(const Hash128 hash, ReadHash(response.frame_hash()));
    {
      std::lock_guard lock(mutex_);
      position_ = ports::ReplicaPosition{domain::SequenceNumber(response.applied_sequence()), hash,
                                         domain::SequenceNumber(response.results_from())};
    }
    changed_.notify_all();
    return absl::OkStatus();
  }

  void Write() {
    pb::ReplicateRequest first;
    first.set_results_after(sequencer_.results_after.value());
    first.set_committed_sequence(sequencer_.committed.value());
    first.set_epoch(sequencer_.epoch.value());
    first.set_begin_anew(sequencer_.begin_anew);
    first.set_standby(sequencer_.standby);
    if (sequencer_.published) first.set_published_sequence(sequencer_.published->value());
    first.set_journal_begins(sequencer_.journal_begins.value());
    for (const std::string& source : sequencer_.snapshot_sources) first.add_snapshot_sources(source);
    if (stream_->Write(first)) WriteFrames();
    if (!broken()) context_.TryCancel();
  }

  void WriteFrames() {
    News news;
    while (Next(news)) {
      pb::ReplicateRequest request;
      for (const auto& frame : news.frames) {
        pb::OfferedFrame* offered = request.add_frames();
        offered->set_frame(wire::FrameBytes(*frame));
        offered->set_hash(frame->hash.ToBytes());
      }
      request.set_committed_sequence(news.committed.value());
      request.set_published_sequence(news.published.value());
      if (!stream_->Write(request)) return;
    }
  }

  // Waits for news. False when the session is to end.
  bool Next(News& news) {
    news.frames.clear();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return stopping_ || broken_ || !frames_.empty() || committed_ > news.committed || published_ > news.published;
    });
    if (stopping_ || broken_) return false;
    while (!frames_.empty() && news.frames.size() < kMaxFramesPerMessage) {
      news.frames.push_back(std::move(frames_.front()));
      frames_.pop_front();
    }
    if (frames_.empty()) news.committed = committed_;  // a commit never overtakes its frame
    news.published = published_;
    return true;
  }

  const ClientOptions& options_;
  const Observer observer_;
  const ports::SequencerPosition sequencer_;
  grpc::ClientContext context_;
  const std::unique_ptr<grpc::ClientReaderWriter<pb::ReplicateRequest, pb::ReplicateResponse>> stream_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool broken_ = false;
  bool observing_ = false;  // Connect has its answer; from now on the observer is called
  bool finished_ = false;   // of the threads that make and destroy it
  std::optional<ports::ReplicaPosition> position_;
  std::deque<std::shared_ptr<const domain::Frame>> frames_;
  std::size_t unanswered_ = 0;
  domain::SequenceNumber committed_;
  domain::SequenceNumber published_;
  std::thread reader_;
  std::thread writer_;
};

class MatchingReplicaClient final : public ports::MatchingReplica {
 public:
  explicit MatchingReplicaClient(const ClientOptions& options) : options_(options) {
    XT_CHECK(!options_.addresses.empty(), "a client without an address");
    for (const std::string& address : options_.addresses) {
      auto channel = MakeChannel(address, pb::MatchingService::service_full_name(), options_);
      replicas_.push_back({address, channel, pb::MatchingService::NewStub(channel)});
    }
  }

  absl::StatusOr<ports::ReplicaPosition> Connect(Observer observer,
                                                 const ports::SequencerPosition& sequencer) override {
    if (session_ != nullptr && session_->broken()) GoOn();
    session_.reset();
    absl::StatusOr<ports::ReplicaPosition> position = NotConnected();
    for (const std::size_t at : ByProgress()) {
      position = ConnectTo(replicas_[at], observer, sequencer);
      if (!position.ok()) continue;
      present_ = at;
      break;
    }
    return position;
  }

  absl::Status Offer(std::shared_ptr<const domain::Frame> frame) override {
    return session_ == nullptr ? NotConnected() : session_->Offer(std::move(frame));
  }

  absl::Status Commit(domain::SequenceNumber sequence) override {
    return session_ == nullptr ? NotConnected() : session_->Commit(sequence);
  }

  absl::Status Published(domain::SequenceNumber sequence) override {
    return session_ == nullptr ? NotConnected() : session_->Published(sequence);
  }

 private:
  struct Replica {
    std::string address;
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<pb::MatchingService::Stub> stub;
  };

  // The replica first that has applied most: it needs the least replay. Those that do not say, from the present one on.
  std::vector<std::size_t> ByProgress() {
    const auto deadline = std::chrono::system_clock::now() + options_.connect_wait;
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      const std::size_t at = (present_ + i) % replicas_.size();
      order.emplace_back(replicas_.size() == 1 ? 0 : AppliedOf(replicas_[at], deadline), at);
    }
    std::ranges::stable_sort(order, std::greater(), &std::pair<std::uint64_t, std::size_t>::first);
    std::vector<std::size_t> replicas;
    for (const auto& [applied, at] : order) replicas.push_back(at);
    return replicas;
  }

  // 0 when it does not say by `deadline`.
  std::uint64_t AppliedOf(Replica& replica, std::chrono::system_clock::time_point deadline) {
    if (!replica.channel->WaitForConnected(deadline)) return 0;
    pb::GetReferenceDataResponse response;
    const absl::Status status =
        CallUnary(*replica.stub, &pb::MatchingService::Stub::GetReferenceData, options_.connect_wait, {}, response);
    return status.ok() ? response.sequence() : 0;
  }

  void GoOn() { present_ = (present_ + 1) % replicas_.size(); }

  absl::StatusOr<ports::ReplicaPosition> ConnectTo(Replica& replica, const Observer& observer,
                                                   const ports::SequencerPosition& sequencer) {
    if (!replica.channel->WaitForConnected(std::chrono::system_clock::now() + options_.connect_wait)) {
      return absl::UnavailableError("matching cannot be reached at " + replica.address);
    }
    auto session = std::make_unique<Session>(*replica.stub, options_, observer, sequencer);
    auto position = session->Start();
    if (position.ok()) session_ = std::move(session);
    return position;
  }

  static absl::Status NotConnected() { return absl::UnavailableError("not connected to matching"); }

  const ClientOptions options_;
  std::vector<Replica> replicas_;
  std::size_t present_ = 0;  // the replica that is fed, or was last
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<ports::MatchingReplica> ConnectMatchingReplica(const ClientOptions& options) {
  return std::make_unique<MatchingReplicaClient>(options);
}

}  // namespace xt::grpc_clients
