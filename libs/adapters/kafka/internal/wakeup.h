// Wakeup: what a consumer waits on while it has nothing to read: a message came, a rebalance, or the bus was closed.
// Thread-safe. Notify is called by threads of librdkafka that hold locks of theirs, so nobody calls the library while
// holding the lock in here.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "libs/adapters/kafka/internal/client.h"

namespace xt::kafka {

class Wakeup {
 public:
  void Notify() {
    {
      std::lock_guard lock(mutex_);
      ++count_;
    }
    changed_.notify_all();
  }
  void Close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }
  [[nodiscard]] bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }
  // Taken before looking for something to do.
  [[nodiscard]] std::uint64_t count() const {
    std::lock_guard lock(mutex_);
    return count_;
  }
  // Until something happened since `seen` was taken, or the deadline.
  void WaitSince(std::uint64_t seen, Deadline deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return closed_ || count_ != seen; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t count_ = 0;
  bool closed_ = false;
};

}  // namespace xt::kafka
