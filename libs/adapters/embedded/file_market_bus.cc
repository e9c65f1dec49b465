#include "libs/adapters/embedded/file_market_bus.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/adapters/embedded/internal/market_topic.h"
#include "libs/adapters/embedded/internal/slot_file.h"
#include "libs/base/status.h"

namespace xt::embedded {

using ports::MarketDelivery;
using ports::MarketMessage;

namespace {

absl::Status Closed() { return absl::CancelledError("the market bus was closed"); }

}  // namespace

struct FileMarketBus::State {
  // Who reads a topic for a group, and how far the group is.
  struct Membership {
    const Consumer* reader = nullptr;
    bool has_committed = false;
    std::uint64_t committed = 0;
    SlotFile file;
  };

  std::string folder;
  FileMarketBusOptions options;
  Fd lock;
  std::mutex mutex;
  std::condition_variable changed;  // something was published, a reader left, or the bus was closed
  std::map<std::string, std::unique_ptr<MarketTopic>, std::less<>> topics;
  std::map<std::pair<std::string, std::string>, Membership> memberships;  // by group and topic; named groups only
  bool closed = false;

  absl::StatusOr<MarketTopic*> Topic(std::string_view name);
  absl::StatusOr<Membership*> Member(const std::string& group, const std::string& topic);
};

absl::StatusOr<MarketTopic*> FileMarketBus::State::Topic(std::string_view name) {
  if (const auto found = topics.find(name); found != topics.end()) return found->second.get();
  if (!IsFileNamePart(name)) return absl::InvalidArgumentError("a topic has 1..64 characters of [A-Za-z0-9._-]");
  const std::string key(name);
  XT_ASSIGN_OR_RETURN(auto topic, MarketTopic::Open(key, absl::StrCat(folder, "/topics/", key), options.segment_bytes,
                                                    options.retain_bytes));
  return (topics[key] = std::move(topic)).get();
}

absl::StatusOr<FileMarketBus::State::Membership*> FileMarketBus::State::Member(const std::string& group,
                                                                               const std::string& topic) {
  if (const auto known = memberships.find({group, topic}); known != memberships.end()) return &known->second;
  XT_ASSIGN_OR_RETURN(SlotFile file, SlotFile::Open(absl::StrCat(folder, "/groups/", group, "/", topic)));
  Membership& membership = memberships[{group, topic}];
  // A damaged offset starts the group over: delivered again, never skipped.
  membership.has_committed = absl::SimpleAtoi(file.content(), &membership.committed) || file.damaged();
  membership.file = std::move(file);
  return &membership;
}

class FileMarketBus::Consumer final : public ports::MarketConsumer {
 public:
  Consumer(std::shared_ptr<State> state, std::string group) : state_(std::move(state)), group_(std::move(group)) {}
  ~Consumer() override;

  // Called once per topic before anything else, under the lock.
  absl::Status Add(const std::string& topic, ports::StartAt start);

  absl::StatusOr<std::vector<MarketDelivery>> Poll(std::size_t max, std::chrono::milliseconds timeout) override;
  absl::Status Commit() override;
  [[nodiscard]] std::uint64_t Lag() const override;

 private:
  struct Subscription {
    MarketTopic* topic = nullptr;
    State::Membership* membership = nullptr;  // null in the empty group
    std::uint64_t start = 0;                  // without a committed offset
    std::uint64_t committed = 0;
    std::uint64_t position = 0;
    bool reading = false;
  };

  // Takes the topic over when nobody of the group reads it.
  void TryToRead(Subscription& subscription);
  bool HasMessages();

  const std::shared_ptr<State> state_;
  const std::string group_;
  std::vector<Subscription> subscriptions_;
  std::size_t first_ = 0;  // where the next Poll begins, so that no topic starves another
};

FileMarketBus::Consumer::~Consumer() {
  {
    std::lock_guard lock(state_->mutex);
    for (const Subscription& subscription : subscriptions_) {
      if (subscription.membership != nullptr && subscription.reading) subscription.membership->reader = nullptr;
    }
  }
  state_->changed.notify_all();
}

absl::Status FileMarketBus::Consumer::Add(const std::string& topic, ports::StartAt start) {
  Subscription subscription;
  XT_ASSIGN_OR_RETURN(subscription.topic, state_->Topic(topic));
  subscription.start = start == ports::StartAt::kNewest ? subscription.topic->end() : subscription.topic->begin();
  if (!group_.empty()) {
    XT_ASSIGN_OR_RETURN(subscription.membership, state_->Member(group_, topic));
  }
  TryToRead(subscription);
  subscriptions_.push_back(subscription);
  return absl::OkStatus();
}

void FileMarketBus::Consumer::TryToRead(Subscription& subscription) {
  if (subscription.reading) return;
  subscription.committed = subscription.start;
  if (State::Membership* membership = subscription.membership; membership != nullptr) {
    if (membership->reader != nullptr) return;
    membership->reader = this;
    if (membership->has_committed) subscription.committed = membership->committed;
  }
  subscription.committed = std::min(subscription.committed, subscription.topic->end());
  subscription.position = subscription.committed;
  subscription.reading = true;
}

bool FileMarketBus::Consumer::HasMessages() {
  bool any = false;
  for (Subscription& subscription : subscriptions_) {
    TryToRead(subscription);
    any = any || (subscription.reading && subscription.position < subscription.topic->end());
  }
  return any;
}

absl::StatusOr<std::vector<MarketDelivery>> FileMarketBus::Consumer::Poll(std::size_t max,
                                                                          std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, timeout, [this] { return state_->closed || HasMessages(); });
  if (state_->closed) return Closed();
  lock.unlock();
  std::vector<MarketDelivery> deliveries;
  const std::size_t count = subscriptions_.size();
  for (std::size_t i = 0; i < count && deliveries.size() < max; ++i) {
    Subscription& subscription = subscriptions_[(first_ + i) % count];
    if (!subscription.reading) continue;
    // An equal share for each topic that is left, so that one with a backlog leaves room for the others.
    const std::size_t share = (max - deliveries.size() + count - i - 1) / (count - i);
    auto position = subscription.topic->Read(subscription.position, share, deliveries);
    XT_RETURN_IF_ERROR(position.status());
    subscription.position = *position;
  }
  if (count > 0) first_ = (first_ + 1) % count;
  return deliveries;
}

absl::Status FileMarketBus::Consumer::Commit() {
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  for (Subscription& subscription : subscriptions_) {
    if (!subscription.reading || subscription.committed == subscription.position) continue;
    if (State::Membership* membership = subscription.membership; membership != nullptr) {
      XT_RETURN_IF_ERROR(membership->file.Store(absl::StrCat(subscription.position)));
      membership->committed = subscription.position;
      membership->has_committed = true;
    }
    subscription.committed = subscription.position;
  }
  return absl::OkStatus();
}

std::uint64_t FileMarketBus::Consumer::Lag() const {
  std::lock_guard lock(state_->mutex);
  std::uint64_t lag = 0;
  for (const Subscription& subscription : subscriptions_) {
    if (!subscription.reading) continue;
    lag += subscription.topic->end() - std::max(subscription.committed, subscription.topic->begin());
  }
  return lag;
}

FileMarketBus::FileMarketBus(std::shared_ptr<State> state) : state_(std::move(state)) {}
FileMarketBus::~FileMarketBus() { Close(); }

absl::StatusOr<std::unique_ptr<FileMarketBus>> FileMarketBus::Open(std::string folder, FileMarketBusOptions options) {
  auto state = std::make_shared<State>();
  state->folder = std::move(folder);
  state->options = options;
  XT_RETURN_IF_ERROR(MakeFolders(state->folder + "/topics"));
  XT_RETURN_IF_ERROR(MakeFolders(state->folder + "/groups"));
  XT_ASSIGN_OR_RETURN(state->lock, LockFolder(state->folder));
  return std::unique_ptr<FileMarketBus>(new FileMarketBus(std::move(state)));
}

absl::Status FileMarketBus::Publish(const std::vector<MarketMessage>& messages) {
  {
    std::lock_guard lock(state_->mutex);
    if (state_->closed) return Closed();
    std::map<MarketTopic*, std::vector<const MarketMessage*>> by_topic;
    for (const MarketMessage& message : messages) {
      XT_ASSIGN_OR_RETURN(MarketTopic * topic, state_->Topic(message.topic));
      by_topic[topic].push_back(&message);
    }
    for (const auto& [topic, batch] : by_topic) XT_RETURN_IF_ERROR(topic->Append(batch));
  }
  state_->changed.notify_all();
  return absl::OkStatus();
}

absl::StatusOr<domain::EventId> FileMarketBus::LastId(std::string_view topic) {
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  XT_ASSIGN_OR_RETURN(const MarketTopic* found, state_->Topic(topic));
  return found->LastId();
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> FileMarketBus::Subscribe(std::string_view group,
                                                                                const std::vector<std::string>& topics,
                                                                                ports::StartAt start) {
  if (!group.empty() && !IsFileNamePart(group)) {
    return absl::InvalidArgumentError("a group has 1..64 characters of [A-Za-z0-9._-]");
  }
  if (!group.empty()) XT_RETURN_IF_ERROR(MakeFolders(absl::StrCat(state_->folder, "/groups/", std::string(group))));
  auto consumer = std::make_unique<Consumer>(state_, std::string(group));
  // Released before the consumer, whose destructor takes it.
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  for (const std::string& topic : topics) XT_RETURN_IF_ERROR(consumer->Add(topic, start));
  return consumer;
}

void FileMarketBus::Close() {
  {
    std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  state_->changed.notify_all();
}

std::uint64_t FileMarketBus::SizeBytes() const {
  std::lock_guard lock(state_->mutex);
  std::uint64_t bytes = 0;
  for (const auto& [name, topic] : state_->topics) bytes += topic->SizeBytes();
  return bytes;
}

}  // namespace xt::embedded
