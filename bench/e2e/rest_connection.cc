#include "bench/e2e/rest_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "libs/base/check.h"

namespace xt::bench {
namespace {

constexpr std::string_view kEndOfHeader = "\r\n\r\n";
constexpr std::string_view kLength = "content-length:";
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0};

absl::Status Lost(std::string_view what) {
  return absl::UnavailableError(std::string(what) + ": " + std::strerror(errno));
}

std::size_t NumberAt(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::size_t ContentLength(const std::string& message, std::size_t header_bytes) {
  const char* found = ::strcasestr(message.c_str(), kLength.data());
  if (found == nullptr || static_cast<std::size_t>(found - message.c_str()) > header_bytes) return 0;
  return NumberAt(std::string_view(found).substr(kLength.size()));
}

}  // namespace

RestConnection::RestConnection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  XT_CHECK(fd_ >= 0, "socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // When this fails, so does the first Send.
  static_cast<void>(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

RestConnection::~RestConnection() { ::close(fd_); }

absl::Status RestConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return Lost("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status RestConnection::Receive() {
  std::array<char, 16 * 1024> buffer;
  const auto bytes = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (bytes < 0) return Lost("receive");
  if (bytes == 0) return absl::UnavailableError("the server closed the connection");
  received_.append(buffer.data(), static_cast<std::size_t>(bytes));
  return absl::OkStatus();
}

absl::Status RestConnection::Exchange(std::string_view request) {
  received_.clear();
  if (absl::Status status = Send(request); !status.ok()) return status;
  std::size_t header = 0;
  while ((header = received_.find(kEndOfHeader)) == std::string::npos) {
    if (absl::Status status = Receive(); !status.ok()) return status;
  }
  const std::size_t body = header + kEndOfHeader.size();
  const std::size_t end = body + ContentLength(received_, header);
  while (received_.size() < end) {
    if (absl::Status status = Receive(); !status.ok()) return status;
  }
  if (received_.size() > end) return absl::InternalError("more than one answer to one request");
  body_ = std::string_view(received_).substr(body);
  status_ = static_cast<int>(NumberAt(std::string_view(received_).substr(std::string_view("HTTP/1.1").size())));
  return absl::OkStatus();
}

std::string_view TextOf(std::string_view json, std::string_view quoted_key) {
  const auto key = json.find(quoted_key);
  if (key == std::string_view::npos) return {};
  json.remove_prefix(key + quoted_key.size());
  const auto begin = json.find_first_not_of(": ");
  if (begin == std::string_view::npos || json[begin] != '"') return {};
  json.remove_prefix(begin + 1);
  return json.substr(0, json.find('"'));
}

}  // namespace xt::bench
