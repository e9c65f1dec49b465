// RestConnection: one keep-alive HTTP/1.1 connection that costs the client as little as possible: a send and, mostly, one
// receive per request, and no document of the answer. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace xt::bench {

class RestConnection {
 public:
  explicit RestConnection(std::uint16_t port);
  ~RestConnection();
  RestConnection(const RestConnection&) = delete;
  RestConnection& operator=(const RestConnection&) = delete;

  // `request` is the whole message. On OK status() and body() are of its answer, and nothing but that has come.
  absl::Status Exchange(std::string_view request);
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view body() const { return body_; }

 private:
  absl::Status Send(std::string_view bytes);
  absl::Status Receive();

  int fd_;
  std::string received_;
  std::string_view body_;
  int status_ = 0;
};

// The value of a string member, without looking at the structure; empty when there is none.
std::string_view TextOf(std::string_view json, std::string_view quoted_key);

}  // namespace xt::bench
