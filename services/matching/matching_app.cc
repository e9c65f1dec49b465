#include "services/matching/matching_app.h"

#include <future>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/event_codec.h"

namespace xt::matching {
namespace {

constexpr std::chrono::milliseconds kIdleTurn{1'000};
constexpr std::int64_t kHeartbeatLimitMs = 10'000;
// What the engine says when nothing is due.
constexpr std::int64_t kNothingDue = std::numeric_limits<std::int64_t>::max();

absl::Status NotRunning() { return absl::UnavailableError("matching is not running"); }

}  // namespace

MatchingApp::MatchingApp(const MatchingConfig& config, runtime::MetricsRegistry& metrics,
                         runtime::HealthRegistry& health, const Clock& clock)
    : config_(config),
      clock_(clock),
      feed_(health.AddCheck("matching.sequencer", runtime::Dependency::kHard)),
      heartbeat_(health.AddHeartbeat("matching.engine", kHeartbeatLimitMs)),
      engine_(std::make_unique<Engine>(config.engine)),
      metrics_(metrics, config.shard) {
  feed_.Set(runtime::HealthStatus::kDown, "no sequencer is connected");
  depth_metric_ = metrics.GaugeCallback("matching_input_queue_depth", "Frames offered and not applied yet.",
                                        {{"shard", config.shard}}, [this] {
                                          const std::lock_guard lock(mutex_);
                                          return static_cast<std::int64_t>(frames_.size());
                                        });
}

MatchingApp::~MatchingApp() { Stop(); }

absl::Status MatchingApp::Start() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kNew) return absl::FailedPreconditionError("matching is started once");
  state_ = State::kRunning;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void MatchingApp::Drain(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] {
    return state_ != State::kRunning || (!applying_ && !NextIsCommitted() && questions_.empty());
  });
}

void MatchingApp::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kNew) state_ = State::kStopped;
    if (state_ == State::kRunning) state_ = State::kStopping;
  }
  input_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<ports::ReplicaPosition> MatchingApp::Connect(Observer observer,
                                                            const ports::SequencerPosition& sequencer) {
  std::unique_lock lock(mutex_);
  if (state_ != State::kRunning) return NotRunning();
  if (connected_ && sequencer.epoch < sequencer_.epoch) {
    return absl::FailedPreconditionError("the sequencer of epoch " + std::to_string(sequencer_.epoch.value()) +
                                         " is connected");
  }
  auto asking = std::make_shared<Observer>(std::move(observer));
  asking_to_connect_ = asking;
  sequencer_ = sequencer;
  connected_ = false;
  frames_.clear();
  input_.notify_all();
  changed_.wait(lock, [&] { return asking_to_connect_ != asking || state_ != State::kRunning; });
  if (observer_ != asking) return absl::UnavailableError("matching stops, or another sequencer connected");
  return ports::ReplicaPosition{applied_.sequence, applied_.hash};
}

absl::Status MatchingApp::Offer(std::shared_ptr<const domain::Frame> frame) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kRunning) return NotRunning();
    if (!connected_) return absl::FailedPreconditionError("not connected");
    if (frames_.size() >= config_.max_waiting_frames) return absl::ResourceExhaustedError("matching does not keep up");
    if (absl::Status status = CheckFollows(*frame); !status.ok()) {
      Break("a frame did not follow");
      return status;
    }
    offered_ = {frame->last_sequence(), frame->hash, frame->timestamp_ns};
    const std::int64_t committed_ns = frame->last_sequence().value() <= committed_ ? clock_.MonotonicNs() : 0;
    frames_.push_back({std::move(frame), committed_ns});
    if (committed_ns == 0) return absl::OkStatus();
  }
  input_.notify_one();
  return absl::OkStatus();
}

absl::Status MatchingApp::Commit(domain::SequenceNumber sequence) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kRunning) return NotRunning();
    if (!connected_) return absl::FailedPreconditionError("not connected");
    if (sequence.value() <= committed_) return absl::OkStatus();
    committed_ = sequence.value();
    const std::int64_t now_ns = clock_.MonotonicNs();
    for (WaitingFrame& waiting : frames_) {
      if (waiting.frame->last_sequence().value() > committed_) break;
      if (waiting.committed_ns == 0) waiting.committed_ns = now_ns;
    }
  }
  input_.notify_one();
  return absl::OkStatus();
}

void MatchingApp::Disconnect() {
  const std::lock_guard lock(mutex_);
  if (connected_) Break("no sequencer is connected");
}

absl::Status MatchingApp::CheckFollows(const domain::Frame& frame) const {
  if (frame.commands.empty() || frame.commands.size() > domain::kMaxFrameCommands) {
    return absl::FailedPreconditionError("a frame has 1 to 256 commands");
  }
  if (frame.first_sequence.value() != offered_.sequence.value() + 1) {
    return absl::FailedPreconditionError("expected sequence " + std::to_string(offered_.sequence.value() + 1) +
                                         ", the frame begins at " + std::to_string(frame.first_sequence.value()));
  }
  if (frame.previous_hash != offered_.hash) {
    return absl::FailedPreconditionError("the frame at sequence " + std::to_string(frame.first_sequence.value()) +
                                         " does not follow frame " + offered_.hash.ToHex());
  }
  if (frame.timestamp_ns < offered_.timestamp_ns) return absl::FailedPreconditionError("journal time fell");
  return absl::OkStatus();
}

absl::Status MatchingApp::CheckCaughtUp() {
  const std::lock_guard lock(mutex_);
  if (!fed_) return absl::UnavailableError("no sequencer has connected yet");
  if (applied_.sequence >= sequencer_.committed) return absl::OkStatus();
  return absl::UnavailableError("catching up: at sequence " + std::to_string(applied_.sequence.value()) + " of " +
                                std::to_string(sequencer_.committed.value()));
}

// Committed frames stay: they are true whoever told them. Their results have nobody to go to.
void MatchingApp::Break(std::string_view reason) {
  while (!frames_.empty() && frames_.back().committed_ns == 0) frames_.pop_back();
  connected_ = false;
  observer_ = nullptr;
  feed_.Set(runtime::HealthStatus::kDown, reason);
}

bool MatchingApp::NextIsCommitted() const { return !frames_.empty() && frames_.front().committed_ns != 0; }

void MatchingApp::Run() {
  std::unique_lock lock(mutex_);
  while (state_ == State::kRunning) {
    input_.wait_for(lock, kIdleTurn, [this] {
      return state_ != State::kRunning || asking_to_connect_ != nullptr || !questions_.empty() || NextIsCommitted();
    });
    heartbeat_.Beat();
    if (asking_to_connect_ != nullptr) AdmitSequencer();
    if (!questions_.empty()) AnswerQuestions(lock);
    if (state_ == State::kRunning && NextIsCommitted()) ApplyNext(lock);
  }
  Finish(lock);
}

void MatchingApp::AdmitSequencer() {
  if (applied_.sequence > sequencer_.results_after) DropState();
  fed_ = true;
  observer_ = std::exchange(asking_to_connect_, nullptr);
  connected_ = true;
  committed_ = 0;
  offered_ = applied_;
  feed_.SetOk();
  changed_.notify_all();
}

// The results of what was applied cannot be had again but by applying it again.
void MatchingApp::DropState() {
  runtime::Log(runtime::LogLevel::kWarn, "dropped the whole state: the sequencer lacks results of what was applied",
               {{"seq", applied_.sequence.value()}, {"results_after", sequencer_.results_after.value()}});
  engine_ = nullptr;  // before the new one takes as much memory
  engine_ = std::make_unique<Engine>(config_.engine);
  applied_ = {};
  metrics_.StateDropped();
}

void MatchingApp::AnswerQuestions(std::unique_lock<std::mutex>& lock) {
  std::deque<Question> questions = std::exchange(questions_, {});
  lock.unlock();
  for (const Question& question : questions) question(true);
  lock.lock();
  changed_.notify_all();
}

void MatchingApp::ApplyNext(std::unique_lock<std::mutex>& lock) {
  const WaitingFrame waiting = std::move(frames_.front());
  frames_.pop_front();
  const std::shared_ptr<Observer> observer = observer_;
  const std::uint64_t committed = committed_;
  applying_ = true;
  lock.unlock();
  const std::int64_t wait_ns = clock_.MonotonicNs() - waiting.committed_ns;
  ports::FrameResults results = Apply(*waiting.frame);
  metrics_.ObserveFrame(*engine_, wait_ns, committed);
  lock.lock();
  applied_ = {waiting.frame->last_sequence(), waiting.frame->hash, waiting.frame->timestamp_ns};
  lock.unlock();
  if (observer != nullptr) (*observer)(std::move(results));
  lock.lock();
  applying_ = false;
  changed_.notify_all();
}

ports::FrameResults MatchingApp::Apply(const domain::Frame& frame) {
  ports::FrameResults results;
  results.results.reserve(frame.commands.size());
  std::uint64_t sequence = frame.first_sequence.value();
  std::int64_t before_ns = clock_.MonotonicNs();
  for (const domain::Command& command : frame.commands) {
    const auto events = engine_->Apply(domain::SequenceNumber(sequence), frame.timestamp_ns, command);
    const std::int64_t after_ns = clock_.MonotonicNs();
    metrics_.Observe(command, events, after_ns - before_ns);
    results.results.push_back({domain::SequenceNumber(sequence), frame.timestamp_ns, {events.begin(), events.end()}});
    before_ns = after_ns;
    ++sequence;
  }
  results.batches = wire::EncodeEventBatches(results.results);
  results.digest = wire::DigestBatches(results.batches);
  if (engine_->next_due_ns() != kNothingDue) results.next_due_ns = engine_->next_due_ns();
  return results;
}

void MatchingApp::Finish(std::unique_lock<std::mutex>& lock) {
  const std::deque<Question> questions = std::exchange(questions_, {});
  const std::shared_ptr<Observer> observer = std::exchange(observer_, nullptr);
  connected_ = false;
  frames_.clear();
  heartbeat_.Retire();
  feed_.Set(runtime::HealthStatus::kDown, "stopped");
  state_ = State::kStopped;
  changed_.notify_all();
  lock.unlock();
  for (const Question& question : questions) question(false);
  if (observer != nullptr) (*observer)(absl::UnavailableError("matching stops"));
}

template <typename Answer>
absl::StatusOr<Answer> MatchingApp::Ask(std::function<absl::StatusOr<Answer>()> question) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Answer>>>();
  auto future = promise->get_future();
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kRunning) return NotRunning();
    if (questions_.size() >= config_.max_waiting_queries) return absl::ResourceExhaustedError("too many queries");
    questions_.push_back([promise, question = std::move(question)](bool answer) {
      promise->set_value(answer ? question() : absl::StatusOr<Answer>(NotRunning()));
    });
  }
  input_.notify_one();
  return future.get();
}

absl::StatusOr<domain::BookSnapshot> MatchingApp::GetBook(domain::SymbolId symbol, std::size_t depth) {
  return Ask<domain::BookSnapshot>([this, symbol, depth]() -> absl::StatusOr<domain::BookSnapshot> {
    XT_RETURN_IF_ERROR(CheckCaughtUp());
    if (!engine_->HasSymbol(symbol)) return absl::NotFoundError("unknown symbol " + std::to_string(symbol.value()));
    return engine_->Snapshot(symbol, depth);
  });
}

absl::StatusOr<ports::ReferenceData> MatchingApp::GetReferenceData() {
  return Ask<ports::ReferenceData>([this]() -> absl::StatusOr<ports::ReferenceData> {
    XT_RETURN_IF_ERROR(CheckCaughtUp());
    return ports::ReferenceData{engine_->applied(), engine_->assets(), engine_->symbols()};
  });
}

absl::StatusOr<ports::StateDigest> MatchingApp::GetStateDigest() {
  return Ask<ports::StateDigest>([this]() -> absl::StatusOr<ports::StateDigest> {
    return ports::StateDigest{engine_->applied(), engine_->Digest()};
  });
}

}  // namespace xt::matching
