// CallWatch: ends calls that take too long, by shutting down their sockets. libpq waits for an answer without a limit,
// and neither keepalives nor tcp_user_timeout help against a server that is stopped (SIGSTOP): its kernel still
// acknowledges. One thread of its own. Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace xt::postgres {

using Deadline = std::chrono::steady_clock::time_point;

class CallWatch {
  struct Watched {
    int socket;
    Deadline deadline;
  };

 public:
  // A call that is being watched, until the object goes.
  class Call {
   public:
    // `socket` stays open for as long as the object lives.
    Call(CallWatch& watch, int socket, Deadline deadline);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    CallWatch& watch_;
    std::list<Watched>::iterator entry_;
  };

  CallWatch();
  ~CallWatch();  // no call is watched any more
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

 private:
  void Run();
  // Shuts down what is overdue; when the next one will be.
  Deadline CutOverdue();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Watched> calls_;
  Deadline wake_at_ = Deadline::max();  // calls that end earlier do not change it: it wakes in vain then
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace xt::postgres
