// Tunnel: a client's connection joined to an upstream's, byte for byte in both directions. It begins with the client's
// upgrade request, which it sends to the upstream; when that cannot be reached the client is told 502. When one side
// ends its stream the end is passed on, and the other side has a moment to end too. Each direction holds one buffer: a
// slow reader on one side stops the reading on the other. Lives on one IoLoop.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libs/http/internal/io_loop.h"
#include "libs/http/internal/server_context.h"

namespace xt::http::internal {

class Tunnel final : public LoopMember {
 public:
  Tunnel(ServerContext& context, std::shared_ptr<IoLoop> loop, TcpSocket client, GaugeTicket ticket);

  // `early` is what the client sent after its request.
  void Start(const TunnelOptions& options, Request request, std::string_view early);

  void OnTick(TimePoint now) override;
  void OnStop() override { Close(); }
  void Cut() override { Close(); }

 private:
  using Resolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;
  struct Direction {
    TcpSocket* from;
    TcpSocket* to;
    std::array<char, 16 * 1024> buffer;
    bool ended = false;
  };

  std::shared_ptr<Tunnel> Self() { return std::static_pointer_cast<Tunnel>(shared_from_this()); }
  void Connect(const std::string& endpoint);
  void OnConnected();
  void Fail(std::string_view detail);
  void Pump(Direction& direction);
  void Forward(Direction& direction, std::size_t bytes);
  void End(Direction& direction);
  void Close();

  ServerContext& context_;
  const std::shared_ptr<IoLoop> loop_;
  TcpSocket client_;
  TcpSocket upstream_;
  Resolver resolver_;
  GaugeTicket ticket_;
  GaugeTicket tunnel_ticket_;
  bool closed_ = false;
  bool connecting_ = false;
  std::optional<TimePoint> deadline_;
  std::string first_bytes_;  // to the upstream: the request; to the client: a refusal
  Direction up_;
  Direction down_;
};

}  // namespace xt::http::internal
