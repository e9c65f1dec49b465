// SequencerCore: decides the one order of commands. A pure state machine: every input is a method call that carries its
// time, every output an Action that the owner takes and executes. It knows no I/O, clock or thread, so that the simulator
// runs it unchanged. One owner, one thread.
//
// Rules. Sequences are gap-free. A frame holds what queued while earlier frames were in flight, at once and never waiting
// for more. A caller gets its result only after the frame is committed (its journal confirmed), answered by a replica,
// and in the outbox; results leave in sequence order. Commands that are not answered yet are bounded; beyond that they are
// refused. When the journal or the outbox fails, or replicas disagree, it halts: commands that went into a frame are
// answered UNKNOWN, because they may be in the journal; commands that only waited are answered UNAVAILABLE. When
// the last replica is lost it answers the same, but can resume after the journal was replayed into a replica.
//
// Journal time passes with frames. When matching has something to do by itself at a time that no frame has reached, and
// the core's clock reaches it, it makes a frame of one Tick that nobody asked for; at most one is unanswered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/hash.h"
#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/domain/frame.h"
#include "services/sequencer/core/action.h"
#include "services/sequencer/core/frame_clock.h"

namespace xt::sequencer {

// How a frame becomes bytes. A pure function, injected because the core knows no protobuf.
class FrameEncoder {
 public:
  virtual ~FrameEncoder() = default;
  // Returns the bytes that go into the journal and sets `frame.hash`.
  virtual std::string Encode(domain::Frame& frame) = 0;
};

struct CoreLimits {
  std::size_t max_unanswered = 16'384;  // commands accepted and not answered yet, waiting or in frames
  std::size_t max_frame_commands = domain::kMaxFrameCommands;
  std::size_t max_uncommitted_frames = 2;  // frames handed to the journal and not confirmed
  std::size_t max_open_frames = 8;         // frames not answered by a replica, committed or not
};

// The end of the journal that a leader continues. All zero when the journal is empty.
struct ChainTail {
  domain::SequenceNumber last_sequence;
  Hash128 last_hash;
  std::int64_t last_timestamp_ns = 0;
};

class SequencerCore {
 public:
  enum class State {
    kIdle,      // not leading yet
    kStarting,  // EPOCH_START is on its way
    kServing,
    kSuspended,  // no replica
    kHalted,
  };

  // `encoder` must outlive the core.
  SequencerCore(const CoreLimits& limits, FrameEncoder& encoder);

  // Begins a leader's run behind `tail`: its first frame is EPOCH_START, commands are taken once that is through.
  void Lead(domain::Epoch epoch, const ChainTail& tail, Now now);
  // Takes a command or refuses it. Frames are made by Advance, so that commands that come together stay together.
  void Submit(const domain::Command& command, Ticket ticket);
  // Makes frames of what waits, as far as the limits allow. Called after each batch of inputs.
  void Advance(Now now);

  // The journal holds the frame that ends with `last_sequence`, and all before it; or it failed, which is final.
  void Appended(domain::SequenceNumber last_sequence, const absl::Status& status);
  // A replica applied a frame. The first answer counts, any later one must have the same digest.
  void Answered(FrameAnswer answer);
  // A standby applied the frame that begins there: its digest must be that of the answer, which may come later.
  void StandbyAnswered(domain::SequenceNumber first_sequence, const Hash128& digest);
  // The outbox took the results of the last AppendEvents, or did not, which is final.
  void EventsAppended(const absl::Status& status);
  // No replica is left.
  void ReplicaLost(const absl::Status& reason);
  // A replica has applied everything that is in the journal. Only when suspended and settled().
  void Resume();
  // What matching said last of what is due, while the journal was replayed into it.
  void Replayed(std::int64_t next_due_ns) { next_due_ns_ = next_due_ns; }
  // New commands are refused from now on; what was accepted goes on.
  void StopAccepting();
  // Stops at once and for good: lost leadership, or the end of the process.
  void HaltNow(const absl::Status& reason);

  // Moves the actions decided since the last call into `actions`, which is cleared first.
  void TakeActions(std::vector<Action>& actions);

  [[nodiscard]] State state() const { return state_; }
  // Why it halted: replicas said different things of one frame.
  [[nodiscard]] bool replicas_disagree() const { return replicas_disagree_; }
  [[nodiscard]] bool accepting() const { return state_ == State::kServing && accepting_; }
  // No frame is on its way.
  [[nodiscard]] bool settled() const { return frames_.empty(); }
  [[nodiscard]] std::size_t unanswered() const { return unanswered_; }
  // How long until Advance makes a Tick, if nothing else happens; the highest number when there is nothing to wait for. The
  // clock may be slewed: then it is up to an eighth later.
  [[nodiscard]] std::int64_t NsUntilTick(Now now) const;
  // Commands that wait for a frame.
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  // The last sequence that was given out, and the last that was committed.
  [[nodiscard]] domain::SequenceNumber last_sequence() const { return last_sequence_; }
  [[nodiscard]] domain::SequenceNumber committed_sequence() const { return committed_sequence_; }

 private:
  struct Waiting {
    domain::Command command;
    Ticket ticket = kNoTicket;
  };
  struct OpenFrame {
    std::shared_ptr<const domain::Frame> frame;
    std::vector<Ticket> tickets;  // one per command; empty when nobody waits
    bool committed = false;
    std::shared_ptr<FrameAnswer> answer;  // null until matching answered
  };
  struct AnsweredDigest {
    domain::SequenceNumber first_sequence;
    Hash128 digest;
  };

  void Seal(std::vector<domain::Command> commands, std::vector<Ticket> tickets, Now now);
  void SealWaiting(Now now);
  [[nodiscard]] bool HasRoomForFrame() const;
  [[nodiscard]] bool WantsTick() const;
  void Complete();
  void DropTickets(const absl::Status& reason);
  void DropCommitted();
  [[nodiscard]] OpenFrame* FirstUnanswered();
  [[nodiscard]] absl::Status CheckAnswer(const domain::Frame& frame, const FrameAnswer& answer) const;
  void CompareDigest(domain::SequenceNumber first_sequence, const Hash128& digest);
  void CompareEarlyDigests();
  void RememberDigest(domain::SequenceNumber first_sequence, const Hash128& digest);

  const CoreLimits limits_;
  FrameEncoder& encoder_;
  State state_ = State::kIdle;
  bool accepting_ = true;
  bool replicas_disagree_ = false;
  domain::Epoch epoch_;
  FrameClock clock_;
  domain::SequenceNumber last_sequence_;
  domain::SequenceNumber committed_sequence_;
  Hash128 last_hash_;
  std::deque<Waiting> queue_;
  std::deque<OpenFrame> frames_;
  std::size_t uncommitted_ = 0;
  std::size_t unanswered_ = 0;
  bool events_pending_ = false;
  std::int64_t next_due_ns_ = 0;  // as of the last answer
  domain::SequenceNumber tick_;   // the Tick that is not answered; 0: none
  std::deque<AnsweredDigest> digests_;
  std::deque<AnsweredDigest> early_digests_;  // of standbys, for frames that are not answered
  std::vector<Action> actions_;
};

}  // namespace xt::sequencer
