// Help for the tests of this folder: a bare TCP socket, to send what no proper client would and to not read what one
// would, and a listener that never answers.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "libs/http/client.h"

namespace xt::http::testing {

inline sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// For a server on this machine, however slow that is.
inline ClientOptions Patient(std::uint16_t port) {
  return {.port = port, .connect_timeout_ms = 60'000, .request_timeout_ms = 60'000};
}

class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const sockaddr_in address = Loopback(port);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    const timeval limit{.tv_sec = 30, .tv_usec = 0};  // a test that hangs fails instead
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  ~RawSocket() { ::close(fd_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void ShutdownSend() { ::shutdown(fd_, SHUT_WR); }
  // Everything up to and with `mark`, or up to the end of the stream.
  std::string ReadUntil(std::string_view mark) {
    std::size_t found = std::string::npos;
    while ((found = received_.find(mark)) == std::string::npos && Receive()) {
    }
    const std::size_t bytes = found == std::string::npos ? received_.size() : found + mark.size();
    std::string text = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return text;
  }
  std::string ReadToEnd() {
    while (Receive()) {
    }
    return std::move(received_);
  }

 private:
  bool Receive() {
    std::array<char, 4096> buffer;
    const auto bytes = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (bytes > 0) received_.append(buffer.data(), static_cast<std::size_t>(bytes));
    return bytes > 0;
  }

  int fd_;
  bool connected_ = false;
  std::string received_;
};

// Accepts connections (the kernel does) and never reads or answers.
class SilentListener {
 public:
  SilentListener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = Loopback(0);
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    ::listen(fd_, 8);
    socklen_t size = sizeof(address);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentListener() { ::close(fd_); }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace xt::http::testing
