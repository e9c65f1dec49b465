#include "tools/xtraderctl/journal/places.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tools/cluster/cluster_file.h"

namespace xt::ctl {
namespace {

using nlohmann::json;

std::string WithoutScheme(const std::string& url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string::npos ? url : url.substr(scheme + 3);
}

void AddServer(const json& server, Places& places) {
  const std::string name = server.at("name");
  if (name == "redis-journal") places.redis_journal = server.at("address");
  if (name == "redis") places.redis = server.at("address");
  if (name == "kafka") places.kafka = server.at("address");
  if (name == "zookeeper") places.zookeeper = server.at("address");
  if (name == "postgres") places.postgres = server.at("url");
}

Places Read(const json& ready, const std::string& data) {
  Places places;
  if (!ready.contains("services")) {  // the standalone
    places.wals.push_back(data + "/journal");
    places.snapshots.push_back(data + "/snapshots");
    return places;
  }
  places.complete = true;
  for (const json& server : ready.at("servers")) AddServer(server, places);
  for (const json& service : ready.at("services")) {
    const std::string name = service.at("name");
    const std::string folder = absl::StrCat(data, "/", service.at("id").get<std::string>());
    if (name == "matching") {
      places.matching.push_back(service.at("grpc"));
      places.snapshots.push_back(folder + "/snapshots");
    }
    if (name != "sequencer") continue;
    places.wals.push_back(folder + "/journal");
    places.sequencers.push_back(WithoutScheme(service.at("admin")));
  }
  return places;
}

}  // namespace

absl::StatusOr<Places> PlacesOf(const std::string& data) {
  const std::string path = data + "/ready.json";
  const std::string text = cluster::ReadText(path);
  if (text.empty()) return absl::NotFoundError(absl::StrCat("nothing runs in ", data, ": there is no ", path));
  try {
    return Read(json::parse(text), data);
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.what()));
  }
}

}  // namespace xt::ctl
