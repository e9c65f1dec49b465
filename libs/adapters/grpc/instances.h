// Instances: the instances of one service that all can answer. A call goes to the one that answered last; when it is
// UNAVAILABLE or does not answer in time, to each other one once, and the last failure is returned. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "libs/adapters/grpc/channel.h"
#include "libs/base/check.h"

namespace xt::grpc_clients {

template <typename Service>
class Instances {
 public:
  using Stub = typename Service::Stub;

  explicit Instances(const ClientOptions& options) : timeout_(options.call_timeout) {
    XT_CHECK(!options.addresses.empty(), "a client without an address");
    for (const std::string& address : options.addresses) {
      stubs_.push_back(Service::NewStub(MakeChannel(address, Service::service_full_name(), options)));
    }
  }

  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    const std::size_t first = present_.load();
    absl::Status status;
    for (std::size_t i = 0; i < stubs_.size(); ++i) {
      const std::size_t instance = (first + i) % stubs_.size();
      status = CallUnary(*stubs_[instance], method, timeout_, request, response);
      if (absl::IsUnavailable(status)) continue;
      if (i > 0) present_.store(instance);
      break;
    }
    return status;
  }

 private:
  const std::chrono::milliseconds timeout_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  std::atomic<std::size_t> present_{0};
};

}  // namespace xt::grpc_clients
