#include "libs/adapters/zookeeper/internal/stamped_node.h"

#include <sys/random.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace xt::zookeeper {
namespace {

constexpr std::size_t kStampBytes = 16;

}  // namespace

std::string NewStamp() {
  std::string bytes(kStampBytes, '\0');
  XT_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "getrandom");
  return absl::BytesToHexString(bytes);
}

absl::StatusOr<StampedNode> ReadStamped(ZooKeeperHandle& handle, const std::string& path, bool watch) {
  const auto node = handle.Get(path, watch);
  if (absl::IsNotFound(node.status())) return StampedNode{};
  XT_RETURN_IF_ERROR(node.status());
  const std::size_t end = node->data.find('\n');
  if (end != 2 * kStampBytes) return absl::DataLossError(absl::StrCat(path, " does not begin with a stamp"));
  return StampedNode{node->data.substr(0, end), node->data.substr(end + 1), node->version};
}

absl::StatusOr<std::int32_t> WriteStamped(ZooKeeperHandle& handle, const std::string& path, std::int32_t expected,
                                          std::string_view stamp, std::string_view bytes) {
  const std::string data = std::string(stamp).append("\n").append(bytes);
  if (expected != kAbsentVersion) {
    auto version = handle.Set(path, data, expected);
    if (absl::IsNotFound(version.status())) return absl::AbortedError(absl::StrCat(path, " was deleted"));
    return version;
  }
  XT_RETURN_IF_ERROR(handle.CreateFolders(path.substr(0, path.rfind('/'))));
  const absl::Status created = handle.Create(path, data, ZOO_PERSISTENT).status();
  if (absl::IsAlreadyExists(created)) return absl::AbortedError(absl::StrCat(path, " was created"));
  XT_RETURN_IF_ERROR(created);
  return 0;
}

}  // namespace xt::zookeeper
