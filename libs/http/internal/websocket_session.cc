#include "libs/http/internal/websocket_session.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <span>

namespace xt::http::internal {
namespace {

// One write takes at most this much, so that a close frame is never far behind. 64 buffers are what one system call
// takes.
constexpr std::size_t kBatchFrames = 31;
constexpr std::size_t kBatchBytes = 64 * 1024;

std::atomic<std::uint64_t> next_session_id{1};

TimePoint Now() { return std::chrono::steady_clock::now(); }

}  // namespace

WebSocketConnection::WebSocketConnection(ServerContext& context, const WebSocketOptions& options,
                                         std::shared_ptr<IoLoop> loop, TcpSocket socket, GaugeTicket ticket,
                                         Request request, std::shared_ptr<WebSocketHandler> handler)
    : context_(context),
      options_(options),
      loop_(std::move(loop)),
      send_queue_bytes_(options.send_queue_bytes),
      send_queue_messages_(options.send_queue_messages),
      id_(next_session_id++),
      request_(std::move(request)),
      handler_(std::move(handler)),
      socket_(std::move(socket)),
      ticket_(std::move(ticket)),
      session_ticket_(context.websocket_sessions_open),
      decoder_(options.max_message_bytes) {}

void WebSocketConnection::Start(std::string handshake, std::string_view early) {
  last_received_ = Now();
  handshake_ = std::move(handshake);
  if (options_.send_buffer_bytes > 0) {
    ErrorCode ignored;
    socket_.set_option(asio::socket_base::send_buffer_size(options_.send_buffer_bytes), ignored);
  }
  handler_->OnOpen(Session());
  Write();
  if (!finished_ && Decode(early)) ReadMore();
}

// --- From any thread

bool WebSocketConnection::Enqueue(Opcode opcode, Payload payload) {
  {
    std::lock_guard lock(mutex_);
    if (closing_ || queued_messages_ >= send_queue_messages_) return false;
    if (queued_messages_ > 0 && queued_bytes_ + payload->size() > send_queue_bytes_) return false;
    queued_bytes_ += payload->size();
    ++queued_messages_;
    queue_.push_back({.opcode = opcode, .payload = std::move(payload)});
    if (writing_ || std::exchange(wake_pending_, true)) return true;
  }
  loop_->Wake(shared_from_this());
  return true;
}

void WebSocketConnection::Close(std::uint16_t code, std::string_view reason) {
  if (RequestClose(code, reason)) loop_->Wake(shared_from_this());
}

bool WebSocketConnection::RequestClose(std::uint16_t code, std::string_view reason) {
  std::lock_guard lock(mutex_);
  if (closing_) return false;
  closing_ = true;
  close_code_ = code;
  close_reason_ = reason;
  for (const Frame& frame : queue_) queued_bytes_ -= frame.payload->size();
  queued_messages_ -= queue_.size();
  queue_.clear();
  return true;
}

bool WebSocketConnection::open() const {
  std::lock_guard lock(mutex_);
  return !closing_;
}

std::size_t WebSocketConnection::queued_bytes() const {
  std::lock_guard lock(mutex_);
  return queued_bytes_;
}

std::size_t WebSocketConnection::queued_messages() const {
  std::lock_guard lock(mutex_);
  return queued_messages_;
}

// --- On the loop's thread: reading

void WebSocketConnection::ReadMore() {
  socket_.async_read_some(asio::buffer(in_),
                          [self = Self()](ErrorCode error, std::size_t bytes) { self->OnRead(error, bytes); });
}

void WebSocketConnection::OnRead(ErrorCode error, std::size_t bytes) {
  if (finished_) return;
  if (error) return Finish();
  last_received_ = Now();
  ping_outstanding_ = false;
  if (Decode({in_.data(), bytes})) ReadMore();
}

bool WebSocketConnection::Decode(std::string_view input) {
  while (!discard_input_ && !peer_closed_) {
    const auto event = decoder_.Next(input);
    if (event == FrameDecoder::Event::kNeedMore) break;
    if (!HandleEvent(event)) return false;
  }
  return !finished_;
}

bool WebSocketConnection::HandleEvent(FrameDecoder::Event event) {
  switch (event) {
    case FrameDecoder::Event::kMessage:
      if (open()) CallOnMessage();
      break;
    case FrameDecoder::Event::kPing: SendControl(Opcode::kPong, decoder_.control()); break;
    case FrameDecoder::Event::kClose: OnPeerClose(); break;
    case FrameDecoder::Event::kError:
      discard_input_ = true;
      Close(decoder_.close_code(), decoder_.close_reason());
      break;
    case FrameDecoder::Event::kPong:
    case FrameDecoder::Event::kNeedMore: break;
  }
  return !finished_;
}

void WebSocketConnection::CallOnMessage() {
  try {
    handler_->OnMessage(Session(), std::move(decoder_.message()), decoder_.binary());
  } catch (const std::exception&) {
    Close(kCloseInternalError, "internal error");  // one peer's message must not take the process down
  }
}

void WebSocketConnection::OnPeerClose() {
  peer_closed_ = true;
  if (RequestClose(decoder_.close_code(), decoder_.close_reason())) {
    final_code_ = decoder_.close_code();
    final_reason_ = decoder_.close_reason();
    close_deadline_ = Now() + std::chrono::milliseconds(options_.close_timeout_ms);
    return Write();  // the echo; OnBatchWritten ends it
  }
  std::unique_lock lock(mutex_);
  const bool written = close_sent_ && !writing_;
  lock.unlock();
  if (written) Finish();
}

// --- Writing

void WebSocketConnection::OnWake() {
  {
    std::lock_guard lock(mutex_);
    wake_pending_ = false;
    if (closing_ && !close_deadline_) {
      close_deadline_ = Now() + std::chrono::milliseconds(options_.close_timeout_ms);
      final_code_ = close_code_;
      final_reason_ = close_reason_;
    }
  }
  Write();
}

void WebSocketConnection::SendControl(Opcode opcode, std::string payload) {
  auto shared = std::make_shared<const std::string>(std::move(payload));
  control_ = Frame{.opcode = opcode, .payload = std::move(shared), .header = {}, .counted = false};
  Write();
}

void WebSocketConnection::Write() {
  if (finished_ || !FillBatch()) return;
  ContinueWrite();
}

// Moves what goes out next into batch_ and buffers_. False when there is nothing or a write is in progress.
bool WebSocketConnection::FillBatch() {
  std::lock_guard lock(mutex_);
  if (writing_ || close_sent_) return false;
  if (closing_) {
    auto payload = std::make_shared<const std::string>(EncodeClosePayload(close_code_, close_reason_));
    batch_.push_back({.opcode = Opcode::kClose, .payload = std::move(payload), .header = {}, .counted = false});
    close_sent_ = true;
  } else if (control_) {
    batch_.push_back(*std::move(control_));
  }
  control_.reset();
  std::size_t bytes = 0;
  while (!queue_.empty() && batch_.size() < kBatchFrames && bytes < kBatchBytes) {
    bytes += queue_.front().payload->size();
    batch_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  if (batch_.empty() && handshake_.empty()) return false;
  if (!handshake_.empty()) buffers_.push_back(asio::buffer(handshake_));
  for (Frame& frame : batch_) {
    frame.header = EncodeFrameHeader(frame.opcode, frame.payload->size());
    buffers_.push_back(asio::buffer(frame.header.bytes.data(), frame.header.size));
    if (!frame.payload->empty()) buffers_.push_back(asio::buffer(*frame.payload));
  }
  return writing_ = true;
}

void WebSocketConnection::ContinueWrite() {
  const std::span<const asio::const_buffer> rest(buffers_.data() + first_buffer_, buffers_.size() - first_buffer_);
  socket_.async_write_some(rest, [self = Self()](ErrorCode error, std::size_t bytes) { self->OnWrite(error, bytes); });
}

void WebSocketConnection::OnWrite(ErrorCode error, std::size_t bytes) {
  if (finished_) return;
  if (error) return Finish();
  while (first_buffer_ < buffers_.size() && bytes >= buffers_[first_buffer_].size()) {
    bytes -= buffers_[first_buffer_++].size();
  }
  if (first_buffer_ == buffers_.size()) return OnBatchWritten();
  buffers_[first_buffer_] += bytes;
  ContinueWrite();
}

void WebSocketConnection::OnBatchWritten() {
  {
    std::lock_guard lock(mutex_);
    for (const Frame& frame : batch_) {
      if (!frame.counted) continue;
      queued_bytes_ -= frame.payload->size();
      --queued_messages_;
    }
    writing_ = false;
  }
  batch_.clear();
  buffers_.clear();
  first_buffer_ = 0;
  handshake_.clear();
  if (close_sent_ && peer_closed_) return Finish();
  if (close_sent_ && discard_input_) {
    // The peer's close frame will not be understood: it is told that nothing more comes, and waited for to end too.
    ErrorCode ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
  }
  Write();
}

// --- Ending

void WebSocketConnection::OnTick(TimePoint now) {
  if (close_deadline_) {
    if (now > *close_deadline_) Finish();
    return;
  }
  const auto silent = now - last_received_;
  if (options_.ping_interval_ms > 0 && !ping_outstanding_) {
    if (silent <= std::chrono::milliseconds(options_.ping_interval_ms)) return;
    ping_outstanding_ = true;
    ping_sent_ = now;
    return SendControl(Opcode::kPing, {});
  }
  if (options_.idle_timeout_ms == 0 || silent <= std::chrono::milliseconds(options_.idle_timeout_ms)) return;
  // After a pause of this whole process every peer looks silent: each gets the time to answer a ping all the same.
  const auto patience = std::max<std::int64_t>(options_.idle_timeout_ms - options_.ping_interval_ms, 0);
  if (ping_outstanding_ && now - ping_sent_ < std::chrono::milliseconds(patience)) return;
  final_reason_ = "idle timeout";
  Finish();
}

void WebSocketConnection::Finish() {
  if (finished_) return;
  const auto self = Self();
  finished_ = true;
  RequestClose(kCloseAbnormal, "");
  ErrorCode ignored;
  socket_.close(ignored);
  ticket_.Release();
  session_ticket_.Release();
  const auto handler = std::move(handler_);
  handler->OnClose(self, final_code_, final_reason_);
  loop_->Remove(this);
}

}  // namespace xt::http::internal
