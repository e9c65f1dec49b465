// WebSocketConnection: the server's end of one WebSocket. Other threads touch only what mutex_ guards (the send queue
// and the wish to close) and wake the loop; reading, writing and the callbacks happen on the IoLoop's thread.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/http/internal/io_loop.h"
#include "libs/http/internal/server_context.h"
#include "libs/http/internal/websocket_frame.h"
#include "libs/http/websocket.h"

namespace xt::http::internal {

class WebSocketConnection final : public WebSocketSession, public LoopMember {
 public:
  WebSocketConnection(ServerContext& context, const WebSocketOptions& options, std::shared_ptr<IoLoop> loop,
                      TcpSocket socket, GaugeTicket ticket, Request request, std::shared_ptr<WebSocketHandler> handler);

  // `handshake` is written first; `early` is what the client sent after its request.
  void Start(std::string handshake, std::string_view early);

  using WebSocketSession::Send;
  bool Send(std::shared_ptr<const std::string> text) override { return Enqueue(Opcode::kText, std::move(text)); }
  bool SendBinary(std::shared_ptr<const std::string> data) override {
    return Enqueue(Opcode::kBinary, std::move(data));
  }
  void Close(std::uint16_t code, std::string_view reason) override;
  [[nodiscard]] std::uint64_t id() const override { return id_; }
  [[nodiscard]] bool open() const override;
  [[nodiscard]] std::size_t queued_bytes() const override;
  [[nodiscard]] std::size_t queued_messages() const override;
  [[nodiscard]] const Request& request() const override { return request_; }

  void OnWake() override;
  void OnTick(TimePoint now) override;
  void OnStop() override { Close(kCloseGoingAway, "server is stopping"); }
  void Cut() override { Finish(); }

 private:
  using Payload = std::shared_ptr<const std::string>;
  struct Frame {
    Opcode opcode;
    Payload payload;
    FrameHeader header{};
    bool counted = true;  // in queued_bytes_
  };

  std::shared_ptr<WebSocketConnection> Self() {
    return std::static_pointer_cast<WebSocketConnection>(shared_from_this());
  }
  WebSocketSessionPtr Session() { return Self(); }

  bool Enqueue(Opcode opcode, Payload payload);
  bool RequestClose(std::uint16_t code, std::string_view reason);

  void ReadMore();
  void OnRead(ErrorCode error, std::size_t bytes);
  bool Decode(std::string_view input);  // false when the connection is over
  bool HandleEvent(FrameDecoder::Event event);
  void CallOnMessage();
  void OnPeerClose();

  void Write();
  bool FillBatch();
  void ContinueWrite();
  void OnWrite(ErrorCode error, std::size_t bytes);
  void OnBatchWritten();
  void SendControl(Opcode opcode, std::string payload);

  void Finish();

  ServerContext& context_;
  const WebSocketOptions& options_;  // in context_; both on the loop's thread only, besides the limits copied below
  const std::shared_ptr<IoLoop> loop_;
  const std::size_t send_queue_bytes_;
  const std::size_t send_queue_messages_;
  const std::uint64_t id_;
  const Request request_;
  std::shared_ptr<WebSocketHandler> handler_;
  TcpSocket socket_;
  GaugeTicket ticket_;
  GaugeTicket session_ticket_;

  FrameDecoder decoder_;
  std::array<char, 4096> in_;
  bool finished_ = false;
  bool discard_input_ = false;  // after a protocol error nothing more is understood
  bool peer_closed_ = false;
  bool close_sent_ = false;
  bool ping_outstanding_ = false;
  std::uint16_t final_code_ = kCloseAbnormal;
  std::string final_reason_ = "the connection was lost";
  TimePoint last_received_;
  TimePoint ping_sent_;
  std::optional<TimePoint> close_deadline_;

  std::string handshake_;
  std::optional<Frame> control_;  // a ping or pong to send: only the latest matters
  std::vector<Frame> batch_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::size_t first_buffer_ = 0;

  mutable std::mutex mutex_;
  std::deque<Frame> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t queued_messages_ = 0;
  bool writing_ = false;  // a write is in progress and will look at the queue when it is done
  bool wake_pending_ = false;
  bool closing_ = false;
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
};

}  // namespace xt::http::internal
