#include "libs/adapters/zookeeper/zookeeper_members.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/zookeeper/internal/recipe.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"
#include "libs/base/status.h"

namespace xt::zookeeper {
namespace {

constexpr std::int32_t kAnyVersion = -1;

std::string MembersPath(const ZooKeeperSession& session, const std::string& role) {
  return absl::StrCat(session.config().root, "/", role, "/members");
}

}  // namespace

class ZooKeeperMember::Presence final : public Recipe {
 public:
  Presence(std::string members_path, const std::string& id, std::string bytes)
      : members_path_(std::move(members_path)), path_(absl::StrCat(members_path_, "/", id)), bytes_(std::move(bytes)) {}

  void Update(std::string bytes) {
    bytes_ = std::move(bytes);
    written_ = false;
  }

  void Leave(ZooKeeperSession& session) {
    ZooKeeperHandle* const handle = session.connected_handle();
    const absl::Status left = handle != nullptr ? Delete(*handle) : absl::UnavailableError("no connection");
    if (!left.ok()) session.Renew();
  }

  absl::Status Step(ZooKeeperHandle& handle) override {
    if (written_) return absl::OkStatus();
    XT_RETURN_IF_ERROR(handle.Sync(path_));
    const auto present = handle.Get(path_, false);
    if (present.ok() && present->owner == handle.credentials().id) {
      XT_RETURN_IF_ERROR(handle.Set(path_, bytes_, kAnyVersion).status());
    } else {
      // What is there belongs to an earlier life of this process, whose session has not ended yet.
      if (present.ok()) XT_RETURN_IF_ERROR(handle.Delete(path_));
      XT_RETURN_IF_ERROR(handle.CreateFolders(members_path_));
      XT_RETURN_IF_ERROR(handle.Create(path_, bytes_, ZOO_EPHEMERAL).status());
    }
    written_ = true;
    return absl::OkStatus();
  }
  void Changed(const std::string& /*path*/, bool /*deleted*/) override {}
  void Expired() override { written_ = false; }

 private:
  // Only what is ours: a later life of this process may have taken the place.
  absl::Status Delete(ZooKeeperHandle& handle) {
    const auto present = handle.Get(path_, false);
    if (absl::IsNotFound(present.status())) return absl::OkStatus();
    XT_RETURN_IF_ERROR(present.status());
    return present->owner == handle.credentials().id ? handle.Delete(path_) : absl::OkStatus();
  }

  const std::string members_path_;
  const std::string path_;
  std::string bytes_;
  bool written_ = false;
};

ZooKeeperMember::ZooKeeperMember(std::shared_ptr<ZooKeeperSession> session, const std::string& role,
                                 const std::string& id, std::string bytes)
    : session_(std::move(session)),
      presence_(std::make_unique<Presence>(MembersPath(*session_, role), id, std::move(bytes))) {
  session_->Add(presence_.get());
}

ZooKeeperMember::~ZooKeeperMember() {
  session_->Run([this] {
    session_->Remove(presence_.get());
    presence_->Leave(*session_);
  });
}

void ZooKeeperMember::Update(std::string bytes) {
  session_->Run([&] { presence_->Update(std::move(bytes)); });
}

class ZooKeeperMemberWatch::Watch final : public Recipe {
 public:
  Watch(std::string members_path, Observer observer)
      : members_path_(std::move(members_path)), observer_(std::move(observer)) {}

  absl::Status Step(ZooKeeperHandle& handle) override {
    if (known_) return absl::OkStatus();
    auto ids = handle.Children(members_path_, true);
    if (absl::IsNotFound(ids.status())) {
      XT_RETURN_IF_ERROR(handle.CreateFolders(members_path_));
      ids = handle.Children(members_path_, true);
    }
    XT_RETURN_IF_ERROR(ids.status());
    Members members;
    for (const std::string& id : *ids) {
      auto member = handle.Get(absl::StrCat(members_path_, "/", id), true);
      if (absl::IsNotFound(member.status())) continue;  // has just gone; the list's watch tells so
      XT_RETURN_IF_ERROR(member.status());
      members.emplace(id, std::move(member->data));
    }
    known_ = true;
    if (told_ && *told_ == members) return absl::OkStatus();
    told_ = std::move(members);
    observer_(*told_);
    return absl::OkStatus();
  }
  void Changed(const std::string& path, bool /*deleted*/) override {
    if (absl::StartsWith(path, members_path_)) known_ = false;
  }
  void Expired() override { known_ = false; }

 private:
  const std::string members_path_;
  const Observer observer_;
  std::optional<Members> told_;
  bool known_ = false;
};

ZooKeeperMemberWatch::ZooKeeperMemberWatch(std::shared_ptr<ZooKeeperSession> session, const std::string& role,
                                           Observer observer)
    : session_(std::move(session)), watch_(std::make_unique<Watch>(MembersPath(*session_, role), std::move(observer))) {
  session_->Add(watch_.get());
}

ZooKeeperMemberWatch::~ZooKeeperMemberWatch() { session_->Remove(watch_.get()); }

}  // namespace xt::zookeeper
