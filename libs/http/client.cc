#include "libs/http/client.h"

#include <sys/socket.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "libs/base/status.h"
#include "libs/http/internal/message_parser.h"
#include "libs/http/internal/serialize.h"

namespace xt::http {
namespace {

namespace asio = boost::asio;
using internal::ErrorCode;
using internal::ResponseParser;
using Deadline = std::chrono::steady_clock::time_point;

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 32 * 1024;

Deadline After(std::int64_t timeout_ms) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
}

}  // namespace

// Blocking calls are asynchronous ones on a private io_context that the calling thread runs: that gives each a deadline
// and lets Cancel() wake it.
class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)) {}

  absl::StatusOr<Response> Send(const Request& request) {
    if (cancelled_) return absl::CancelledError("the client was cancelled");
    const bool kept = StillConnected();
    if (!kept) XT_RETURN_IF_ERROR(Connect());
    auto response = Exchange(request);
    const bool safe = request.method == "GET" || request.method == "HEAD";
    // The server may close a kept connection just as we write to it.
    if (kept && safe && !answered_ && response.status().code() == absl::StatusCode::kUnknown) {
      XT_RETURN_IF_ERROR(Connect());
      response = Exchange(request);
    }
    return response;
  }

  void Cancel() {
    cancelled_ = true;
    asio::post(context_, [] {});
  }

  void Close() {
    socket_.reset();
    in_.clear();
  }

  [[nodiscard]] bool connected() const { return socket_.has_value() && socket_->is_open(); }

 private:
  // Lets `start(completion)` begin an operation, and waits for it.
  template <typename Start>
  absl::Status Await(Deadline deadline, const char* what, Start start) {
    ErrorCode result;
    bool done = false;
    start([&](ErrorCode error) {
      result = error;
      done = true;
    });
    context_.restart();
    while (!done && !cancelled_ && std::chrono::steady_clock::now() < deadline) context_.run_one_until(deadline);
    const bool timed_out = !done && !cancelled_;
    if (!done) {
      ErrorCode ignored;
      socket_->close(ignored);
      context_.restart();
      while (!done && context_.run_one() > 0) {
      }
    }
    if (cancelled_) return absl::CancelledError("the client was cancelled");
    if (timed_out) return absl::DeadlineExceededError(std::string(what) + ": timed out");
    if (result) return absl::UnknownError(std::string(what) + ": " + result.message());
    return absl::OkStatus();
  }

  [[nodiscard]] bool StillConnected() {
    if (!connected()) return false;
    char byte = 0;
    const auto received = ::recv(socket_->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  absl::Status Connect() {
    Close();
    const std::string where = options_.host + ":" + std::to_string(options_.port);
    ErrorCode error;
    asio::ip::tcp::resolver resolver(context_);
    const auto endpoints = resolver.resolve(options_.host, std::to_string(options_.port), error);
    if (error) return absl::UnavailableError("cannot resolve " + where + ": " + error.message());
    socket_.emplace(context_);
    absl::Status status = Await(After(options_.connect_timeout_ms), "connect", [&](auto completion) {
      asio::async_connect(*socket_, endpoints, [completion](ErrorCode e, const auto&) { completion(e); });
    });
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) {
      Close();
      return absl::UnavailableError("cannot reach " + where + ": " + std::string(status.message()));
    }
    socket_->set_option(asio::ip::tcp::no_delay(true), error);
    return absl::OkStatus();
  }

  absl::StatusOr<Response> Exchange(const Request& request) {
    answered_ = false;
    out_.clear();
    internal::AppendRequest(request, options_.host + ":" + std::to_string(options_.port), out_);
    const Deadline deadline = After(options_.request_timeout_ms);
    absl::Status status = Await(deadline, "send", [&](auto completion) {
      asio::async_write(*socket_, asio::buffer(out_), [completion](ErrorCode e, std::size_t) { completion(e); });
    });
    // A server that refuses a big body answers and closes before it was sent; the answer is worth more than the error.
    if (status.ok() || absl::IsUnknown(status)) {
      auto response = ReadResponse(request.method == "HEAD", deadline);
      if (response.ok()) return response;
      if (status.ok()) status = response.status();
    }
    Close();
    return status;
  }

  absl::StatusOr<Response> ReadResponse(bool head, Deadline deadline) {
    while (true) {
      ResponseParser parser(kMaxHeaderBytes, options_.max_response_bytes);
      if (head) parser.skip(true);
      XT_RETURN_IF_ERROR(ReadMessage(parser, deadline));
      if (parser.message().status < 200 && parser.message().status != 101) continue;
      if (!parser.keep_alive()) Close();
      return std::move(parser.message());
    }
  }

  absl::Status ReadMessage(ResponseParser& parser, Deadline deadline) {
    while (true) {
      ErrorCode error = internal::beast_http::error::need_more;
      if (in_.size() > 0) in_.consume(parser.put(in_.data(), error));
      if (parser.is_done()) return absl::OkStatus();
      if (error && error != internal::beast_http::error::need_more) {
        return absl::UnknownError("the answer is not HTTP: " + error.message());
      }
      if (!error && in_.size() > 0) continue;
      absl::Status status = ReadSome(deadline);
      if (status.ok()) continue;
      if (!at_end_ || !parser.got_some()) return status;
      parser.put_eof(error);
      return error ? status : absl::OkStatus();
    }
  }

  absl::Status ReadSome(Deadline deadline) {
    return Await(deadline, "receive", [&](auto completion) {
      socket_->async_read_some(in_.prepare(kReadBytes), [this, completion](ErrorCode error, std::size_t bytes) {
        in_.commit(bytes);
        answered_ = answered_ || bytes > 0;
        at_end_ = error == asio::error::eof;
        completion(error);
      });
    });
  }

  const ClientOptions options_;
  asio::io_context context_{1};
  std::optional<asio::ip::tcp::socket> socket_;
  boost::beast::flat_buffer in_;
  std::string out_;
  bool answered_ = false;  // at least one byte of the answer came
  bool at_end_ = false;
  std::atomic<bool> cancelled_{false};
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

absl::StatusOr<Response> Client::Send(const Request& request) { return impl_->Send(request); }

absl::StatusOr<Response> Client::Get(std::string_view target) {
  Request request;
  request.target = target;
  return impl_->Send(request);
}

absl::StatusOr<Response> Client::Post(std::string_view target, std::string body, std::string_view content_type) {
  Request request;
  request.method = "POST";
  request.target = target;
  request.headers.Add("Content-Type", content_type);
  request.body = std::move(body);
  return impl_->Send(request);
}

void Client::Cancel() { impl_->Cancel(); }
void Client::Close() { impl_->Close(); }
bool Client::connected() const { return impl_->connected(); }

}  // namespace xt::http
