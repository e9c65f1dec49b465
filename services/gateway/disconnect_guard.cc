#include "services/gateway/disconnect_guard.h"

#include <algorithm>
#include <string>
#include <vector>

#include "libs/runtime/log.h"

namespace xt::gateway {
namespace {

using std::chrono::steady_clock;

constexpr int kRenewalsPerTimeout = 3;

template <typename Answer>
std::optional<Refusal> RefusalIn(const std::variant<Answer, Refusal>& outcome) {
  const auto* refusal = std::get_if<Refusal>(&outcome);
  return refusal == nullptr ? std::nullopt : std::optional(*refusal);
}

void Warn(std::string_view what, domain::AccountId account, const Refusal& refusal) {
  runtime::Log(runtime::LogLevel::kWarn, what,
               {{"account", account.value()}, {"reason", domain::RejectReasonCode(refusal.reason)}});
}

}  // namespace

DisconnectGuard::DisconnectGuard(std::shared_ptr<OrderDesk> desk, const Clock& clock, std::int64_t timeout_ms)
    : desk_(std::move(desk)),
      clock_(clock),
      timeout_ms_(timeout_ms),
      renewal_(std::max<std::int64_t>(1, timeout_ms / kRenewalsPerTimeout)),
      thread_([this] { Run(); }) {}

DisconnectGuard::~DisconnectGuard() { Stop(); }

void DisconnectGuard::Watch(domain::AccountId account, domain::OrderGroup group, Armed armed) {
  Key key(account, group);
  {
    const std::lock_guard lock(mutex_);
    ++watched_[key];
  }
  Post({Step::kArm, key, std::move(armed)});
}

void DisconnectGuard::Release(domain::AccountId account, domain::OrderGroup group) {
  const Key key(account, group);
  {
    const std::lock_guard lock(mutex_);
    const auto it = watched_.find(key);
    if (it == watched_.end() || --it->second != 0) return;
    watched_.erase(it);
  }
  Post({Step::kEnd, key, nullptr});
}

void DisconnectGuard::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_all();
}

bool DisconnectGuard::Flush(steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return idle_.wait_until(lock, deadline, [&] { return tasks_.empty() && !busy_; });
}

void DisconnectGuard::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DisconnectGuard::Run() {
  auto next_renewal = steady_clock::now() + renewal_;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait_until(lock, next_renewal, [&] { return stopping_ || !tasks_.empty(); });
    if (!tasks_.empty()) {
      const Task task = std::move(tasks_.front());
      tasks_.pop_front();
      busy_ = true;
      lock.unlock();
      Do(task);
      lock.lock();
      busy_ = false;
      if (tasks_.empty()) idle_.notify_all();
    } else if (stopping_) {
      return;
    }
    if (steady_clock::now() < next_renewal) continue;
    next_renewal = steady_clock::now() + renewal_;
    lock.unlock();
    RenewAll();
    lock.lock();
  }
}

void DisconnectGuard::Do(const Task& task) {
  switch (task.step) {
    case Step::kArm: return Arm(task.key, task.armed);
    case Step::kEnd: return IsWatched(task.key) ? void() : CancelGroup(task.key);
    case Step::kDisarm: return IsWatched(task.key) ? void() : Disarm(task.key);
  }
}

bool DisconnectGuard::IsWatched(const Key& key) {
  const std::lock_guard lock(mutex_);
  return watched_.contains(key);
}

void DisconnectGuard::RenewAll() {
  std::vector<Key> keys;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, streams] : watched_) keys.push_back(key);
  }
  for (const Key& key : keys) {
    // The next renewal tries again, and there are several before the countdown is due.
    Arm(key, [account = key.first](const std::optional<Refusal>& refusal) {
      if (refusal) Warn("a countdown was not renewed", account, *refusal);
    });
  }
}

void DisconnectGuard::Arm(const Key& key, Armed armed) {
  desk_->Countdown(
      {key.first, key.second, timeout_ms_}, Now(),
      [armed = std::move(armed)](const CountdownOutcome& outcome) { armed(RefusalIn(outcome)); }, Admission::kAlways);
}

// The countdown stays armed until the cancel is known to have been done.
void DisconnectGuard::CancelGroup(const Key& key) {
  desk_->CancelAll(
      {key.first, domain::kAllSymbols, key.second}, Now(),
      [this, key](const CancelAllOutcome& outcome) {
        if (const auto refusal = RefusalIn(outcome))
          return Warn("orders wait for their countdown", key.first, *refusal);
        Post({Step::kDisarm, key, nullptr});
      },
      Admission::kAlways);
}

void DisconnectGuard::Disarm(const Key& key) {
  desk_->Countdown(
      {key.first, key.second, 0}, Now(),
      [key](const CountdownOutcome& outcome) {
        if (const auto refusal = RefusalIn(outcome)) Warn("a countdown was not disarmed", key.first, *refusal);
      },
      Admission::kAlways);
}

}  // namespace xt::gateway
