#include "tests/simulation/sequencer_host.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <unordered_map>
#include <utility>

#include "libs/adapters/embedded/file_event_log.h"
#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/adapters/redis/redis_journal.h"
#include "libs/adapters/replicated/replicated_journal.h"
#include "libs/adapters/zookeeper/zookeeper_election.h"
#include "libs/adapters/zookeeper/zookeeper_in_sync_set.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"
#include "libs/base/status.h"
#include "tests/simulation/journal_link.h"
#include "tests/simulation/mistaken_parts.h"

namespace xt::sim {
namespace {

constexpr Nanos kRestartPause = 300 * kMilli;
constexpr std::uint64_t kSegmentBytes = 64 << 10;
constexpr std::uint64_t kKeepCommands = 50;
constexpr int kMinCopies = 2;  // with the files of the sequencers that stand by

class NoNotifications final : public ports::NotificationBus {
 public:
  absl::Status Publish(const std::vector<ports::Notification>&) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> Consume(const ports::QueueOptions&) override {
    return absl::UnimplementedError("nobody listens");
  }
  absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(std::size_t) override {
    return absl::UnimplementedError("nobody listens");
  }
  void Close() override {}
};

class Executions final : public ports::ExecutionStream {
 public:
  Executions(World& world, ExecutionsServer& server) : world_(world), server_(server) {}
  absl::Status Publish(const std::vector<ports::EventEntry>& entries) override {
    const auto answer = world_.network.Call<absl::Status>(world_.host(), kRedisHost, 200 * kMilli, [this, entries] {
      return std::optional(server_.Publish(entries, world_.mistake));
    });
    if (answer && answer->ok()) confirmed_ = entries.back().sequence;
    return answer.value_or(absl::UnavailableError("no answer"));
  }
  absl::StatusOr<domain::SequenceNumber> LastSequence() override {
    if (world_.mistake == Mistake::kBelieveCursor && confirmed_.value() != 0) return confirmed_;
    const auto answer = world_.network.Call<std::uint64_t>(world_.host(), kRedisHost, 200 * kMilli, [this] {
      return std::optional<std::uint64_t>(server_.payloads.size());
    });
    if (!answer) return absl::UnavailableError("no answer");
    return domain::SequenceNumber(*answer);
  }
  absl::StatusOr<domain::SequenceNumber> Acknowledged() override {
    const auto answer = world_.network.Call<std::uint64_t>(world_.host(), kRedisHost, 200 * kMilli, [this] {
      return std::optional<std::uint64_t>(server_.acknowledged());
    });
    if (!answer) return absl::UnavailableError("no answer");
    return domain::SequenceNumber(*answer);
  }
  // What its reader has is never lost.
  absl::Status BeginAt(domain::SequenceNumber) override { return absl::UnimplementedError("no gap is here"); }
  absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> Join(std::string_view, std::string_view) override {
    return absl::UnimplementedError("nobody reads");
  }
  void Close() override {}

 private:
  World& world_;
  ExecutionsServer& server_;
  domain::SequenceNumber confirmed_;  // in this life
};

}  // namespace

absl::Status ExecutionsServer::Publish(const std::vector<ports::EventEntry>& entries, Mistake mistake) {
  for (const ports::EventEntry& entry : entries) {
    const std::uint64_t sequence = entry.sequence.value();
    if (mistake == Mistake::kPublishGaps && sequence > payloads.size() + 1) payloads.resize(sequence - 1);
    if (sequence > payloads.size() + 1) return absl::InvalidArgumentError("a gap");
    if (sequence == payloads.size() + 1 || mistake == Mistake::kPublishTwice) {
      payloads.push_back(*entry.payload);
    } else if (payloads[sequence - 1] != *entry.payload) {
      violation = "sequence " + std::to_string(sequence) + " was published twice, with different events";
    }
  }
  return absl::OkStatus();
}

namespace {

ino_t FileOf(int fd) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) std::abort();
  return found.st_ino;
}

}  // namespace

absl::Status Disk::WriteAt(int fd, std::uint64_t offset, std::string_view bytes) {
  std::string before(bytes.size(), '\0');
  const ssize_t had = ::pread(fd, before.data(), before.size(), static_cast<off_t>(offset));
  const ino_t file = FileOf(fd);
  if (!files_.contains(file)) files_[file] = ::dup(fd);
  written_.push_back({file, offset, before.substr(0, static_cast<std::size_t>(std::max<ssize_t>(0, had)))});
  return FileIo::WriteAt(fd, offset, bytes);
}

absl::Status Disk::SyncData(int fd) {
  if (world_.mistake == Mistake::kAckBeforeSync || world_.mistake == Mistake::kAckFromMemory) return absl::OkStatus();
  world_.kernel.Sleep(sync_takes_ + world_.kernel.rng().Between(80 * kMicro, 400 * kMicro));
  const ino_t file = FileOf(fd);
  std::erase_if(written_, [file](const Write& write) { return write.file == file; });
  if (const auto found = files_.find(file); found != files_.end()) {
    ::close(found->second);
    files_.erase(found);
  }
  return absl::OkStatus();
}

void Disk::LosePower() {
  const std::size_t kept = written_.empty() ? 0 : world_.kernel.rng().Below(written_.size() + 1);
  for (std::size_t i = written_.size(); i > kept; --i) {
    const Write& write = written_[i - 1];
    FileIo::WriteAt(files_.at(write.file), write.offset, write.before).IgnoreError();
  }
  Forget();
}

void Disk::Forget() {
  written_.clear();
  for (const auto& [file, fd] : std::exchange(files_, {})) ::close(fd);
}

namespace {

std::unique_ptr<ports::JournalCopy> MakeOwnCopy(const std::string& folder, Disk& disk, const World& world,
                                                const std::string& name) {
  auto wal =
      std::make_unique<embedded::WalJournal>(folder, embedded::WalOptions{.segment_bytes = kSegmentBytes, .io = &disk});
  return MistakenOwn(std::move(wal), world.mistake, name);
}

std::unique_ptr<ports::JournalCopy> MakeRemoteCopy(const World& world) {
  redis::RedisJournalOptions options;
  options.on_restart = [](const std::string&) { return absl::FailedPreconditionError("Redis was restarted"); };
  return MistakenRemote(std::make_unique<redis::RedisJournal>(redis::RedisConfig{}, options), world.mistake);
}

}  // namespace

// In the order in which they need each other.
struct SequencerHost::Parts {
  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health{&metrics};
  std::shared_ptr<zookeeper::ZooKeeperSession> session;
  std::unique_ptr<zookeeper::ZooKeeperInSyncSet> in_sync;
  std::unique_ptr<MistakenSet> mistaken_set;
  std::unique_ptr<sequencer::StandbyFile> standby_file;  // null in runs without
  std::unique_ptr<replicated::ReplicatedJournal> journal;
  std::unique_ptr<MistakenJournal> mistaken_journal;
  std::unique_ptr<zookeeper::ZooKeeperElection> election;
  std::unique_ptr<MistakenElection> mistaken_election;
  std::unique_ptr<embedded::FileEventLog> events;
  std::unique_ptr<Executions> executions;
  NoNotifications notifications;
  std::unique_ptr<MatchingLink> matching;
  std::vector<std::unique_ptr<MatchingLink>> standbys;
  std::vector<std::unique_ptr<SnapshotLink>> snapshots;
  std::unique_ptr<sequencer::SequencerApp> app;
  std::atomic<bool> ready{false};
  WaitQueue end;
  bool ends = false;
  bool drains = false;
};

SequencerHost::SequencerHost(World& world, Host host, std::string name, std::string folder,
                             std::vector<MatchingHost*> replicas, ExecutionsServer& executions)
    : world_(world),
      host_(host),
      name_(std::move(name)),
      folder_(std::move(folder)),
      replicas_(std::move(replicas)),
      executions_(executions),
      disk_(world) {
  std::filesystem::create_directories(folder_);
}

std::shared_ptr<sequencer::SequencerApp> SequencerHost::app() const {
  if (parts_ == nullptr || !parts_->ready) return nullptr;
  return {parts_, parts_->app.get()};
}

bool SequencerHost::Serves() const {
  const auto running = app();
  return running != nullptr && world_.kernel.Alive(process_) &&
         running->WaitUntilServing(std::chrono::steady_clock::now()).ok();
}

std::shared_ptr<sequencer::StandbyFile> SequencerHost::standby_file() const {
  if (parts_ == nullptr || parts_->standby_file == nullptr) return nullptr;
  return {parts_, parts_->standby_file.get()};
}

bool SequencerHost::IsInSync() const {
  std::string identity = FalseIdentity(world_.mistake, name_);
  if (identity.empty()) {
    const auto header = embedded::wal::Load(journal_folder());
    if (!header.ok()) return false;
    identity = "wal:" + header->uuid;
  }
  return world_.zookeeper.DataAt("/xt/sequencer-0/in-sync").find('"' + identity + '"') != std::string::npos;
}

void SequencerHost::Start() {
  process_ = world_.kernel.NewProcess();
  world_.Place(process_, host_);
  remembered.clear();
  parts_ = std::make_shared<Parts>();
  world_.kernel.Spawn(process_, [this, parts = parts_] { Run(parts); });
}

void SequencerHost::Run(const std::shared_ptr<Parts>& parts) {
  absl::Status status = Launch(*parts);
  if (status.ok()) {
    parts->ready = true;
    while (!parts->ends) world_.kernel.Wait(parts->end);
    if (parts->drains) parts->app->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  } else {
    last_halt = status.ToString();
    world_.Tell(name_ + " does not start: " + last_halt);
  }
  parts->ready = false;
  if (parts->app != nullptr) parts->app->Stop();
  if (parts->standby_file != nullptr) parts->standby_file->Release();
  parts_ = nullptr;
  // As a process that exits: what was not closed is.
  parts->session->Close();
  world_.Tell(name_ + " ends");
  const ProcessId process = world_.kernel.process();
  new std::shared_ptr<Parts>(parts);
  world_.kernel.At(kRestartPause, [this, process] {
    if (process_ == process) Start();
  });
  world_.kernel.Kill(process);
}

std::unique_ptr<replicated::ReplicatedJournal> SequencerHost::MakeJournal(std::unique_ptr<ports::JournalCopy> own,
                                                                          ports::InSyncSet& in_sync) const {
  replicated::ReplicatedJournalOptions options;
  if (world_.standby_files) {
    options.min_copies = kMinCopies;
    for (const SequencerHost* const other : others_) {
      options.standbys.push_back({other->name(), [&world = world_, other] { return LinkToFile(world, *other); }});
    }
    options.on_standby = [this](const std::string& standby, const absl::Status& status) {
      world_.Tell(name_ + ": the file of " + standby + ": " + (status.ok() ? "in sync" : status.ToString()));
    };
  }
  return std::make_unique<replicated::ReplicatedJournal>(
      std::move(own), [&world = world_] { return MakeRemoteCopy(world); }, in_sync, std::move(options));
}

absl::Status SequencerHost::Launch(Parts& parts) {
  zookeeper::ZooKeeperConfig config;
  config.servers = "zookeeper";
  XT_ASSIGN_OR_RETURN(parts.session, zookeeper::ZooKeeperSession::Open(config));
  parts.in_sync = std::make_unique<zookeeper::ZooKeeperInSyncSet>(parts.session, "0");
  auto own = MakeOwnCopy(journal_folder(), disk_, world_, name_);
  ports::JournalCopy& own_copy = *own;
  parts.mistaken_set = std::make_unique<MistakenSet>(*parts.in_sync, world_.mistake, own_copy);
  parts.journal = MakeJournal(std::move(own), *parts.mistaken_set);
  parts.mistaken_journal = std::make_unique<MistakenJournal>(*parts.journal, world_.mistake, world_.trimmed, own_copy);
  parts.election = std::make_unique<zookeeper::ZooKeeperElection>(parts.session, "sequencer-0", name_);
  parts.mistaken_election = std::make_unique<MistakenElection>(*parts.election, world_.mistake);
  XT_ASSIGN_OR_RETURN(parts.events,
                      embedded::FileEventLog::Open(folder_ + "/outbox", {.segment_bytes = kSegmentBytes}));
  parts.executions = std::make_unique<Executions>(world_, executions_);
  parts.matching = std::make_unique<MatchingLink>(world_, replicas_);
  std::vector<sequencer::SequencerPorts::Standby> standbys;
  std::vector<sequencer::SnapshotKeeper> keepers;
  for (MatchingHost* const replica : replicas_) {
    parts.snapshots.push_back(std::make_unique<SnapshotLink>(world_, *replica));
    keepers.push_back({replica->name(), parts.snapshots.back().get()});
    parts.standbys.push_back(std::make_unique<MatchingLink>(world_, std::vector{replica}));
    standbys.push_back({"matching", parts.standbys.back().get()});
  }
  parts.app = std::make_unique<sequencer::SequencerApp>(
      sequencer::SequencerConfig{.journal_keep_commands = kKeepCommands, .journal_trim_every_ms = 200},
      sequencer::SequencerPorts{*parts.mistaken_journal, *parts.matching, *parts.matching, *parts.events,
                                parts.executions.get(), nullptr, parts.notifications, *parts.mistaken_election,
                                std::move(standbys), std::move(keepers)},
      parts.metrics, parts.health);
  parts.app->OnHalt([this, &parts](const absl::Status& reason) {
    last_halt = reason.ToString();
    world_.Tell(name_ + " halts: " + last_halt);
    parts.ends = true;
    world_.kernel.NotifyAll(parts.end);
  });
  if (world_.standby_files) {
    parts.app->BeforeLeading([&parts] { parts.standby_file->Release(); });
    parts.standby_file = std::make_unique<sequencer::StandbyFile>(
        [this] { return MistakenStandby(MakeOwnCopy(journal_folder(), disk_, world_, name_), world_.mistake); });
  }
  return parts.app->Start();
}

void SequencerHost::Kill() {
  const std::shared_ptr<Parts> parts = std::exchange(parts_, nullptr);
  if (parts != nullptr) new std::shared_ptr<Parts>(parts);
  disk_.Forget();
  world_.kernel.Kill(process_);
}

void SequencerHost::LosePower() {
  if (world_.kernel.Alive(process_)) disk_.LosePower();
  Kill();
}

void SequencerHost::Terminate() {
  if (parts_ == nullptr || !parts_->ready) return;
  parts_->drains = parts_->ends = true;
  world_.kernel.NotifyAll(parts_->end);
}

void SequencerHost::WipeDisk() {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
}

struct SequencerLink::Connection {
  std::shared_ptr<Stream> stream;
  std::shared_ptr<sequencer::SequencerApp> app;
  std::unordered_map<std::uint64_t, Done> unanswered;
  std::uint64_t last = 0;
};

namespace {

absl::StatusOr<domain::CommandResult> OnBreak(Mistake mistake) {
  if (mistake != Mistake::kBreakIsReject) return absl::UnknownError("broke");
  return domain::CommandResult{{}, 0, {domain::CommandRejected{}}};
}

void ForgetOriginal(absl::StatusOr<domain::CommandResult>& outcome) {
  if (!outcome.ok()) return;
  for (domain::Event& event : outcome->events) {
    if (auto* const rejected = std::get_if<domain::CommandRejected>(&event)) rejected->original_sequence = {};
  }
}

// Of a new order; empty for another command.
std::string IdOf(const domain::Command& command) {
  const auto* const order = std::get_if<domain::NewOrder>(&command.body);
  if (order == nullptr) return "";
  return std::to_string(order->account.value()) + "/" + std::string(order->client_order_id.view());
}

}  // namespace

void SequencerLink::Serve(const std::shared_ptr<Connection>& connection, std::uint64_t id,
                          const domain::Command& command) {
  const auto answer = [connection, id](absl::StatusOr<domain::CommandResult> outcome) {
    if (World::Current()->mistake == Mistake::kDuplicateIsNew) ForgetOriginal(outcome);
    connection->stream->ToClient([connection, id, outcome = std::move(outcome)] {
      const auto found = connection->unanswered.find(id);
      if (found == connection->unanswered.end()) return;
      const Done done = std::move(found->second);
      connection->unanswered.erase(found);
      done(outcome);
    });
  };
  if (world_.mistake != Mistake::kRememberInLeader) return connection->app->Submit(command, answer);
  const auto remembered = host_.remembered.find(IdOf(command));
  if (remembered != host_.remembered.end()) return answer(remembered->second);
  connection->app->Submit(command, [this, command, answer](absl::StatusOr<domain::CommandResult> outcome) {
    if (outcome.ok() && !IdOf(command).empty()) host_.remembered.emplace(IdOf(command), *outcome);
    answer(std::move(outcome));
  });
}

void SequencerLink::Submit(const domain::Command& command, Done done) {
  if (connection_ == nullptr || connection_->stream->broken()) {
    connection_ = nullptr;
    auto app = host_.app();
    if (app == nullptr || !world_.kernel.Alive(host_.process()) || world_.network.Lost(world_.host(), host_.host())) {
      return done(absl::UnavailableError("connection refused"));
    }
    connection_ = std::make_shared<Connection>();
    connection_->app = std::move(app);
    connection_->stream = Stream::Open(
        world_, world_.kernel.process(), host_.process(),
        [connection = connection_, mistake = world_.mistake] {
          for (auto& [id, waiting] : std::exchange(connection->unanswered, {})) waiting(OnBreak(mistake));
        },
        [] {});
  }
  const std::uint64_t id = ++connection_->last;
  connection_->unanswered.emplace(id, std::move(done));
  connection_->stream->ToServer([this, connection = connection_, id, command] { Serve(connection, id, command); });
}

}  // namespace xt::sim
