// LeaderRouter: OrderSequencing over several sequencers of which at most one leads. A command goes to the instance that
// answered last. UNAVAILABLE means that the instance certainly did not take it: the command waits, and a leader is
// searched for: the first waiting command is offered to one instance after the other, a round of all in 30 ms, until
// one takes it; then the others follow. An instance that keeps the offered command without an answer is passed over
// after half a second, with the next command. A command that waited for `leader_wait` is answered UNAVAILABLE. Every
// other outcome, UNKNOWN included, is passed on as it is: whether to send a command again is the caller's decision.
//
// Order: waiting commands are sent in the order of their submission. Overtaken can be only what was sent and is refused
// after a leader was found: by an instance that was passed over, or by the leader before.
// Bounds: at most max_in_flight commands are unanswered, waiting or sent; beyond it they are RESOURCE_EXHAUSTED.
// Threads: Submit from any thread. Outcomes come on threads of the instances' clients, on a thread of this object, or
// inside Submit. The destructor answers what is left (UNKNOWN when sent, UNAVAILABLE when not) before it returns.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/ports/order_sequencing.h"

namespace xt::grpc_clients {

class LeaderRouter final : public ports::OrderSequencing {
 public:
  // Makes the client of the instance at an address; the callback is told of its connection, as ConnectToSequencer does.
  using Connector = std::function<std::unique_ptr<ports::OrderSequencing>(
      const std::string& address, std::function<void(bool connected)> on_connection)>;

  static constexpr std::chrono::milliseconds kProbePatience{500};

  // Of the options it uses addresses, max_in_flight, leader_wait and on_connection.
  LeaderRouter(const ClientOptions& options, const Connector& connect,
               std::chrono::milliseconds probe_patience = kProbePatience);
  ~LeaderRouter() override;
  LeaderRouter(const LeaderRouter&) = delete;
  LeaderRouter& operator=(const LeaderRouter&) = delete;

  void Submit(const domain::Command& command, Done done) override;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Item {
    domain::Command command;
    Done done;
    std::uint64_t number = 0;
    SteadyTime deadline;
  };
  using ItemPtr = std::shared_ptr<Item>;
  // To whom a command was sent, and as what.
  struct Attempt {
    std::size_t instance = 0;
    std::uint64_t term = 0;
    bool probe = false;
  };
  struct Instance {
    std::unique_ptr<ports::OrderSequencing> client;
    bool probed = false;  // has a probe that it did not answer yet
  };

  void Run();
  void Send(const ItemPtr& item, Attempt attempt);
  void OnOutcome(const ItemPtr& item, Attempt attempt, absl::StatusOr<domain::CommandResult> outcome);
  void OnConnection(bool connected);
  // With the lock; they release it while they call others.
  void Expire(std::unique_lock<std::mutex>& lock);
  void SendWaiting(std::unique_lock<std::mutex>& lock);
  void Probe(std::unique_lock<std::mutex>& lock, std::size_t instance);
  // Under the lock.
  void Learn(Attempt attempt, const absl::Status& outcome);
  [[nodiscard]] std::optional<std::size_t> NextToProbe() const;
  [[nodiscard]] ItemPtr TakeFirstWaiting();

  const ClientOptions options_;
  const std::chrono::milliseconds probe_patience_;
  std::vector<Instance> instances_;

  std::mutex mutex_;
  std::condition_variable changed_;  // for thread_
  bool stopping_ = false;
  std::optional<std::size_t> leader_;  // none: it is searched for
  std::uint64_t term_ = 0;             // counts the leaders that were found
  std::size_t next_ = 0;               // the next one to probe
  SteadyTime probed_at_;
  SteadyTime next_probe_at_;
  std::string refusal_;                       // the last one
  std::map<std::uint64_t, ItemPtr> waiting_;  // by number, which is also by deadline
  bool sending_waiting_ = false;
  std::size_t unanswered_ = 0;
  std::uint64_t last_number_ = 0;

  std::mutex telling_;
  std::size_t connected_ = 0;

  std::thread thread_;
};

}  // namespace xt::grpc_clients
