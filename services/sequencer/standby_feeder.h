// StandbyFeeder: one thread that keeps one replica of matching a hot standby: it connects as such, replays from the journal
// what the replica has not applied, and then sends each frame as soon as it is committed. What the replica says of a
// frame goes to the sequencer's thread, which compares the digests of all replicas. A standby that is slow or gone holds
// nothing up. The replica that works for the leader refuses to be a standby; it is asked again after a pause.
// Start and Stop by one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "libs/ports/command_journal.h"
#include "libs/ports/matching_replica.h"
#include "libs/runtime/metrics.h"
#include "services/sequencer/committed_frames.h"
#include "services/sequencer/inbox.h"

namespace xt::sequencer {

struct StandbyContext {
  std::string name;
  ports::MatchingReplica& replica;
  ports::CommandJournal& journal;
  std::shared_ptr<CommittedFrames> frames;
  std::shared_ptr<Inbox> inbox;
  runtime::Gauge& fed;                        // standbys that are fed now
  std::vector<std::string> snapshot_sources;  // ports::SequencerPosition
  std::size_t window_frames = 8;
  std::chrono::milliseconds retry{200};
};

class StandbyFeeder {
 public:
  // What `context` refers to must outlive it.
  explicit StandbyFeeder(const StandbyContext& context) : context_(context) {}
  ~StandbyFeeder() { Stop(); }
  StandbyFeeder(const StandbyFeeder&) = delete;
  StandbyFeeder& operator=(const StandbyFeeder&) = delete;

  void Start();
  void RequestStop();
  // Returns when the thread has ended. Idempotent.
  void Stop();

 private:
  void Run();
  absl::Status Connect(domain::Epoch epoch, ports::ReplicaPosition& position);
  absl::Status FeedFrom(domain::SequenceNumber next);
  absl::Status Replay(domain::SequenceNumber& next);
  absl::Status Send(std::shared_ptr<const domain::Frame> frame);
  absl::StatusOr<ports::ReplicaPosition> ConnectBehindBase(const ports::SequencerPosition& sequencer);
  absl::StatusOr<ports::ReplicaPosition> ConnectAs(const ports::SequencerPosition& sequencer);
  [[nodiscard]] bool interrupted() const { return stopping_ || link_->broken; }
  [[nodiscard]] absl::Status Interruption() const;

  // One connection. Its observer may still speak when the next one is there, and when the feeder is gone.
  struct Link {
    std::atomic<bool> broken{false};
    std::atomic<std::size_t> open_frames{0};
  };

  const StandbyContext context_;
  std::atomic<bool> stopping_{false};
  std::shared_ptr<Link> link_;  // of the thread
  std::string reason_;          // the last one that was logged
  std::thread thread_;
};

}  // namespace xt::sequencer
