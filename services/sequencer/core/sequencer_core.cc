#include "services/sequencer/core/sequencer_core.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"

namespace xt::sequencer {
namespace {

// How many answered frames are remembered to compare the answer of a slower replica with.
constexpr std::size_t kDigestsKept = 1024;

}  // namespace

SequencerCore::SequencerCore(const CoreLimits& limits, FrameEncoder& encoder) : limits_(limits), encoder_(encoder) {
  XT_CHECK(limits.max_frame_commands >= 1 && limits.max_frame_commands <= domain::kMaxFrameCommands);
  XT_CHECK(limits.max_uncommitted_frames >= 1 && limits.max_open_frames >= limits.max_uncommitted_frames);
}

void SequencerCore::Lead(domain::Epoch epoch, const ChainTail& tail, Now now) {
  XT_CHECK(state_ == State::kIdle, "a leader's run begins once");
  state_ = State::kStarting;
  epoch_ = epoch;
  last_sequence_ = committed_sequence_ = tail.last_sequence;
  last_hash_ = tail.last_hash;
  clock_.Start(tail.last_timestamp_ns, now);
  Seal({domain::Command{domain::EpochStart{epoch}}}, {}, now);
}

void SequencerCore::Submit(const domain::Command& command, Ticket ticket) {
  XT_CHECK(ticket != kNoTicket);
  if (!accepting()) {
    actions_.emplace_back(Refuse{ticket, absl::UnavailableError("the sequencer takes no commands now")});
    return;
  }
  if (unanswered_ >= limits_.max_unanswered) {
    actions_.emplace_back(Refuse{ticket, absl::ResourceExhaustedError("too many commands wait for their result")});
    return;
  }
  ++unanswered_;
  queue_.push_back({command, ticket});
}

bool SequencerCore::HasRoomForFrame() const {
  return uncommitted_ < limits_.max_uncommitted_frames && frames_.size() < limits_.max_open_frames;
}

void SequencerCore::Advance(Now now) {
  while (state_ == State::kServing && !queue_.empty() && HasRoomForFrame()) SealWaiting(now);
  if (NsUntilTick(now) > 0) return;
  Seal({domain::Command{domain::Tick{}}}, {}, now);
  tick_ = last_sequence_;
}

// A frame on its way whose time is late enough does what is due.
bool SequencerCore::WantsTick() const {
  return accepting() && queue_.empty() && HasRoomForFrame() && tick_ == domain::SequenceNumber(0) &&
         next_due_ns_ > clock_.last_ns();
}

std::int64_t SequencerCore::NsUntilTick(Now now) const {
  if (!WantsTick()) return std::numeric_limits<std::int64_t>::max();
  return std::max<std::int64_t>(next_due_ns_ - clock_.Peek(now), 0);
}

void SequencerCore::SealWaiting(Now now) {
  const std::size_t count = std::min(queue_.size(), limits_.max_frame_commands);
  std::vector<domain::Command> commands;
  std::vector<Ticket> tickets;
  commands.reserve(count);
  tickets.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    commands.push_back(queue_.front().command);
    tickets.push_back(queue_.front().ticket);
    queue_.pop_front();
  }
  Seal(std::move(commands), std::move(tickets), now);
}

void SequencerCore::Seal(std::vector<domain::Command> commands, std::vector<Ticket> tickets, Now now) {
  auto frame = std::make_shared<domain::Frame>();
  frame->epoch = epoch_;
  frame->first_sequence = domain::SequenceNumber(last_sequence_.value() + 1);
  frame->timestamp_ns = clock_.Next(now);
  frame->previous_hash = last_hash_;
  frame->commands = std::move(commands);
  std::string bytes = encoder_.Encode(*frame);
  last_sequence_ = frame->last_sequence();
  last_hash_ = frame->hash;
  ++uncommitted_;
  actions_.emplace_back(AppendFrame{frame, std::move(bytes)});
  actions_.emplace_back(OfferFrame{frame});
  OpenFrame open;
  open.frame = std::move(frame);
  open.tickets = std::move(tickets);
  frames_.push_back(std::move(open));
}

void SequencerCore::Appended(domain::SequenceNumber last_sequence, const absl::Status& status) {
  if (state_ == State::kHalted) return;
  if (!status.ok()) {
    HaltNow(status);
    return;
  }
  const auto frame = std::find_if(frames_.begin(), frames_.end(), [](const OpenFrame& f) { return !f.committed; });
  XT_CHECK(frame != frames_.end() && frame->frame->last_sequence() == last_sequence,
           "the journal confirms the frames in order, each once");
  frame->committed = true;
  --uncommitted_;
  committed_sequence_ = last_sequence;
  if (state_ == State::kSuspended) {
    DropCommitted();
    return;
  }
  actions_.emplace_back(CommitFrame{last_sequence});
  Complete();
}

SequencerCore::OpenFrame* SequencerCore::FirstUnanswered() {
  const auto frame =
      std::find_if(frames_.begin(), frames_.end(), [](const OpenFrame& f) { return f.answer == nullptr; });
  return frame == frames_.end() ? nullptr : &*frame;
}

absl::Status SequencerCore::CheckAnswer(const domain::Frame& frame, const FrameAnswer& answer) const {
  const std::size_t due = frame.commands.size();
  if (answer.results.size() != due || answer.batches.size() != due) {
    return absl::DataLossError(absl::StrCat("matching answered ", answer.results.size(), " of ", due,
                                            " commands from sequence ", frame.first_sequence.value()));
  }
  for (std::size_t i = 0; i < answer.results.size(); ++i) {
    const domain::CommandResult& result = answer.results[i];
    if (result.sequence.value() != frame.first_sequence.value() + i || result.timestamp_ns != frame.timestamp_ns) {
      return absl::DataLossError(absl::StrCat("matching answered sequence ", result.sequence.value(), " at ",
                                              result.timestamp_ns, " ns where ", frame.first_sequence.value() + i,
                                              " at ", frame.timestamp_ns, " ns was due"));
    }
  }
  return absl::OkStatus();
}

void SequencerCore::Answered(FrameAnswer answer) {
  if (state_ != State::kServing && state_ != State::kStarting) return;
  OpenFrame* open = FirstUnanswered();
  if (!answer.results.empty() && (open == nullptr || answer.results.front().sequence < open->frame->first_sequence)) {
    CompareDigest(answer.results.front().sequence, answer.digest);
    return;
  }
  if (open == nullptr) {
    HaltNow(absl::DataLossError("matching answered a frame that was not sent"));
    return;
  }
  if (absl::Status status = CheckAnswer(*open->frame, answer); !status.ok()) {
    HaltNow(status);
    return;
  }
  RememberDigest(open->frame->first_sequence, answer.digest);
  next_due_ns_ = answer.next_due_ns;
  if (open->frame->last_sequence() >= tick_) tick_ = domain::SequenceNumber(0);
  open->answer = std::make_shared<FrameAnswer>(std::move(answer));
  CompareEarlyDigests();
  if (state_ != State::kHalted) Complete();
}

void SequencerCore::CompareDigest(domain::SequenceNumber first_sequence, const Hash128& digest) {
  if (first_sequence > last_sequence_) {
    HaltNow(absl::DataLossError("matching answered a frame that was not sent"));
    return;
  }
  for (const AnsweredDigest& known : digests_) {
    if (known.first_sequence != first_sequence || known.digest == digest) continue;
    replicas_disagree_ = true;
    HaltNow(absl::DataLossError(
        absl::StrCat("replicas of matching disagree about the frame of sequence ", first_sequence.value())));
    return;
  }
}

void SequencerCore::StandbyAnswered(domain::SequenceNumber first_sequence, const Hash128& digest) {
  if (state_ != State::kServing && state_ != State::kStarting) return;
  const OpenFrame* open = FirstUnanswered();
  if (open == nullptr || first_sequence < open->frame->first_sequence || first_sequence > last_sequence_) {
    CompareDigest(first_sequence, digest);
    return;
  }
  if (early_digests_.size() == kDigestsKept) early_digests_.pop_front();
  early_digests_.push_back({first_sequence, digest});
}

// Those of one standby come in order, those of several do not.
void SequencerCore::CompareEarlyDigests() {
  for (std::size_t left = early_digests_.size(); left > 0 && state_ != State::kHalted; --left) {
    const AnsweredDigest answered = early_digests_.front();
    early_digests_.pop_front();
    StandbyAnswered(answered.first_sequence, answered.digest);
  }
}

void SequencerCore::RememberDigest(domain::SequenceNumber first_sequence, const Hash128& digest) {
  if (digests_.size() == kDigestsKept) digests_.pop_front();
  digests_.push_back({first_sequence, digest});
}

// Only the oldest frame can complete: results leave in sequence order.
void SequencerCore::Complete() {
  if (events_pending_ || frames_.empty()) return;
  const OpenFrame& oldest = frames_.front();
  if (!oldest.committed || oldest.answer == nullptr) return;
  events_pending_ = true;
  actions_.emplace_back(AppendEvents{oldest.answer});
}

void SequencerCore::EventsAppended(const absl::Status& status) {
  if (!events_pending_) return;
  events_pending_ = false;
  if (!status.ok()) {
    HaltNow(status);
    return;
  }
  OpenFrame done = std::move(frames_.front());
  frames_.pop_front();
  for (std::size_t i = 0; i < done.tickets.size(); ++i) {
    actions_.emplace_back(Reply{done.tickets[i], std::move(done.answer->results[i])});
  }
  unanswered_ -= done.tickets.size();
  if (state_ == State::kStarting) state_ = State::kServing;
  Complete();
}

void SequencerCore::DropTickets(const absl::Status& reason) {
  for (OpenFrame& open : frames_) {
    for (const Ticket ticket : open.tickets) {
      actions_.emplace_back(
          Refuse{ticket, absl::UnknownError(absl::StrCat("may have been applied: ", reason.message()))});
    }
    open.tickets.clear();
  }
  for (const Waiting& waiting : queue_) {
    actions_.emplace_back(Refuse{waiting.ticket, absl::UnavailableError(reason.message())});
  }
  queue_.clear();
  unanswered_ = 0;
}

// Without a replica a committed frame is done: its results come from the replay.
void SequencerCore::DropCommitted() {
  while (!frames_.empty() && frames_.front().committed) frames_.pop_front();
}

void SequencerCore::ReplicaLost(const absl::Status& reason) {
  if (state_ != State::kServing && state_ != State::kStarting) return;
  state_ = State::kSuspended;
  events_pending_ = false;
  tick_ = domain::SequenceNumber(0);
  DropTickets(reason);
  DropCommitted();
}

void SequencerCore::Resume() {
  if (state_ == State::kHalted) return;
  XT_CHECK(state_ == State::kSuspended && settled(), "a replica has everything only when nothing is on its way");
  state_ = State::kServing;
}

void SequencerCore::StopAccepting() { accepting_ = false; }

void SequencerCore::HaltNow(const absl::Status& reason) {
  XT_CHECK(!reason.ok());
  if (state_ == State::kHalted) return;
  state_ = State::kHalted;
  events_pending_ = false;
  DropTickets(reason);
  frames_.clear();
  uncommitted_ = 0;
  actions_.emplace_back(Halt{reason});
}

void SequencerCore::TakeActions(std::vector<Action>& actions) {
  actions.clear();
  actions.swap(actions_);
}

}  // namespace xt::sequencer
