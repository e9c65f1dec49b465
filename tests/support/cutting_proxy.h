// CuttingProxy: a TCP proxy on 127.0.0.1 that loses replies: what the client sent has reached the server, and the client
// never learns of it. For every library whose trap is the unknown outcome. A thread of its own forwards the bytes; all
// functions may be called from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace xt {

class CuttingProxy {
 public:
  explicit CuttingProxy(std::uint16_t server_port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Once: of the connection over which a client sends something that contains `bytes`, everything that the server says
  // from then on is dropped, and with it the connection is cut.
  void CutReplyTo(std::string bytes);
  // Waits until that has happened.
  void WaitForCut();
  // Cuts all connections and every new one, until Restore.
  void Cut();
  void Restore();

 private:
  struct Link {
    int client = -1;
    int server = -1;
    bool lose_reply = false;
  };
  void Loop();
  void Wake() const;
  void Accept();
  // False when the connection has ended.
  bool ForwardFromClient(Link& link);
  bool ForwardFromServer(Link& link);

  const std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  bool cut_happened_ = false;
  bool cutting_ = false;
  bool no_links_ = true;
  bool stop_ = false;
  std::vector<Link> links_;  // of the thread
  std::thread thread_;
};

}  // namespace xt
