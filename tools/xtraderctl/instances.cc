#include "tools/xtraderctl/instances.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tools/cluster/cluster_file.h"

namespace xt::ctl {
namespace {

using nlohmann::json;

// "http://HOST:PORT", perhaps with a path behind it.
absl::StatusOr<Instance> AtUrl(const std::string& name, std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) {
    return absl::InvalidArgumentError(absl::StrCat("not an address: ", std::string(url)));
  }
  url.remove_prefix(kScheme.size());
  return ParseInstance(absl::StrCat(name, "=", std::string(url.substr(0, url.find('/')))));
}

absl::StatusOr<std::vector<Instance>> ReadInstances(const json& ready) {
  std::vector<Instance> instances;
  if (!ready.contains("services")) {
    XT_ASSIGN_OR_RETURN(auto one, AtUrl("standalone", ready.at("metrics").at(0).get<std::string>()));
    instances.push_back(std::move(one));
    return instances;
  }
  for (const json& service : ready.at("services")) {
    XT_ASSIGN_OR_RETURN(auto one, AtUrl(service.at("id"), service.at("admin").get<std::string>()));
    instances.push_back(std::move(one));
  }
  return instances;
}

std::vector<std::string> ReadGrpcAddresses(const json& ready, std::string_view service) {
  std::vector<std::string> addresses;
  if (!ready.contains("services")) {
    if (service == "gateway") addresses.push_back(ready.at("grpc"));
    return addresses;
  }
  for (const json& one : ready.at("services")) {
    if (one.at("name") == service) addresses.push_back(one.at("grpc"));
  }
  return addresses;
}

// What `read` makes of <data>/ready.json.
template <typename Read>
auto FromReadyFile(const std::string& data, const Read& read) -> decltype(read(json())) {
  const std::string path = data + "/ready.json";
  const std::string text = cluster::ReadText(path);
  if (text.empty()) return absl::NotFoundError(absl::StrCat("nothing runs in ", data, ": there is no ", path));
  try {
    auto found = read(json::parse(text));
    if (found.ok() || absl::IsNotFound(found.status())) return found;
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", found.status().message()));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.what()));
  }
}

}  // namespace

absl::StatusOr<Instance> ParseInstance(std::string_view text) {
  const auto wrong = [&] {
    return absl::InvalidArgumentError(absl::StrCat("not NAME=HOST:PORT: ", std::string(text)));
  };
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.rfind(':');
  if (equals == std::string_view::npos || colon == std::string_view::npos || colon < equals) return wrong();
  Instance instance{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1, colon - equals - 1)), 0};
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data() + colon + 1, end, instance.port);
  if (error != std::errc() || parsed != end || instance.port == 0) return wrong();
  if (instance.name.empty() || instance.host.empty()) return wrong();
  return instance;
}

absl::StatusOr<std::vector<Instance>> InstancesOf(const std::string& data) {
  return FromReadyFile(data, ReadInstances);
}

absl::StatusOr<std::vector<std::string>> GrpcAddressesOf(const std::string& data, std::string_view service) {
  return FromReadyFile(data, [&](const json& ready) -> absl::StatusOr<std::vector<std::string>> {
    std::vector<std::string> addresses = ReadGrpcAddresses(ready, service);
    if (addresses.empty()) return absl::NotFoundError(absl::StrCat("no ", std::string(service), " runs in ", data));
    return addresses;
  });
}

}  // namespace xt::ctl
