// Connection: one accepted socket as long as it speaks HTTP. Requests are parsed as they come and get numbered slots;
// answers come in any order from any thread and are written in slot order. When an upgrade is accepted the socket
// moves on to a WebSocketConnection or a Tunnel. Lives on one IoLoop; only Answer() and Drop() are called from other
// threads.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/http/internal/io_loop.h"
#include "libs/http/internal/message_parser.h"
#include "libs/http/internal/server_context.h"
#include "libs/http/server.h"

namespace xt::http::internal {

class Connection final : public LoopMember, public ResponseSink {
 public:
  Connection(ServerContext& context, std::shared_ptr<IoLoop> loop, TcpSocket socket, GaugeTicket ticket);

  void Start();
  // Instead of Start() for one connection too many: it is told 503 and let go.
  void StartRejected();

  void Answer(std::uint64_t slot, Response response) override;
  void Drop(std::uint64_t slot) override;

  void OnWake() override;
  void OnTick(TimePoint now) override;
  void OnStop() override;
  void Cut() override { Close(); }

 private:
  enum class State {
    kServing,
    kLingering,  // all is written and our side is shut; reads until the peer closes, so that it sees the last answer
    kClosed,     // or handed over
  };
  struct Slot {
    bool head;
    bool keep_alive;
    bool http_1_0;
  };
  struct Upgrade {
    Request request;
    const WebSocketOptions* websocket = nullptr;
    const TunnelOptions* tunnel = nullptr;
  };

  std::shared_ptr<Connection> Self() { return std::static_pointer_cast<Connection>(shared_from_this()); }

  // Reading.
  void ReadMore();
  void OnRead(ErrorCode error, std::size_t bytes);
  void ProcessInput();
  void MaybeSendContinue();
  void RejectInput(ErrorCode error);
  void FailRequest(int status, std::string_view detail);
  void Dispatch();
  void CallHandler(Request request, std::uint64_t slot);
  [[nodiscard]] bool CanParse() const;
  [[nodiscard]] std::uint64_t in_flight() const { return next_slot_ - next_answer_; }

  // Answering.
  std::uint64_t NewSlot(Slot slot);
  void Deliver(std::uint64_t slot, std::optional<Response> response);
  void Complete(std::uint64_t slot, Response response);
  void WriteAnswer(const Response& response);
  void Progress();
  void Flush();
  void ContinueWrite();
  void OnWrite(ErrorCode error, std::size_t bytes);

  // Ending.
  bool FindUpgrade(Request& request);
  void DoUpgrade();
  void DoWebSocketUpgrade(Upgrade upgrade);
  void RefuseUpgrade(const Request& request, Response response);
  void Linger();
  void Close();

  ServerContext& context_;  // on the loop's thread only: it may be gone when a late answer comes
  const std::shared_ptr<IoLoop> loop_;
  TcpSocket socket_;
  GaugeTicket ticket_;
  State state_ = State::kServing;
  std::string remote_address_;
  std::uint16_t remote_port_ = 0;

  boost::beast::flat_buffer in_;
  std::optional<RequestParser> parser_;
  bool reading_ = false;
  bool stop_parsing_ = false;
  bool need_more_ = false;     // what is in in_ is only the beginning of something
  bool input_unread_ = false;  // the peer may still be sending what nobody will read
  bool continue_sent_ = false;
  bool in_process_input_ = false;
  std::optional<Upgrade> upgrade_;

  std::uint64_t next_slot_ = 0;
  std::uint64_t next_answer_ = 0;
  std::deque<Slot> slots_;                   // next_answer_ .. next_slot_
  std::map<std::uint64_t, Response> early_;  // answers that wait for one before them

  std::string out_;
  std::string writing_;
  std::size_t written_ = 0;
  bool write_active_ = false;

  TimePoint last_activity_;
  TimePoint message_start_;
  TimePoint linger_deadline_;

  std::mutex inbox_mutex_;
  std::vector<std::pair<std::uint64_t, std::optional<Response>>> inbox_;
};

}  // namespace xt::http::internal
