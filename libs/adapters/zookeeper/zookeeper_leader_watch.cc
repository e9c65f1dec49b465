#include "libs/adapters/zookeeper/zookeeper_leader_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/zookeeper/internal/leader_record.h"
#include "libs/adapters/zookeeper/internal/recipe.h"
#include "libs/base/status.h"

namespace xt::zookeeper {

class ZooKeeperLeaderWatch::Watch final : public Recipe {
 public:
  Watch(std::string role_path, ports::LeaderElection::Observer observer)
      : role_path_(std::move(role_path)), observer_(std::move(observer)) {}

  absl::Status Step(ZooKeeperHandle& handle) override {
    if (known_) return absl::OkStatus();
    XT_ASSIGN_OR_RETURN(const LeaderRecord record, ReadLeader(handle, role_path_, true));
    known_ = true;
    const bool lags = record.epoch < told_.epoch;  // the server, behind the one of an earlier session
    if (lags || (record.epoch == told_.epoch && record.leader_id == told_.leader_id)) return absl::OkStatus();
    told_ = {false, record.epoch, record.leader_id};
    observer_(told_);
    return absl::OkStatus();
  }
  void Changed(const std::string& path, bool /*deleted*/) override {
    if (path == LeaderPath(role_path_)) known_ = false;
  }
  void Expired() override { known_ = false; }

 private:
  const std::string role_path_;
  const ports::LeaderElection::Observer observer_;
  ports::Leadership told_;
  bool known_ = false;
};

ZooKeeperLeaderWatch::ZooKeeperLeaderWatch(std::shared_ptr<ZooKeeperSession> session, const std::string& role,
                                           ports::LeaderElection::Observer observer)
    : session_(std::move(session)),
      watch_(std::make_unique<Watch>(absl::StrCat(session_->config().root, "/", role), std::move(observer))) {
  session_->Add(watch_.get());
}

ZooKeeperLeaderWatch::~ZooKeeperLeaderWatch() { session_->Remove(watch_.get()); }

}  // namespace xt::zookeeper
