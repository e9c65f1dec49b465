// ZooKeeperHandle: what it makes of its requests, whatever carries them.
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"

namespace xt::zookeeper {

absl::Status ZooKeeperHandle::CreateFolders(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    absl::Status status = Create(path.substr(0, end), "", ZOO_PERSISTENT).status();
    if (!status.ok() && !absl::IsAlreadyExists(status)) return status;
    if (end == std::string::npos) return absl::OkStatus();
  }
}

}  // namespace xt::zookeeper
