// MatchingApp: one replica of matching. A single thread owns the engine; what is offered, committed and asked reaches it
// through one bounded input. Committed frames are applied in sequence order and their results told to the observer on
// that thread; queries are answered between frames, so that each sees one consistent state.
//
// Input: at most max_waiting_frames offered and not applied (beyond: RESOURCE_EXHAUSTED, the sequencer waits) and at most
// max_waiting_queries questions (beyond: RESOURCE_EXHAUSTED). A frame that does not follow the one before breaks the
// connection; what was applied stays. A sequencer that lacks results of what was applied is told them again, as far as
// they are kept (recent_results.h); one that lacks more makes it drop its state and begin with an earlier snapshot, or with
// an empty engine (Connect); one whose journal begins behind what was applied makes it take a newer snapshot, its own or
// another replica's. The state is dropped when the next one is there: meanwhile there must be memory for both. A standby of
// the leader writes snapshots (snapshot_writer.h); at Start the newest good one is restored.
// Start, Drain and Stop by one thread; the ports as their contracts say.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/replica_snapshots.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/matching/config.h"
#include "services/matching/core/engine.h"
#include "services/matching/metrics.h"
#include "services/matching/recent_results.h"
#include "services/matching/snapshot_writer.h"

namespace xt::matching {

// Has the replica at `address` ("host:port") hand out its newest snapshot in `range`: ReplicaSnapshots::ReadSnapshot.
using SnapshotSource = std::function<absl::Status(const std::string& address, SequenceRange range,
                                                  const ports::ReplicaSnapshots::PieceVisitor& visitor)>;

class MatchingApp final : public ports::MatchingReplica, public ports::MatchingQueries, public ports::ReplicaSnapshots {
 public:
  // `source` is called on the engine's thread or on that which writes snapshots, and is waited for. Empty: there is no way
  // to other replicas.
  MatchingApp(const MatchingConfig& config, runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health,
              const Clock& clock = SystemClock::Instance(), SnapshotSource source = nullptr);
  // Stops, if that was not done.
  ~MatchingApp() override;
  MatchingApp(const MatchingApp&) = delete;
  MatchingApp& operator=(const MatchingApp&) = delete;

  // Restores the newest good snapshot. UNAVAILABLE when the snapshots' folder cannot be used.
  absl::Status Start();
  // Returns when everything committed is applied, or at the deadline. No snapshot is fetched any more.
  void Drain(std::chrono::steady_clock::time_point deadline);
  // The observer is told UNAVAILABLE; waiting queries fail with the same. Writes a last snapshot. Idempotent.
  void Stop();

  // Waits until the engine has left the connection before: at most one frame, and the fetching and restoring of a snapshot.
  absl::StatusOr<ports::ReplicaPosition> Connect(Observer observer, const ports::SequencerPosition& sequencer) override;
  absl::Status Offer(std::shared_ptr<const domain::Frame> frame) override;
  // May run ahead of the offers.
  absl::Status Commit(domain::SequenceNumber sequence) override;
  absl::Status Published(domain::SequenceNumber sequence) override;
  // The sequencer is gone: forgets what it offered and did not commit.
  void Disconnect();

  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override;
  absl::StatusOr<ports::ReferenceData> GetReferenceData() override;
  absl::StatusOr<ports::StateDigest> GetStateDigest() override;

  absl::StatusOr<ports::SnapshotInfo> TakeSnapshot(bool even_leading) override;
  // Both without the engine's thread.
  absl::StatusOr<std::vector<domain::SequenceNumber>> ListSnapshots() override;
  absl::Status ReadSnapshot(domain::SequenceNumber at_least, domain::SequenceNumber at_most,
                            const PieceVisitor& visitor) override;
  // On the thread that writes snapshots, which the caller waits for.
  absl::Status CopySnapshot(const std::string& source, domain::SequenceNumber at_least,
                            domain::SequenceNumber at_most) override;

 private:
  enum class State { kNew, kRunning, kStopping, kStopped };
  struct WaitingFrame {
    std::shared_ptr<const domain::Frame> frame;
    std::int64_t committed_ns = 0;  // 0 until it is
  };
  // Where the next frame must join.
  struct ChainEnd {
    domain::SequenceNumber sequence;
    Hash128 hash;
    std::int64_t timestamp_ns = 0;
  };
  // A Connect that waits.
  struct Asking {
    Observer observer;
    absl::Status refusal;
  };
  // Called with false when there will be no answer.
  using Question = std::function<void(bool answer)>;

  template <typename Answer>
  absl::StatusOr<Answer> Ask(std::function<absl::StatusOr<Answer>()> question);

  void Run();
  void AdmitSequencer(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] domain::SequenceNumber ResultsFrom() const;
  [[nodiscard]] bool JournalBeginsBehind() const;
  absl::Status TakeAnotherState(std::unique_lock<std::mutex>& lock);
  absl::StatusOr<Restored> FindState(const ports::SequencerPosition& sequencer, SequenceRange of_use);
  absl::StatusOr<Restored> FetchState(const ports::SequencerPosition& sequencer, SequenceRange of_use);
  absl::StatusOr<Restored> FetchFrom(const std::string& address, SequenceRange of_use);
  void BeginWith(Restored state);
  [[nodiscard]] bool Running();
  [[nodiscard]] bool MayFetch();
  [[nodiscard]] bool IsSnapshotDue() const;
  void TakeDueSnapshot(std::unique_lock<std::mutex>& lock);
  void WriteLastSnapshot();
  [[nodiscard]] absl::Status CheckMayBeTaken(bool even_leading);
  [[nodiscard]] Snapshot CopyState();
  void AnswerQuestions(std::unique_lock<std::mutex>& lock);
  void ApplyNext(std::unique_lock<std::mutex>& lock);
  ports::FrameResults Apply(const domain::Frame& frame);
  void Finish(std::unique_lock<std::mutex>& lock);
  // Whether the state is that of the present.
  [[nodiscard]] absl::Status CheckCaughtUp();
  // Under the lock.
  [[nodiscard]] bool NextIsCommitted() const;
  [[nodiscard]] absl::Status CheckFollows(const domain::Frame& frame) const;
  void Break(std::string_view reason);

  const MatchingConfig config_;
  const Clock& clock_;
  const SnapshotSource source_;
  runtime::MetricsRegistry& registry_;
  runtime::HealthCheck& feed_;
  runtime::Heartbeat& heartbeat_;

  // Of the engine's thread.
  std::unique_ptr<Engine> engine_;
  RecentResults recent_;
  MatchingMetrics metrics_;
  std::unique_ptr<SnapshotWriter> snapshots_;  // null: none are kept. Made before the state is kRunning

  std::mutex mutex_;
  std::condition_variable input_;    // for the engine's thread
  std::condition_variable changed_;  // for those who wait for it
  State state_ = State::kNew;
  bool draining_ = false;
  bool connected_ = false;
  std::shared_ptr<Asking> asking_to_connect_;
  ports::SequencerPosition sequencer_;   // of the one that connected last
  bool fed_ = false;                     // one has connected
  domain::SequenceNumber published_;     // every bus has confirmed the results up to it
  domain::SequenceNumber results_from_;  // the first sequence whose results the present sequencer is told
  std::shared_ptr<Observer> observer_;
  std::deque<WaitingFrame> frames_;
  std::uint64_t committed_ = 0;
  std::deque<Question> questions_;
  ChainEnd applied_;
  ChainEnd offered_;
  bool applying_ = false;

  std::thread thread_;
  runtime::MetricCallback depth_metric_;
};

}  // namespace xt::matching
