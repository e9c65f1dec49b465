#include "services/sequencer/publisher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"

namespace xt::sequencer {
namespace {

// How long a thread may take to notice that it is to stop.
constexpr std::chrono::milliseconds kLookUp{50};
constexpr const char* kReasons[] = {"unavailable", "full", "rejected", "other"};

std::size_t ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded: return 0;
    case absl::StatusCode::kResourceExhausted: return 1;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition: return 2;
    default: return 3;
  }
}

}  // namespace

// One handle per topic, in the order of the sink's topics.
struct Publisher::Series {
  Series(runtime::MetricsRegistry& registry, const BusSink& sink)
      : in_flight(registry.Gauge("mq_producer_in_flight", "Messages sent and not confirmed.", Broker(sink))),
        up(registry.Gauge("mq_connection_up", "1 while the bus takes what is published.", Broker(sink))),
        lost(registry.Counter("mq_producer_lost_commands_total",
                              "Commands whose events the bus lost, and nobody can work out again.", Broker(sink))) {
    for (const std::string& topic : sink.topics()) {
      runtime::Labels labels = Broker(sink);
      labels.emplace_back("topic", topic);
      latency.push_back(
          &registry.Histogram("mq_producer_latency_seconds", "From publishing to the confirmation.", labels));
      for (const char* reason : kReasons) {
        errors.push_back(&registry.Counter("mq_producer_errors_total", "Failed attempts to publish.",
                                           With(labels, "reason", reason)));
      }
      ok.push_back(&Messages(registry, labels, "ok"));
      error.push_back(&Messages(registry, labels, "error"));
    }
  }

  static runtime::Labels Broker(const BusSink& sink) { return {{"broker", std::string(sink.name())}}; }
  static runtime::Labels With(runtime::Labels labels, const char* name, const char* value) {
    labels.emplace_back(name, value);
    return labels;
  }
  static runtime::Counter& Messages(runtime::MetricsRegistry& registry, const runtime::Labels& labels,
                                    const char* status) {
    return registry.Counter("mq_producer_messages_total", "Messages by the result of publishing them.",
                            With(labels, "status", status));
  }

  runtime::Gauge& in_flight;
  runtime::Gauge& up;
  runtime::Counter& lost;
  std::vector<runtime::Counter*> ok, error, errors;
  std::vector<runtime::Histogram*> latency;
};

Publisher::Publisher(ports::EventLog& log, std::unique_ptr<BusSink> sink, const PublisherOptions& options,
                     runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health, const Clock& clock)
    : log_(log),
      sink_(std::move(sink)),
      options_(options),
      clock_(clock),
      series_(std::make_unique<Series>(metrics, *sink_)),
      check_(health.AddCheck("bus." + std::string(sink_->name()), runtime::Dependency::kSoft)),
      backoff_(options.backoff_min) {
  depth_ = metrics.GaugeCallback("mq_spill_queue_depth", "Commands in the outbox that the bus has not confirmed.",
                                 Series::Broker(*sink_), [this] {
                                   const std::lock_guard lock(mutex_);
                                   const std::uint64_t last = log_.LastSequence().value();
                                   return static_cast<std::int64_t>(last - std::min(last, reached_.value()));
                                 });
  confirmed_ = metrics.GaugeCallback("mq_producer_confirmed_sequence", "Last command that the bus has confirmed.",
                                     Series::Broker(*sink_), [this] {
                                       const std::lock_guard lock(mutex_);
                                       return static_cast<std::int64_t>(reached_.value());
                                     });
}

Publisher::~Publisher() {
  Stop();
  depth_.Reset();
  confirmed_.Reset();
}

absl::Status Publisher::Start() {
  XT_ASSIGN_OR_RETURN(cursor_, log_.OpenCursor(sink_->name()));
  {
    const std::lock_guard lock(mutex_);
    reached_ = cursor_->position();
  }
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void Publisher::RequestStop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void Publisher::Stop() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
  cursor_.reset();
}

bool Publisher::WaitFor(domain::SequenceNumber sequence, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return stopping_ || reached_ >= sequence; });
  return reached_ >= sequence;
}

domain::SequenceNumber Publisher::confirmed() const { return cursor_->position(); }

std::optional<domain::SequenceNumber> Publisher::lost_after() const {
  const std::lock_guard lock(mutex_);
  return lost_after_;
}

void Publisher::SetLostAfter(std::optional<domain::SequenceNumber> sequence) {
  const std::lock_guard lock(mutex_);
  const bool given_up = sequence && sequence->value() + 1 < given_up_before_.value();
  if (!given_up) lost_after_ = sequence;
}

bool Publisher::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Publisher::Run() {
  while (!stopping() && !sink_->WaitReady(kLookUp)) {
  }
  bool resumed = false;
  while (!stopping()) {
    const absl::Status status = resumed ? PublishNext() : Resume();
    if (absl::IsCancelled(status)) return;
    resumed = status.ok();
    if (!resumed) {
      Failed(status);
      if (!WaitBeforeRetry()) return;
    }
  }
}

// Finds where to go on: behind the cursor, or behind what the bus says it has.
absl::Status Publisher::Resume() {
  XT_ASSIGN_OR_RETURN(auto last, sink_->LastSequence());
  if (last) XT_RETURN_IF_ERROR(SkipWhatIsLost(*last));
  if (last && *last < cursor_->position()) XT_RETURN_IF_ERROR(Backfill(*last));
  SetLostAfter(std::nullopt);
  // The bus may know more than a log that was lost: those entries come again and are dropped by the bus.
  if (last) XT_RETURN_IF_ERROR(Advance(std::min(*last, log_.LastSequence())));
  // A bus that does not tell is believed once it has taken something.
  if (last || !failing_) Succeeded();
  return absl::OkStatus();
}

void Publisher::GiveUpBefore(domain::SequenceNumber first) {
  const std::lock_guard lock(mutex_);
  given_up_before_ = std::max(given_up_before_, first);
  // Nobody is to look for it again before this one has gone on.
  if (lost_after_ && lost_after_->value() + 1 < given_up_before_.value()) lost_after_.reset();
}

// Where the bus, which ends at `last`, lacks what was given up, it ends behind that from now on.
absl::Status Publisher::SkipWhatIsLost(domain::SequenceNumber& last) {
  domain::SequenceNumber first;
  {
    const std::lock_guard lock(mutex_);
    first = given_up_before_;
  }
  if (first.value() <= last.value() + 1) return absl::OkStatus();
  XT_RETURN_IF_ERROR(sink_->BeginAt(first));
  const domain::SequenceNumber end(first.value() - 1);
  CountLost(last, end);
  last = end;
  return absl::OkStatus();
}

// A bus that is lost again lacks the same once more.
void Publisher::CountLost(domain::SequenceNumber after, domain::SequenceNumber last) {
  if (!lost_) lost_ = Lost{last, last};
  const std::uint64_t before = lost_->after.value() - std::min(after, lost_->after).value();
  const std::uint64_t behind = last.value() - std::min(last, std::max(after, lost_->last)).value();
  lost_ = Lost{std::min(after, lost_->after), std::max(last, lost_->last)};
  if (before + behind == 0) return;
  series_->lost.IncrementSingleWriter(before + behind);
  runtime::Log(runtime::LogLevel::kError, "the bus goes on behind events that are lost",
               {{"component", sink_->name()}, {"after", after.value()}, {"seq", last.value() + 1}});
}

// The bus lost what it had confirmed. The cursor does not move back, but the log still has the entries; what it has not
// the sequencer has to derive again.
absl::Status Publisher::Backfill(domain::SequenceNumber from) {
  while (from < cursor_->position()) {
    if (stopping()) return absl::CancelledError("stopping");
    const auto entries = log_.ReadFrom(domain::SequenceNumber(from.value() + 1), options_.batch);
    if (absl::IsOutOfRange(entries.status())) SetLostAfter(from);
    XT_RETURN_IF_ERROR(entries.status());
    if (entries->empty()) return absl::OkStatus();
    XT_RETURN_IF_ERROR(Publish(*entries));
    from = entries->back().sequence;
  }
  return absl::OkStatus();
}

absl::Status Publisher::PublishNext() {
  if (!Gather()) return absl::CancelledError("stopping");
  XT_ASSIGN_OR_RETURN(const auto entries, cursor_->Read(options_.batch, kLookUp));
  if (entries.empty()) return absl::OkStatus();
  const bool full = entries.size() == options_.batch;
  next_ns_ = full ? 0 : clock_.MonotonicNs() + std::chrono::nanoseconds(options_.gather).count();
  XT_RETURN_IF_ERROR(Publish(entries));
  return Advance(entries.back().sequence);
}

absl::Status Publisher::Publish(const std::vector<ports::EventEntry>& entries) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::size_t> counts, sink_->Load(entries));
  std::int64_t total = 0;
  for (const std::size_t count : counts) total += static_cast<std::int64_t>(count);
  series_->in_flight.Set(total);
  const std::int64_t started_ns = clock_.MonotonicNs();
  absl::Status status = sink_->Send();
  const std::int64_t took_ns = clock_.MonotonicNs() - started_ns;
  series_->in_flight.Set(0);
  for (std::size_t topic = 0; topic < counts.size(); ++topic) {
    if (counts[topic] == 0) continue;
    (status.ok() ? series_->ok : series_->error)[topic]->IncrementSingleWriter(counts[topic]);
    if (status.ok()) {
      series_->latency[topic]->ObserveSingleWriter(took_ns);
    } else {
      series_->errors[topic * std::size(kReasons) + ReasonOf(status)]->IncrementSingleWriter();
    }
  }
  if (status.ok()) Succeeded();
  return status;
}

void Publisher::Succeeded() {
  backoff_ = options_.backoff_min;
  if (std::exchange(healthy_, true)) return;
  series_->up.Set(1);
  check_.SetOk();
  if (!std::exchange(failing_, false)) return;
  runtime::Log(runtime::LogLevel::kInfo, "bus is back",
               {{"component", sink_->name()}, {"seq", cursor_->position().value()}});
}

absl::Status Publisher::Advance(domain::SequenceNumber sequence) {
  if (sequence <= cursor_->position()) return absl::OkStatus();
  XT_RETURN_IF_ERROR(cursor_->Advance(sequence));
  {
    const std::lock_guard lock(mutex_);
    reached_ = std::max(reached_, sequence);
  }
  changed_.notify_all();
  return absl::OkStatus();
}

void Publisher::Failed(const absl::Status& status) {
  healthy_ = false;
  series_->up.Set(0);
  check_.Set(runtime::HealthStatus::kDegraded, absl::StrCat("the outbox keeps what it missed: ", status.message()));
  if (std::exchange(failing_, true)) return;
  runtime::Log(runtime::LogLevel::kWarn, "bus failed, its events wait in the outbox",
               {{"component", sink_->name()}, {"seq", cursor_->position().value()}, runtime::LogField(status)});
}

// A broker pays for each batch: many small ones would take the processor from the orders.
bool Publisher::Gather() {
  const std::chrono::nanoseconds early(next_ns_ - clock_.MonotonicNs());
  std::unique_lock lock(mutex_);
  if (early > std::chrono::nanoseconds(0)) changed_.wait_for(lock, early, [this] { return stopping_; });
  return !stopping_;
}

bool Publisher::WaitBeforeRetry() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, backoff_, [this] { return stopping_; });
  backoff_ = std::min(backoff_ * 2, options_.backoff_max);
  return !stopping_;
}

}  // namespace xt::sequencer
