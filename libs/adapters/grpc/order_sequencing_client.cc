#include "libs/adapters/grpc/order_sequencing_client.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/adapters/grpc/channel.h"
#include "libs/wire/command_proto.h"
#include "libs/wire/event_proto.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using std::chrono::milliseconds;

constexpr std::size_t kMaxBatch = 256;
// Between two attempts to connect or to open a stream: a sequencer that comes back is found at once.
constexpr milliseconds kRetry{50};

absl::StatusOr<domain::CommandResult> OutcomeOf(const pb::SubmittedResult& result) {
  switch (result.outcome()) {
    case pb::SUBMIT_OUTCOME_APPLIED: {
      auto applied = wire::FromProto(result.result());
      if (applied.ok()) return applied;
      return absl::UnknownError("an answer that cannot be read: " + std::string(applied.status().message()));
    }
    case pb::SUBMIT_OUTCOME_BACKPRESSURE: return absl::ResourceExhaustedError(result.detail());
    case pb::SUBMIT_OUTCOME_UNAVAILABLE: return absl::UnavailableError(result.detail());
    case pb::SUBMIT_OUTCOME_INVALID: return absl::InvalidArgumentError(result.detail());
    default: return absl::UnknownError(result.detail());
  }
}

// A thread that connects and writes, and one that reads answers.
//
// A command is in one of two places: `waiting_`, where it certainly was not sent, or `sent_`, where it may have been
// applied. It moves before its message is written. What a broken stream leaves behind follows from the place.
class OrderSequencingClient final : public ports::OrderSequencing {
 public:
  OrderSequencingClient(const std::string& address, const ClientOptions& options,
                        std::function<void(bool connected)> on_connection)
      : max_in_flight_(options.max_in_flight),
        on_connection_(std::move(on_connection)),
        channel_(MakeChannel(address, pb::SequencerService::service_full_name(), options)),
        stub_(pb::SequencerService::NewStub(channel_)),
        thread_([this] { Run(); }) {}

  ~OrderSequencingClient() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      if (context_ != nullptr) context_->TryCancel();
    }
    changed_.notify_all();
    thread_.join();
  }

  void Submit(const domain::Command& command, Done done) override {
    if (absl::Status refused = TryEnqueue(command, done); !refused.ok()) done(std::move(refused));
  }

 private:
  using Stream = grpc::ClientReaderWriter<pb::SubmitRequest, pb::SubmitResponse>;

  struct Waiting {
    domain::Command command;
    Done done;
  };

  // Takes `done` only when it returns OK.
  absl::Status TryEnqueue(const domain::Command& command, Done& done) {
    {
      std::lock_guard lock(mutex_);
      if (!connected_) return absl::UnavailableError("not connected to the sequencer");
      if (waiting_.size() + sent_.size() >= max_in_flight_) {
        return absl::ResourceExhaustedError("too many commands wait for their answer");
      }
      waiting_.push_back({command, std::move(done)});
    }
    changed_.notify_all();
    return absl::OkStatus();
  }

  void Run() {
    while (WaitForConnection()) {
      ServeStream();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kRetry, [this] { return stopping_; });
    }
  }

  // False when stopping.
  bool WaitForConnection() {
    while (true) {
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return false;
      }
      if (channel_->WaitForConnected(std::chrono::system_clock::now() + kRetry)) return true;
      grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
    }
  }

  // One stream from its opening to its end.
  void ServeStream() {
    grpc::ClientContext context;
    std::unique_ptr<Stream> stream;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
      stream = stub_->Submit(&context);
      context_ = &context;
      broken_ = false;
      connected_ = true;
    }
    Tell(true);
    std::thread reader([&] { ReadAnswers(*stream); });
    WriteCommands(*stream);
    reader.join();
    {
      std::lock_guard lock(mutex_);
      context_ = nullptr;
      connected_ = false;
    }
    const grpc::Status status = stream->Finish();
    Tell(false);
    FailEverything(status);
  }

  void ReadAnswers(Stream& stream) {
    google::protobuf::Arena arena;
    auto* response = google::protobuf::Arena::CreateMessage<pb::SubmitResponse>(&arena);
    while (stream.Read(response)) {
      for (const pb::SubmittedResult& result : response->results()) {
        Done done = TakeSent(result.request_id());
        if (done) done(OutcomeOf(result));
      }
      arena.Reset();
      response = google::protobuf::Arena::CreateMessage<pb::SubmitResponse>(&arena);
    }
    {
      std::lock_guard lock(mutex_);
      broken_ = true;
    }
    changed_.notify_all();
  }

  Done TakeSent(std::uint64_t request_id) {
    std::lock_guard lock(mutex_);
    const auto found = sent_.find(request_id);
    if (found == sent_.end()) return nullptr;
    Done done = std::move(found->second);
    sent_.erase(found);
    return done;
  }

  void WriteCommands(Stream& stream) {
    pb::SubmitRequest request;
    while (FillRequest(request)) {
      if (!stream.Write(request)) return;
    }
  }

  // Waits for commands and takes what waits, up to a full message. False when the stream is to end.
  bool FillRequest(pb::SubmitRequest& request) {
    std::vector<Waiting> batch;
    std::uint64_t first_id = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || broken_ || !waiting_.empty(); });
      if (stopping_ || broken_) return false;
      first_id = next_request_id_;
      while (!waiting_.empty() && batch.size() < kMaxBatch) {
        sent_.emplace(next_request_id_++, std::move(waiting_.front().done));
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    request.Clear();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      pb::SubmittedCommand* item = request.add_commands();
      item->set_request_id(first_id + i);
      wire::ToProto(batch[i].command, *item->mutable_command());
    }
    return true;
  }

  // A sequencer that ends the stream in order has answered whatever it read of it.
  void FailEverything(const grpc::Status& end) {
    const absl::Status sent_outcome =
        end.ok() ? absl::UnavailableError("the sequencer ended the stream before it read the command")
                 : absl::UnknownError("the connection to the sequencer broke before the answer");
    std::deque<Waiting> waiting;
    absl::flat_hash_map<std::uint64_t, Done> sent;
    {
      std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
      sent.swap(sent_);
    }
    for (auto& [id, done] : sent) done(sent_outcome);
    for (Waiting& item : waiting) item.done(absl::UnavailableError("the connection to the sequencer broke; not sent"));
  }

  void Tell(bool connected) const {
    if (on_connection_) on_connection_(connected);
  }

  const std::size_t max_in_flight_;
  const std::function<void(bool connected)> on_connection_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::SequencerService::Stub> stub_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool connected_ = false;
  bool broken_ = false;
  grpc::ClientContext* context_ = nullptr;
  std::uint64_t next_request_id_ = 1;
  std::deque<Waiting> waiting_;
  absl::flat_hash_map<std::uint64_t, Done> sent_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<ports::OrderSequencing> ConnectToSequencer(const std::string& address, const ClientOptions& options,
                                                           std::function<void(bool connected)> on_connection) {
  return std::make_unique<OrderSequencingClient>(address, options, std::move(on_connection));
}

}  // namespace xt::grpc_clients
