#include "libs/adapters/redis/redis_execution_stream.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/execution_entries.h"
#include "libs/adapters/redis/internal/execution_scripts.h"
#include "libs/adapters/redis/internal/redis_connection.h"
#include "libs/base/status.h"

namespace xt::redis {

using domain::SequenceNumber;
using ports::EventEntry;
using ports::ExecutionDelivery;
using std::chrono::milliseconds;

namespace {

using Deliveries = std::vector<ExecutionDelivery>;

// One script call: small enough that others are served in between, large enough that its checks cost nothing.
constexpr std::size_t kChunkEntries = 128;
constexpr std::size_t kAcknowledgeAtOnce = 1'000;
constexpr int kMaxAttempts = 4;

absl::StatusOr<ExecutionDelivery> MakeDelivery(std::string_view id, std::string_view payload, std::int64_t count) {
  XT_ASSIGN_OR_RETURN(const std::uint64_t sequence, ParseSequence(id));
  return ExecutionDelivery{EventEntry{SequenceNumber(sequence), std::make_shared<const std::string>(payload)},
                           static_cast<std::uint32_t>(count)};
}

}  // namespace

struct RedisExecutionStream::State {
  struct Counters {
    std::atomic<std::uint64_t> published{0}, duplicates{0}, refused_full{0}, trimmed{0}, redelivered{0},
        lost_pending{0}, lost_connections{0};
  };

  State(RedisConfig redis, RedisExecutionStreamOptions stream)
      : config(std::move(redis)), options(std::move(stream)), key(ExecutionsKey(options.shard)) {}

  const RedisConfig config;
  const RedisExecutionStreamOptions options;
  const std::string key;
  Counters counters;

  std::mutex mutex;
  bool closed = false;
  std::set<RedisConnection*> connections;  // that Close interrupts

  void Add(RedisConnection& connection) {
    std::lock_guard lock(mutex);
    connections.insert(&connection);
    if (closed) connection.Interrupt();
  }
  void Remove(RedisConnection& connection) {
    std::lock_guard lock(mutex);
    connections.erase(&connection);
  }
  void Close() {
    std::lock_guard lock(mutex);
    if (std::exchange(closed, true)) return;
    for (RedisConnection* connection : connections) connection->Interrupt();
  }
  // Counts it when the connection was lost.
  absl::Status Note(absl::Status status) {
    if (absl::IsUnavailable(status)) ++counters.lost_connections;
    return status;
  }
};

// The publisher's connection, and what it knows of the stream's end. Whoever asks meanwhile waits for its turn.
class RedisExecutionStream::Publisher {
 public:
  explicit Publisher(State& state) : state_(state), connection_(state.config) { state_.Add(connection_); }
  ~Publisher() { state_.Remove(connection_); }

  absl::Status Publish(const std::vector<EventEntry>& entries);
  absl::StatusOr<SequenceNumber> LastSequence();
  absl::StatusOr<SequenceNumber> Acknowledged();
  absl::Status BeginAt(SequenceNumber first);

 private:
  absl::Status PublishFrom(const std::vector<EventEntry>& entries);
  absl::Status Send(std::span<const EventEntry> entries);
  void QueueChunk(std::span<const EventEntry> entries);
  absl::StatusOr<std::uint64_t> ReadLast();
  absl::StatusOr<std::uint64_t> ReadAcknowledged();
  absl::Status Trim();

  State& state_;
  std::mutex mutex_;
  RedisConnection connection_;
  std::optional<std::uint64_t> last_;  // unknown at first and after every error
  std::uint64_t since_trim_ = 0;
};

absl::StatusOr<std::uint64_t> RedisExecutionStream::Publisher::ReadLast() {
  XT_ASSIGN_OR_RETURN(const Reply last, connection_.Eval(scripts::kLastSequence, {state_.key}, {}));
  return ParseSequence(Text(*last));
}

absl::StatusOr<SequenceNumber> RedisExecutionStream::Publisher::LastSequence() {
  std::lock_guard lock(mutex_);
  auto last = ReadLast();
  if (!last.ok()) return state_.Note(last.status());
  return SequenceNumber(*last);
}

absl::StatusOr<std::uint64_t> RedisExecutionStream::Publisher::ReadAcknowledged() {
  XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Eval(scripts::kAcknowledged, {state_.key}, {}));
  const std::string_view end = Text(*reply);
  XT_ASSIGN_OR_RETURN(const std::uint64_t sequence, ParseSequence(end));
  return end.ends_with("-1") ? sequence : sequence - std::min<std::uint64_t>(sequence, 1);
}

absl::StatusOr<SequenceNumber> RedisExecutionStream::Publisher::Acknowledged() {
  std::lock_guard lock(mutex_);
  auto acknowledged = ReadAcknowledged();
  if (!acknowledged.ok()) return state_.Note(acknowledged.status());
  return SequenceNumber(*acknowledged);
}

absl::Status RedisExecutionStream::Publisher::BeginAt(SequenceNumber first) {
  if (first.value() <= 1) return absl::OkStatus();
  const std::string behind = absl::StrCat(first.value() - 1);
  std::lock_guard lock(mutex_);
  last_.reset();
  return state_.Note(connection_.Eval(scripts::kBeginBehind, {state_.key}, {behind}).status());
}

absl::Status RedisExecutionStream::Publisher::Publish(const std::vector<EventEntry>& entries) {
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].sequence.value() == entries[i - 1].sequence.value() + 1) continue;
    return absl::InvalidArgumentError(absl::StrCat("sequence ", entries[i].sequence.value(), " leaves a gap"));
  }
  std::lock_guard lock(mutex_);
  bool trimmed = false;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const absl::Status status = PublishFrom(entries);
    if (status.ok()) return status;
    last_.reset();
    // Somebody else has published, or an earlier call whose reply was lost: the end is read again.
    if (MessageOf(status).starts_with("GAP ")) continue;
    const bool too_many = MessageOf(status).starts_with("FULL ");
    if (!too_many && !absl::IsResourceExhausted(status)) return state_.Note(status);
    if (std::exchange(trimmed, true)) {
      ++state_.counters.refused_full;
      return too_many ? absl::ResourceExhaustedError(absl::StrCat(state_.key, " holds ", state_.options.max_entries,
                                                                  " entries that are not acknowledged"))
                      : status;
    }
    XT_RETURN_IF_ERROR(state_.Note(Trim()));
  }
  return absl::UnavailableError(absl::StrCat("another publisher writes to ", state_.key));
}

absl::Status RedisExecutionStream::Publisher::PublishFrom(const std::vector<EventEntry>& entries) {
  if (!last_) {
    XT_ASSIGN_OR_RETURN(last_, ReadLast());
  }
  std::span<const EventEntry> fresh(entries);
  while (!fresh.empty() && fresh.front().sequence.value() <= *last_) fresh = fresh.subspan(1);
  if (!fresh.empty() && fresh.front().sequence.value() != *last_ + 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("sequence ", fresh.front().sequence.value(), " leaves a gap behind ", *last_));
  }
  XT_RETURN_IF_ERROR(Send(fresh));
  state_.counters.duplicates += entries.size() - fresh.size();
  if (since_trim_ >= state_.options.trim_interval) XT_RETURN_IF_ERROR(Trim());
  return absl::OkStatus();
}

absl::Status RedisExecutionStream::Publisher::Send(std::span<const EventEntry> entries) {
  if (entries.empty()) return absl::OkStatus();
  XT_RETURN_IF_ERROR(connection_.Connect());
  XT_RETURN_IF_ERROR(connection_.Load(scripts::kPublish));
  for (std::size_t at = 0; at < entries.size(); at += kChunkEntries) {
    QueueChunk(entries.subspan(at, std::min(kChunkEntries, entries.size() - at)));
  }
  XT_RETURN_IF_ERROR(connection_.Flush());
  // Behind a chunk that failed the others fail too: each names the sequence before it. All replies are read.
  absl::Status first_error;
  for (std::size_t at = 0; at < entries.size(); at += kChunkEntries) {
    const absl::Status status = connection_.Receive().status();
    if (first_error.ok()) first_error = status;
  }
  XT_RETURN_IF_ERROR(first_error);
  last_ = entries.back().sequence.value();
  since_trim_ += entries.size();
  state_.counters.published += entries.size();
  return absl::OkStatus();
}

void RedisExecutionStream::Publisher::QueueChunk(std::span<const EventEntry> entries) {
  std::vector<std::string> texts{absl::StrCat(entries.front().sequence.value() - 1),
                                 absl::StrCat(state_.options.max_entries)};
  for (const EventEntry& entry : entries) texts.push_back(absl::StrCat(entry.sequence.value()));
  RedisConnection::Args args{texts[0], texts[1]};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    args.emplace_back(texts[i + 2]);
    args.emplace_back(*entries[i].payload);
  }
  connection_.QueueEval(scripts::kPublish, {state_.key}, args);
}

absl::Status RedisExecutionStream::Publisher::Trim() {
  // Without room, or before the end is known, everything goes that may.
  const std::uint64_t keep = last_ ? state_.options.keep_entries : 0;
  const std::string before = keep == 0 ? "" : absl::StrCat(*last_ > keep ? *last_ - keep : 0);
  XT_ASSIGN_OR_RETURN(const Reply trimmed, connection_.Eval(scripts::kTrim, {state_.key}, {before}));
  state_.counters.trimmed += static_cast<std::uint64_t>(Integer(*trimmed));
  since_trim_ = 0;
  return absl::OkStatus();
}

class RedisExecutionStream::Consumer final : public ports::ExecutionConsumer {
 public:
  Consumer(std::shared_ptr<State> state, std::string group, std::string name)
      : state_(std::move(state)), group_(std::move(group)), name_(std::move(name)), connection_(state_->config) {
    state_->Add(connection_);
  }
  ~Consumer() override { state_->Remove(connection_); }

  absl::Status EnsureGroup();
  absl::StatusOr<Deliveries> Read(std::size_t max, milliseconds timeout) override;
  absl::Status Acknowledge(const std::vector<SequenceNumber>& sequences) override;
  absl::StatusOr<Deliveries> Claim(milliseconds min_idle, std::size_t max) override;
  [[nodiscard]] std::uint64_t Lag() const override;

 private:
  absl::StatusOr<Deliveries> ReadOwn(std::size_t max);
  absl::StatusOr<Deliveries> ReadNew(std::size_t max, milliseconds timeout);
  absl::StatusOr<Deliveries> Redelivered(const redisReply& reply);
  absl::Status AcknowledgeSome(std::span<const SequenceNumber> sequences);
  absl::StatusOr<std::uint64_t> ReadLag() const;
  absl::Status Failed(absl::Status status);

  const std::shared_ptr<State> state_;
  const std::string group_;
  const std::string name_;
  mutable RedisConnection connection_;
  mutable std::uint64_t lag_ = 0;  // as it was read last
  bool own_first_ = true;          // own pending entries behind own_after_ come before new ones
  std::string own_after_ = "0-0";
};

absl::Status RedisExecutionStream::Consumer::EnsureGroup() {
  absl::Status status = connection_.Run({"XGROUP", "CREATE", state_->key, group_, "0", "MKSTREAM"}).status();
  if (MessageOf(status).starts_with("BUSYGROUP")) return absl::OkStatus();
  return status;
}

// A reply that was lost may have been a delivery: what is pending is read again.
absl::Status RedisExecutionStream::Consumer::Failed(absl::Status status) {
  if (absl::IsUnavailable(status)) {
    own_first_ = true;
    own_after_ = "0-0";
  } else if (MessageOf(status).starts_with("NOGROUP")) {
    XT_RETURN_IF_ERROR(EnsureGroup());
    return absl::UnavailableError(absl::StrCat("the group had gone from ", state_->key, ", it is there again"));
  }
  return state_->Note(std::move(status));
}

absl::StatusOr<Deliveries> RedisExecutionStream::Consumer::Read(std::size_t max, milliseconds timeout) {
  if (own_first_) {
    auto own = ReadOwn(max);
    if (!own.ok()) return Failed(own.status());
    if (!own->empty()) return own;
    own_first_ = false;
  }
  auto fresh = ReadNew(max, timeout);
  if (!fresh.ok()) return Failed(fresh.status());
  return fresh;
}

absl::StatusOr<Deliveries> RedisExecutionStream::Consumer::ReadOwn(std::size_t max) {
  const std::string most = absl::StrCat(max);
  while (true) {
    XT_ASSIGN_OR_RETURN(const Reply reply,
                        connection_.Eval(scripts::kReadOwn, {state_->key}, {group_, name_, own_after_, most}));
    XT_ASSIGN_OR_RETURN(Deliveries own, Redelivered(*reply));
    if (!own.empty()) own_after_ = absl::StrCat(own.back().entry.sequence.value(), "-0");
    const bool all_were_lost = own.empty() && Integer(*Elements(*reply)[0]) > 0;
    if (!all_were_lost) return own;
  }
}

absl::StatusOr<Deliveries> RedisExecutionStream::Consumer::ReadNew(std::size_t max, milliseconds timeout) {
  const std::string most = absl::StrCat(max);
  const std::string block = absl::StrCat(timeout.count());
  RedisConnection::Args args{"XREADGROUP", "GROUP", group_, name_, "COUNT", most};
  if (timeout.count() > 0) args.insert(args.end(), {"BLOCK", block});
  args.insert(args.end(), {"STREAMS", state_->key, ">"});
  XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Run(args, timeout));
  XT_ASSIGN_OR_RETURN(std::vector<EventEntry> entries, ParseEntries(*reply));
  Deliveries fresh;
  fresh.reserve(entries.size());
  for (EventEntry& entry : entries) fresh.push_back({std::move(entry), 1});
  return fresh;
}

// The reply of kReadOwn and kClaim.
absl::StatusOr<Deliveries> RedisExecutionStream::Consumer::Redelivered(const redisReply& reply) {
  Deliveries deliveries;
  const auto elements = Elements(reply);
  if (elements.empty()) return absl::DataLossError("no reply of our script");
  state_->counters.lost_pending += static_cast<std::uint64_t>(Integer(*elements[0]));
  for (const redisReply* element : elements.subspan(1)) {
    const auto parts = Elements(*element);
    if (parts.size() != 3) return absl::DataLossError(absl::StrCat("an entry of another kind in ", state_->key));
    XT_ASSIGN_OR_RETURN(ExecutionDelivery delivery, MakeDelivery(Text(*parts[0]), Text(*parts[1]), Integer(*parts[2])));
    deliveries.push_back(std::move(delivery));
  }
  state_->counters.redelivered += deliveries.size();
  return deliveries;
}

absl::StatusOr<Deliveries> RedisExecutionStream::Consumer::Claim(milliseconds min_idle, std::size_t max) {
  const std::string idle = absl::StrCat(min_idle.count());
  const std::string most = absl::StrCat(max);
  auto reply = connection_.Eval(scripts::kClaim, {state_->key}, {group_, name_, idle, most});
  if (!reply.ok()) return Failed(reply.status());
  return Redelivered(**reply);
}

absl::Status RedisExecutionStream::Consumer::Acknowledge(const std::vector<SequenceNumber>& sequences) {
  std::span<const SequenceNumber> rest(sequences);
  while (!rest.empty()) {
    const std::size_t some = std::min(kAcknowledgeAtOnce, rest.size());
    XT_RETURN_IF_ERROR(AcknowledgeSome(rest.first(some)));
    rest = rest.subspan(some);
  }
  return absl::OkStatus();
}

absl::Status RedisExecutionStream::Consumer::AcknowledgeSome(std::span<const SequenceNumber> sequences) {
  std::vector<std::string> ids;
  ids.reserve(sequences.size());
  for (const SequenceNumber sequence : sequences) ids.push_back(absl::StrCat(sequence.value(), "-0"));
  RedisConnection::Args args{"XACK", state_->key, group_};
  args.insert(args.end(), ids.begin(), ids.end());
  return Failed(connection_.Run(args).status());
}

absl::StatusOr<std::uint64_t> RedisExecutionStream::Consumer::ReadLag() const {
  XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Eval(scripts::kPosition, {state_->key}, {group_}));
  const auto parts = Elements(*reply);
  if (parts.size() != 4) return absl::DataLossError("no reply of our script");
  XT_ASSIGN_OR_RETURN(const std::uint64_t last, ParseSequence(Text(*parts[0])));
  XT_ASSIGN_OR_RETURN(const std::uint64_t delivered, ParseSequence(Text(*parts[2])));
  std::uint64_t begin = last;  // before the first entry that is there
  if (!Text(*parts[1]).empty()) {
    XT_ASSIGN_OR_RETURN(const std::uint64_t first, ParseSequence(Text(*parts[1])));
    begin = first - std::min<std::uint64_t>(first, 1);
  }
  const std::uint64_t read = std::min(last, std::max(begin, delivered));
  return last - read + static_cast<std::uint64_t>(Integer(*parts[3]));
}

std::uint64_t RedisExecutionStream::Consumer::Lag() const {
  if (const auto lag = ReadLag(); lag.ok()) lag_ = *lag;
  return lag_;
}

RedisExecutionStream::RedisExecutionStream(RedisConfig config, RedisExecutionStreamOptions options)
    : state_(std::make_shared<State>(std::move(config), std::move(options))),
      publisher_(std::make_unique<Publisher>(*state_)) {}
RedisExecutionStream::~RedisExecutionStream() { Close(); }

absl::Status RedisExecutionStream::Publish(const std::vector<EventEntry>& entries) {
  return publisher_->Publish(entries);
}

absl::StatusOr<SequenceNumber> RedisExecutionStream::LastSequence() { return publisher_->LastSequence(); }

absl::StatusOr<SequenceNumber> RedisExecutionStream::Acknowledged() { return publisher_->Acknowledged(); }

absl::Status RedisExecutionStream::BeginAt(SequenceNumber first) { return publisher_->BeginAt(first); }

absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> RedisExecutionStream::Join(std::string_view group,
                                                                                     std::string_view consumer) {
  auto joined = std::make_unique<Consumer>(state_, std::string(group), std::string(consumer));
  XT_RETURN_IF_ERROR(state_->Note(joined->EnsureGroup()));
  return joined;
}

void RedisExecutionStream::Close() { state_->Close(); }

RedisExecutionStats RedisExecutionStream::Stats() const {
  const State::Counters& c = state_->counters;
  return {c.published, c.duplicates, c.refused_full, c.trimmed, c.redelivered, c.lost_pending, c.lost_connections};
}

}  // namespace xt::redis
