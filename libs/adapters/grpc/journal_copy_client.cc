// The client side of ports::JournalCopy: one bidirectional stream per handle. Requests are written by whoever makes
// them, one message at a time; answers are taken by a thread of the stream, which also calls every `done`.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/grpc/channel.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/journal_copy_proto.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "xtrader/v1/journal_copy_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using domain::SequenceNumber;
using ports::JournalBase;
using ports::OpenReport;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using AppendDone = ports::CommandJournal::AppendDone;
using Visitor = ports::CommandJournal::Visitor;

constexpr std::size_t kMaxRecordsPerMessage = 256;
constexpr std::size_t kMessageBytes = 1 << 20;
// Of appends that were not answered. What a slow disk takes within `append_wait`.
constexpr std::size_t kMaxOpenBytes = 16 << 20;
// Whoever looks for one record asks for little; who goes on reading gets more.
constexpr std::uint64_t kFirstPageBytes = 64 << 10;
constexpr std::uint64_t kPageBytes = 1 << 20;

// What all handles share.
struct Connection {
  explicit Connection(const ClientOptions& client_options)
      : options(client_options),
        address(client_options.addresses.front()),
        channel(MakeChannel(address, pb::JournalCopyService::service_full_name(), options)),
        stub(pb::JournalCopyService::NewStub(channel)) {}

  const ClientOptions options;
  const std::string address;
  const std::shared_ptr<grpc::Channel> channel;
  const std::unique_ptr<pb::JournalCopyService::Stub> stub;
};

// From the first request to the first failure, which is final.
class HoldStream {
 public:
  // `tail` is that of the handle: moved on before the `done` of an append that is confirmed.
  HoldStream(std::shared_ptr<const Connection> connection, std::atomic<std::uint64_t>& tail)
      : connection_(std::move(connection)),
        options_(connection_->options),
        tail_(tail),
        stream_(connection_->stub->AsyncHold(&context_, &queue_, TagOf(Operation::kStart))),
        thread_([this] { Run(); }) {}

  // Waits for the appends under way.
  ~HoldStream() {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return open_appends_ == 0; });
      Fail(absl::UnavailableError("the handle was closed"));
    }
    thread_.join();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  HoldStream(const HoldStream&) = delete;
  HoldStream& operator=(const HoldStream&) = delete;

  // Waits for the answer. One that does not come fails the stream.
  absl::StatusOr<pb::HoldResponse> Call(pb::HoldRequest request, milliseconds wait) {
    std::unique_lock lock(mutex_);
    if (!failed_.ok()) return failed_;
    const std::uint64_t id = ++last_id_;
    request.set_request_id(id);
    std::optional<pb::HoldResponse>& answer = answers_[id];
    requests_.push_back(std::move(request));
    WriteMore();
    changed_.wait_for(lock, wait, [&] { return answer.has_value() || !failed_.ok(); });
    if (!answer) Fail(Unanswered("a request", wait));
    auto response =
        answer ? absl::StatusOr<pb::HoldResponse>(*std::move(answer)) : absl::StatusOr<pb::HoldResponse>(failed_);
    answers_.erase(id);
    return response;
  }

  // Waits for room. `done` is called by the stream's thread until it has ended, then here.
  void Append(ports::JournalRecord record, AppendDone done) {
    {
      std::unique_lock lock(mutex_);
      const std::size_t bytes = record.bytes.size();
      changed_.wait(lock, [&] {
        return !failed_.ok() || open_appends_ == 0 ||
               (open_appends_ < options_.max_in_flight && open_bytes_ + bytes <= kMaxOpenBytes);
      });
      if (!ended_) {
        ++open_appends_;
        open_bytes_ += bytes;
        appends_.push_back({std::move(record), std::move(done), bytes, steady_clock::now()});
        WriteMore();
        return;
      }
    }
    done(failed_);
  }

 private:
  enum class Operation : std::uintptr_t { kStart = 1, kRead, kWrite, kFinish };
  static void* TagOf(Operation operation) { return reinterpret_cast<void*>(operation); }

  struct OpenAppend {
    ports::JournalRecord record;  // without its bytes when it was sent
    AppendDone done;
    std::size_t bytes = 0;
    steady_clock::time_point since;
  };
  struct AppendMessage {
    std::uint64_t request_id = 0;
    std::size_t records = 0;
  };

  void Run() {
    auto look_at = steady_clock::now();
    while (!over()) {
      void* tag = nullptr;
      bool ok = false;
      const auto pause = look_at - steady_clock::now();
      const auto deadline =
          std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(pause);
      if (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::TIMEOUT) {
        FailIfUnanswered();
        look_at = steady_clock::now() + std::max(options_.append_wait / 4, milliseconds(1));
        continue;
      }
      switch (static_cast<Operation>(reinterpret_cast<std::uintptr_t>(tag))) {
        case Operation::kStart: OnStarted(ok); break;
        case Operation::kRead: OnRead(ok); break;
        case Operation::kWrite: OnWritten(ok); break;
        case Operation::kFinish: OnFinished(); break;
      }
    }
    EndAppends();
  }

  bool over() {
    const std::lock_guard lock(mutex_);
    return finished_ && !writing_;
  }

  void OnStarted(bool ok) {
    if (!ok) return Finish();
    {
      const std::lock_guard lock(mutex_);
      writable_ = true;
      WriteMore();
    }
    stream_->Read(&response_, TagOf(Operation::kRead));
  }

  void OnRead(bool ok) {
    if (!ok) return Finish();
    if (const absl::Status taken = Take(); !taken.ok()) {
      const std::lock_guard lock(mutex_);
      Fail(taken);
    }
    stream_->Read(&response_, TagOf(Operation::kRead));
  }

  // A stream that cannot be written ends, and is then finished by its read.
  void OnWritten(bool ok) {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) writable_ = false;
    WriteMore();
  }

  void Finish() {
    {
      const std::lock_guard lock(mutex_);
      writable_ = false;
    }
    stream_->Finish(&end_, TagOf(Operation::kFinish));
  }

  void OnFinished() {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    const std::string why = end_.ok() ? "it ended the stream" : ToAbsl(end_).ToString();
    Fail(absl::UnavailableError(absl::StrCat("the sequencer at ", connection_->address, ": ", why)));
  }

  // What waits or comes now is answered with the failure.
  void EndAppends() {
    while (true) {
      AppendDone done;
      {
        const std::lock_guard lock(mutex_);
        if (appends_.empty()) {
          ended_ = true;
          open_appends_ = 0;
          changed_.notify_all();
          return;
        }
        done = std::move(appends_.front().done);
        appends_.pop_front();
      }
      done(failed_);
    }
  }

  absl::Status Take() {
    std::vector<OpenAppend> answered;
    {
      const std::lock_guard lock(mutex_);
      const std::uint64_t id = response_.request_id();
      if (messages_.empty() || messages_.front().request_id != id) {
        const auto call = answers_.find(id);
        if (call == answers_.end()) return Unreadable();
        call->second = std::move(response_);
        changed_.notify_all();
        return absl::OkStatus();
      }
      for (; messages_.front().records > 0; --messages_.front().records) {
        answered.push_back(std::move(appends_.front()));
        appends_.pop_front();
        --sent_;
      }
      messages_.pop_front();
      progress_at_ = steady_clock::now();
    }
    return Tell(answered);
  }

  absl::Status Tell(const std::vector<OpenAppend>& answered) {
    const bool readable = response_.has_done() || response_.has_failure();
    const absl::Status error = response_.has_failure() ? FromProto(response_.failure()) : Unreadable();
    const std::size_t confirmed = response_.has_done() ? answered.size() : response_.failure().confirmed_records();
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < answered.size(); ++i) {
      bytes += answered[i].bytes;
      if (i < confirmed) tail_ = answered[i].record.last_sequence.value();
      answered[i].done(i < confirmed ? absl::OkStatus() : error);
    }
    const std::lock_guard lock(mutex_);
    open_appends_ -= answered.size();
    open_bytes_ -= bytes;
    changed_.notify_all();
    return readable ? absl::OkStatus() : error;
  }

  // The oldest append has waited too long, and none was answered meanwhile.
  void FailIfUnanswered() {
    const std::lock_guard lock(mutex_);
    if (appends_.empty()) return;
    const auto since = std::max(appends_.front().since, progress_at_);
    if (steady_clock::now() - since >= options_.append_wait) Fail(Unanswered("an append", options_.append_wait));
  }

  [[nodiscard]] absl::Status Unanswered(const char* what, milliseconds wait) const {
    return absl::UnavailableError(absl::StrCat("the sequencer at ", connection_->address, " left ", what,
                                               " without answer for ", wait.count(), " ms"));
  }
  [[nodiscard]] absl::Status Unreadable() const {
    return absl::UnavailableError(
        absl::StrCat("the sequencer at ", connection_->address, " gave an answer that cannot be read"));
  }

  // What follows runs under the lock.

  void Fail(const absl::Status& why) {
    if (!failed_.ok()) return;
    failed_ = why;
    context_.TryCancel();
    changed_.notify_all();
  }

  void WriteMore() {
    if (writing_ || !writable_ || !failed_.ok()) return;
    if (!requests_.empty()) {
      request_ = std::move(requests_.front());
      requests_.pop_front();
    } else if (sent_ < appends_.size()) {
      TakeWaiting();
    } else {
      return;
    }
    writing_ = true;
    stream_->Write(request_, TagOf(Operation::kWrite));
  }

  void TakeWaiting() {
    request_.Clear();
    request_.set_request_id(++last_id_);
    AppendMessage message{last_id_, 0};
    std::size_t bytes = 0;
    while (sent_ < appends_.size() && message.records < kMaxRecordsPerMessage) {
      OpenAppend& append = appends_[sent_];
      if (message.records > 0 && bytes + append.bytes > kMessageBytes) break;
      bytes += append.bytes;
      const SequenceNumber last = append.record.last_sequence;
      ToProto(std::move(append.record), *request_.mutable_append()->add_records());
      append.record.last_sequence = last;
      ++message.records;
      ++sent_;
    }
    messages_.push_back(message);
  }

  const std::shared_ptr<const Connection> connection_;
  const ClientOptions& options_;
  std::atomic<std::uint64_t>& tail_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  const std::unique_ptr<grpc::ClientAsyncReaderWriter<pb::HoldRequest, pb::HoldResponse>> stream_;
  pb::HoldResponse response_;  // of the thread
  grpc::Status end_;           // the same

  std::mutex mutex_;
  std::condition_variable changed_;
  absl::Status failed_;  // set once
  bool writable_ = false;
  bool writing_ = false;
  bool finished_ = false;
  bool ended_ = false;       // no `done` is called by the thread any more
  pb::HoldRequest request_;  // the one that is being written
  std::uint64_t last_id_ = 0;
  std::deque<pb::HoldRequest> requests_;
  std::map<std::uint64_t, std::optional<pb::HoldResponse>> answers_;
  std::deque<OpenAppend> appends_;  // the first `sent_` of them were sent, in these messages
  std::size_t sent_ = 0;
  std::deque<AppendMessage> messages_;
  std::size_t open_appends_ = 0;  // those whose `done` is being called included
  std::size_t open_bytes_ = 0;
  steady_clock::time_point progress_at_;  // when an append was answered last
  std::thread thread_;
};

class JournalCopyClient final : public ports::JournalCopy {
 public:
  explicit JournalCopyClient(std::shared_ptr<const Connection> connection) : connection_(std::move(connection)) {}

  absl::StatusOr<OpenReport> Open(ports::FencingToken token) override {
    if (stream_ != nullptr) return absl::FailedPreconditionError("Open was called before on this handle");
    if (!connection_->channel->WaitForConnected(std::chrono::system_clock::now() + options().connect_wait)) {
      return NotConnected();
    }
    stream_ = std::make_unique<HoldStream>(connection_, tail_);
    return OpenFile(token, false);
  }
  absl::StatusOr<OpenReport> OpenAnew(ports::FencingToken token) override { return OpenFile(token, true); }
  [[nodiscard]] ports::JournalDamage Damage() const override {
    const std::lock_guard lock(mutex_);
    return damage_;
  }

  absl::Status Read(SequenceNumber from, const Visitor& visitor) override {
    const SequenceNumber last = TailSequence();
    const SequenceNumber base = Base().sequence;
    if (from.value() != 0 && from <= base) {
      return absl::OutOfRangeError(
          absl::StrCat("the copy begins behind sequence ", base.value(), ", what is before was trimmed"));
    }
    SequenceNumber next = from.value() != 0 ? from : SequenceNumber(base.value() + 1);
    for (std::uint64_t bytes = kFirstPageBytes; next <= last; bytes = kPageBytes) {
      XT_ASSIGN_OR_RETURN(pb::CopyPage page, ReadPage(next, bytes));
      for (pb::CopiedRecord& copied : *page.mutable_records()) {
        XT_ASSIGN_OR_RETURN(const ports::JournalRecord record, FromProto(std::move(copied)));
        if (record.last_sequence > last) return absl::OkStatus();
        XT_RETURN_IF_ERROR(visitor(record));
        next = SequenceNumber(record.last_sequence.value() + 1);
      }
      if (!page.more() && next <= last) {
        return absl::DataLossError(absl::StrCat("the sequencer at ", connection_->address, ": sequence ", next.value(),
                                                " was confirmed, but is missing"));
      }
    }
    return absl::OkStatus();
  }

  void Append(ports::JournalRecord record, AppendDone done) override {
    XT_CHECK(opened_, "Append needs a journal that was opened");
    stream_->Append(std::move(record), std::move(done));
  }

  [[nodiscard]] SequenceNumber TailSequence() const override { return SequenceNumber(tail_); }
  [[nodiscard]] JournalBase Base() const override {
    const std::lock_guard lock(mutex_);
    return base_;
  }
  [[nodiscard]] std::string Identity() const override {
    const std::lock_guard lock(mutex_);
    return identity_;
  }

  absl::Status TrimFront(SequenceNumber upto) override {
    pb::HoldRequest request;
    request.mutable_trim_front()->set_upto(upto.value());
    return Change(std::move(request));
  }
  absl::Status CutTail(SequenceNumber keep) override {
    pb::HoldRequest request;
    request.mutable_cut_tail()->set_keep(keep.value());
    XT_RETURN_IF_ERROR(Change(std::move(request)));
    tail_ = keep.value();
    return absl::OkStatus();
  }
  absl::Status BeginAt(const JournalBase& base) override {
    pb::HoldRequest request;
    ToProto(base, *request.mutable_begin_at()->mutable_base());
    XT_RETURN_IF_ERROR(Change(std::move(request)));
    tail_ = base.sequence.value();
    return absl::OkStatus();
  }

 private:
  [[nodiscard]] const ClientOptions& options() const { return connection_->options; }
  [[nodiscard]] absl::Status NotConnected() const {
    return absl::UnavailableError(absl::StrCat("the sequencer at ", connection_->address, " cannot be reached"));
  }

  absl::StatusOr<OpenReport> OpenFile(ports::FencingToken token, bool anew) {
    pb::HoldRequest request;
    request.mutable_open()->set_epoch(token.epoch.value());
    request.mutable_open()->set_connection_generation(token.connection_generation);
    request.mutable_open()->set_anew(anew);
    XT_ASSIGN_OR_RETURN(const pb::HoldResponse response,
                        Ask(std::move(request), options().open_wait, pb::HoldResponse::kOpened));
    XT_ASSIGN_OR_RETURN(OpenReport report, FromProto(response.opened().end()));
    XT_ASSIGN_OR_RETURN(const JournalBase base, FromProto(response.opened().base()));
    const std::lock_guard lock(mutex_);
    identity_ = response.opened().identity();
    base_ = base;
    tail_ = report.last_sequence.value();
    opened_ = true;
    return report;
  }

  absl::StatusOr<pb::CopyPage> ReadPage(SequenceNumber from, std::uint64_t max_bytes) {
    pb::HoldRequest request;
    request.mutable_read()->set_from(from.value());
    request.mutable_read()->set_max_bytes(max_bytes);
    XT_ASSIGN_OR_RETURN(pb::HoldResponse response,
                        Ask(std::move(request), options().call_timeout, pb::HoldResponse::kPage));
    return std::move(*response.mutable_page());
  }

  // A request that is answered with the base.
  absl::Status Change(pb::HoldRequest request) {
    XT_ASSIGN_OR_RETURN(const pb::HoldResponse response,
                        Ask(std::move(request), options().call_timeout, pb::HoldResponse::kDone));
    XT_ASSIGN_OR_RETURN(const JournalBase base, FromProto(response.done().base()));
    const std::lock_guard lock(mutex_);
    base_ = base;
    return absl::OkStatus();
  }

  absl::StatusOr<pb::HoldResponse> Ask(pb::HoldRequest request, milliseconds wait,
                                       pb::HoldResponse::BodyCase expected) {
    if (stream_ == nullptr) return NotConnected();
    XT_ASSIGN_OR_RETURN(pb::HoldResponse response, stream_->Call(std::move(request), wait));
    if (response.body_case() == expected) return response;
    if (!response.has_failure()) return absl::UnavailableError("an answer to something else");
    if (response.failure().has_damage()) {
      XT_ASSIGN_OR_RETURN(ports::JournalDamage damage, FromProto(response.failure().damage()));
      const std::lock_guard lock(mutex_);
      damage_ = std::move(damage);
    }
    return FromProto(response.failure());
  }

  const std::shared_ptr<const Connection> connection_;
  std::atomic<std::uint64_t> tail_{0};
  bool opened_ = false;

  mutable std::mutex mutex_;
  std::string identity_;
  JournalBase base_;
  ports::JournalDamage damage_;

  std::unique_ptr<HoldStream> stream_;  // set by Open
};

}  // namespace

std::function<std::unique_ptr<ports::JournalCopy>()> ConnectJournalCopy(const ClientOptions& options) {
  XT_CHECK(options.addresses.size() == 1, "the file of one sequencer");
  return [connection = std::make_shared<const Connection>(options)] {
    return std::make_unique<JournalCopyClient>(connection);
  };
}

}  // namespace xt::grpc_clients
