// Which instances there are to ask: those of a data folder, as ./dev run and ./dev cluster up write them down, or those
// that the command line names. Plain functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace xt::ctl {

struct Instance {
  std::string name;
  std::string host;
  std::uint16_t port = 0;  // of the admin HTTP
};

// What <data>/ready.json names. NOT_FOUND when nothing runs there, INVALID_ARGUMENT when the file is another one.
absl::StatusOr<std::vector<Instance>> InstancesOf(const std::string& data);

// The gRPC addresses of a service's instances that <data>/ready.json names; the standalone has a gateway alone. NOT_FOUND
// when there is none, INVALID_ARGUMENT when the file is another one.
absl::StatusOr<std::vector<std::string>> GrpcAddressesOf(const std::string& data, std::string_view service);

// "NAME=HOST:PORT". INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Instance> ParseInstance(std::string_view text);

}  // namespace xt::ctl
