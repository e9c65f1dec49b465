// The client side of ports::ReplicaSnapshots: unary calls, and a stream to read one.

#include <chrono>
#include <memory>
#include <utility>

#include "libs/adapters/grpc/channel.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using Stub = pb::MatchingService::Stub;
using std::chrono::milliseconds;

// One stream, read by the thread that made it. What gRPC has to do for the stream is done in its calls.
class PieceStream {
 public:
  PieceStream(Stub& stub, const pb::ReadSnapshotRequest& request, milliseconds timeout)
      : timeout_(timeout), reader_(stub.AsyncReadSnapshot(&context_, request, &queue_, this)), open_(Await()) {}
  ~PieceStream() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  PieceStream(const PieceStream&) = delete;
  PieceStream& operator=(const PieceStream&) = delete;

  // False at its end, whatever ended it.
  bool Read(pb::ReadSnapshotResponse& response) {
    if (!open_) return false;
    reader_->Read(&response, this);
    open_ = Await();
    return open_;
  }
  void Cancel() { context_.TryCancel(); }
  // How it ended; afterwards nothing is read.
  absl::Status Finish() {
    grpc::Status status;
    reader_->Finish(&status, this);
    Await();
    return silent_ ? absl::UnavailableError("no piece within the deadline") : ToAbsl(status);
  }

 private:
  // Waits for the one operation under way. A peer that lets it wait for too long is given up.
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    const auto deadline = std::chrono::system_clock::now() + timeout_;
    if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::TIMEOUT) return ok;
    silent_ = true;
    Cancel();
    return queue_.Next(&tag, &ok) && ok;
  }

  const milliseconds timeout_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  bool silent_ = false;
  const std::unique_ptr<grpc::ClientAsyncReader<pb::ReadSnapshotResponse>> reader_;
  bool open_;
};

class ReplicaSnapshotsClient final : public ports::ReplicaSnapshots {
 public:
  explicit ReplicaSnapshotsClient(const ClientOptions& options) : timeout_(options.call_timeout) {
    XT_CHECK(options.addresses.size() == 1, "the snapshots of one replica");
    stub_ = pb::MatchingService::NewStub(
        MakeChannel(options.addresses.front(), pb::MatchingService::service_full_name(), options));
  }

  absl::StatusOr<ports::SnapshotInfo> TakeSnapshot(bool even_leading) override {
    pb::TakeSnapshotRequest request;
    pb::TakeSnapshotResponse response;
    request.set_even_leading(even_leading);
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::TakeSnapshot, timeout_, request, response));
    return ports::SnapshotInfo{domain::SequenceNumber(response.sequence()), response.bytes()};
  }

  absl::StatusOr<std::vector<domain::SequenceNumber>> ListSnapshots() override {
    pb::ListSnapshotsResponse response;
    XT_RETURN_IF_ERROR(
        CallUnary(*stub_, &Stub::ListSnapshots, timeout_, pb::ListSnapshotsRequest::default_instance(), response));
    std::vector<domain::SequenceNumber> sequences;
    for (const std::uint64_t sequence : response.sequences()) sequences.emplace_back(sequence);
    return sequences;
  }

  absl::Status ReadSnapshot(domain::SequenceNumber at_least, domain::SequenceNumber at_most,
                            const PieceVisitor& visitor) override {
    pb::ReadSnapshotRequest request;
    request.set_at_least(at_least.value());
    request.set_at_most(at_most.value());
    PieceStream stream(*stub_, request, timeout_);
    pb::ReadSnapshotResponse response;
    absl::Status visited;
    while (visited.ok() && stream.Read(response)) visited = visitor(response.piece());
    if (!visited.ok()) stream.Cancel();
    const absl::Status ended = stream.Finish();
    return visited.ok() ? ended : visited;
  }

  absl::Status CopySnapshot(const std::string& source, domain::SequenceNumber at_least,
                            domain::SequenceNumber at_most) override {
    pb::CopySnapshotRequest request;
    pb::CopySnapshotResponse response;
    request.set_source(source);
    request.set_at_least(at_least.value());
    request.set_at_most(at_most.value());
    return CallUnary(*stub_, &Stub::CopySnapshot, timeout_, request, response);
  }

 private:
  const milliseconds timeout_;
  std::unique_ptr<Stub> stub_;
};

}  // namespace

std::unique_ptr<ports::ReplicaSnapshots> ConnectReplicaSnapshots(const ClientOptions& options) {
  return std::make_unique<ReplicaSnapshotsClient>(options);
}

}  // namespace xt::grpc_clients
