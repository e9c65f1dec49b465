#include "tests/support/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "libs/base/check.h"

namespace xt {
namespace {

constexpr std::size_t kChunkBytes = 65'536;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string_view Receive(int socket, std::array<char, kChunkBytes>& buffer) {
  const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(std::uint16_t server_port) : server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  XT_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 16) == 0);
  XT_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  XT_CHECK(wake_ >= 0);
  thread_ = std::thread([this] { Loop(); });
}

CuttingProxy::~CuttingProxy() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  Wake();
  thread_.join();
  ::close(listener_);
  ::close(wake_);
}

void CuttingProxy::CutReplyTo(std::string bytes) {
  std::lock_guard lock(mutex_);
  bytes_ = std::move(bytes);
  cut_happened_ = false;
}

void CuttingProxy::WaitForCut() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return cut_happened_; });
}

void CuttingProxy::Cut() {
  std::unique_lock lock(mutex_);
  cutting_ = true;
  no_links_ = false;
  Wake();
  changed_.wait(lock, [this] { return no_links_; });
}

void CuttingProxy::Restore() {
  std::lock_guard lock(mutex_);
  cutting_ = false;
}

void CuttingProxy::Wake() const {
  const std::uint64_t one = 1;
  XT_CHECK(::write(wake_, &one, sizeof(one)) == sizeof(one));
}

void CuttingProxy::Loop() {
  for (;;) {
    std::vector<pollfd> fds = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Link& link : links_) {
      fds.push_back({link.client, POLLIN, 0});
      fds.push_back({link.server, POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), -1);
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t drained = ::read(wake_, &ignored, sizeof(ignored));
    std::vector<Link> alive;
    {
      std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < links_.size(); ++i) {
        Link& link = links_[i];
        const bool lives = !stop_ && !cutting_ && (fds[2 + 2 * i].revents == 0 || ForwardFromClient(link)) &&
                           (fds[3 + 2 * i].revents == 0 || ForwardFromServer(link));
        if (lives) {
          alive.push_back(link);
        } else {
          ::close(link.client);
          ::close(link.server);
        }
      }
      links_ = std::move(alive);
      if (fds[1].revents != 0) Accept();
      no_links_ = links_.empty();
      changed_.notify_all();
      if (stop_) return;
    }
  }
}

void CuttingProxy::Accept() {
  Link link;
  link.client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (link.client < 0) return;
  link.server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(server_port_);
  const bool up =
      !stop_ && !cutting_ && ::connect(link.server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  if (up) return links_.push_back(link);
  ::close(link.client);
  ::close(link.server);
}

bool CuttingProxy::ForwardFromClient(Link& link) {
  static thread_local std::array<char, kChunkBytes> buffer;
  const std::string_view bytes = Receive(link.client, buffer);
  if (!bytes_.empty() && bytes.find(bytes_) != std::string_view::npos) {
    bytes_.clear();
    link.lose_reply = true;
  }
  return !bytes.empty() && SendAll(link.server, bytes);
}

bool CuttingProxy::ForwardFromServer(Link& link) {
  static thread_local std::array<char, kChunkBytes> buffer;
  const std::string_view bytes = Receive(link.server, buffer);
  if (!link.lose_reply) return !bytes.empty() && SendAll(link.client, bytes);
  cut_happened_ = true;
  return false;
}

}  // namespace xt
