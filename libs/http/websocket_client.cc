#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "libs/base/status.h"
#include "libs/http/client.h"
#include "libs/http/websocket.h"

namespace xt::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = boost::beast::websocket;
using ErrorCode = boost::system::error_code;
using Stream = ws::stream<asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;
using Clock = std::chrono::steady_clock;

// The one thread that all WebSocketClients share; it ends with the last of them.
class ClientLoop {
 public:
  ClientLoop() : work_(asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
  ~ClientLoop() {
    context_.stop();
    thread_.join();
  }
  asio::io_context& context() { return context_; }

  static std::shared_ptr<ClientLoop> Shared() {
    static std::mutex mutex;
    static std::weak_ptr<ClientLoop> current;
    std::lock_guard lock(mutex);
    auto loop = current.lock();
    if (!loop) current = loop = std::make_shared<ClientLoop>();
    return loop;
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

// One connection. The stream belongs to the loop's thread; what the owner's threads wait for is guarded by mutex_.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(asio::io_context& context, const WebSocketClientOptions& options)
      : options_(options), context_(context), resolver_(context.get_executor()), stream_(context.get_executor()) {}

  // --- From the owner's threads

  absl::Status Connect(std::string host, std::uint16_t port, std::string target, Headers headers) {
    Post([this, host = std::move(host), port, target = std::move(target), headers = std::move(headers)] {
      StartConnect(host, port, target, headers);
    });
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_for(lock, std::chrono::milliseconds(options_.connect_timeout_ms),
                                           [&] { return phase_ != Phase::kConnecting || cancelled_; });
    if (cancelled_) return absl::CancelledError("the client was cancelled");
    if (phase_ == Phase::kOpen) return absl::OkStatus();
    if (in_time) return status_;
    lock.unlock();
    Cut();
    return absl::DeadlineExceededError("connect: timed out");
  }

  absl::Status Send(std::string data, bool binary) {
    const auto sending = std::make_shared<Sending>(Sending{.data = std::move(data), .binary = binary});
    Post([this, sending] { Enqueue(sending); });
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_for(lock, std::chrono::milliseconds(options_.send_timeout_ms),
                                           [&] { return sending->done || phase_ != Phase::kOpen || cancelled_; });
    if (cancelled_) return absl::CancelledError("the client was cancelled");
    if (sending->done) return absl::OkStatus();
    if (in_time) return absl::UnavailableError(OverMessage());
    lock.unlock();
    Cut();  // half a message may be out: nothing else can follow it
    return absl::DeadlineExceededError("send: timed out");
  }

  absl::StatusOr<WebSocketMessage> Read(std::int64_t timeout_ms) {
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                           [&] { return !inbox_.empty() || phase_ != Phase::kOpen || cancelled_; });
    if (cancelled_) return absl::CancelledError("the client was cancelled");
    if (!in_time) return absl::DeadlineExceededError("read: no message in time");
    if (inbox_.empty()) return absl::UnavailableError(OverMessage());
    WebSocketMessage message = std::move(inbox_.front());
    inbox_.pop_front();
    inbox_bytes_ -= message.data.size();
    if (paused_ && inbox_bytes_ < options_.read_ahead_bytes) {
      paused_ = false;
      Post([this] { ReadMore(); });
    }
    return message;
  }

  void Close(std::uint16_t code, std::string_view reason, std::int64_t timeout_ms) {
    Post([this, code, text = std::string(reason)] { StartClose(code, text); });
    std::unique_lock lock(mutex_);
    const bool in_time = changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                           [&] { return phase_ == Phase::kOver || cancelled_; });
    lock.unlock();
    if (!in_time) Cut();
  }

  void Cancel() {
    {
      std::lock_guard lock(mutex_);
      cancelled_ = true;
    }
    changed_.notify_all();
    Cut();
  }

  void Cut() {
    Post([this] { End("the connection was cut"); });
  }

  bool connected() {
    std::lock_guard lock(mutex_);
    return phase_ == Phase::kOpen;
  }
  std::uint16_t close_code() {
    std::lock_guard lock(mutex_);
    return close_code_;
  }
  std::string close_reason() {
    std::lock_guard lock(mutex_);
    return close_reason_;
  }
  Response handshake() {
    std::lock_guard lock(mutex_);
    return handshake_;
  }

 private:
  enum class Phase { kConnecting, kOpen, kOver };
  struct Sending {
    std::string data;
    bool binary;
    bool done = false;  // guarded by mutex_
  };

  template <typename Function>
  void Post(Function function) {
    asio::post(context_, [self = shared_from_this(), function = std::move(function)]() mutable { function(); });
  }

  // --- On the loop's thread

  void StartConnect(const std::string& host, std::uint16_t port, const std::string& target, const Headers& headers) {
    if (IsOver()) return;
    host_ = host + ":" + std::to_string(port);
    target_ = target;
    headers_ = headers;
    resolver_.async_resolve(
        host, std::to_string(port), [self = shared_from_this()](ErrorCode error, const auto& results) {
          if (self->IsOver()) return;
          if (error)
            return self->Fail(absl::UnavailableError("cannot resolve " + self->host_ + ": " + error.message()));
          asio::async_connect(self->stream_.next_layer(), results, [self](ErrorCode connect_error, const auto&) {
            if (self->IsOver()) return;
            if (connect_error) {
              return self->Fail(absl::UnavailableError("cannot reach " + self->host_ + ": " + connect_error.message()));
            }
            self->StartHandshake();
          });
        });
  }

  void Configure() {
    auto& socket = stream_.next_layer();
    ErrorCode ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (options_.receive_buffer_bytes > 0) {
      socket.set_option(asio::socket_base::receive_buffer_size(options_.receive_buffer_bytes), ignored);
    }
    ws::stream_base::timeout timeout{};
    timeout.handshake_timeout = ws::stream_base::none();
    timeout.idle_timeout =
        options_.idle_timeout_ms > 0 ? std::chrono::milliseconds(options_.idle_timeout_ms) : ws::stream_base::none();
    timeout.keep_alive_pings = options_.idle_timeout_ms > 0;
    stream_.set_option(timeout);
    stream_.set_option(ws::stream_base::decorator([this](ws::request_type& request) {
      for (std::size_t i = 0; i < headers_.size(); ++i) {
        const auto [name, value] = headers_.at(i);
        request.insert(beast::string_view(name.data(), name.size()), beast::string_view(value.data(), value.size()));
      }
    }));
    stream_.read_message_max(options_.max_message_bytes);
    stream_.auto_fragment(false);
  }

  void StartHandshake() {
    Configure();
    stream_.async_handshake(response_, host_, target_, [self = shared_from_this()](ErrorCode error) {
      if (!self->IsOver()) self->OnHandshake(error);
    });
  }

  void OnHandshake(ErrorCode error) {
    Response answer;
    answer.status = response_.result_int();
    answer.body = response_.body();
    for (const auto& field : response_) {
      const auto name = field.name_string();
      const auto value = field.value();
      answer.headers.Add({name.data(), name.size()}, {value.data(), value.size()});
    }
    {
      std::lock_guard lock(mutex_);
      handshake_ = std::move(answer);
      if (!error) phase_ = Phase::kOpen;
    }
    if (error == ws::error::upgrade_declined) {
      return Fail(absl::FailedPreconditionError("the upgrade was answered " + std::to_string(response_.result_int())));
    }
    if (error) return Fail(absl::UnavailableError("WebSocket handshake: " + error.message()));
    changed_.notify_all();
    ReadMore();
  }

  void ReadMore() {
    if (IsOver()) return;
    stream_.async_read(buffer_, [self = shared_from_this()](ErrorCode error, std::size_t) { self->OnRead(error); });
  }

  void OnRead(ErrorCode error) {
    if (error) return OnReadError(error);
    WebSocketMessage message{.data = beast::buffers_to_string(buffer_.data()), .binary = stream_.got_binary()};
    buffer_.consume(buffer_.size());
    bool pause = false;  // read under the lock: Read() starts the next read as soon as it sees paused_
    {
      std::lock_guard lock(mutex_);
      inbox_bytes_ += message.data.size();
      inbox_.push_back(std::move(message));
      paused_ = pause = inbox_bytes_ >= options_.read_ahead_bytes;
    }
    changed_.notify_all();
    if (!pause) ReadMore();
  }

  void OnReadError(ErrorCode error) {
    if (IsOver()) return;
    if (closing_ && error != ws::error::closed) return;  // StartClose ends it
    End(error == ws::error::closed ? "closed by the peer" : "the connection was lost: " + error.message());
  }

  void Enqueue(const std::shared_ptr<Sending>& sending) {
    sendings_.push_back(sending);
    if (sendings_.size() == 1) WriteFront();
  }

  void WriteFront() {
    if (IsOver()) return sendings_.clear();
    stream_.binary(sendings_.front()->binary);
    stream_.async_write(asio::buffer(sendings_.front()->data),
                        [self = shared_from_this()](ErrorCode error, std::size_t) { self->OnWritten(error); });
  }

  void OnWritten(ErrorCode error) {
    if (error) return sendings_.clear();  // the read side tells why
    {
      std::lock_guard lock(mutex_);
      sendings_.front()->done = true;
    }
    changed_.notify_all();
    sendings_.pop_front();
    if (!sendings_.empty()) WriteFront();
  }

  void StartClose(std::uint16_t code, const std::string& reason) {
    if (IsOver() || std::exchange(closing_, true)) return;
    ws::close_reason what(static_cast<ws::close_code>(code));
    what.reason.assign(reason.data(), std::min<std::size_t>(reason.size(), what.reason.max_size()));
    stream_.async_close(what, [self = shared_from_this()](ErrorCode) { self->End("closed"); });
  }

  void Fail(absl::Status status) {
    {
      std::lock_guard lock(mutex_);
      status_ = std::move(status);
    }
    End("not connected");
  }

  void End(std::string why) {
    ErrorCode ignored;
    {
      std::lock_guard lock(mutex_);
      if (phase_ == Phase::kOver) return;
      const auto& said = stream_.reason();
      close_code_ = said.code == ws::close_code::none ? kCloseAbnormal : static_cast<std::uint16_t>(said.code);
      close_reason_.assign(said.reason.data(), said.reason.size());
      phase_ = Phase::kOver;
      why_over_ = std::move(why);
      if (status_.ok()) status_ = absl::UnavailableError(why_over_);
    }
    resolver_.cancel();
    stream_.next_layer().close(ignored);
    changed_.notify_all();
  }

  bool IsOver() {
    std::lock_guard lock(mutex_);
    return phase_ == Phase::kOver;
  }

  // With mutex_ held.
  std::string OverMessage() const {
    std::string message = why_over_.empty() ? "not connected" : why_over_;
    if (close_code_ != 0) message += " (" + std::to_string(close_code_) + " " + close_reason_ + ")";
    return message;
  }

  const WebSocketClientOptions options_;
  asio::io_context& context_;
  Resolver resolver_;
  Stream stream_;
  std::string host_;
  std::string target_;
  Headers headers_;
  ws::response_type response_;
  beast::flat_buffer buffer_;
  std::deque<std::shared_ptr<Sending>> sendings_;
  bool closing_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kConnecting;
  bool cancelled_ = false;
  bool paused_ = false;
  absl::Status status_;
  std::string why_over_;
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
  Response handshake_;
  std::deque<WebSocketMessage> inbox_;
  std::size_t inbox_bytes_ = 0;
};

}  // namespace

class WebSocketClient::Impl {
 public:
  explicit Impl(WebSocketClientOptions options) : options_(options), loop_(ClientLoop::Shared()) {}
  ~Impl() {
    if (const auto link = Current()) link->Cut();
  }

  absl::Status Connect(const std::string& host, std::uint16_t port, const std::string& target, const Headers& headers) {
    auto link = std::make_shared<Link>(loop_->context(), options_);
    {
      std::lock_guard lock(mutex_);
      if (cancelled_) return absl::CancelledError("the client was cancelled");
      if (link_) link_->Cut();
      link_ = link;
    }
    return link->Connect(host, port, target, headers);
  }

  void Cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (link_) link_->Cancel();
  }

  std::shared_ptr<Link> Current() const {
    std::lock_guard lock(mutex_);
    return link_;
  }

  absl::StatusOr<std::shared_ptr<Link>> Usable() const {
    std::lock_guard lock(mutex_);
    if (cancelled_) return absl::CancelledError("the client was cancelled");
    if (!link_) return absl::UnavailableError("not connected");
    return link_;
  }

 private:
  const WebSocketClientOptions options_;
  const std::shared_ptr<ClientLoop> loop_;  // outlives link_: the stream's sockets belong to it
  mutable std::mutex mutex_;
  bool cancelled_ = false;
  std::shared_ptr<Link> link_;
};

WebSocketClient::WebSocketClient(WebSocketClientOptions options) : impl_(std::make_unique<Impl>(options)) {}
WebSocketClient::~WebSocketClient() = default;

absl::Status WebSocketClient::Connect(const std::string& host, std::uint16_t port, const std::string& target,
                                      const Headers& headers) {
  return impl_->Connect(host, port, target, headers);
}

absl::Status WebSocketClient::Send(std::string_view text) {
  XT_ASSIGN_OR_RETURN(const auto link, impl_->Usable());
  return link->Send(std::string(text), false);
}

absl::Status WebSocketClient::SendBinary(std::string_view data) {
  XT_ASSIGN_OR_RETURN(const auto link, impl_->Usable());
  return link->Send(std::string(data), true);
}

absl::StatusOr<WebSocketMessage> WebSocketClient::Read(std::int64_t timeout_ms) {
  XT_ASSIGN_OR_RETURN(const auto link, impl_->Usable());
  return link->Read(timeout_ms);
}

void WebSocketClient::Close(std::uint16_t code, std::string_view reason, std::int64_t timeout_ms) {
  if (const auto link = impl_->Current()) link->Close(code, reason, timeout_ms);
}

void WebSocketClient::Cancel() { impl_->Cancel(); }

bool WebSocketClient::connected() const {
  const auto link = impl_->Current();
  return link && link->connected();
}

std::uint16_t WebSocketClient::close_code() const {
  const auto link = impl_->Current();
  return link ? link->close_code() : std::uint16_t{0};
}

std::string WebSocketClient::close_reason() const {
  const auto link = impl_->Current();
  return link ? link->close_reason() : std::string();
}

Response WebSocketClient::handshake_response() const {
  const auto link = impl_->Current();
  return link ? link->handshake() : Response();
}

}  // namespace xt::http
