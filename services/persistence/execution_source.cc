#include "services/persistence/execution_source.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "libs/base/status.h"
#include "libs/runtime/log.h"

namespace xt::persistence {

using domain::SequenceNumber;
using ports::ExecutionDelivery;
using runtime::LogField;
using runtime::LogLevel;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
// While the topic is read: how often the stream is tried; and the topic, for what is missing. A try can take a connection's
// timeout.
constexpr std::int64_t kRetryNs = 1'000 * kNsPerMs;

bool IsAway(const absl::Status& status) {
  return !status.ok() && !absl::IsCancelled(status) && !absl::IsDataLoss(status);
}

}  // namespace

absl::Status ExecutionSource::Open() {
  if (ports_.stream == nullptr) return absl::OkStatus();
  const absl::Status status = ReadStream(0, milliseconds(0)).status();
  return ports_.events != nullptr && IsAway(status) ? absl::OkStatus() : status;
}

absl::StatusOr<ExecutionSource::Deliveries> ExecutionSource::Read(std::size_t max, milliseconds timeout,
                                                                  SequenceNumber committed) {
  if (ports_.stream == nullptr) return ReadEvents(max, timeout, committed);
  if (fallen_back_) return ReadBoth(max, timeout, committed);
  auto deliveries = ReadStream(max, timeout);
  if (!IsAway(deliveries.status()) || !OutOfPatience()) return deliveries;
  FallBack(deliveries.status());
  return ReadEvents(max, timeout, committed);
}

absl::StatusOr<ExecutionSource::Deliveries> ExecutionSource::ReadStream(std::size_t max, milliseconds timeout) {
  absl::StatusOr<Deliveries> deliveries = Deliveries();
  if (consumer_ == nullptr) {
    auto joined = ports_.stream->Join(ports::kExecutionGroup, config_.consumer_name);
    if (joined.ok()) {
      consumer_ = *std::move(joined);
    } else {
      deliveries = joined.status();
    }
  }
  if (consumer_ != nullptr && max > 0) deliveries = consumer_->Read(max, timeout);
  if (IsAway(deliveries.status())) {
    tried_ns_ = clock_.MonotonicNs();
    if (!away_since_ns_) away_since_ns_ = tried_ns_;
  } else {
    away_since_ns_.reset();
  }
  if (deliveries.ok()) {
    for (const ExecutionDelivery& delivery : *deliveries) {
      from_stream_ = std::max(from_stream_, delivery.entry.sequence);
    }
  }
  return deliveries;
}

absl::StatusOr<ExecutionSource::Deliveries> ExecutionSource::ReadEvents(std::size_t max, milliseconds timeout,
                                                                        SequenceNumber committed) {
  if (events_ == nullptr) {
    XT_ASSIGN_OR_RETURN(events_, SubscribeBehind(committed));
  }
  XT_RETURN_IF_ERROR(events_->Commit());
  XT_ASSIGN_OR_RETURN(auto messages, events_->Poll(max, timeout));
  Deliveries deliveries;
  for (ports::MarketDelivery& delivery : messages) {
    const SequenceNumber sequence = delivery.message.id.sequence;
    if (sequence <= std::max(committed, from_events_)) continue;  // before what was asked for, or again
    from_events_ = sequence;
    deliveries.push_back({{sequence, std::move(delivery.message.payload)}, 1});
  }
  return deliveries;
}

absl::StatusOr<ExecutionSource::Deliveries> ExecutionSource::ReadBoth(std::size_t max, milliseconds timeout,
                                                                      SequenceNumber committed) {
  absl::StatusOr<Deliveries> both = Deliveries();
  if (StreamAnswers() || clock_.MonotonicNs() - tried_ns_ >= kRetryNs) both = ReadStream(max, milliseconds(0));
  if (!both.ok() && !IsAway(both.status())) return both;
  if (StreamAnswers() && from_stream_ >= from_events_) {
    ReturnToStream();
    return both;
  }
  const bool some = both.ok() && !both->empty();
  auto events = ReadEvents(max, some ? milliseconds(0) : timeout, committed);
  if (!some) return events;
  if (events.ok()) both->insert(both->end(), events->begin(), events->end());
  return both;
}

absl::StatusOr<ExecutionSource::Deliveries> ExecutionSource::ReadMissing(std::size_t max, milliseconds timeout,
                                                                         SequenceNumber behind, SequenceNumber before) {
  if (ports_.events == nullptr) return Deliveries();
  if (!missing_.status.ok() && clock_.MonotonicNs() - missing_.failed_ns < kRetryNs) return missing_.status;
  const SequenceNumber next(behind.value() + 1);
  if (next != missing_.next) missing_ = {};
  auto found = PollMissing(max, timeout, next, before);
  if (!found.ok()) missing_ = {.status = found.status(), .failed_ns = clock_.MonotonicNs()};
  return found;
}

// Takes only what follows: that is stored at once. What it has passed over comes with another consumer.
absl::StatusOr<ExecutionSource::Deliveries> ExecutionSource::PollMissing(std::size_t max, milliseconds timeout,
                                                                         SequenceNumber next, SequenceNumber before) {
  if (missing_.consumer == nullptr) {
    XT_ASSIGN_OR_RETURN(missing_.consumer, SubscribeBehind(SequenceNumber(next.value() - 1)));
  }
  XT_ASSIGN_OR_RETURN(auto messages, missing_.consumer->Poll(max, timeout));
  Deliveries deliveries;
  for (ports::MarketDelivery& delivery : messages) {
    const SequenceNumber sequence = delivery.message.id.sequence;
    if (sequence == next && next < before) {
      deliveries.push_back({{sequence, std::move(delivery.message.payload)}, 1});
      ++next;
    } else if (sequence >= next) {
      missing_.passed_over = true;
    }
  }
  missing_.next = next;
  if (missing_.passed_over && !deliveries.empty()) missing_ = {};
  return deliveries;
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> ExecutionSource::SubscribeBehind(SequenceNumber sequence) const {
  return ports_.events->SubscribeBehind(std::string(ports::topic::kTradingEvents),
                                        {sequence, std::numeric_limits<std::uint32_t>::max()});
}

bool ExecutionSource::OutOfPatience() const {
  return ports_.events != nullptr && clock_.MonotonicNs() - *away_since_ns_ >= config_.fallback_patience_ms * kNsPerMs;
}

void ExecutionSource::FallBack(const absl::Status& why) {
  runtime::Log(LogLevel::kWarn, "the execution stream is away, trading.events is read instead", {LogField(why)});
  fallen_back_ = true;
}

void ExecutionSource::ReturnToStream() {
  runtime::Log(LogLevel::kInfo, "the execution stream is read again", {{"seq", from_stream_.value()}});
  fallen_back_ = false;
  events_.reset();
  from_events_ = SequenceNumber();
}

absl::Status ExecutionSource::Acknowledge(const std::vector<SequenceNumber>& sequences) {
  return StreamAnswers() ? consumer_->Acknowledge(sequences) : absl::OkStatus();
}

absl::StatusOr<ExecutionSource::Deliveries> ExecutionSource::Claim(milliseconds min_idle, std::size_t max) {
  if (!StreamAnswers()) return Deliveries();
  return consumer_->Claim(min_idle, max);
}

void ExecutionSource::Close() {
  consumer_.reset();
  events_.reset();
  missing_ = {};
}

std::uint64_t ExecutionSource::Lag() const {
  if (StreamAnswers()) return consumer_->Lag();
  return events_ != nullptr ? events_->Lag() : 0;
}

absl::StatusOr<SequenceNumber> LastSequence(const ExecutionPorts& ports) {
  if (ports.stream != nullptr) return ports.stream->LastSequence();
  XT_ASSIGN_OR_RETURN(const domain::EventId last, ports.events->LastId(ports::topic::kTradingEvents));
  return last.sequence;
}

}  // namespace xt::persistence
