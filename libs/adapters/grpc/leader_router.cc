#include "libs/adapters/grpc/leader_router.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/grpc/order_sequencing_client.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace xt::grpc_clients {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kRound{30};
constexpr std::size_t kSendBatch = 256;

// Backpressure is an answer of a leader.
bool IsFromLeader(const absl::Status& outcome) { return outcome.ok() || absl::IsResourceExhausted(outcome); }

}  // namespace

LeaderRouter::LeaderRouter(const ClientOptions& options, const Connector& connect, milliseconds probe_patience)
    : options_(options), probe_patience_(probe_patience) {
  XT_CHECK(!options_.addresses.empty(), "a client without an address");
  for (const std::string& address : options_.addresses) {
    instances_.push_back({connect(address, [this](bool connected) { OnConnection(connected); })});
  }
  thread_ = std::thread([this] { Run(); });
}

LeaderRouter::~LeaderRouter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (Instance& instance : instances_) instance.client.reset();
  for (const auto& [number, item] : waiting_) item->done(absl::UnavailableError("the client ends; not sent"));
}

void LeaderRouter::Submit(const domain::Command& command, Done done) {
  const auto item = std::make_shared<Item>(Item{command, std::move(done), 0, {}});
  std::optional<Attempt> attempt;
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    full = unanswered_ >= options_.max_in_flight;
    if (!full) {
      ++unanswered_;
      item->number = ++last_number_;
      item->deadline = steady_clock::now() + options_.leader_wait;
      if (leader_ && waiting_.empty() && !sending_waiting_) {
        attempt = Attempt{*leader_, term_, false};
      } else {
        waiting_.emplace_hint(waiting_.end(), item->number, item);
      }
    }
  }
  if (full) return item->done(absl::ResourceExhaustedError("too many commands wait for their answer"));
  if (attempt) return Send(item, *attempt);
  changed_.notify_one();
}

void LeaderRouter::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const SteadyTime now = steady_clock::now();
    const std::optional<std::size_t> instance = NextToProbe();
    if (waiting_.empty()) {
      changed_.wait(lock);
    } else if (waiting_.begin()->second->deadline <= now) {
      Expire(lock);
    } else if (leader_) {
      SendWaiting(lock);
    } else if (instance && next_probe_at_ <= now) {
      Probe(lock, *instance);
    } else {
      const SteadyTime deadline = waiting_.begin()->second->deadline;
      changed_.wait_until(lock, instance ? std::min(deadline, next_probe_at_) : deadline);
    }
  }
}

void LeaderRouter::Send(const ItemPtr& item, Attempt attempt) {
  instances_[attempt.instance].client->Submit(item->command,
                                              [this, item, attempt](absl::StatusOr<domain::CommandResult> outcome) {
                                                OnOutcome(item, attempt, std::move(outcome));
                                              });
}

void LeaderRouter::OnOutcome(const ItemPtr& item, Attempt attempt, absl::StatusOr<domain::CommandResult> outcome) {
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    Learn(attempt, outcome.status());
    waits = absl::IsUnavailable(outcome.status()) && !stopping_;
    if (waits) {
      refusal_ = MessageOf(outcome.status());
      waiting_.emplace(item->number, item);
    } else {
      --unanswered_;
    }
  }
  if (waits || attempt.probe) changed_.notify_one();
  if (!waits) item->done(std::move(outcome));
}

void LeaderRouter::Learn(Attempt attempt, const absl::Status& outcome) {
  if (attempt.probe) {
    instances_[attempt.instance].probed = false;
    next_probe_at_ = probed_at_ + kRound / instances_.size();
    if (leader_ || !IsFromLeader(outcome)) return;
    leader_ = attempt.instance;
    ++term_;
  } else if (leader_ && attempt.term == term_ && absl::IsUnavailable(outcome)) {
    leader_ = std::nullopt;
    next_ = (attempt.instance + 1) % instances_.size();
    next_probe_at_ = steady_clock::now();
  }
}

std::optional<std::size_t> LeaderRouter::NextToProbe() const {
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    const std::size_t instance = (next_ + i) % instances_.size();
    if (!instances_[instance].probed) return instance;
  }
  return std::nullopt;
}

LeaderRouter::ItemPtr LeaderRouter::TakeFirstWaiting() {
  ItemPtr item = std::move(waiting_.begin()->second);
  waiting_.erase(waiting_.begin());
  return item;
}

void LeaderRouter::Probe(std::unique_lock<std::mutex>& lock, std::size_t instance) {
  const ItemPtr item = TakeFirstWaiting();
  instances_[instance].probed = true;
  next_ = (instance + 1) % instances_.size();
  probed_at_ = steady_clock::now();
  next_probe_at_ = probed_at_ + probe_patience_;
  const Attempt attempt{instance, term_, true};
  lock.unlock();
  Send(item, attempt);
  lock.lock();
}

void LeaderRouter::SendWaiting(std::unique_lock<std::mutex>& lock) {
  std::vector<ItemPtr> items;
  while (!waiting_.empty() && items.size() < kSendBatch) items.push_back(TakeFirstWaiting());
  const Attempt attempt{*leader_, term_, false};
  sending_waiting_ = true;
  lock.unlock();
  for (const ItemPtr& item : items) Send(item, attempt);
  lock.lock();
  sending_waiting_ = false;
}

void LeaderRouter::Expire(std::unique_lock<std::mutex>& lock) {
  const SteadyTime now = steady_clock::now();
  std::vector<ItemPtr> expired;
  while (!waiting_.empty() && waiting_.begin()->second->deadline <= now) expired.push_back(TakeFirstWaiting());
  unanswered_ -= expired.size();
  const absl::Status status = absl::UnavailableError(
      absl::StrCat("no sequencer took it within ", options_.leader_wait.count(), " ms: ", refusal_));
  lock.unlock();
  for (const ItemPtr& item : expired) item->done(status);
  lock.lock();
}

// One at a time, so that the last word is the true one.
void LeaderRouter::OnConnection(bool connected) {
  const std::lock_guard lock(telling_);
  connected_ = connected ? connected_ + 1 : connected_ - 1;
  if (connected_ == (connected ? 1U : 0U) && options_.on_connection) options_.on_connection(connected);
}

std::unique_ptr<ports::OrderSequencing> ConnectOrderSequencing(const ClientOptions& options) {
  return std::make_unique<LeaderRouter>(
      options, [&options](const std::string& address, std::function<void(bool connected)> on_connection) {
        return ConnectToSequencer(address, options, std::move(on_connection));
      });
}

}  // namespace xt::grpc_clients
