// SequencerHost: a machine with a sequencer: its disk, which outlives the process, and the process, made of the parts that
// production runs: SequencerApp on the replicated journal (its own WAL on real files, Redis), ZooKeeper's election and in-sync
// set, the file outbox. A process that halts ends and is started again by its supervisor. While it stands by it holds its
// file for whoever leads (World::standby_files).
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/adapters/embedded/file_io.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/in_sync_set.h"
#include "libs/ports/journal_copy.h"
#include "libs/ports/notification_bus.h"
#include "libs/ports/order_sequencing.h"
#include "services/sequencer/sequencer_app.h"
#include "services/sequencer/standby_file.h"
#include "tests/simulation/matching_host.h"
#include "tests/simulation/stream.h"
#include "tests/simulation/world.h"

namespace xt::replicated {
class ReplicatedJournal;
}

namespace xt::sim {

// The second Redis: what every command did, as it came.
class ExecutionsServer {
 public:
  absl::Status Publish(const std::vector<ports::EventEntry>& entries, Mistake mistake);
  // What its reader has, who never has the last ones.
  [[nodiscard]] std::uint64_t acknowledged() const {
    return payloads.size() - std::min<std::size_t>(150, payloads.size());
  }
  // As a restart of a Redis whose last second was not on its disk.
  void Lose(std::size_t entries) { payloads.resize(payloads.size() - std::min(entries, payloads.size())); }
  // By sequence, from 1.
  std::vector<std::string> payloads;
  std::string violation;
};

// Real files. What was written and not synced is lost with the power, but for a part of it from the beginning.
class Disk final : public embedded::FileIo {
 public:
  explicit Disk(World& world) : world_(world) {}
  absl::Status WriteAt(int fd, std::uint64_t offset, std::string_view bytes) override;
  absl::Status SyncData(int fd) override;
  // Before the process is killed, which closes its files.
  void LosePower();
  void Forget();
  void SlowSync(Nanos takes) { sync_takes_ = takes; }

 private:
  struct Write {
    ino_t file;
    std::uint64_t offset;
    std::string before;
  };
  World& world_;
  Nanos sync_takes_ = 0;
  std::vector<Write> written_;
  std::map<ino_t, int> files_;  // that were written: descriptors of its own, since the writer's may be closed by then
};

class SequencerHost {
 public:
  SequencerHost(World& world, Host host, std::string name, std::string folder, std::vector<MatchingHost*> replicas,
                ExecutionsServer& executions);

  // The other sequencers. Before Start.
  void SetOthers(std::vector<const SequencerHost*> others) { others_ = std::move(others); }

  void Start();
  void Kill();
  // The machine loses its power, and the process with it.
  void LosePower();
  // Ends in order, and starts again.
  void Terminate();
  // The machine loses all that it had on its disk; the process must be dead.
  void WipeDisk();

  [[nodiscard]] Host host() const { return host_; }
  [[nodiscard]] ProcessId process() const { return process_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::shared_ptr<sequencer::SequencerApp> app() const;
  [[nodiscard]] bool Serves() const;
  // Null while it does not run, and in runs without.
  [[nodiscard]] std::shared_ptr<sequencer::StandbyFile> standby_file() const;
  [[nodiscard]] std::string journal_folder() const { return folder_ + "/journal"; }
  // Whether the file, as it lies on the disk now, is in the in-sync set.
  [[nodiscard]] bool IsInSync() const;
  Disk& disk() { return disk_; }
  // Why it halted last, for the story.
  std::string last_halt;
  // Of the process, for kRememberInLeader: results by account and client order id.
  std::map<std::string, domain::CommandResult> remembered;

 private:
  struct Parts;
  void Run(const std::shared_ptr<Parts>& parts);
  absl::Status Launch(Parts& parts);
  std::unique_ptr<replicated::ReplicatedJournal> MakeJournal(std::unique_ptr<ports::JournalCopy> own,
                                                             ports::InSyncSet& in_sync) const;

  World& world_;
  const Host host_;
  const std::string name_;
  const std::string folder_;
  const std::vector<MatchingHost*> replicas_;
  ExecutionsServer& executions_;
  std::vector<const SequencerHost*> others_;
  Disk disk_;
  ProcessId process_ = kWorld;
  std::shared_ptr<Parts> parts_;
};

// As the gateway's client of one sequencer.
class SequencerLink final : public ports::OrderSequencing {
 public:
  SequencerLink(World& world, SequencerHost& host) : world_(world), host_(host) {}
  void Submit(const domain::Command& command, Done done) override;

 private:
  struct Connection;
  // At the server.
  void Serve(const std::shared_ptr<Connection>& connection, std::uint64_t id, const domain::Command& command);

  World& world_;
  SequencerHost& host_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace xt::sim
