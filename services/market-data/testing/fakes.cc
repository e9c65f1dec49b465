#include "services/market-data/testing/fakes.h"

#include <algorithm>
#include <utility>

#include "libs/base/check.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/market_proto.h"

namespace xt::market_data::testing {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

ports::MarketMessage Message(std::string_view topic, const domain::Symbol& symbol, std::uint64_t sequence,
                             std::string payload) {
  return {.topic = std::string(topic),
          .key = std::string(symbol.code.view()),
          .id = {domain::SequenceNumber(sequence), 1},
          .payload = std::make_shared<const std::string>(std::move(payload))};
}

}  // namespace

domain::Symbol MakeSymbol(std::uint16_t id, std::string_view code) {
  domain::Symbol symbol;
  symbol.id = domain::SymbolId(id);
  symbol.code = *domain::SymbolCode::From(code);
  symbol.base = domain::AssetId(1);
  symbol.quote = domain::AssetId(2);
  symbol.base_decimals = 2;
  symbol.quote_decimals = 2;
  symbol.tick_size = domain::Amount(100);
  symbol.lot_size = domain::Amount(1);
  XT_CHECK(!domain::Normalize(symbol), code);
  return symbol;
}

ports::MarketMessage TradeMessage(const domain::Symbol& symbol, std::uint64_t sequence, std::int64_t price,
                                  std::int64_t quantity, std::int64_t time_ms) {
  return Message(ports::topic::kTrade, symbol, sequence,
                 wire::EncodeMarketTrade({.id = {domain::SequenceNumber(sequence), 1},
                                          .timestamp_ns = time_ms * kNsPerMs,
                                          .symbol = symbol.id,
                                          .code = symbol.code,
                                          .trade_id = domain::TradeId(sequence),
                                          .price = domain::Price(price),
                                          .quantity = domain::Quantity(quantity),
                                          .taker_side = domain::Side::kBuy}));
}

ports::MarketMessage DepthMessage(const domain::Symbol& symbol, std::uint64_t sequence,
                                  std::vector<domain::BookLevel> bids, std::vector<domain::BookLevel> asks,
                                  std::int64_t time_ms, std::uint64_t previous_sequence) {
  wire::MarketDepth depth{.sequence = domain::SequenceNumber(sequence),
                          .timestamp_ns = time_ms * kNsPerMs,
                          .symbol = symbol.id,
                          .code = symbol.code,
                          .changes = {},
                          .previous_sequence = domain::SequenceNumber(previous_sequence)};
  for (const auto& level : bids)
    depth.changes.push_back({symbol.id, domain::Side::kBuy, level.price, level.quantity, 0});
  for (const auto& level : asks)
    depth.changes.push_back({symbol.id, domain::Side::kSell, level.price, level.quantity, 0});
  return Message(ports::topic::kDepth, symbol, sequence, wire::EncodeMarketDepth(depth));
}

domain::BookLevel Level(std::int64_t price, std::int64_t quantity) {
  return {domain::Price(price), domain::Quantity(quantity)};
}

class FakeMarketBus::Consumer final : public ports::MarketConsumer {
 public:
  explicit Consumer(FakeMarketBus& bus) : bus_(bus) {}

  absl::StatusOr<std::vector<ports::MarketDelivery>> Poll(std::size_t max, std::chrono::milliseconds timeout) override {
    std::unique_lock lock(bus_.mutex_);
    bus_.consumer_waits_ = true;
    bus_.changed_.notify_all();
    bus_.changed_.wait_for(lock, timeout, [&] { return bus_.closed_ || bus_.next_ < bus_.messages_.size(); });
    if (bus_.closed_) return absl::CancelledError("closed");
    if (bus_.fail_polls_) return absl::UnavailableError("told to");
    std::vector<ports::MarketDelivery> batch;
    for (; bus_.next_ < bus_.messages_.size() && batch.size() < max; ++bus_.next_) {
      const ports::MarketMessage& message = bus_.messages_[bus_.next_];
      if (std::ranges::find(bus_.topics_, message.topic) == bus_.topics_.end()) continue;
      batch.push_back({message, bus_.next_});
    }
    // Afterwards it handles what it was given.
    bus_.consumer_waits_ = false;
    return batch;
  }
  absl::Status Commit() override {
    std::lock_guard lock(bus_.mutex_);
    bus_.committed_ = bus_.next_;
    return absl::OkStatus();
  }
  [[nodiscard]] std::uint64_t Lag() const override {
    std::lock_guard lock(bus_.mutex_);
    return bus_.next_ - bus_.committed_ + bus_.backlog_;
  }

 private:
  FakeMarketBus& bus_;
};

absl::Status FakeMarketBus::Publish(const std::vector<ports::MarketMessage>& messages) {
  {
    std::lock_guard lock(mutex_);
    if (fail_publish_) return absl::UnavailableError("told to");
    messages_.insert(messages_.end(), messages.begin(), messages.end());
  }
  changed_.notify_all();
  return absl::OkStatus();
}

void FakeMarketBus::SetBacklog(std::uint64_t messages) {
  std::lock_guard lock(mutex_);
  backlog_ = messages;
}

absl::StatusOr<domain::EventId> FakeMarketBus::LastId(std::string_view) { return domain::EventId{}; }

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> FakeMarketBus::Subscribe(std::string_view group,
                                                                                const std::vector<std::string>& topics,
                                                                                ports::StartAt start) {
  XT_CHECK(group.empty() && start == ports::StartAt::kOldest, "market-data reads everything, each time");
  std::lock_guard lock(mutex_);
  if (fail_subscribe_) return absl::UnavailableError("told to");
  topics_ = topics;
  return std::make_unique<Consumer>(*this);
}

void FakeMarketBus::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void FakeMarketBus::FailSubscribe() {
  std::lock_guard lock(mutex_);
  fail_subscribe_ = true;
}

void FakeMarketBus::FailPolls(bool fail) {
  std::lock_guard lock(mutex_);
  fail_polls_ = fail;
}

void FakeMarketBus::FailPublish(bool fail) {
  std::lock_guard lock(mutex_);
  fail_publish_ = fail;
}

std::vector<ports::MarketMessage> FakeMarketBus::Messages(std::string_view topic) const {
  std::lock_guard lock(mutex_);
  std::vector<ports::MarketMessage> found;
  std::ranges::copy_if(messages_, std::back_inserter(found),
                       [&](const auto& message) { return message.topic == topic; });
  return found;
}

bool FakeMarketBus::WaitUntilHandled() const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return consumer_waits_ && next_ == messages_.size(); });
}

bool FakeMarketBus::WaitForMessages(std::string_view topic, std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] {
    return std::cmp_greater_equal(std::ranges::count(messages_, topic, &ports::MarketMessage::topic), count);
  });
}

void FakeExecutions::Add(std::uint64_t first, std::uint64_t last, std::int64_t time_ms) {
  const std::lock_guard lock(mutex_);
  for (std::uint64_t n = first; n <= last; ++n) {
    domain::CommandResult result{domain::SequenceNumber(n), time_ms * kNsPerMs, {}};
    if (n % 2 == 1) {
      result.events.emplace_back(domain::Trade{domain::TradeId(n), domain::SymbolId(0), domain::Price(100),
                                               domain::Quantity(1), domain::Side::kBuy, domain::OrderId(1),
                                               domain::OrderId(2), domain::AccountId(1), domain::AccountId(2)});
    } else {
      result.events.emplace_back(domain::BookChange{domain::SymbolId(0), domain::Side::kBuy, domain::Price(99),
                                                    domain::Quantity(static_cast<std::int64_t>(n)), 1});
    }
    entries_.push_back({result.sequence, std::make_shared<const std::string>(wire::EncodeEventBatch(result))});
  }
  changed_.notify_all();
}

std::vector<ports::EventEntry> FakeExecutions::Behind(domain::SequenceNumber after, std::size_t max) const {
  std::vector<ports::EventEntry> behind;
  for (const ports::EventEntry& entry : entries_) {
    if (entry.sequence > after && behind.size() < max) behind.push_back(entry);
  }
  return behind;
}

absl::StatusOr<std::vector<ports::EventEntry>> FakeExecutions::ReadBehind(domain::SequenceNumber after, std::size_t max,
                                                                          std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return !Behind(after, 1).empty(); });
  return Behind(after, max);
}

bool FakeNotificationBus::WaitForNotifications(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return notifications_.size() >= count; });
}

absl::Status FakeNotificationBus::Publish(const std::vector<ports::Notification>& notifications) {
  std::lock_guard lock(mutex_);
  notifications_.insert(notifications_.end(), notifications.begin(), notifications.end());
  changed_.notify_all();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> FakeNotificationBus::Consume(const ports::QueueOptions&) {
  return absl::UnimplementedError("not consumed here");
}

absl::StatusOr<std::vector<ports::Notification>> FakeNotificationBus::TakeDeadLetters(std::size_t) {
  return std::vector<ports::Notification>{};
}

std::vector<ports::Notification> FakeNotificationBus::Notifications() const {
  std::lock_guard lock(mutex_);
  return notifications_;
}

absl::StatusOr<domain::BookSnapshot> FakeMatching::GetBook(domain::SymbolId symbol, std::size_t) {
  std::lock_guard lock(mutex_);
  if (!present_) return absl::UnavailableError("matching is absent");
  const auto found = books_.find(symbol);
  if (found == books_.end()) return absl::NotFoundError("no such symbol");
  return found->second;
}

absl::StatusOr<ports::ReferenceData> FakeMatching::GetReferenceData() {
  absl::StatusOr<ports::ReferenceData> answer = absl::UnavailableError("matching is absent");
  {
    std::lock_guard lock(mutex_);
    ++questions_;
    if (present_) answer = data_;
  }
  changed_.notify_all();
  return answer;
}

absl::StatusOr<ports::StateDigest> FakeMatching::GetStateDigest() { return absl::UnimplementedError("not asked here"); }

void FakeMatching::SetPresent(bool present) {
  std::lock_guard lock(mutex_);
  present_ = present;
}

void FakeMatching::Define(const domain::Symbol& symbol, const domain::BookSnapshot& book) {
  std::lock_guard lock(mutex_);
  XT_CHECK(data_.symbols.size() == symbol.id.value(), "position is id");
  data_.symbols.push_back(symbol);
  books_[symbol.id] = book;
}

void FakeMatching::SetBook(const domain::BookSnapshot& book) {
  std::lock_guard lock(mutex_);
  books_[book.symbol] = book;
}

bool FakeMatching::WaitForQuestions(std::uint64_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return questions_ >= count; });
}

absl::Status FakeElection::Campaign(Observer observer) {
  if (fail_) return absl::UnavailableError("no election");
  observer_ = std::move(observer);
  return absl::OkStatus();
}

void FakeElection::Resign() {
  SetLeader(false);
  observer_ = nullptr;
  resigned_ = true;
}

void FakeElection::SetLeader(bool leader) {
  if (leader == std::exchange(leader_, leader) || !observer_) return;
  observer_({.leader = leader, .epoch = domain::Epoch(1), .leader_id = "a"});
}

}  // namespace xt::market_data::testing
