#include "libs/adapters/embedded/sole_leader.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

constexpr char kEpochFile[] = "epoch";

}  // namespace

class SoleLeader::Lock {
 public:
  explicit Lock(Fd fd) : fd_(std::move(fd)) {}

 private:
  Fd fd_;
};

SoleLeader::SoleLeader(std::string folder, std::string id, domain::Epoch last, std::unique_ptr<Lock> lock)
    : folder_(std::move(folder)), id_(std::move(id)), lock_(std::move(lock)), epoch_(last) {}
SoleLeader::~SoleLeader() { Resign(); }

absl::StatusOr<std::unique_ptr<SoleLeader>> SoleLeader::Open(std::string folder, std::string id) {
  XT_RETURN_IF_ERROR(MakeFolders(folder));
  XT_ASSIGN_OR_RETURN(Fd lock, LockFolder(folder));
  const std::string path = absl::StrCat(folder, "/", kEpochFile);
  std::uint64_t epoch = 0;
  const auto sealed = ReadWholeFile(path);
  if (sealed.ok()) {
    XT_ASSIGN_OR_RETURN(const std::string text, Unseal(*sealed, path));
    if (!absl::SimpleAtoi(text, &epoch)) return absl::DataLossError(absl::StrCat(path, " does not hold an epoch"));
  } else if (!absl::IsNotFound(sealed.status())) {
    return sealed.status();
  }
  return std::unique_ptr<SoleLeader>(
      new SoleLeader(std::move(folder), std::move(id), domain::Epoch(epoch), std::make_unique<Lock>(std::move(lock))));
}

absl::Status SoleLeader::Campaign(Observer observer) {
  std::lock_guard lock(mutex_);
  if (std::exchange(campaigned_, true)) return absl::FailedPreconditionError("Campaign was called before");
  const domain::Epoch next(epoch_.value() + 1);
  XT_RETURN_IF_ERROR(ReplaceFile(folder_, kEpochFile, Seal(absl::StrCat(next.value(), "\n"))));
  epoch_ = next;
  observer_ = std::move(observer);
  observer_({true, epoch_, id_});
  return absl::OkStatus();
}

void SoleLeader::Resign() {
  std::lock_guard lock(mutex_);
  if (!observer_) return;
  std::exchange(observer_, nullptr)({false, epoch_, ""});
}

}  // namespace xt::embedded
