// MatchingHost: a machine with a replica of matching: the real MatchingApp in a process that can die and start again, and
// what reaches it from a sequencer's process.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/ports/matching_replica.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/matching/matching_app.h"
#include "tests/simulation/stream.h"
#include "tests/simulation/world.h"

namespace xt::sim {

matching::EngineConfig SmallEngine(Mistake mistake);

class MatchingHost {
 public:
  // `folder`: of its snapshots.
  MatchingHost(World& world, Host host, std::string name, std::string folder)
      : world_(world), host_(host), name_(std::move(name)), folder_(std::move(folder)) {}
  // Where it may have a snapshot from; itself maybe among them. Before Start.
  void SetReplicas(std::vector<MatchingHost*> replicas) { replicas_ = std::move(replicas); }

  void Start();
  void Kill();
  [[nodiscard]] Host host() const { return host_; }
  [[nodiscard]] ProcessId process() const { return process_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  // Null while it is not there.
  [[nodiscard]] std::shared_ptr<matching::MatchingApp> app() const { return app_; }
  // The stream of the sequencer that is connected; a newer one takes its place.
  std::shared_ptr<Stream> feeding;

 private:
  absl::Status ReadFrom(const std::string& name, matching::SequenceRange range,
                        const ports::ReplicaSnapshots::PieceVisitor& visitor);

  World& world_;
  const Host host_;
  const std::string name_;
  const std::string folder_;
  std::vector<MatchingHost*> replicas_;
  ProcessId process_ = kWorld;
  std::shared_ptr<matching::MatchingApp> app_;
};

// As the clients over gRPC: feeds the replica that has applied most when it connects; asks the one that has applied most.
class MatchingLink final : public ports::MatchingReplica, public ports::MatchingQueries {
 public:
  MatchingLink(World& world, std::vector<MatchingHost*> replicas) : world_(world), replicas_(std::move(replicas)) {}

  absl::StatusOr<ports::ReplicaPosition> Connect(Observer observer, const ports::SequencerPosition& sequencer) override;
  absl::Status Offer(std::shared_ptr<const domain::Frame> frame) override;
  absl::Status Commit(domain::SequenceNumber sequence) override;
  absl::Status Published(domain::SequenceNumber sequence) override;

  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override;
  absl::StatusOr<ports::ReferenceData> GetReferenceData() override;
  absl::StatusOr<ports::StateDigest> GetStateDigest() override;

 private:
  struct Session;
  absl::StatusOr<ports::ReferenceData> AskReferenceData(MatchingHost& replica);
  absl::StatusOr<ports::ReplicaPosition> ConnectTo(MatchingHost& replica, const Observer& observer,
                                                   const ports::SequencerPosition& sequencer);

  World& world_;
  const std::vector<MatchingHost*> replicas_;
  std::size_t present_ = 0;
  std::shared_ptr<Session> session_;
};

// As the client over gRPC of one replica.
class SnapshotLink final : public ports::ReplicaSnapshots {
 public:
  SnapshotLink(World& world, MatchingHost& replica) : world_(world), replica_(replica) {}
  absl::StatusOr<ports::SnapshotInfo> TakeSnapshot(bool even_leading) override;
  absl::StatusOr<std::vector<domain::SequenceNumber>> ListSnapshots() override;
  absl::Status ReadSnapshot(domain::SequenceNumber at_least, domain::SequenceNumber at_most,
                            const PieceVisitor& visitor) override;
  absl::Status CopySnapshot(const std::string& source, domain::SequenceNumber at_least,
                            domain::SequenceNumber at_most) override;

 private:
  World& world_;
  MatchingHost& replica_;
};

}  // namespace xt::sim
