#include "services/persistence/testing/fakes.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "libs/wire/event_codec.h"

namespace xt::persistence::testing {
namespace {

constexpr std::chrono::seconds kLimit{30};

}  // namespace

ports::EventEntry Entry(const domain::CommandResult& result) {
  return {result.sequence, std::make_shared<const std::string>(wire::EncodeEventBatch(result))};
}

class FakeStream::Consumer final : public ports::ExecutionConsumer {
 public:
  explicit Consumer(FakeStream& stream) : stream_(stream) {}

  absl::StatusOr<std::vector<ports::ExecutionDelivery>> Read(std::size_t max,
                                                             std::chrono::milliseconds timeout) override {
    std::unique_lock lock(stream_.mutex_);
    if (!stream_.read_error_.ok()) return stream_.read_error_;
    stream_.changed_.wait_for(lock, timeout, [&] { return !stream_.queue_.empty(); });
    std::vector<ports::ExecutionDelivery> deliveries;
    while (!stream_.queue_.empty() && deliveries.size() < max) {
      deliveries.push_back(stream_.queue_.front());
      stream_.queue_.pop_front();
    }
    return deliveries;
  }

  absl::Status Acknowledge(const std::vector<domain::SequenceNumber>& sequences) override {
    std::lock_guard lock(stream_.mutex_);
    for (const auto sequence : sequences) stream_.acknowledged_.insert(sequence.value());
    stream_.changed_.notify_all();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ports::ExecutionDelivery>> Claim(std::chrono::milliseconds, std::size_t) override {
    std::lock_guard lock(stream_.mutex_);
    return std::exchange(stream_.left_behind_, {});
  }

  [[nodiscard]] std::uint64_t Lag() const override { return 0; }

 private:
  FakeStream& stream_;
};

void FakeStream::Deliver(const domain::CommandResult& result, std::uint32_t delivery_count) {
  std::lock_guard lock(mutex_);
  queue_.push_back({Entry(result), delivery_count});
  last_ = std::max(last_, result.sequence);
  changed_.notify_all();
}

void FakeStream::DeliverBytes(std::uint64_t sequence, std::string bytes) {
  std::lock_guard lock(mutex_);
  queue_.push_back({{domain::SequenceNumber(sequence), std::make_shared<const std::string>(std::move(bytes))}, 1});
  changed_.notify_all();
}

void FakeStream::LeaveBehind(const domain::CommandResult& result) {
  std::lock_guard lock(mutex_);
  left_behind_.push_back({Entry(result), 2});
}

void FakeStream::FailReads(absl::Status status) {
  std::lock_guard lock(mutex_);
  read_error_ = std::move(status);
}

void FakeStream::FailJoins(absl::Status status) {
  std::lock_guard lock(mutex_);
  join_error_ = std::move(status);
}

std::set<std::uint64_t> FakeStream::acknowledged() const {
  std::lock_guard lock(mutex_);
  return acknowledged_;
}

bool FakeStream::WaitForAcknowledged(std::uint64_t sequence) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kLimit, [&] { return acknowledged_.contains(sequence); });
}

absl::Status FakeStream::Publish(const std::vector<ports::EventEntry>& entries) {
  std::lock_guard lock(mutex_);
  for (const auto& entry : entries) queue_.push_back({entry, 1});
  if (!entries.empty()) last_ = entries.back().sequence;
  changed_.notify_all();
  return absl::OkStatus();
}

absl::StatusOr<domain::SequenceNumber> FakeStream::LastSequence() {
  std::lock_guard lock(mutex_);
  return last_;
}

absl::StatusOr<domain::SequenceNumber> FakeStream::Acknowledged() {
  std::lock_guard lock(mutex_);
  std::uint64_t last = 0;
  for (const std::uint64_t sequence : acknowledged_) {
    if (last != 0 && sequence != last + 1) break;
    last = sequence;
  }
  return domain::SequenceNumber(last);
}

absl::Status FakeStream::BeginAt(domain::SequenceNumber first) {
  std::lock_guard lock(mutex_);
  if (first > last_) last_ = domain::SequenceNumber(first.value() - 1);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> FakeStream::Join(std::string_view, std::string_view) {
  std::lock_guard lock(mutex_);
  if (!join_error_.ok()) return join_error_;
  return std::make_unique<Consumer>(*this);
}

class FakeEvents::Consumer final : public ports::MarketConsumer {
 public:
  explicit Consumer(FakeEvents& events) : events_(events) {}

  absl::StatusOr<std::vector<ports::MarketDelivery>> Poll(std::size_t max, std::chrono::milliseconds) override {
    std::lock_guard lock(events_.mutex_);
    std::vector<ports::MarketDelivery> deliveries;
    for (; next_ < events_.messages_.size() && deliveries.size() < max; ++next_) {
      deliveries.push_back({events_.messages_[next_], next_});
    }
    return deliveries;
  }
  absl::Status Commit() override { return absl::OkStatus(); }
  [[nodiscard]] std::uint64_t Lag() const override {
    std::lock_guard lock(events_.mutex_);
    return events_.messages_.size() - next_;
  }

 private:
  FakeEvents& events_;
  std::size_t next_ = 0;  // from the beginning, as the port allows
};

void FakeEvents::Add(const domain::CommandResult& result) {
  std::lock_guard lock(mutex_);
  messages_.push_back({std::string(ports::topic::kTradingEvents), "", {result.sequence, 1}, Entry(result).payload});
}

void FakeEvents::FailSubscribes(absl::Status status) {
  std::lock_guard lock(mutex_);
  subscribe_error_ = std::move(status);
}

std::vector<std::uint64_t> FakeEvents::subscribed_behind() const {
  std::lock_guard lock(mutex_);
  return subscribed_behind_;
}

absl::Status FakeEvents::Publish(const std::vector<ports::MarketMessage>&) {
  return absl::UnimplementedError("tests add");
}

absl::StatusOr<domain::EventId> FakeEvents::LastId(std::string_view) {
  std::lock_guard lock(mutex_);
  return messages_.empty() ? domain::EventId() : messages_.back().id;
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> FakeEvents::Subscribe(std::string_view,
                                                                             const std::vector<std::string>&,
                                                                             ports::StartAt) {
  return absl::UnimplementedError("only behind an id");
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> FakeEvents::SubscribeBehind(const std::string& topic,
                                                                                   const domain::EventId& last) {
  std::lock_guard lock(mutex_);
  if (!subscribe_error_.ok()) return subscribe_error_;
  if (topic != ports::topic::kTradingEvents) return absl::InvalidArgumentError(topic);
  subscribed_behind_.push_back(last.sequence.value());
  return std::make_unique<Consumer>(*this);
}

void FakeStore::FailNextApply(absl::Status status, bool applied) {
  std::lock_guard lock(mutex_);
  apply_failures_.emplace_back(std::move(status), applied);
}

void FakeStore::FailNextWatermark(absl::Status status) {
  std::lock_guard lock(mutex_);
  watermark_failures_.push_back(std::move(status));
}

void FakeStore::SetWatermark(std::uint64_t sequence) {
  std::lock_guard lock(mutex_);
  watermark_ = domain::SequenceNumber(sequence);
  changed_.notify_all();
}

std::vector<ports::StoreBatch> FakeStore::batches() const {
  std::lock_guard lock(mutex_);
  return batches_;
}

bool FakeStore::WaitForWatermark(std::uint64_t sequence) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kLimit, [&] { return watermark_.value() >= sequence; });
}

bool FakeStore::WaitForFailures(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kLimit, [&] { return failures_ >= count; });
}

void FakeStore::SetWriter(bool writer) {
  std::lock_guard lock(mutex_);
  writer_ = writer;
}

absl::StatusOr<bool> FakeStore::ClaimWriting() {
  std::lock_guard lock(mutex_);
  return writer_;
}

absl::Status FakeStore::Apply(const ports::StoreBatch& batch) {
  std::lock_guard lock(mutex_);
  absl::Status status;
  bool applied = true;
  if (!apply_failures_.empty()) {
    std::tie(status, applied) = apply_failures_.front();
    apply_failures_.pop_front();
    ++failures_;
  } else if (batch.previous_watermark != watermark_) {
    status = absl::FailedPreconditionError("watermark");
    applied = false;
    ++failures_;
  }
  if (applied) Keep(batch);
  changed_.notify_all();
  return status;
}

void FakeStore::Keep(const ports::StoreBatch& batch) {
  batches_.push_back(batch);
  watermark_ = batch.watermark;
}

absl::StatusOr<domain::SequenceNumber> FakeStore::Watermark() {
  std::lock_guard lock(mutex_);
  if (watermark_failures_.empty()) return watermark_;
  absl::Status status = watermark_failures_.front();
  watermark_failures_.pop_front();
  ++failures_;
  changed_.notify_all();
  return status;
}

absl::StatusOr<ports::OrderRow> FakeStore::GetOrder(domain::AccountId account, domain::OrderId order) {
  std::lock_guard lock(mutex_);
  for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
    for (const auto& row : batch->orders) {
      if (row.report.order_id == order && row.report.account == account) return row;
    }
  }
  return absl::NotFoundError("no such order");
}

absl::StatusOr<ports::OrderRow> FakeStore::FindOrder(domain::AccountId account, std::string_view client_order_id) {
  std::lock_guard lock(mutex_);
  for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
    for (const auto& row : batch->orders) {
      if (row.report.client_order_id.view() == client_order_id && row.report.account == account) return row;
    }
  }
  return absl::NotFoundError("no such order");
}

absl::StatusOr<std::vector<ports::OrderRow>> FakeStore::ListOrders(const ports::OrderFilter& filter) {
  std::lock_guard lock(mutex_);
  std::vector<ports::OrderRow> rows;
  for (const auto& batch : batches_) {
    for (const auto& row : batch.orders) {
      if (row.report.account == filter.account && rows.size() < filter.limit) rows.push_back(row);
    }
  }
  return rows;
}

absl::StatusOr<std::vector<ports::FillRow>> FakeStore::ListFills(const ports::FillFilter& filter) {
  std::lock_guard lock(mutex_);
  std::vector<ports::FillRow> rows;
  for (const auto& batch : batches_) {
    for (const auto& row : batch.fills) {
      if (row.report.account == filter.account && rows.size() < filter.limit) rows.push_back(row);
    }
  }
  return rows;
}

absl::StatusOr<std::vector<ports::BalanceRow>> FakeStore::ListBalances(domain::AccountId account) {
  std::lock_guard lock(mutex_);
  std::vector<ports::BalanceRow> rows;
  for (const auto& batch : batches_) {
    for (const auto& row : batch.balances) {
      if (row.account == account) rows.push_back(row);
    }
  }
  return rows;
}

absl::StatusOr<std::vector<ports::AccountRow>> FakeStore::ListAccounts() {
  std::lock_guard lock(mutex_);
  std::vector<ports::AccountRow> rows;
  for (const auto& batch : batches_) rows.insert(rows.end(), batch.accounts.begin(), batch.accounts.end());
  return rows;
}

absl::Status FakeStore::PutApiKey(const ports::ApiKeyRow& row) {
  std::lock_guard lock(mutex_);
  keys_[row.api_key] = row;
  return absl::OkStatus();
}

absl::StatusOr<ports::ApiKeyRow> FakeStore::GetApiKey(std::string_view api_key) {
  std::lock_guard lock(mutex_);
  const auto found = keys_.find(std::string(api_key));
  if (found == keys_.end()) return absl::NotFoundError("no such key");
  return found->second;
}

absl::StatusOr<std::vector<ports::ApiKeyRow>> FakeStore::ListApiKeys(domain::AccountId account) {
  std::lock_guard lock(mutex_);
  std::vector<ports::ApiKeyRow> rows;
  for (const auto& [name, row] : keys_) {
    if (row.account == account) rows.push_back(row);
  }
  return rows;
}

}  // namespace xt::persistence::testing
