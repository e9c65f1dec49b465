#include "libs/http/internal/connection.h"

#include <boost/asio/buffer.hpp>
#include <exception>

#include "libs/http/internal/serialize.h"
#include "libs/http/internal/tunnel.h"
#include "libs/http/internal/websocket_session.h"
#include "libs/http/router.h"

namespace xt::http::internal {
namespace {

constexpr std::size_t kReadBytes = 8 * 1024;
constexpr std::size_t kMaxUnsentBytes = 256 * 1024;  // over: a peer that does not take its answers is not read
constexpr std::size_t kKeepBufferBytes = 64 * 1024;
constexpr std::chrono::milliseconds kLinger{1000};

TimePoint Now() { return std::chrono::steady_clock::now(); }

bool IsWebSocketUpgrade(const Request& request) {
  return request.method == "GET" && EqualsIgnoreCase(request.headers.Get("Upgrade"), "websocket") &&
         request.headers.HasToken("Connection", "upgrade");
}

}  // namespace

Connection::Connection(ServerContext& context, std::shared_ptr<IoLoop> loop, TcpSocket socket, GaugeTicket ticket)
    : context_(context), loop_(std::move(loop)), socket_(std::move(socket)), ticket_(std::move(ticket)) {}

void Connection::Start() {
  last_activity_ = Now();
  ErrorCode error;
  const auto remote = socket_.remote_endpoint(error);
  if (error) return Close();
  remote_address_ = remote.address().to_string();
  remote_port_ = remote.port();
  ReadMore();
}

void Connection::StartRejected() {
  last_activity_ = Now();
  input_unread_ = true;
  FailRequest(503, "too many connections");
  Progress();
}

// --- Reading

bool Connection::CanParse() const {
  return state_ == State::kServing && !stop_parsing_ && in_flight() < context_.options.max_pipelined_requests &&
         out_.size() < kMaxUnsentBytes;
}

void Connection::ReadMore() {
  if (reading_ || !(state_ == State::kLingering || CanParse())) return;
  reading_ = true;
  socket_.async_read_some(in_.prepare(kReadBytes),
                          [self = Self()](ErrorCode error, std::size_t bytes) { self->OnRead(error, bytes); });
}

void Connection::OnRead(ErrorCode error, std::size_t bytes) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (state_ == State::kLingering) return error ? Close() : ReadMore();
  if (error == asio::error::eof && (in_flight() > 0 || write_active_)) {
    stop_parsing_ = true;  // a peer that has shut only its sending side still wants its answers
    return Progress();
  }
  if (error) return Close();
  in_.commit(bytes);
  need_more_ = false;
  last_activity_ = Now();
  ProcessInput();
}

void Connection::ProcessInput() {
  in_process_input_ = true;
  while (CanParse() && in_.size() > 0) {
    if (!parser_) {
      parser_.emplace(context_.options.max_header_bytes, context_.options.max_body_bytes);
      message_start_ = last_activity_;
      continue_sent_ = false;
    }
    ErrorCode error;
    in_.consume(parser_->put(in_.data(), error));
    if (error && error != beast_http::error::need_more) {
      RejectInput(error);
      break;
    }
    if (!parser_->is_done()) {
      MaybeSendContinue();
      need_more_ = error == beast_http::error::need_more;
      if (need_more_) break;
      continue;
    }
    Dispatch();
  }
  in_process_input_ = false;
  Progress();
}

void Connection::MaybeSendContinue() {
  if (continue_sent_ || in_flight() > 0 || !parser_->is_header_done()) return;
  if (!EqualsIgnoreCase(parser_->message().headers.Get("Expect"), "100-continue")) return;
  continue_sent_ = true;
  out_.append("HTTP/1.1 100 Continue\r\n\r\n");
}

void Connection::RejectInput(ErrorCode error) {
  ++context_.bad_requests;
  input_unread_ = true;
  if (error == beast_http::error::body_limit) return FailRequest(413, "the body is too big");
  if (error == beast_http::error::header_limit) return FailRequest(431, "the header is too big");
  FailRequest(400, "malformed HTTP: " + error.message());
}

// The answer to what cannot be a request; nothing after it is understood.
void Connection::FailRequest(int status, std::string_view detail) {
  parser_.reset();
  stop_parsing_ = true;
  const std::uint64_t slot = NewSlot({.head = false, .keep_alive = false, .http_1_0 = false});
  Complete(slot, context_.options.error_response(status, detail));
}

void Connection::Dispatch() {
  const Slot slot{.head = parser_->message().method == "HEAD",
                  .keep_alive = parser_->keep_alive(),
                  .http_1_0 = parser_->version() == 10};
  Request request = std::move(parser_->message());
  parser_.reset();
  ++context_.requests;
  request.remote_address = remote_address_;
  request.remote_port = remote_port_;
  if (IsWebSocketUpgrade(request) && FindUpgrade(request)) return;
  if (!slot.keep_alive) stop_parsing_ = true;
  CallHandler(std::move(request), NewSlot(slot));
}

void Connection::CallHandler(Request request, std::uint64_t slot) {
  try {
    context_.handler(std::move(request), Responder(Self(), slot));
  } catch (const std::exception&) {
    // One request must not take the process down; its Responder has answered 500 while it was unwound.
  }
}

// --- Answering

std::uint64_t Connection::NewSlot(Slot slot) {
  slots_.push_back(slot);
  return next_slot_++;
}

void Connection::Answer(std::uint64_t slot, Response response) { Deliver(slot, std::move(response)); }
void Connection::Drop(std::uint64_t slot) { Deliver(slot, std::nullopt); }

void Connection::Deliver(std::uint64_t slot, std::optional<Response> response) {
  if (loop_->InThread()) {
    if (state_ == State::kClosed) return;
    if (!response) response = context_.options.error_response(500, "the request was dropped unanswered");
    Complete(slot, *std::move(response));
    return Progress();
  }
  {
    std::lock_guard lock(inbox_mutex_);
    inbox_.emplace_back(slot, std::move(response));
    if (inbox_.size() > 1) return;
  }
  loop_->Wake(shared_from_this());
}

void Connection::OnWake() {
  std::vector<std::pair<std::uint64_t, std::optional<Response>>> answers;
  {
    std::lock_guard lock(inbox_mutex_);
    answers.swap(inbox_);
  }
  if (state_ == State::kClosed) return;
  for (auto& [slot, response] : answers) {
    if (!response) response = context_.options.error_response(500, "the request was dropped unanswered");
    Complete(slot, *std::move(response));
  }
  Progress();
}

void Connection::Complete(std::uint64_t slot, Response response) {
  if (slot != next_answer_) {
    early_.emplace(slot, std::move(response));
    return;
  }
  WriteAnswer(response);
  while (!early_.empty() && early_.begin()->first == next_answer_) {
    WriteAnswer(early_.begin()->second);
    early_.erase(early_.begin());
  }
}

void Connection::WriteAnswer(const Response& response) {
  const Slot slot = slots_.front();
  slots_.pop_front();
  ++next_answer_;
  const bool last = stop_parsing_ && in_flight() == 0 && !upgrade_;
  const ResponseTraits traits{
      .head = slot.head, .close = last || !slot.keep_alive, .keep_alive_1_0 = slot.http_1_0 && slot.keep_alive};
  AppendResponse(response, traits, out_);
}

// Whatever is possible now. Called at the end of everything that may have changed something.
void Connection::Progress() {
  if (in_process_input_ || state_ != State::kServing) return;
  Flush();
  if (state_ != State::kServing) return;
  const bool idle = in_flight() == 0 && !write_active_ && out_.empty();
  if (idle && upgrade_) return DoUpgrade();
  if (idle && stop_parsing_) return Linger();
  // Requests that waited in the buffer for room come before new bytes.
  if (!reading_ && in_.size() > 0 && !need_more_ && CanParse()) return ProcessInput();
  ReadMore();
}

void Connection::Flush() {
  if (write_active_ || out_.empty()) return;
  writing_.swap(out_);
  written_ = 0;
  write_active_ = true;
  ContinueWrite();
}

void Connection::ContinueWrite() {
  socket_.async_write_some(asio::buffer(writing_) + written_,
                           [self = Self()](ErrorCode error, std::size_t bytes) { self->OnWrite(error, bytes); });
}

void Connection::OnWrite(ErrorCode error, std::size_t bytes) {
  if (state_ == State::kClosed) return;
  if (error) return Close();
  last_activity_ = Now();
  written_ += bytes;
  if (written_ < writing_.size()) return ContinueWrite();
  write_active_ = false;
  writing_.clear();
  if (writing_.capacity() > kKeepBufferBytes) writing_.shrink_to_fit();
  Progress();
}

// --- Ending

void Connection::OnTick(TimePoint now) {
  const std::chrono::milliseconds idle_timeout(context_.options.idle_timeout_ms);
  if (state_ == State::kLingering) {
    if (now > linger_deadline_) Close();
    return;
  }
  if (write_active_) {
    if (now - last_activity_ > idle_timeout) Close();
    return;
  }
  if (in_flight() > 0 || upgrade_) return;
  if (!parser_) {
    if (now - last_activity_ > idle_timeout) Close();
    return;
  }
  if (now - message_start_ <= idle_timeout) return;
  input_unread_ = true;
  ++context_.bad_requests;
  FailRequest(408, "the request did not complete in time");
  Progress();
}

void Connection::OnStop() {
  if (state_ == State::kLingering) return;
  if (in_flight() == 0 && !write_active_ && out_.empty()) return Close();
  stop_parsing_ = true;
  upgrade_.reset();
}

bool Connection::FindUpgrade(Request& request) {
  Upgrade upgrade;
  for (const auto& [pattern, options] : context_.websockets) {
    if (upgrade.websocket != nullptr) break;
    if (MatchPath(pattern, request.path(), request.path_parameters)) upgrade.websocket = &options;
  }
  if (upgrade.websocket == nullptr) request.path_parameters.clear();  // of patterns that matched in part
  for (const auto& [prefix, options] : context_.tunnels) {
    if (upgrade.websocket != nullptr || upgrade.tunnel != nullptr) break;
    if (request.path().substr(0, prefix.size()) == prefix) upgrade.tunnel = &options;
  }
  if (upgrade.websocket == nullptr && upgrade.tunnel == nullptr) return false;
  upgrade.request = std::move(request);
  upgrade_ = std::move(upgrade);
  stop_parsing_ = true;
  return true;
}

void Connection::DoUpgrade() {
  Upgrade upgrade = *std::move(upgrade_);
  upgrade_.reset();
  if (upgrade.websocket != nullptr) return DoWebSocketUpgrade(std::move(upgrade));
  const std::string early(static_cast<const char*>(in_.data().data()), in_.size());
  auto tunnel = std::make_shared<Tunnel>(context_, loop_, std::move(socket_), std::move(ticket_));
  state_ = State::kClosed;
  loop_->Add(tunnel);
  loop_->Remove(this);
  tunnel->Start(*upgrade.tunnel, std::move(upgrade.request), early);
}

void Connection::DoWebSocketUpgrade(Upgrade upgrade) {
  const WebSocketOptions& options = *upgrade.websocket;
  const std::string key(upgrade.request.headers.Get("Sec-WebSocket-Key"));
  if (upgrade.request.headers.Get("Sec-WebSocket-Version") != "13") {
    auto response = context_.options.error_response(426, "WebSocket version 13 is spoken here");
    response.headers.Set("Sec-WebSocket-Version", "13");
    return RefuseUpgrade(upgrade.request, std::move(response));
  }
  if (key.size() != 24) {
    return RefuseUpgrade(upgrade.request,
                         context_.options.error_response(400, "Sec-WebSocket-Key is missing or wrong"));
  }
  if (options.refuse) {
    if (auto refusal = options.refuse(upgrade.request)) return RefuseUpgrade(upgrade.request, *std::move(refusal));
  }
  auto handler = options.factory ? options.factory(upgrade.request) : nullptr;
  if (!handler) return RefuseUpgrade(upgrade.request, context_.options.error_response(403, "refused"));
  auto session = std::make_shared<WebSocketConnection>(context_, options, loop_, std::move(socket_), std::move(ticket_),
                                                       std::move(upgrade.request), std::move(handler));
  state_ = State::kClosed;
  loop_->Add(session);
  loop_->Remove(this);
  session->Start(WebSocketAccepted(key), {static_cast<const char*>(in_.data().data()), in_.size()});
}

void Connection::RefuseUpgrade(const Request& request, Response response) {
  stop_parsing_ = loop_->stopping();
  const bool keep_alive = !request.headers.HasToken("Connection", "close");
  Complete(NewSlot({.head = false, .keep_alive = keep_alive, .http_1_0 = false}), std::move(response));
  Progress();
}

void Connection::Linger() {
  if (!input_unread_ && in_.size() == 0) return Close();
  state_ = State::kLingering;
  linger_deadline_ = Now() + kLinger;
  in_.clear();
  ErrorCode ignored;
  socket_.shutdown(TcpSocket::shutdown_send, ignored);
  ReadMore();
}

void Connection::Close() {
  if (state_ == State::kClosed) return;
  const auto self = shared_from_this();
  state_ = State::kClosed;
  ErrorCode ignored;
  socket_.close(ignored);
  ticket_.Release();
  loop_->Remove(this);
}

}  // namespace xt::http::internal
