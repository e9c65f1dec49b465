#include "services/sequencer/journal_copy_service.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/adapters/grpc/journal_copy_proto.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "xtrader/v1/journal_copy_service.grpc.pb.h"

namespace xt::sequencer {
namespace {

namespace pb = ::xtrader::v1;
using domain::SequenceNumber;
using grpc_clients::FromProto;
using grpc_clients::ToProto;

constexpr std::uint64_t kPageBytes = 1 << 20;

// The streams that live, so that they can be ended and waited for.
class Streams {
 public:
  // False when no more are taken.
  bool Add(grpc::ServerContext& context) {
    const std::lock_guard lock(mutex_);
    if (ending_) return false;
    contexts_.insert(&context);
    return true;
  }
  void Remove(grpc::ServerContext& context) {
    const std::lock_guard lock(mutex_);
    contexts_.erase(&context);
    changed_.notify_all();
  }
  void End(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    ending_ = true;
    for (grpc::ServerContext* const context : contexts_) context->TryCancel();
    changed_.wait_until(lock, deadline, [this] { return contexts_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::set<grpc::ServerContext*> contexts_;
};

// One leader's stream. The thread of Serve reads requests and does them, another one writes the answers.
class Stream {
 public:
  using Transport = grpc::ServerReaderWriter<pb::HoldResponse, pb::HoldRequest>;

  Stream(std::unique_ptr<ports::JournalCopy> copy, std::string peer, std::size_t max_unanswered, Transport& transport)
      : peer_(std::move(peer)), max_unanswered_(max_unanswered), transport_(transport), copy_(std::move(copy)) {}

  // Until the leader ends the stream, or it breaks.
  void Serve() {
    std::thread writer([this] { WriteAnswers(); });
    pb::HoldRequest request;
    while (WaitForRoom() && transport_.Read(&request)) Take(request);
    copy_.reset();  // with it every append has its answer
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    writer.join();
  }

 private:
  // What became of the records of one request. Its appends are answered one at a time.
  struct Appending {
    std::uint64_t request_id = 0;
    std::size_t left = 0;
    std::uint32_t confirmed = 0;
    absl::Status error;
  };

  bool WaitForRoom() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return broken_ || unanswered_ < max_unanswered_; });
    ++unanswered_;
    return !broken_;
  }

  void Take(pb::HoldRequest& request) {
    if (request.body_case() == pb::HoldRequest::kAppend) return Append(request);
    pb::HoldResponse response;
    response.set_request_id(request.request_id());
    const absl::Status status = Do(request, response);
    if (!status.ok()) ToProto(status, *response.mutable_failure());
    if (absl::IsDataLoss(status) && request.has_open()) {
      ToProto(copy_->Damage(), *response.mutable_failure()->mutable_damage());
    }
    Answer(std::move(response));
  }

  absl::Status Do(const pb::HoldRequest& request, pb::HoldResponse& response) {
    absl::Status status;
    switch (request.body_case()) {
      case pb::HoldRequest::kOpen: return Open(request.open(), *response.mutable_opened());
      case pb::HoldRequest::kRead: return Read(request.read(), *response.mutable_page());
      case pb::HoldRequest::kCutTail: status = copy_->CutTail(SequenceNumber(request.cut_tail().keep())); break;
      case pb::HoldRequest::kBeginAt: {
        XT_ASSIGN_OR_RETURN(const ports::JournalBase base, FromProto(request.begin_at().base()));
        status = copy_->BeginAt(base);
        break;
      }
      case pb::HoldRequest::kTrimFront: status = copy_->TrimFront(SequenceNumber(request.trim_front().upto())); break;
      default: status = absl::InvalidArgumentError("a request without a body");
    }
    XT_RETURN_IF_ERROR(status);
    ToProto(copy_->Base(), *response.mutable_done()->mutable_base());
    return absl::OkStatus();
  }

  absl::Status Open(const pb::OpenCopy& open, pb::CopyOpened& opened) {
    const ports::FencingToken token{domain::Epoch(open.epoch()), open.connection_generation()};
    XT_ASSIGN_OR_RETURN(const ports::OpenReport report, open.anew() ? copy_->OpenAnew(token) : copy_->Open(token));
    runtime::Log(runtime::LogLevel::kInfo, "the journal's file is held for the leader",
                 {{"peer", peer_},
                  {"epoch", open.epoch()},
                  {"seq", report.last_sequence.value()},
                  {"anew", open.anew()},
                  {"detail", report.detail}});
    ToProto(report, *opened.mutable_end());
    opened.set_identity(copy_->Identity());
    ToProto(copy_->Base(), *opened.mutable_base());
    return absl::OkStatus();
  }

  absl::Status Read(const pb::ReadCopy& read, pb::CopyPage& page) {
    const std::uint64_t most = read.max_bytes() == 0 ? kPageBytes : std::min(read.max_bytes(), kPageBytes);
    std::uint64_t bytes = 0;
    const absl::Status status = copy_->Read(SequenceNumber(read.from()), [&](const ports::JournalRecord& record) {
      if (bytes >= most) {
        page.set_more(true);
        return absl::CancelledError("the page is full");
      }
      bytes += std::max<std::uint64_t>(record.bytes.size(), 1);
      ToProto(record, *page.add_records());
      return absl::OkStatus();
    });
    return page.more() ? absl::OkStatus() : status;
  }

  // All of its records are read before one is appended.
  void Append(pb::HoldRequest& request) {
    std::vector<ports::JournalRecord> records;
    for (pb::CopiedRecord& copied : *request.mutable_append()->mutable_records()) {
      auto record = FromProto(std::move(copied));
      if (!record.ok()) return AnswerAppend({request.request_id(), 0, 0, record.status()});
      records.push_back(*std::move(record));
    }
    if (records.empty()) return AnswerAppend({request.request_id(), 0, 0, absl::OkStatus()});
    const auto appending =
        std::make_shared<Appending>(Appending{request.request_id(), records.size(), 0, absl::OkStatus()});
    for (ports::JournalRecord& record : records) {
      copy_->Append(std::move(record), [this, appending](const absl::Status& status) {
        if (appending->error.ok()) appending->error = status;
        if (appending->error.ok()) ++appending->confirmed;
        if (--appending->left == 0) AnswerAppend(*appending);
      });
    }
  }

  void AnswerAppend(const Appending& appending) {
    pb::HoldResponse response;
    response.set_request_id(appending.request_id);
    if (appending.error.ok()) {
      response.mutable_done();
    } else {
      ToProto(appending.error, *response.mutable_failure());
      response.mutable_failure()->set_confirmed_records(appending.confirmed);
    }
    Answer(std::move(response));
  }

  // Also on the file's thread.
  void Answer(pb::HoldResponse response) {
    {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(response));
    }
    changed_.notify_all();
  }

  void WriteAnswers() {
    pb::HoldResponse response;
    while (NextAnswer(response)) {
      const bool written = transport_.Write(response);
      {
        const std::lock_guard lock(mutex_);
        --unanswered_;
        if (!written) broken_ = true;
      }
      changed_.notify_all();
    }
  }

  // Waits for it. False when the stream has ended; of a broken one nothing is written any more.
  bool NextAnswer(pb::HoldResponse& response) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || (!broken_ && !answers_.empty()); });
    if (broken_ || answers_.empty()) return false;
    response = std::move(answers_.front());
    answers_.pop_front();
    return true;
  }

  const std::string peer_;
  const std::size_t max_unanswered_;
  Transport& transport_;
  std::unique_ptr<ports::JournalCopy> copy_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<pb::HoldResponse> answers_;
  std::size_t unanswered_ = 0;  // requests whose answer was not written yet, and the one that is waited for
  bool broken_ = false;         // nothing more can be written
  bool ended_ = false;          // no answer comes any more
};

}  // namespace

class JournalCopyService::Impl final : public pb::JournalCopyService::Service {
 public:
  Impl(StandbyFile& file, const JournalCopyServiceOptions& options) : file_(file), options_(options) {}

  // On a thread of this stream.
  grpc::Status Hold(grpc::ServerContext* context, Stream::Transport* transport) override {
    if (!streams_.Add(*context)) return {grpc::StatusCode::UNAVAILABLE, "draining"};
    Stream(file_.Connect(), context->peer(), options_.max_unanswered, *transport).Serve();
    streams_.Remove(*context);
    return grpc::Status::OK;
  }

  void EndStreams(std::chrono::steady_clock::time_point deadline) { streams_.End(deadline); }

 private:
  StandbyFile& file_;
  const JournalCopyServiceOptions options_;
  Streams streams_;
};

JournalCopyService::JournalCopyService(StandbyFile& file, const JournalCopyServiceOptions& options)
    : impl_(std::make_unique<Impl>(file, options)) {}

JournalCopyService::~JournalCopyService() = default;

runtime::GrpcService JournalCopyService::service() const {
  return {impl_.get(), pb::JournalCopyService::service_full_name()};
}

void JournalCopyService::EndStreams(std::chrono::steady_clock::time_point deadline) { impl_->EndStreams(deadline); }

}  // namespace xt::sequencer
