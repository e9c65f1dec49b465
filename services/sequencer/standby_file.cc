#include "services/sequencer/standby_file.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using ports::JournalBase;
using ports::OpenReport;

bool IsLower(const ports::FencingToken& a, const ports::FencingToken& b) {
  return std::tie(a.epoch, a.connection_generation) < std::tie(b.epoch, b.connection_generation);
}

absl::Status CheckNotLower(const ports::FencingToken& token, const ports::FencingToken& held) {
  if (!IsLower(token, held)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("FENCED: the file is held for epoch ", held.epoch.value(),
                                                    " generation ", held.connection_generation, ", above epoch ",
                                                    token.epoch.value(), " generation ", token.connection_generation));
}

}  // namespace

class StandbyFile::Handle final : public ports::JournalCopy {
 public:
  explicit Handle(StandbyFile& owner) : owner_(owner) {}
  ~Handle() override {
    const std::lock_guard lock(owner_.mutex_);
    if (owner_.holder_ == this) owner_.Close();
  }

  absl::StatusOr<OpenReport> Open(ports::FencingToken token) override {
    const std::lock_guard lock(owner_.mutex_);
    if (std::exchange(open_called_, true)) {
      return absl::FailedPreconditionError("Open was called before on this handle");
    }
    XT_RETURN_IF_ERROR(owner_.Take(*this, token));
    auto report = owner_.file_->Open(token);
    if (absl::IsDataLoss(report.status())) {
      owner_.state_ = State::kDamaged;
      damage_ = owner_.file_->Damage();
      return report;
    }
    return Begin(std::move(report));
  }

  absl::StatusOr<OpenReport> OpenAnew(ports::FencingToken token) override {
    const std::lock_guard lock(owner_.mutex_);
    XT_RETURN_IF_ERROR(owner_.CheckHolder(*this));
    if (owner_.state_ != State::kDamaged) return absl::FailedPreconditionError("nothing is damaged");
    XT_RETURN_IF_ERROR(CheckNotLower(token, owner_.token_));
    owner_.token_ = token;
    return Begin(owner_.file_->OpenAnew(token));
  }

  absl::Status Read(SequenceNumber from, const Visitor& visitor) override {
    const std::lock_guard lock(owner_.mutex_);
    XT_RETURN_IF_ERROR(CheckOpen());
    return owner_.file_->Read(from, visitor);
  }

  void Append(ports::JournalRecord record, AppendDone done) override {
    absl::Status refused;
    {
      const std::lock_guard lock(owner_.mutex_);
      refused = CheckOpen();
      if (refused.ok()) {
        owner_.state_ = State::kAppended;
        const SequenceNumber last = record.last_sequence;
        owner_.file_->Append(std::move(record), [this, last, done = std::move(done)](const absl::Status& status) {
          if (status.ok()) tail_ = last.value();
          done(status);
        });
        return;
      }
    }
    done(refused);
  }

  [[nodiscard]] SequenceNumber TailSequence() const override { return SequenceNumber(tail_); }
  [[nodiscard]] JournalBase Base() const override {
    const std::lock_guard lock(owner_.mutex_);
    return base_;
  }
  absl::StatusOr<SequenceNumber> ReadableFrom() override {
    const std::lock_guard lock(owner_.mutex_);
    XT_RETURN_IF_ERROR(CheckOpen());
    return owner_.file_->ReadableFrom();
  }
  absl::Status TrimFront(SequenceNumber upto) override {
    const std::lock_guard lock(owner_.mutex_);
    XT_RETURN_IF_ERROR(CheckOpen());
    const absl::Status trimmed = owner_.file_->TrimFront(upto);
    base_ = owner_.file_->Base();
    return trimmed;
  }

  [[nodiscard]] std::string Identity() const override {
    const std::lock_guard lock(owner_.mutex_);
    return identity_;
  }
  absl::Status CutTail(SequenceNumber keep) override {
    const std::lock_guard lock(owner_.mutex_);
    return Drop([&] { return owner_.file_->CutTail(keep); });
  }
  absl::Status BeginAt(const JournalBase& base) override {
    const std::lock_guard lock(owner_.mutex_);
    return Drop([&] { return owner_.file_->BeginAt(base); });
  }

  [[nodiscard]] ports::JournalDamage Damage() const override {
    const std::lock_guard lock(owner_.mutex_);
    return damage_;
  }

 private:
  // What follows runs under the lock, and while this handle has the file.

  absl::StatusOr<OpenReport> Begin(absl::StatusOr<OpenReport> report) {
    if (!report.ok()) {
      owner_.Close();
      return report;
    }
    owner_.state_ = State::kOpen;
    identity_ = owner_.file_->Identity();
    Look();
    return report;
  }

  void Look() {
    tail_ = owner_.file_->TailSequence().value();
    base_ = owner_.file_->Base();
  }

  // A file that could not be cut is of no use any more: nothing may be appended to it.
  absl::Status Drop(const std::function<absl::Status()>& drop) {
    XT_RETURN_IF_ERROR(CheckOpen());
    if (owner_.state_ == State::kAppended) {
      return absl::FailedPreconditionError("records are dropped after Open and before the first append");
    }
    const absl::Status dropped = drop();
    if (dropped.ok()) Look();
    if (!dropped.ok() && !absl::IsNotFound(dropped)) owner_.Close();
    return dropped;
  }

  [[nodiscard]] absl::Status CheckOpen() const {
    XT_RETURN_IF_ERROR(owner_.CheckHolder(*this));
    if (owner_.state_ != State::kDamaged) return absl::OkStatus();
    return absl::FailedPreconditionError("the file is damaged and was not opened");
  }

  StandbyFile& owner_;
  std::atomic<std::uint64_t> tail_{0};
  // Guarded by the lock.
  bool open_called_ = false;
  std::string identity_;
  JournalBase base_;
  ports::JournalDamage damage_;
};

StandbyFile::StandbyFile(MakeFile make) : make_(std::move(make)) {}
StandbyFile::~StandbyFile() { Release(); }

std::unique_ptr<ports::JournalCopy> StandbyFile::Connect() { return std::make_unique<Handle>(*this); }

void StandbyFile::Release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  Close();
}

// The file remembers the highest token that opened it; the holder's is compared before the file is taken from it.
absl::Status StandbyFile::Take(const Handle& handle, ports::FencingToken token) {
  if (released_) return absl::UnavailableError("this sequencer leads, or is about to");
  if (holder_ != nullptr) XT_RETURN_IF_ERROR(CheckNotLower(token, token_));
  Close();
  file_ = make_();
  holder_ = &handle;
  token_ = token;
  return absl::OkStatus();
}

absl::Status StandbyFile::CheckHolder(const Handle& handle) const {
  if (holder_ == &handle) return absl::OkStatus();
  return absl::UnavailableError(released_ ? "this sequencer leads, or is about to"
                                          : "the file is not open for this connection, or was taken from it");
}

// Waits for the appends under way.
void StandbyFile::Close() {
  holder_ = nullptr;
  file_.reset();
}

}  // namespace xt::sequencer
