#include "tests/simulation/journal_link.h"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "services/sequencer/standby_file.h"
#include "tests/simulation/stream.h"

namespace xt::sim {
namespace {

using domain::SequenceNumber;
using ports::JournalCopy;
using ports::JournalRecord;
using ports::OpenReport;

constexpr Nanos kConnectWait = 250 * kMilli;
constexpr Nanos kOpenWait = 5 * kSecond;  // a stream that is silent breaks sooner
constexpr Nanos kCallWait = kSecond;
constexpr Nanos kAppendWait = kSecond;
constexpr std::size_t kMostUnanswered = 256;
constexpr std::size_t kPageRecords = 64;

absl::Status Away(const std::string& why) { return absl::UnavailableError("the standby's file: " + why); }

// What the connection has at the standby. The handle is freed by a thread there: a dead process frees nothing.
struct Served {
  JournalCopy* file = nullptr;
};

// What answers of the standby say.
struct Opened {
  absl::StatusOr<OpenReport> report;
  ports::JournalDamage damage;
  std::string identity;
  ports::JournalBase base;
};
struct Page {
  absl::Status status;
  std::vector<JournalRecord> records;
  bool more = false;
};
struct Changed {
  absl::Status status;
  ports::JournalBase base;
};

// The caller's side. Fibers give the processor away only where they wait, so that it needs no lock.
struct Connection {
  struct Unanswered {
    SequenceNumber last;
    ports::CommandJournal::AppendDone done;
    Nanos until = 0;
  };

  // The first call counts.
  void Fail(const absl::Status& why);
  // Until it is closed and every append is answered: the thread on which `done` is called.
  void Deliver();

  std::shared_ptr<Stream> stream;
  absl::Status failed;
  std::deque<Unanswered> appends;
  std::deque<absl::Status> answers;  // of the first of them
  SequenceNumber tail;
  bool closed = false;
  WaitQueue changed;
};

void Connection::Fail(const absl::Status& why) {
  if (!failed.ok()) return;
  failed = why;
  stream->Close();
  World::Current()->kernel.NotifyAll(changed);
}

void Connection::Deliver() {
  Kernel& kernel = World::Current()->kernel;
  while (!closed || !appends.empty()) {
    if (!appends.empty() && (!answers.empty() || !failed.ok())) {
      const Unanswered append = std::move(appends.front());
      appends.pop_front();
      absl::Status status = failed;
      if (!answers.empty()) {
        status = std::move(answers.front());
        answers.pop_front();
      }
      if (status.ok()) tail = append.last;
      append.done(status);
      kernel.NotifyAll(changed);
      continue;
    }
    const Nanos until = appends.empty() ? kNever : appends.front().until;
    if (kernel.now() >= until) {
      Fail(Away("an append was not answered"));
      continue;
    }
    kernel.Wait(changed, until);
  }
}

class JournalLink final : public JournalCopy {
 public:
  JournalLink(World& world, const SequencerHost& standby) : world_(world), standby_(standby) {}
  ~JournalLink() override;

  absl::StatusOr<OpenReport> Open(ports::FencingToken token) override;
  absl::StatusOr<OpenReport> OpenAnew(ports::FencingToken token) override { return OpenFile(token, true); }
  [[nodiscard]] ports::JournalDamage Damage() const override { return damage_; }
  absl::Status Read(SequenceNumber from, const Visitor& visitor) override;
  void Append(JournalRecord record, AppendDone done) override;
  [[nodiscard]] SequenceNumber TailSequence() const override {
    return connection_ == nullptr ? SequenceNumber() : connection_->tail;
  }
  [[nodiscard]] ports::JournalBase Base() const override { return base_; }
  [[nodiscard]] std::string Identity() const override { return identity_; }
  absl::Status CutTail(SequenceNumber keep) override;
  absl::Status BeginAt(const ports::JournalBase& base) override;
  absl::Status TrimFront(SequenceNumber upto) override;

 private:
  // Where its process serves the file; nothing while it does not.
  struct Target {
    ProcessId process = kWorld;
    std::shared_ptr<sequencer::StandbyFile> file;
  };

  absl::Status Connect();
  absl::StatusOr<OpenReport> OpenFile(ports::FencingToken token, bool anew);
  // Has a thread of the standby do something with the file, and waits for what it says.
  template <typename Answer>
  absl::StatusOr<Answer> Call(Nanos patience, std::function<Answer(JournalCopy&)> serve);
  absl::Status Change(std::function<absl::Status(JournalCopy&)> change);

  World& world_;
  const SequencerHost& standby_;
  std::shared_ptr<Connection> connection_;  // null before Open
  std::shared_ptr<Served> served_;
  Fiber* deliverer_ = nullptr;
  std::string identity_;
  ports::JournalBase base_;
  ports::JournalDamage damage_;
};

// What is under way is answered, or fails in its time.
JournalLink::~JournalLink() {
  if (connection_ == nullptr) return;
  connection_->closed = true;
  world_.kernel.NotifyAll(connection_->changed);
  world_.kernel.Join(deliverer_);
  connection_->Fail(Away("closed"));
}

absl::Status JournalLink::Connect() {
  const auto target = world_.network.Call<Target>(world_.host(), standby_.host(), kConnectWait, [standby = &standby_] {
    return std::optional(Target{standby->process(), standby->standby_file()});
  });
  if (!target) return Away("no answer");
  if (target->file == nullptr || !world_.kernel.Alive(target->process)) return Away("connection refused");
  connection_ = std::make_shared<Connection>();
  served_ = std::make_shared<Served>();
  connection_->stream = Stream::Open(
      world_, world_.kernel.process(), target->process,
      [connection = connection_] { connection->Fail(Away("the stream broke")); },
      [served = served_] { delete std::exchange(served->file, nullptr); });
  connection_->stream->ToServer([served = served_, file = target->file] { served->file = file->Connect().release(); });
  deliverer_ = world_.kernel.Spawn(world_.kernel.process(), [connection = connection_] { connection->Deliver(); });
  return absl::OkStatus();
}

template <typename Answer>
absl::StatusOr<Answer> JournalLink::Call(Nanos patience, std::function<Answer(JournalCopy&)> serve) {
  if (connection_ == nullptr) return absl::FailedPreconditionError("a link that was not opened");
  const std::shared_ptr<Connection> connection = connection_;
  XT_RETURN_IF_ERROR(connection->failed);
  const auto answer = std::make_shared<std::optional<Answer>>();
  connection->stream->ToServer([connection, answer, served = served_, serve = std::move(serve)] {
    connection->stream->ToClient([connection, answer, given = serve(*served->file)] {
      *answer = given;
      World::Current()->kernel.NotifyAll(connection->changed);
    });
  });
  const Nanos until = world_.kernel.now() + patience;
  while (!*answer && connection->failed.ok()) {
    if (!world_.kernel.Wait(connection->changed, until) && !*answer) connection->Fail(Away("a call was not answered"));
  }
  if (!*answer) return connection->failed;
  return std::move(**answer);
}

absl::StatusOr<OpenReport> JournalLink::Open(ports::FencingToken token) {
  if (connection_ != nullptr) return absl::FailedPreconditionError("Open was called before on this handle");
  XT_RETURN_IF_ERROR(Connect());
  return OpenFile(token, false);
}

absl::StatusOr<OpenReport> JournalLink::OpenFile(ports::FencingToken token, bool anew) {
  XT_ASSIGN_OR_RETURN(const Opened opened, Call<Opened>(kOpenWait, [token, anew](JournalCopy& file) {
                        Opened answer{anew ? file.OpenAnew(token) : file.Open(token), {}, {}, {}};
                        if (absl::IsDataLoss(answer.report.status())) answer.damage = file.Damage();
                        if (!answer.report.ok()) return answer;
                        answer.identity = file.Identity();
                        answer.base = file.Base();
                        return answer;
                      }));
  damage_ = opened.damage;
  XT_RETURN_IF_ERROR(opened.report.status());
  identity_ = opened.identity;
  base_ = opened.base;
  connection_->tail = opened.report->last_sequence;
  return opened.report;
}

// Page by page.
absl::Status JournalLink::Read(SequenceNumber from, const Visitor& visitor) {
  while (true) {
    XT_ASSIGN_OR_RETURN(const Page page, Call<Page>(kCallWait, [from](JournalCopy& file) {
                          Page read;
                          read.status = file.Read(from, [&read](const JournalRecord& record) {
                            read.more = read.records.size() == kPageRecords;
                            if (read.more) return absl::CancelledError("the page is full");
                            read.records.push_back(record);
                            return absl::OkStatus();
                          });
                          if (read.more) read.status = absl::OkStatus();
                          return read;
                        }));
    for (const JournalRecord& record : page.records) XT_RETURN_IF_ERROR(visitor(record));
    XT_RETURN_IF_ERROR(page.status);
    if (!page.more) return absl::OkStatus();
    from = SequenceNumber(page.records.back().last_sequence.value() + 1);
  }
}

void JournalLink::Append(JournalRecord record, AppendDone done) {
  if (connection_ == nullptr) return done(absl::FailedPreconditionError("a link that was not opened"));
  const std::shared_ptr<Connection> connection = connection_;
  while (connection->failed.ok() && connection->appends.size() >= kMostUnanswered) {
    world_.kernel.Wait(connection->changed);
  }
  connection->appends.push_back({record.last_sequence, std::move(done), world_.kernel.now() + kAppendWait});
  world_.kernel.NotifyAll(connection->changed);
  if (!connection->failed.ok()) return;
  connection->stream->ToServer([connection, served = served_, record = std::move(record)] {
    served->file->Append(record, [connection](const absl::Status& status) {
      connection->stream->ToClient([connection, status] {
        connection->answers.push_back(status);
        World::Current()->kernel.NotifyAll(connection->changed);
      });
    });
  });
}

absl::Status JournalLink::Change(std::function<absl::Status(JournalCopy&)> change) {
  XT_ASSIGN_OR_RETURN(const Changed changed, Call<Changed>(kCallWait, [change = std::move(change)](JournalCopy& file) {
                        absl::Status status = change(file);
                        return Changed{std::move(status), file.Base()};
                      }));
  if (changed.status.ok()) base_ = changed.base;
  return changed.status;
}

absl::Status JournalLink::CutTail(SequenceNumber keep) {
  XT_RETURN_IF_ERROR(Change([keep](JournalCopy& file) { return file.CutTail(keep); }));
  connection_->tail = keep;
  return absl::OkStatus();
}

absl::Status JournalLink::BeginAt(const ports::JournalBase& base) {
  XT_RETURN_IF_ERROR(Change([base](JournalCopy& file) { return file.BeginAt(base); }));
  connection_->tail = base.sequence;
  return absl::OkStatus();
}

absl::Status JournalLink::TrimFront(SequenceNumber upto) {
  return Change([upto](JournalCopy& file) { return file.TrimFront(upto); });
}

}  // namespace

std::unique_ptr<JournalCopy> LinkToFile(World& world, const SequencerHost& standby) {
  return std::make_unique<JournalLink>(world, standby);
}

}  // namespace xt::sim
