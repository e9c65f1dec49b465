#include "services/matching/matching_app.h"

#include <algorithm>
#include <future>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/event_codec.h"

namespace xt::matching {
namespace {

constexpr std::chrono::milliseconds kIdleTurn{1'000};
constexpr std::int64_t kHeartbeatLimitMs = 10'000;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
// What the engine says when nothing is due.
constexpr std::int64_t kNothingDue = std::numeric_limits<std::int64_t>::max();

constexpr domain::SequenceNumber kNewest{std::numeric_limits<std::uint64_t>::max()};

absl::Status NotRunning() { return absl::UnavailableError("matching is not running"); }

absl::Status KeepsNoSnapshots() {
  return absl::FailedPreconditionError("it keeps no snapshots: snapshot.folder is not set");
}

}  // namespace

MatchingApp::MatchingApp(const MatchingConfig& config, runtime::MetricsRegistry& metrics,
                         runtime::HealthRegistry& health, const Clock& clock, SnapshotSource source)
    : config_(config),
      clock_(clock),
      source_(std::move(source)),
      registry_(metrics),
      feed_(health.AddCheck("matching.sequencer", runtime::Dependency::kHard)),
      heartbeat_(health.AddHeartbeat("matching.engine", kHeartbeatLimitMs)),
      engine_(std::make_unique<Engine>(config.engine)),
      recent_(config.max_recent_bytes),
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
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::kNew) return absl::FailedPreconditionError("matching is started once");
  }
  if (!config_.snapshot_folder.empty()) {
    XT_ASSIGN_OR_RETURN(SnapshotStore store, SnapshotStore::Open(config_.snapshot_folder));
    snapshots_ = std::make_unique<SnapshotWriter>(std::move(store), config_.engine, registry_, config_.shard, clock_);
    if (auto newest = snapshots_->Restore({{}, kNewest})) BeginWith(*std::move(newest));
  }
  const std::lock_guard lock(mutex_);
  state_ = State::kRunning;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void MatchingApp::Drain(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  draining_ = true;
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
  if (connected_ && sequencer.standby && !sequencer_.standby && sequencer.epoch == sequencer_.epoch) {
    return absl::FailedPreconditionError("it works for the leader");
  }
  const auto asking = std::make_shared<Asking>(Asking{std::move(observer), {}});
  asking_to_connect_ = asking;
  sequencer_ = sequencer;
  connected_ = false;
  frames_.clear();
  input_.notify_all();
  changed_.wait(lock, [&] { return asking_to_connect_ != asking || state_ != State::kRunning; });
  XT_RETURN_IF_ERROR(asking->refusal);
  if (observer_.get() != &asking->observer) {
    return absl::UnavailableError("matching stops, or another sequencer connected");
  }
  return ports::ReplicaPosition{applied_.sequence, applied_.hash, results_from_};
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

absl::Status MatchingApp::Published(domain::SequenceNumber sequence) {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kRunning) return NotRunning();
  if (!connected_) return absl::FailedPreconditionError("not connected");
  published_ = std::max(published_, sequence);
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
  metrics_.Connected(false);
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
    if (asking_to_connect_ != nullptr) AdmitSequencer(lock);
    if (!questions_.empty()) AnswerQuestions(lock);
    if (state_ == State::kRunning && NextIsCommitted()) ApplyNext(lock);
    if (IsSnapshotDue()) TakeDueSnapshot(lock);
  }
  lock.unlock();
  WriteLastSnapshot();
  lock.lock();
  Finish(lock);
}

// The first sequence whose results the sequencer is to be told; 0 when they are not kept any more.
domain::SequenceNumber MatchingApp::ResultsFrom() const {
  if (sequencer_.standby) return domain::SequenceNumber(applied_.sequence.value() + 1);
  const domain::SequenceNumber has = std::max(sequencer_.results_after, published_);
  const domain::SequenceNumber next(std::min(has, applied_.sequence).value() + 1);
  return has >= applied_.sequence ? next : recent_.FrameOf(next);
}

void MatchingApp::AdmitSequencer(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Asking> asking = asking_to_connect_;
  const domain::SequenceNumber published_before = published_;
  if (sequencer_.published || sequencer_.begin_anew)
    published_ = sequencer_.published.value_or(domain::SequenceNumber());
  results_from_ = sequencer_.begin_anew ? domain::SequenceNumber() : ResultsFrom();
  if (results_from_.value() == 0 || JournalBeginsBehind()) {
    asking->refusal = TakeAnotherState(lock);
    if (!asking->refusal.ok()) published_ = published_before;
    if (asking_to_connect_ != asking) return;  // another one asks now
    results_from_ = domain::SequenceNumber(applied_.sequence.value() + 1);
  }
  asking_to_connect_ = nullptr;
  changed_.notify_all();
  if (!asking->refusal.ok()) return Break(MessageOf(asking->refusal));
  fed_ = true;
  metrics_.Connected(sequencer_.standby);
  observer_ = std::shared_ptr<Observer>(asking, &asking->observer);
  connected_ = true;
  committed_ = 0;
  offered_ = applied_;
  feed_.SetOk();
  if (results_from_ > applied_.sequence) return;
  const std::shared_ptr<Observer> observer = observer_;
  const domain::SequenceNumber from = results_from_;
  lock.unlock();
  recent_.TellFrom(from, *observer);
  lock.lock();
}

bool MatchingApp::JournalBeginsBehind() const {
  return applied_.sequence.value() + 1 < sequencer_.journal_begins.value();
}

// The results of what was applied cannot be had again but by applying it again, and what the journal has no more cannot be
// applied at all. When there is no other state, the present one stays.
absl::Status MatchingApp::TakeAnotherState(std::unique_lock<std::mutex>& lock) {
  const ports::SequencerPosition sequencer = sequencer_;
  const std::uint64_t begins = std::max<std::uint64_t>(sequencer.journal_begins.value(), 1);
  // Nobody needs the results of a standby.
  const domain::SequenceNumber most = sequencer.standby ? kNewest : std::max(sequencer.results_after, published_);
  const char* const reason = sequencer.begin_anew         ? "it followed another journal"
                             : results_from_.value() == 0 ? "the sequencer lacks results of what was applied"
                                                          : "the journal begins behind it";
  const ChainEnd present = applied_;
  lock.unlock();
  absl::StatusOr<Restored> found = FindState(sequencer, {domain::SequenceNumber(begins - 1), most});
  if (found.ok()) {
    if (present.sequence.value() != 0) {
      runtime::Log(runtime::LogLevel::kWarn, "dropped the state",
                   {{"seq", present.sequence.value()},
                    {"results_after", sequencer.results_after.value()},
                    {"journal_begins", begins},
                    {"begins_with", found->at.sequence.value()},
                    {"reason", reason}});
      metrics_.StateDropped();
    }
    recent_.Clear();
    BeginWith(*std::move(found));
  }
  lock.lock();
  return found.status();
}

// One of its own snapshots, nothing when the journal has everything, or another replica's snapshot. Not under the lock.
absl::StatusOr<Restored> MatchingApp::FindState(const ports::SequencerPosition& sequencer, SequenceRange of_use) {
  if (snapshots_ != nullptr) {
    if (sequencer.begin_anew) XT_RETURN_IF_ERROR(snapshots_->SetAside(engine_->applied()));
    if (auto own = snapshots_->Restore(of_use)) return *std::move(own);
  }
  if (of_use.least.value() != 0) return FetchState(sequencer, of_use);
  if (snapshots_ != nullptr) snapshots_->BeginEmpty();
  return Restored{std::make_unique<Engine>(config_.engine), {}};
}

absl::StatusOr<Restored> MatchingApp::FetchState(const ports::SequencerPosition& sequencer, SequenceRange of_use) {
  std::string why = snapshots_ == nullptr ? "it keeps none: snapshot.folder is not set" : "its own: none";
  if (of_use.most < of_use.least) {
    why = absl::StrCat("the sequencer lacks the results behind ", of_use.most.value());
  } else if (snapshots_ != nullptr && source_) {
    for (const std::string& address : sequencer.snapshot_sources) {
      absl::StatusOr<Restored> fetched = FetchFrom(address, of_use);
      if (fetched.ok()) return fetched;
      if (!MayFetch()) return NotRunning();
      absl::StrAppend(&why, "; ", address, ": ", fetched.status().message());
    }
  }
  const std::string until = of_use.most == kNewest ? "" : absl::StrCat(" to ", of_use.most.value());
  return absl::FailedPreconditionError(absl::StrCat(
      "the journal begins at sequence ", of_use.least.value() + 1, ", the replica stands at ",
      engine_->applied().value(), ", and no snapshot from ", of_use.least.value(), until, " was had: ", why));
}

// It may take long: the engine's heart beats with every piece.
absl::StatusOr<Restored> MatchingApp::FetchFrom(const std::string& address, SequenceRange of_use) {
  heartbeat_.Beat();
  const auto read = [&](const PieceVisitor& visitor) {
    return source_(address, of_use, [&](std::string_view piece) -> absl::Status {
      if (!MayFetch()) return NotRunning();
      heartbeat_.Beat();
      return visitor(piece);
    });
  };
  const auto check = [&](const Snapshot& at) -> absl::Status {
    if (!of_use.Has(at.sequence)) {
      return absl::DataLossError(absl::StrCat("it handed out the snapshot at ", at.sequence.value()));
    }
    // The sequencer has just said that it does not fit.
    if (at.sequence == applied_.sequence && at.frame_hash == applied_.hash) {
      return absl::FailedPreconditionError("it has the state that is to be dropped");
    }
    return absl::OkStatus();
  };
  return snapshots_->Fetch(read, check);
}

// Not under the lock: whoever reads the metrics takes it under theirs.
void MatchingApp::BeginWith(Restored state) {
  engine_ = std::move(state.engine);
  metrics_.Restored(*engine_);
  const std::lock_guard lock(mutex_);
  applied_ = {state.at.sequence, state.at.frame_hash, state.at.timestamp_ns};
  published_ = std::max(published_, state.at.published);
}

bool MatchingApp::Running() {
  const std::lock_guard lock(mutex_);
  return state_ == State::kRunning;
}

bool MatchingApp::MayFetch() {
  const std::lock_guard lock(mutex_);
  return state_ == State::kRunning && !draining_;
}

// By a standby, which nobody waits for.
bool MatchingApp::IsSnapshotDue() const {
  if (snapshots_ == nullptr || applied_.sequence <= snapshots_->newest()) return false;
  const std::uint64_t commands = applied_.sequence.value() - snapshots_->newest().value();
  const std::int64_t passed_ns = clock_.MonotonicNs() - snapshots_->newest_ns();
  const bool due = (config_.snapshot_every_commands != 0 && commands >= config_.snapshot_every_commands) ||
                   (config_.snapshot_every_seconds != 0 && passed_ns >= config_.snapshot_every_seconds * kNsPerSecond);
  if (!due) return false;
  return (config_.snapshot_while_leading || (connected_ && sequencer_.standby)) && !snapshots_->Busy();
}

void MatchingApp::TakeDueSnapshot(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  snapshots_->Write(CopyState(), nullptr);
  lock.lock();
}

// The next start begins where this one ends.
void MatchingApp::WriteLastSnapshot() {
  if (snapshots_ == nullptr || engine_->applied() <= snapshots_->newest()) return;
  snapshots_->AwaitIdle();
  snapshots_->Write(CopyState(), nullptr);
  snapshots_->AwaitIdle();
}

// On the engine's thread, between two frames.
Snapshot MatchingApp::CopyState() {
  Snapshot snapshot;
  {
    const std::lock_guard lock(mutex_);
    snapshot = {applied_.sequence, applied_.hash, applied_.timestamp_ns, published_, {}};
  }
  snapshot.state = engine_->SaveSnapshot();
  return snapshot;
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
  for (const domain::Command& command : frame.commands) {
    const bool timed = results.results.size() % kTimedOneIn == 0;
    const std::int64_t before_ns = timed ? clock_.MonotonicNs() : 0;
    const auto events = engine_->Apply(domain::SequenceNumber(sequence), frame.timestamp_ns, command);
    if (timed) metrics_.ObserveLatency(clock_.MonotonicNs() - before_ns);
    metrics_.Observe(command, events);
    results.results.push_back({domain::SequenceNumber(sequence), frame.timestamp_ns, {events.begin(), events.end()}});
    ++sequence;
  }
  results.batches = wire::EncodeEventBatches(results.results);
  results.first_sequence = frame.first_sequence;
  results.digest = wire::DigestBatches(results.batches);
  if (engine_->next_due_ns() != kNothingDue) results.next_due_ns = engine_->next_due_ns();
  recent_.Keep(results);
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

absl::StatusOr<ports::SnapshotInfo> MatchingApp::TakeSnapshot(bool even_leading) {
  struct UnderWay {
    ports::SnapshotInfo info;
    std::promise<absl::Status> written;
  };
  using Shared = std::shared_ptr<UnderWay>;
  XT_ASSIGN_OR_RETURN(const Shared taken, Ask<Shared>([this, even_leading]() -> absl::StatusOr<Shared> {
                        XT_RETURN_IF_ERROR(CheckMayBeTaken(even_leading));
                        auto under_way = std::make_shared<UnderWay>();
                        Snapshot snapshot = CopyState();
                        under_way->info = {snapshot.sequence, snapshot.state.size()};
                        const auto done = [under_way](const absl::Status& status) {
                          under_way->written.set_value(status);
                        };
                        if (snapshots_->Write(std::move(snapshot), done)) return under_way;
                        return absl::UnavailableError("another snapshot is being written");
                      }));
  XT_RETURN_IF_ERROR(taken->written.get_future().get());
  return taken->info;
}

absl::Status MatchingApp::CheckMayBeTaken(bool even_leading) {
  const std::lock_guard lock(mutex_);
  if (snapshots_ == nullptr) return KeepsNoSnapshots();
  if (!even_leading && connected_ && !sequencer_.standby) {
    return absl::FailedPreconditionError("it works for the leader: orders would wait");
  }
  if (applied_.sequence.value() == 0) return absl::UnavailableError("nothing was applied yet");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<domain::SequenceNumber>> MatchingApp::ListSnapshots() {
  if (!Running()) return NotRunning();
  if (snapshots_ == nullptr) return KeepsNoSnapshots();
  return snapshots_->List();
}

absl::Status MatchingApp::ReadSnapshot(domain::SequenceNumber at_least, domain::SequenceNumber at_most,
                                       const PieceVisitor& visitor) {
  if (!Running()) return NotRunning();
  if (snapshots_ == nullptr) return absl::NotFoundError(KeepsNoSnapshots().message());
  return snapshots_->Read({at_least, at_most}, visitor);
}

absl::Status MatchingApp::CopySnapshot(const std::string& source, domain::SequenceNumber at_least,
                                       domain::SequenceNumber at_most) {
  if (!Running()) return NotRunning();
  if (snapshots_ == nullptr) return KeepsNoSnapshots();
  if (!source_) return absl::UnimplementedError("there is no way to other replicas");
  const SequenceRange range{at_least, at_most};
  const auto has = [&](domain::SequenceNumber sequence) { return range.Has(sequence); };
  if (std::ranges::any_of(snapshots_->List(), has)) return absl::OkStatus();
  const auto read = [this, source, range](const PieceVisitor& visitor) {
    return source_(source, range, [&](std::string_view piece) { return Running() ? visitor(piece) : NotRunning(); });
  };
  const auto check = [range](const Snapshot& at) -> absl::Status {
    if (range.Has(at.sequence)) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("it handed out the snapshot at ", at.sequence.value()));
  };
  const auto copied = std::make_shared<std::promise<absl::Status>>();
  if (!snapshots_->Copy(read, check, [copied](const absl::Status& status) { copied->set_value(status); })) {
    return absl::UnavailableError("another snapshot is being written");
  }
  return copied->get_future().get();
}

absl::StatusOr<ports::StateDigest> MatchingApp::GetStateDigest() {
  return Ask<ports::StateDigest>([this]() -> absl::StatusOr<ports::StateDigest> {
    return ports::StateDigest{engine_->applied(), engine_->Digest()};
  });
}

}  // namespace xt::matching
