#include "libs/adapters/zookeeper/zookeeper_election.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/zookeeper/internal/leader_record.h"
#include "libs/adapters/zookeeper/internal/recipe.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"
#include "libs/base/status.h"

namespace xt::zookeeper {

using ports::Leadership;

namespace {

constexpr char kCandidatePrefix[] = "candidate-";
constexpr std::size_t kNumberDigits = 10;  // that the server appends

std::string NumberOf(const std::string& name) {
  return name.size() <= kNumberDigits ? name : name.substr(name.size() - kNumberDigits);
}

std::string LineOf(const ZooKeeperSession& session, const std::string& role) {
  return absl::StrCat(session.config().root, "/", role, "/candidates");
}

// The candidates in the order in which they came.
absl::StatusOr<std::vector<std::string>> ReadLineAt(ZooKeeperHandle& handle, const std::string& path) {
  XT_RETURN_IF_ERROR(handle.Sync(path));
  XT_ASSIGN_OR_RETURN(std::vector<std::string> line, handle.Children(path, false));
  std::sort(line.begin(), line.end(),
            [](const std::string& a, const std::string& b) { return NumberOf(a) < NumberOf(b); });
  return line;
}

}  // namespace

// All of it on the session's thread, but for the counters.
class ZooKeeperElection::Candidacy final : public Recipe {
 public:
  Candidacy(ZooKeeperSession& session, const std::string& role, std::string id)
      : session_(session),
        role_path_(absl::StrCat(session.config().root, "/", role)),
        line_path_(LineOf(session, role)),
        id_(std::move(id)) {}

  void Begin(Observer observer) { observer_ = std::move(observer); }
  absl::StatusOr<std::size_t> Others();
  void Leave();

  absl::Status Step(ZooKeeperHandle& handle) override;
  void Changed(const std::string& path, bool deleted) override;
  void Expired() override;

  [[nodiscard]] ZooKeeperElectionStats Stats() const { return {line_reads_.load(), elected_.load()}; }

 private:
  absl::Status Enter(ZooKeeperHandle& handle);
  absl::StatusOr<std::vector<std::string>> ReadLine(ZooKeeperHandle& handle);
  absl::Status FindPlace(ZooKeeperHandle& handle);
  absl::Status Lead(ZooKeeperHandle& handle);
  absl::Status FollowLeader(ZooKeeperHandle& handle);
  void StartOver();
  void StepDown();
  void Tell(const Leadership& leadership);
  [[nodiscard]] std::string PathOf(const std::string& name) const { return absl::StrCat(line_path_, "/", name); }

  ZooKeeperSession& session_;
  const std::string role_path_;
  const std::string line_path_;
  const std::string id_;
  Observer observer_;  // empty after the candidacy was left

  std::string guid_ = NewStamp();  // of this candidacy: its znode and its leadership are known by it
  bool may_have_entered_ = false;  // a create was sent
  std::string node_;               // our znode's name; empty while it is not known
  std::string predecessor_path_;
  bool place_known_ = false;
  bool leader_known_ = false;
  LeaderRecord record_;  // as read or written last
  Leadership told_;
  std::atomic<std::uint64_t> line_reads_{0};
  std::atomic<std::uint64_t> elected_{0};
};

absl::Status ZooKeeperElection::Candidacy::Step(ZooKeeperHandle& handle) {
  if (node_.empty()) XT_RETURN_IF_ERROR(Enter(handle));
  if (!place_known_) XT_RETURN_IF_ERROR(FindPlace(handle));
  if (!leader_known_ && observer_) return FollowLeader(handle);
  return absl::OkStatus();
}

void ZooKeeperElection::Candidacy::Changed(const std::string& path, bool deleted) {
  if (path == LeaderPath(role_path_)) {
    leader_known_ = false;
  } else if (path == predecessor_path_) {
    place_known_ = false;
  } else if (deleted && !node_.empty() && path == PathOf(node_)) {
    StartOver();
  }
}

void ZooKeeperElection::Candidacy::Expired() { StartOver(); }

void ZooKeeperElection::Candidacy::StartOver() {
  StepDown();
  guid_ = NewStamp();
  may_have_entered_ = place_known_ = leader_known_ = false;
  node_.clear();
  predecessor_path_.clear();
}

// A create whose reply was lost may have been made: its GUID tells.
absl::Status ZooKeeperElection::Candidacy::Enter(ZooKeeperHandle& handle) {
  if (may_have_entered_) {
    XT_ASSIGN_OR_RETURN(const auto line, ReadLine(handle));
    const auto own = std::find_if(line.begin(), line.end(),
                                  [this](const std::string& name) { return absl::StrContains(name, guid_); });
    if (own != line.end()) node_ = *own;
    if (!node_.empty()) return absl::OkStatus();
  }
  XT_RETURN_IF_ERROR(handle.CreateFolders(line_path_));
  may_have_entered_ = true;
  XT_ASSIGN_OR_RETURN(const std::string path,
                      handle.Create(PathOf(absl::StrCat(kCandidatePrefix, guid_, "-")), id_, ZOO_EPHEMERAL_SEQUENTIAL));
  node_ = path.substr(line_path_.size() + 1);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ZooKeeperElection::Candidacy::ReadLine(ZooKeeperHandle& handle) {
  ++line_reads_;
  return ReadLineAt(handle, line_path_);
}

absl::Status ZooKeeperElection::Candidacy::FindPlace(ZooKeeperHandle& handle) {
  XT_ASSIGN_OR_RETURN(const auto line, ReadLine(handle));
  const auto own = std::find(line.begin(), line.end(), node_);
  if (own == line.end()) {
    StartOver();
    return absl::AbortedError("our candidate was deleted");
  }
  if (own == line.begin()) return Lead(handle);
  predecessor_path_ = PathOf(*(own - 1));
  absl::Status watched = handle.Get(predecessor_path_, true).status();
  if (absl::IsNotFound(watched)) return absl::AbortedError("the predecessor has just gone");
  place_known_ = watched.ok();
  return watched;
}

absl::Status ZooKeeperElection::Candidacy::Lead(ZooKeeperHandle& handle) {
  predecessor_path_.clear();
  const absl::Status watched = handle.Get(PathOf(node_), true).status();
  if (absl::IsNotFound(watched)) {
    StartOver();
    return absl::AbortedError("our candidate was deleted");
  }
  XT_RETURN_IF_ERROR(watched);
  XT_ASSIGN_OR_RETURN(LeaderRecord record, ReadLeader(handle, role_path_, true));
  if (record.stamp != guid_) {  // else it is ours: only the reply was lost
    record.epoch = domain::Epoch(std::max(record.epoch, told_.epoch).value() + 1);
    record.leader_id = id_;
    record.stamp = guid_;
    XT_RETURN_IF_ERROR(WriteLeader(handle, role_path_, record));
  }
  record_ = record;
  place_known_ = true;
  ++elected_;
  Tell({true, record_.epoch, id_});
  return absl::OkStatus();
}

absl::Status ZooKeeperElection::Candidacy::FollowLeader(ZooKeeperHandle& handle) {
  XT_ASSIGN_OR_RETURN(const LeaderRecord record, ReadLeader(handle, role_path_, true));
  leader_known_ = true;
  if (record.epoch < told_.epoch) return absl::OkStatus();  // of a server that lags
  if (record.stamp == guid_) return absl::OkStatus();       // our own leadership
  if (told_.leader) {  // another wrote itself there, though we are the first in the line
    StepDown();
    place_known_ = false;
    return absl::AbortedError("the leader's record was changed");
  }
  // An earlier life of this process does not lead.
  Tell({false, record.epoch, record.leader_id == id_ ? "" : record.leader_id});
  return absl::OkStatus();
}

void ZooKeeperElection::Candidacy::StepDown() {
  if (told_.leader) Tell({false, told_.epoch, ""});
}

// The observer may resign: then this is called again inside of it, and the observer is taken away.
void ZooKeeperElection::Candidacy::Tell(const Leadership& leadership) {
  if (leadership.leader == told_.leader && leadership.epoch == told_.epoch && leadership.leader_id == told_.leader_id) {
    return;
  }
  told_ = leadership;
  if (const Observer observer = observer_) observer(leadership);
}

absl::StatusOr<std::size_t> ZooKeeperElection::Candidacy::Others() {
  ZooKeeperHandle* const handle = session_.connected_handle();
  if (handle == nullptr) return absl::UnavailableError("no connection to ZooKeeper");
  XT_ASSIGN_OR_RETURN(const auto line, ReadLine(*handle));
  return line.size() - static_cast<std::size_t>(std::ranges::count(line, node_));
}

void ZooKeeperElection::Candidacy::Leave() {
  if (!observer_) return;
  const bool led = told_.leader;
  StepDown();
  observer_ = nullptr;
  if (!may_have_entered_) return;
  ZooKeeperHandle* const handle = session_.connected_handle();
  absl::Status left = absl::UnavailableError("no connection");
  if (handle != nullptr && !node_.empty()) {
    if (led) {
      record_.leader_id.clear();
      // Nothing depends on it: who follows writes over it.
      [[maybe_unused]] const absl::Status vacated = WriteLeader(*handle, role_path_, record_);
    }
    left = handle->Delete(PathOf(node_));
  }
  if (!left.ok() && !absl::IsNotFound(left)) session_.Renew();
}

ZooKeeperElection::ZooKeeperElection(std::shared_ptr<ZooKeeperSession> session, const std::string& role, std::string id)
    : session_(std::move(session)), candidacy_(std::make_unique<Candidacy>(*session_, role, std::move(id))) {}

ZooKeeperElection::~ZooKeeperElection() { Resign(); }

absl::Status ZooKeeperElection::Campaign(Observer observer) {
  if (campaigned_.exchange(true)) return absl::FailedPreconditionError("Campaign was called before");
  session_->Run([&] { candidacy_->Begin(std::move(observer)); });
  session_->Add(candidacy_.get());
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> ZooKeeperElection::OtherCandidates() {
  absl::StatusOr<std::size_t> others = absl::UnavailableError("not asked");
  session_->Run([&] { others = candidacy_->Others(); });
  return others;
}

void ZooKeeperElection::Resign() {
  session_->Run([this] {
    session_->Remove(candidacy_.get());
    candidacy_->Leave();
  });
}

ZooKeeperElectionStats ZooKeeperElection::Stats() const { return candidacy_->Stats(); }

absl::StatusOr<std::string> FirstCandidate(ZooKeeperSession& session, const std::string& role) {
  XT_ASSIGN_OR_RETURN(const auto handle,
                      session.WaitForHandle(std::chrono::steady_clock::now() + session.config().call_timeout));
  const std::string path = LineOf(session, role);
  const auto line = ReadLineAt(*handle, path);
  if (absl::IsNotFound(line.status())) return std::string();
  XT_RETURN_IF_ERROR(line.status());
  for (const std::string& name : *line) {
    auto node = handle->Get(absl::StrCat(path, "/", name), false);
    if (absl::IsNotFound(node.status())) continue;  // it has just gone
    XT_RETURN_IF_ERROR(node.status());
    return std::move(node->data);
  }
  return std::string();
}

}  // namespace xt::zookeeper
