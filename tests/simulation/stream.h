// Stream: a connection between two processes, as gRPC's: ordered both ways, each side on a thread of its own, broken when a
// process dies or nothing is heard of it for two seconds. What was sent before may have arrived or not.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "tests/simulation/world.h"

namespace xt::sim {

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  using Task = std::function<void()>;

  // By the client's process. `on_break` is called on each side's thread at most once, not after its own Close.
  static std::shared_ptr<Stream> Open(World& world, ProcessId client, ProcessId server, Task client_breaks,
                                      Task server_breaks);

  void ToServer(Task task) { Send(server_, *to_server_, std::move(task)); }
  void ToClient(Task task) { Send(client_, *to_client_, std::move(task)); }
  // By the client; nothing of this side runs after it but what runs now.
  void Close();
  // By the server: the client's side breaks.
  void Break();
  [[nodiscard]] bool broken() const { return client_.over; }

 private:
  struct Side {
    ProcessId process = kWorld;
    Task on_break;
    std::deque<Task> tasks;
    bool over = false;  // the other is gone
    bool closed = false;
    Nanos heard = 0;
    WaitQueue changed;
  };

  explicit Stream(World& world) : world_(world) {}
  void Send(Side& to, Pipe& pipe, Task task);
  void Run(Side& own, Pipe& pipe, Side& other);
  void End(Side& side);

  World& world_;
  Side client_;
  Side server_;
  std::shared_ptr<Pipe> to_server_;
  std::shared_ptr<Pipe> to_client_;
};

}  // namespace xt::sim
