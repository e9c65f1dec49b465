#include "services/gateway/pending_calls.h"

#include <utility>

namespace xt::gateway {

using std::chrono::steady_clock;

PendingCalls::PendingCalls(std::size_t capacity, std::chrono::milliseconds timeout)
    : capacity_(capacity), timeout_(timeout), thread_([this] { Run(); }) {}

PendingCalls::~PendingCalls() { Close(); }

std::uint64_t PendingCalls::Add(std::function<void()> on_expiry) {
  std::lock_guard lock(mutex_);
  if (closed_ || entries_.size() >= capacity_) return 0;
  const std::uint64_t id = ++last_id_;
  if (entries_.empty()) changed_.notify_one();
  entries_.emplace_hint(entries_.end(), id, Entry{steady_clock::now() + timeout_, std::move(on_expiry)});
  return id;
}

bool PendingCalls::Take(std::uint64_t id) {
  // The callback is destroyed after the lock is released: it may own a whole request.
  std::map<std::uint64_t, Entry>::node_type taken;
  std::lock_guard lock(mutex_);
  taken = entries_.extract(id);
  if (entries_.empty()) empty_.notify_all();
  return !taken.empty();
}

bool PendingCalls::WaitUntilEmpty(steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, deadline, [&] { return entries_.empty(); });
}

void PendingCalls::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::size_t PendingCalls::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void PendingCalls::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    if (entries_.empty()) {
      empty_.notify_all();
      if (closed_) return;
      changed_.wait(lock);
      continue;
    }
    const auto oldest = entries_.begin();
    if (!closed_ && oldest->second.deadline > steady_clock::now()) {
      const auto deadline = oldest->second.deadline;
      changed_.wait_until(lock, deadline);
      continue;
    }
    auto expired = entries_.extract(oldest);
    lock.unlock();
    expired.mapped().on_expiry();
    lock.lock();
  }
}

}  // namespace xt::gateway
