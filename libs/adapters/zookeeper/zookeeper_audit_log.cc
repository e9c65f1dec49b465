#include "libs/adapters/zookeeper/zookeeper_audit_log.h"

#include <chrono>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"
#include "libs/adapters/zookeeper/zookeeper_record.h"
#include "libs/base/status.h"

namespace xt::zookeeper {

ZooKeeperAuditLog::ZooKeeperAuditLog(std::shared_ptr<ZooKeeperSession> session, const std::string& shard)
    : session_(std::move(session)), folder_("sequencer-" + shard + "/unclean-leaders") {}

absl::Status ZooKeeperAuditLog::Write(domain::Epoch epoch, const std::string& text) {
  ZooKeeperRecord record(session_, absl::StrCat(folder_, "/", epoch.value()));
  const absl::Status written = record.CompareAndSet(ZooKeeperRecord::kAbsent, text).status();
  if (!absl::IsAborted(written)) return written;
  XT_ASSIGN_OR_RETURN(const ZooKeeperRecord::Value there, record.Read());
  if (there.bytes == text) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat("epoch ", epoch.value(), " has another entry: ", there.bytes));
}

absl::StatusOr<std::vector<std::string>> ZooKeeperAuditLog::List() {
  XT_ASSIGN_OR_RETURN(const auto handle,
                      session_->WaitForHandle(std::chrono::steady_clock::now() + session_->config().call_timeout));
  const std::string path = absl::StrCat(session_->config().root, "/", folder_);
  XT_RETURN_IF_ERROR(handle->Sync(path));
  const auto names = handle->Children(path, false);
  if (absl::IsNotFound(names.status())) return std::vector<std::string>();
  XT_RETURN_IF_ERROR(names.status());
  std::map<std::uint64_t, std::string> by_epoch;
  for (const std::string& name : *names) {
    std::uint64_t epoch = 0;
    if (!absl::SimpleAtoi(name, &epoch)) return absl::DataLossError(absl::StrCat(path, "/", name, " is no epoch"));
    XT_ASSIGN_OR_RETURN(ZooKeeperRecord::Value value,
                        ZooKeeperRecord(session_, absl::StrCat(folder_, "/", name)).Read());
    by_epoch[epoch] = std::move(value.bytes);
  }
  std::vector<std::string> texts;
  for (auto& [epoch, text] : by_epoch) texts.push_back(std::move(text));
  return texts;
}

}  // namespace xt::zookeeper
