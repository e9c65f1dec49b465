// MatchingReplica: how the sequencer feeds one replica of matching, and how anybody asks it for its state. Matching
// implements it; callers reach it directly or through gRPC.
//
// Protocol: Connect tells what the replica has applied; frames then come in order from the next one, first as uncommitted
// (Offer), applied when their commit is told (Commit). Results come back in sequence order through the observer.
// A frame that does not follow (sequence or hash) breaks the connection with FAILED_PRECONDITION.
// Connect names the last sequence whose results the caller has. A replica that has applied more gives it the results
// between once more, as far as it kept them; those that every bus has confirmed (Published) nobody needs, and it may begin
// behind them. When it lacks some that are needed, it drops its state and begins at an earlier position, so that the caller
// replays the journal from there.
// The caller's journal may begin behind what the replica has applied (`journal_begins`), since what was before was trimmed.
// Then the replica takes a newer state, of its own snapshots or of another replica's (`snapshot_sources`), not behind the
// results that the caller lacks; a Connect that finds none is FAILED_PRECONDITION and changes nothing.
// A leader that was replaced and does not know it yet must not take the replica away, let alone its state: while the
// sequencer of a later epoch is connected, Connect is FAILED_PRECONDITION.
// One replica works for the leader; each other one is its hot standby: the leader feeds it what is committed, and hears
// only the digests, to compare them. A standby's results stay with it, for when it is needed (Connect not as standby).
// Connect as standby never takes the replica from the same leader's connection that is not: FAILED_PRECONDITION.
// Threads: Connect, Offer, Commit and Published by one thread (the sequencer's). Connect may wait, the others never do:
// RESOURCE_EXHAUSTED when the replica's bounded input is full, the caller slows down. The observer is called on the
// replica's thread and must not block.
// Queries from any thread; they are answered between two commands, so they are consistent. Books and reference data are
// UNAVAILABLE until a sequencer has connected and everything is applied that was committed when it did: nobody takes a
// state of the past for the present one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/hash.h"
#include "libs/domain/event.h"
#include "libs/domain/frame.h"
#include "libs/domain/level_book.h"

namespace xt::ports {

struct ReplicaPosition {
  domain::SequenceNumber applied;  // 0 when nothing was applied
  Hash128 frame_hash;              // of the last applied frame
  // The first sequence whose results will be told: those up to `applied` at once, the others as they are applied. The
  // first of a frame. At most `applied` + 1; above the caller's `results_after` + 1 when what is between was published.
  domain::SequenceNumber results_from;
};

// Where the sequencer that connects stands.
struct SequencerPosition {
  domain::SequenceNumber results_after;  // the last one whose results it has
  domain::SequenceNumber committed;      // the journal's end; 0 when it is not known
  domain::Epoch epoch;
  // Set when a bus has lost what it had confirmed: the last sequence that every bus has now.
  std::optional<domain::SequenceNumber> published;
  // The replica followed another journal: it drops its state, the snapshot that this came from, and all that it was told. An
  // earlier snapshot may still fit: the caller looks again, and asks again.
  bool begin_anew = false;
  bool standby = false;  // only digests are to be told
  // The first sequence that the caller can offer; 0 or 1: all of them.
  domain::SequenceNumber journal_begins;
  std::vector<std::string> snapshot_sources;  // "host:port" of replicas of matching, this one maybe among them
};

// Results of one frame, in sequence order. `digest` hashes them, for comparison between replicas.
struct FrameResults {
  std::vector<domain::CommandResult> results;  // of a standby, across processes: empty
  // Each result as the outbox keeps it: a serialized xtrader.v1.EventBatch. The same of a standby.
  std::vector<std::shared_ptr<const std::string>> batches;
  domain::SequenceNumber first_sequence;  // of the frame
  Hash128 digest;
  // Journal time at which matching next has something to do by itself, at the first command at or after it: an order
  // that expires, a countdown. 0: nothing. As of the end of the frame.
  std::int64_t next_due_ns = 0;
};

class MatchingReplica {
 public:
  // A status that is not OK is final: the replica is gone and says nothing more until Connect is called again.
  using Observer = std::function<void(absl::StatusOr<FrameResults>)>;
  virtual ~MatchingReplica() = default;
  virtual absl::StatusOr<ReplicaPosition> Connect(Observer observer, const SequencerPosition& sequencer) = 0;
  virtual absl::Status Offer(std::shared_ptr<const domain::Frame> frame) = 0;
  virtual absl::Status Commit(domain::SequenceNumber sequence) = 0;
  // Every bus has confirmed everything up to `sequence`.
  virtual absl::Status Published(domain::SequenceNumber sequence) = 0;
};

struct ReferenceData {
  domain::SequenceNumber sequence;
  std::vector<domain::Asset> assets;    // position == id
  std::vector<domain::Symbol> symbols;  // position == id
};

struct StateDigest {
  domain::SequenceNumber sequence;
  Hash128 digest;  // of the whole state: equal on all replicas at equal sequence
};

class MatchingQueries {
 public:
  virtual ~MatchingQueries() = default;
  // Best `depth` levels per side, 0 means all. NOT_FOUND for an unknown symbol.
  virtual absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) = 0;
  virtual absl::StatusOr<ReferenceData> GetReferenceData() = 0;
  virtual absl::StatusOr<StateDigest> GetStateDigest() = 0;
};

}  // namespace xt::ports
