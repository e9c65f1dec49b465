// Beast's incremental HTTP parser, filling a Request or Response directly instead of Beast's own containers. One object
// parses one message. The header limit counts all fields of a message, however they are spread over packets.
#pragma once

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "libs/http/message.h"

namespace xt::http::internal {

namespace beast_http = boost::beast::http;
using ErrorCode = boost::system::error_code;

template <bool kIsRequest>
class MessageParser final : public beast_http::basic_parser<kIsRequest> {
 public:
  using Message = std::conditional_t<kIsRequest, Request, Response>;

  MessageParser(std::size_t max_header_bytes, std::size_t max_body_bytes) : max_header_bytes_(max_header_bytes) {
    this->eager(true);
    this->header_limit(static_cast<std::uint32_t>(max_header_bytes));
    this->body_limit(max_body_bytes);
  }

  Message& message() { return message_; }
  [[nodiscard]] int version() const { return version_; }  // of a request: 10 or 11

 private:
  static std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

  void on_request_impl(beast_http::verb, boost::beast::string_view method, boost::beast::string_view target,
                       int version, ErrorCode&) override {
    if constexpr (kIsRequest) {
      message_.method.assign(method.data(), method.size());
      message_.target.assign(target.data(), target.size());
    }
    version_ = version;
    header_bytes_ += method.size() + target.size();
  }

  void on_response_impl(int status, boost::beast::string_view, int, ErrorCode&) override {
    if constexpr (!kIsRequest) {
      message_.status = status;
      message_.content_type.clear();
    }
  }

  void on_field_impl(beast_http::field field, boost::beast::string_view name, boost::beast::string_view value,
                     ErrorCode& error) override {
    header_bytes_ += name.size() + value.size() + 4;
    if (header_bytes_ > max_header_bytes_) {
      error = beast_http::error::header_limit;
      return;
    }
    // A trailer comes after the body; nobody asked for it, and it must not pass for a header.
    if (this->is_header_done()) return;
    if constexpr (!kIsRequest) {
      if (field == beast_http::field::content_type) message_.content_type.assign(value.data(), value.size());
    } else {
      static_cast<void>(field);
    }
    message_.headers.Add(View(name), View(value));
  }

  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& content_length, ErrorCode&) override {
    constexpr std::uint64_t kTrustedBytes = 64 * 1024;  // reserved on the peer's word alone
    if (content_length) message_.body.reserve(static_cast<std::size_t>(std::min(*content_length, kTrustedBytes)));
  }
  std::size_t on_body_impl(boost::beast::string_view body, ErrorCode&) override {
    message_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, ErrorCode&) override {
    message_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  const std::size_t max_header_bytes_;
  std::size_t header_bytes_ = 0;
  int version_ = 11;
  Message message_;
};

using RequestParser = MessageParser<true>;
using ResponseParser = MessageParser<false>;

}  // namespace xt::http::internal
