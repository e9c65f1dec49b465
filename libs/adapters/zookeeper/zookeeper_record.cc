#include "libs/adapters/zookeeper/zookeeper_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/zookeeper/internal/stamped_node.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"
#include "libs/base/status.h"

namespace xt::zookeeper {
namespace {

static_assert(ZooKeeperRecord::kAbsent == kAbsentVersion);

absl::StatusOr<StampedNode> ReadNewest(ZooKeeperHandle& handle, const std::string& path) {
  XT_RETURN_IF_ERROR(handle.Sync(path));
  return ReadStamped(handle, path, false);
}

}  // namespace

ZooKeeperRecord::ZooKeeperRecord(std::shared_ptr<ZooKeeperSession> session, const std::string& path)
    : session_(std::move(session)), path_(absl::StrCat(session_->config().root, "/", path)) {}

absl::StatusOr<ZooKeeperRecord::Value> ZooKeeperRecord::Read() {
  Value value;
  XT_RETURN_IF_ERROR(Retry([&](ZooKeeperHandle& handle) -> absl::Status {
    XT_ASSIGN_OR_RETURN(StampedNode node, ReadNewest(handle, path_));
    value = {std::move(node.bytes), node.version};
    return absl::OkStatus();
  }));
  return value;
}

absl::StatusOr<std::int32_t> ZooKeeperRecord::CompareAndSet(std::int32_t expected, std::string_view bytes) {
  const std::string stamp = NewStamp();
  std::int32_t version = kAbsent;
  bool unknown = false;  // an earlier attempt may have been made
  XT_RETURN_IF_ERROR(Retry([&](ZooKeeperHandle& handle) -> absl::Status {
    if (unknown) {
      XT_ASSIGN_OR_RETURN(const StampedNode node, ReadNewest(handle, path_));
      version = node.version;
      if (node.stamp == stamp) return absl::OkStatus();
      if (node.version != expected) return absl::AbortedError(absl::StrCat(path_, " was changed by another"));
    }
    const auto written = WriteStamped(handle, path_, expected, stamp, bytes);
    unknown = true;
    if (written.ok()) version = *written;
    return written.status();
  }));
  return version;
}

absl::Status ZooKeeperRecord::Retry(const std::function<absl::Status(ZooKeeperHandle&)>& attempt) {
  const Deadline deadline = std::chrono::steady_clock::now() + session_->config().call_timeout;
  for (;;) {
    XT_ASSIGN_OR_RETURN(const auto handle, session_->WaitForHandle(deadline));
    absl::Status status = attempt(*handle);
    if (!absl::IsUnavailable(status) || std::chrono::steady_clock::now() >= deadline) return status;
  }
}

}  // namespace xt::zookeeper
