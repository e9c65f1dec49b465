// TestServer: one gRPC service on a free port of the loopback, which a test can stop and start again on the same port.
#pragma once

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>

#include "libs/adapters/grpc/clients.h"
#include "libs/base/check.h"

namespace xt::grpc_clients::testing {

class TestServer {
 public:
  explicit TestServer(grpc::Service& service) : service_(service) {
    KeepPort();
    Start();
  }
  ~TestServer() {
    Stop();
    ::close(kept_);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  void Start() {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    XT_CHECK(server_ != nullptr, "a test server does not listen");
  }

  // Breaks every call under way.
  void Stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Patient with a slow machine.
  [[nodiscard]] ClientOptions Options() const {
    constexpr std::chrono::seconds kPatience{30};
    return {.addresses = {address()}, .call_timeout = kPatience, .silence = kPatience};
  }

 private:
  // Nobody else is given the port while the server is stopped. The socket never listens: connections are refused then.
  void KeepPort() {
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    XT_CHECK(kept_ >= 0 && ::setsockopt(kept_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                 ::bind(kept_, raw, size) == 0 && ::getsockname(kept_, raw, &size) == 0,
             "no free port");
    port_ = ntohs(address.sin_port);
  }

  const int kept_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  grpc::Service& service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace xt::grpc_clients::testing
