#include "libs/adapters/postgres/internal/call_watch.h"

#include <sys/socket.h>

#include <algorithm>

namespace xt::postgres {

CallWatch::Call::Call(CallWatch& watch, int socket, Deadline deadline) : watch_(watch) {
  std::lock_guard lock(watch_.mutex_);
  entry_ = watch_.calls_.insert(watch_.calls_.end(), {socket, deadline});
  if (deadline < watch_.wake_at_) watch_.changed_.notify_one();
}

CallWatch::Call::~Call() {
  std::lock_guard lock(watch_.mutex_);
  watch_.calls_.erase(entry_);
}

CallWatch::CallWatch() : thread_([this] { Run(); }) {}

CallWatch::~CallWatch() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void CallWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    wake_at_ = CutOverdue();
    if (wake_at_ == Deadline::max()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, wake_at_);
    }
  }
}

Deadline CallWatch::CutOverdue() {
  const Deadline now = std::chrono::steady_clock::now();
  Deadline next = Deadline::max();
  for (Watched& call : calls_) {
    if (call.deadline <= now) {
      ::shutdown(call.socket, SHUT_RDWR);
      call.deadline = Deadline::max();
    }
    next = std::min(next, call.deadline);
  }
  return next;
}

}  // namespace xt::postgres
