// IoLoop: one thread with one io_context, and the connections (members) that live on it. Everything about a member
// happens on that thread, so members need no locks for their own state; other threads reach one through Wake(). One
// timer per loop drives the time-outs of all its members, instead of a timer each. An IoLoop outlives its server when
// somebody still holds a Responder or a WebSocketSession of it; then it is finished and ignores what it is told.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace xt::http::internal {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using TimePoint = std::chrono::steady_clock::time_point;

// All functions are called on the loop's thread.
class LoopMember : public std::enable_shared_from_this<LoopMember> {
 public:
  virtual ~LoopMember() = default;
  virtual void OnWake() {}
  virtual void OnTick(TimePoint now) = 0;
  virtual void OnStop() = 0;  // finish what is in flight and leave
  virtual void Cut() = 0;     // leave now
};

// How many members all loops of a server have, to wait for their leaving.
class MemberCount {
 public:
  void Add() {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  void Remove() {
    {
      std::lock_guard lock(mutex_);
      --count_;
    }
    changed_.notify_all();
  }
  void WaitForNone(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

class IoLoop {
 public:
  IoLoop(MemberCount& count, std::chrono::milliseconds tick);
  ~IoLoop();

  void Start();
  // On every member, now and of those that still come: OnStop, Cut.
  void StopMembers();
  void CutMembers();
  // After CutMembers(): waits until the thread has nothing left to do. Idempotent.
  void Finish();

  asio::io_context& context() { return context_; }
  template <typename Function>
  void Post(Function function) {
    asio::post(context_, std::move(function));
  }
  // From any thread: member->OnWake() soon, on the loop's thread. Several wakes travel together.
  void Wake(std::shared_ptr<LoopMember> member);
  [[nodiscard]] bool InThread() const;

  // On the loop's thread.
  void Add(const std::shared_ptr<LoopMember>& member);
  void Remove(LoopMember* member);
  [[nodiscard]] bool stopping() const { return stopping_; }

 private:
  void DrainWakes();
  void ArmTick();
  std::vector<std::shared_ptr<LoopMember>> Members() const;

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer tick_timer_;
  const std::chrono::milliseconds tick_;
  MemberCount* count_;  // the server's; not touched once finished
  std::thread thread_;

  bool stopping_ = false;
  std::unordered_map<LoopMember*, std::shared_ptr<LoopMember>> members_;

  std::mutex wake_mutex_;
  bool finished_ = false;
  bool wake_posted_ = false;
  std::vector<std::shared_ptr<LoopMember>> wakes_;
  std::vector<std::shared_ptr<LoopMember>> draining_;
};

}  // namespace xt::http::internal
