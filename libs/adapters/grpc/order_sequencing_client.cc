// The client side of ports::OrderSequencing: a thread that connects and writes, and one that reads answers.
//
// A command is in one of two places: `waiting_`, where it certainly was not sent, or `sent_`, where it may have been
// applied. It moves before its message is written. What a broken stream leaves behind follows from the place.

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/adapters/grpc/channel.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/wire/command_proto.h"
#include "libs/wire/event_proto.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using std::chrono::milliseconds;

constexpr std::size_t kMaxBatch = 256;
constexpr milliseconds kMinBackoff{50};
constexpr milliseconds kMaxBackoff{1'000};
// How long a wait for the connection may keep the destructor waiting.
constexpr milliseconds kConnectSlice{200};

absl::StatusOr<domain::CommandResult> OutcomeOf(const pb::SubmittedResult& result) {
  switch (result.outcome()) {
    case pb::SUBMIT_OUTCOME_APPLIED: {
      auto applied = wire::FromProto(result.result());
      if (applied.ok()) return applied;
      return absl::UnknownError("an answer that cannot be read: " + std::string(applied.status().message()));
    }
    case pb::SUBMIT_OUTCOME_BACKPRESSURE: return absl::ResourceExhaustedError(result.detail());
    case pb::SUBMIT_OUTCOME_UNAVAILABLE: return absl::UnavailableError(result.detail());
    default: return absl::UnknownError(result.detail());
  }
}

class OrderSequencingClient final : public ports::OrderSequencing {
 public:
  explicit OrderSequencingClient(const ClientOptions& options)
      : options_(options),
        channel_(MakeChannel(options)),
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
      if (waiting_.size() + sent_.size() >= options_.max_in_flight) {
        return absl::ResourceExhaustedError("too many commands wait for their answer");
      }
      waiting_.push_back({command, std::move(done)});
    }
    changed_.notify_all();
    return absl::OkStatus();
  }

  void Run() {
    milliseconds backoff = kMinBackoff;
    while (WaitForConnection()) {
      if (ServeStream()) backoff = kMinBackoff;
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, backoff, [this] { return stopping_; });
      backoff = std::min(2 * backoff, kMaxBackoff);
    }
  }

  // False when stopping.
  bool WaitForConnection() {
    while (true) {
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return false;
      }
      if (channel_->WaitForConnected(std::chrono::system_clock::now() + kConnectSlice)) return true;
    }
  }

  // One stream from its opening to its end. True when it carried an answer.
  bool ServeStream() {
    grpc::ClientContext context;
    std::unique_ptr<Stream> stream;
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
      stream = stub_->Submit(&context);
      context_ = &context;
      broken_ = false;
      answered_ = false;
      connected_ = true;
    }
    Tell(true);
    std::thread reader([&] { ReadAnswers(*stream); });
    WriteCommands(*stream);
    context.TryCancel();
    reader.join();
    {
      std::lock_guard lock(mutex_);
      context_ = nullptr;
      connected_ = false;
    }
    stream->Finish();
    Tell(false);
    FailEverything();
    return answered_;
  }

  void ReadAnswers(Stream& stream) {
    pb::SubmitResponse response;
    while (stream.Read(&response)) {
      for (const pb::SubmittedResult& result : response.results()) {
        Done done = TakeSent(result.request_id());
        if (done) done(OutcomeOf(result));
      }
    }
    {
      std::lock_guard lock(mutex_);
      broken_ = true;
    }
    changed_.notify_all();
  }

  Done TakeSent(std::uint64_t request_id) {
    std::lock_guard lock(mutex_);
    answered_ = true;
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

  void FailEverything() {
    std::deque<Waiting> waiting;
    absl::flat_hash_map<std::uint64_t, Done> sent;
    {
      std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
      sent.swap(sent_);
    }
    for (auto& [id, done] : sent) done(absl::UnknownError("the connection to the sequencer broke before the answer"));
    for (Waiting& item : waiting) item.done(absl::UnavailableError("the connection to the sequencer broke; not sent"));
  }

  void Tell(bool connected) const {
    if (options_.on_connection) options_.on_connection(connected);
  }

  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<pb::SequencerService::Stub> stub_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool connected_ = false;
  bool broken_ = false;
  bool answered_ = false;
  grpc::ClientContext* context_ = nullptr;
  std::uint64_t next_request_id_ = 1;
  std::deque<Waiting> waiting_;
  absl::flat_hash_map<std::uint64_t, Done> sent_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<ports::OrderSequencing> ConnectOrderSequencing(const ClientOptions& options) {
  return std::make_unique<OrderSequencingClient>(options);
}

}  // namespace xt::grpc_clients
