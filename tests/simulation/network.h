// Network: what lies between the hosts. A message takes its time, is lost on a cut way, is late in a connection that stalls,
// and keeps its order only within a pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "tests/simulation/kernel.h"

namespace xt::sim {

using Host = std::uint32_t;

class Network {
 public:
  explicit Network(Kernel& kernel) : kernel_(kernel) {}

  // How much slower than usual messages are; 1 is usual.
  void SetSlowness(Nanos factor) { slowness_ = factor; }
  // The message of this number from now on, in any connection to `to`, will be late, and what follows it there; 0: none.
  void HoldUp(Host to, std::uint64_t number) { held_up_[to] = number; }
  Nanos Lateness(Host to) {
    const auto number = held_up_.find(to);
    if (number == held_up_.end() || number->second == 0 || --number->second != 0) return 0;
    return kernel_.rng().Between(300 * kMilli, 1'500 * kMilli);
  }
  void Cut(Host from, Host to) { cut_.insert({from, to}); }
  void Mend(Host from, Host to) { cut_.erase({from, to}); }
  void MendAll() { cut_.clear(); }
  // What is and will be on its way in the connections that are open now arrives when `until` has come, also what a
  // connection carried that is closed by then. Connections that are made from now on are not concerned.
  void Stall(Host from, Host to, Nanos until) { stalls_[{from, to}] = {++connections_, until}; }
  [[nodiscard]] std::uint64_t NewConnection() { return ++connections_; }
  [[nodiscard]] Nanos StalledUntil(Host from, Host to, std::uint64_t connection) const {
    const auto stall = stalls_.find({from, to});
    return stall == stalls_.end() || stall->second.before < connection ? 0 : stall->second.until;
  }
  [[nodiscard]] bool Lost(Host from, Host to) const { return cut_.contains({from, to}); }
  Nanos Delay() {
    const Nanos usual = kernel_.rng().Between(20 * kMicro, 200 * kMicro);
    return slowness_ * (kernel_.rng().Chance(5'000) ? 20 * usual : usual);
  }
  // `deliver` happens at the other end, or never.
  void Send(Host from, Host to, std::function<void()> deliver) {
    if (Lost(from, to)) return;
    kernel_.At(Delay(), [this, from, to, deliver = std::move(deliver)] {
      if (!Lost(from, to)) deliver();
    });
  }
  // Asks `serve` at the other end and waits for what it returns; nothing when the question or the answer was lost, or is late.
  // `serve` holds what it needs by value.
  template <typename Answer>
  std::optional<Answer> Call(Host from, Host to, Nanos timeout, std::function<std::optional<Answer>()> serve) {
    struct State {
      WaitQueue waiting;
      std::optional<Answer> answer;
      bool answered = false;
    };
    const auto state = std::make_shared<State>();
    Send(from, to, [this, from, to, state, serve = std::move(serve)] {
      auto answer = std::make_shared<std::optional<Answer>>(serve());
      if (!*answer) return;
      Send(to, from, [this, state, answer] {
        state->answer = std::move(*answer);
        state->answered = true;
        kernel_.NotifyAll(state->waiting);
      });
    });
    const Nanos deadline = kernel_.now() + timeout;
    while (!state->answered) {
      if (!kernel_.Wait(state->waiting, deadline)) break;
    }
    return std::move(state->answer);
  }

 private:
  struct Stalled {
    std::uint64_t before = 0;  // a number of NewConnection
    Nanos until = 0;
  };
  Kernel& kernel_;
  Nanos slowness_ = 1;
  std::uint64_t connections_ = 0;
  std::map<std::pair<Host, Host>, Stalled> stalls_;
  std::set<std::pair<Host, Host>> cut_;
  std::map<Host, std::uint64_t> held_up_;
};

// One direction of a connection: what is delivered keeps its order, and nothing is delivered after something was lost.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(Kernel& kernel, Network& network, Host from, Host to)
      : kernel_(kernel), network_(network), from_(from), to_(to), number_(network.NewConnection()) {}

  void Send(std::function<void()> deliver) {
    last_ = std::max(last_ + 1, kernel_.now() + network_.Delay() + network_.Lateness(to_));
    last_ = std::max(last_, network_.StalledUntil(from_, to_, number_));
    if (network_.Lost(from_, to_)) broken_ = true;
    Arrive(last_ - kernel_.now(), std::move(deliver));
  }

 private:
  // In the order of the calls: what is held up arrives together, in the order in which it came to stand.
  void Arrive(Nanos delay, std::function<void()> deliver) {
    kernel_.At(delay, [self = shared_from_this(), deliver = std::move(deliver)] {
      const Nanos until = self->network_.StalledUntil(self->from_, self->to_, self->number_);
      if (until > self->kernel_.now()) return self->Arrive(until - self->kernel_.now(), deliver);
      if (self->network_.Lost(self->from_, self->to_)) self->broken_ = true;
      if (!self->broken_) deliver();
    });
  }

  Kernel& kernel_;
  Network& network_;
  const Host from_;
  const Host to_;
  const std::uint64_t number_;
  Nanos last_ = 0;
  bool broken_ = false;
};

}  // namespace xt::sim
