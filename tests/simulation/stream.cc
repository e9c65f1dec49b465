#include "tests/simulation/stream.h"

#include <utility>

namespace xt::sim {
namespace {

constexpr Nanos kPing = 700 * kMilli;
constexpr Nanos kSilence = 2 * kSecond;

}  // namespace

std::shared_ptr<Stream> Stream::Open(World& world, ProcessId client, ProcessId server, Task client_breaks,
                                     Task server_breaks) {
  const Host from = world.hosts[client];
  const Host to = world.hosts[server];
  std::shared_ptr<Stream> stream(new Stream(world));
  stream->client_ = {client, std::move(client_breaks), {}, false, false, world.kernel.now(), {}};
  stream->server_ = {server, std::move(server_breaks), {}, false, false, world.kernel.now(), {}};
  stream->to_server_ = std::make_shared<Pipe>(world.kernel, world.network, from, to);
  stream->to_client_ = std::make_shared<Pipe>(world.kernel, world.network, to, from);
  Stream* const raw = stream.get();
  world.kernel.Spawn(client, [stream, raw] { raw->Run(raw->client_, *raw->to_server_, raw->server_); });
  world.kernel.Spawn(server, [stream, raw] { raw->Run(raw->server_, *raw->to_client_, raw->client_); });
  // The kernel of a host whose process died resets its connections.
  const auto reset = [stream, raw](Side& other, Pipe& pipe) { pipe.Send([stream, raw, &other] { raw->End(other); }); };
  world.kernel.OnKill(client, [stream, raw, reset] { reset(raw->server_, *raw->to_server_); });
  world.kernel.OnKill(server, [stream, raw, reset] { reset(raw->client_, *raw->to_client_); });
  return stream;
}

void Stream::Send(Side& to, Pipe& pipe, Task task) {
  pipe.Send([self = shared_from_this(), &to, task = std::move(task)]() mutable {
    to.tasks.push_back(std::move(task));
    to.heard = self->world_.kernel.now();
    self->world_.kernel.NotifyAll(to.changed);
  });
}

void Stream::End(Side& side) {
  side.over = true;
  world_.kernel.NotifyAll(side.changed);
}

void Stream::Run(Side& own, Pipe& pipe, Side& other) {
  Nanos ping_at = world_.kernel.now() + kPing;
  while (!own.closed) {
    if (!own.tasks.empty()) {
      const Task task = std::move(own.tasks.front());
      own.tasks.pop_front();
      if (task) task();
      continue;
    }
    if (own.over || world_.kernel.now() - own.heard > kSilence) {
      own.over = true;
      if (const Task on_break = std::exchange(own.on_break, nullptr)) on_break();
      pipe.Send([self = shared_from_this(), &other] { self->End(other); });
      return;
    }
    if (world_.kernel.now() >= ping_at) {
      Send(other, pipe, nullptr);
      ping_at = world_.kernel.now() + kPing;
    }
    world_.kernel.Wait(own.changed, ping_at);
  }
}

void Stream::Break() {
  server_.closed = server_.over = true;
  world_.kernel.NotifyAll(server_.changed);
  to_client_->Send([self = shared_from_this()] { self->End(self->client_); });
}

void Stream::Close() {
  client_.closed = client_.over = true;
  world_.kernel.NotifyAll(client_.changed);
  to_server_->Send([self = shared_from_this()] { self->End(self->server_); });
}

}  // namespace xt::sim
