#include "tools/cluster/topology.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tools/servers/server_process.h"

namespace xt::cluster {
namespace {

constexpr std::string_view kLocal = "local";
constexpr std::string_view kWithStandbys = "local+redis+standbys";
constexpr std::string_view kDurabilities[] = {"memory", "redis", "local+redis", kLocal, "always", kWithStandbys};

constexpr std::string_view kKafkaAndRedis = "kafka+redis";
constexpr std::string_view kKafkaOnly = "kafka";
constexpr std::string_view kRedisOnly = "redis";
constexpr std::string_view kNeither = "none";

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

void AppendName(std::string* out, std::string_view name) { out->append(name); }

std::string List(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(Quoted(text));
  return "[" + absl::StrJoin(quoted, ", ") + "]";
}

std::string Line(std::string_view key, const std::string& value) { return std::string(key) + " = " + value + "\n"; }

std::string ZooKeeperConfig(const Service& service, const Options& options, const ServerAddresses& servers) {
  std::string text = Line("zookeeper.servers", Quoted(servers.zookeeper)) +
                     Line("zookeeper.session_file", Quoted(service.session_file()));
  if (options.zookeeper_session_ms > 0) {
    text += Line("zookeeper.session_timeout_ms", std::to_string(options.zookeeper_session_ms));
  }
  return text;
}

std::string CommonConfig(const Service& service) {
  return Line("instance", Quoted(service.id)) + Line("ready_file", Quoted(service.ready_file())) +
         Line("log.file", Quoted(service.log_file())) + Line("admin.port", std::to_string(service.admin_port)) +
         Line("grpc.port", std::to_string(service.grpc_port));
}

// The journal's part of a sequencer's configuration. Alone with its file it leads without being elected.
std::string JournalConfig(const Service& service, const Options& options, const ServerAddresses& servers) {
  std::string text;
  if (!options.durability.empty()) text += Line("journal.durability", Quoted(options.durability));
  if (options.durability == kLocal) return text;
  return text + Line("redis_journal.address", Quoted(servers.redis_journal)) +
         ZooKeeperConfig(service, options, servers);
}

std::string ServerConfig(const Service& service, const Options& options, const ServerAddresses& servers) {
  std::string text;
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) text += Line(key, Quoted(value));
  };
  if (service.name == "sequencer") text += JournalConfig(service, options, servers);
  if (service.name == "sequencer" || service.name == "persistence" || service.name == "gateway" ||
      service.name == "market-data") {
    add("redis.address", servers.redis);
  }
  if (service.name == "sequencer" || service.name == "market-data" || service.name == "persistence") {
    add("kafka.brokers", servers.kafka);
  }
  if (service.name == "market-data") text += ZooKeeperConfig(service, options, servers);
  if (service.name == "sequencer" || service.name == "market-data" || service.name == "notifier") {
    add("rabbitmq.url", servers.rabbitmq);
  }
  if (service.name == "persistence") add("postgres.url", servers.postgres);
  return text;
}

// The gateways share the notifiers out among them.
const Service& NotifierOf(const Service& gateway, const std::vector<Service>& services) {
  std::vector<const Service*> notifiers;
  std::size_t number = 0;
  for (const Service& service : services) {
    if (service.name == "notifier") notifiers.push_back(&service);
    if (service.name == "gateway" && service.id < gateway.id) ++number;
  }
  return *notifiers[number % notifiers.size()];
}

std::string OwnConfig(const Service& service, const std::vector<Service>& services, const Options& options) {
  std::string text;
  const auto peers = [&](std::string_view key, std::string_view name) {
    text += Line(key, List(AddressesOf(services, name)));
  };
  if (service.name != "matching" && service.name != "gateway" && service.name != "notifier") {
    text += Line("data", Quoted(service.folder));
  }
  if (service.name == "sequencer" || service.name == "market-data") peers("matching.addresses", "matching");
  if (service.name == "sequencer" && options.durability == kWithStandbys) {
    std::vector<std::string> others = AddressesOf(services, "sequencer");
    std::erase(others, service.grpc());
    text += Line("journal.standby_addresses", List(others));
  }
  const std::string keep = std::to_string(options.journal_keep_commands);
  if (service.name == "sequencer" && options.journal_keep_commands > 0) {
    text += Line("journal.keep_commands", keep) + Line("journal.trim_every_ms", "500");
  }
  if (service.name == "matching") text += Line("snapshot.folder", Quoted(service.folder + "/snapshots"));
  if (service.name == "matching" && options.journal_keep_commands > 0) text += Line("snapshot.every_commands", keep);
  if (service.name == "persistence") text += Line("consumer.name", Quoted(service.id));
  if (service.name == "notifier") {
    peers("matching.addresses", "matching");
    peers("persistence.addresses", "persistence");
    text += Line("port", std::to_string(service.edge_port));
  }
  if (service.name == "gateway") {
    peers("sequencer.addresses", "sequencer");
    peers("matching.addresses", "matching");
    peers("persistence.addresses", "persistence");
    peers("market_data.addresses", "market-data");
    text += Line("rest.port", std::to_string(service.edge_port));
    if (!options.operator_secret.empty()) text += Line("operator.secret", Quoted(options.operator_secret));
    text += Line("notifier.address", Quoted("127.0.0.1:" + std::to_string(NotifierOf(service, services).edge_port)));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::map<std::string, int>> ParseReplicas(std::string_view text) {
  std::map<std::string, int> replicas;
  for (const auto item : absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipEmpty())) {
    const std::string one(item);
    const std::size_t equals = one.find('=');
    const std::string name = one.substr(0, equals);
    if (std::find(std::begin(kServices), std::end(kServices), name) == std::end(kServices)) {
      return absl::InvalidArgumentError(absl::StrCat("--replicas: there is no service '", name, "'"));
    }
    const std::string number = equals == std::string::npos ? "" : one.substr(equals + 1);
    int count = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
    if (error != std::errc() || end != number.data() + number.size() || count < 1 || count > kMaxReplicas) {
      return absl::InvalidArgumentError(
          absl::StrCat("--replicas: ", name, " must be a number from 1 to ", kMaxReplicas, ", not '", number, "'"));
    }
    replicas[name] = count;
  }
  return replicas;
}

absl::Status CheckDurability(const Options& options) {
  const std::string& mode = options.durability;
  if (mode.empty()) return absl::OkStatus();
  if (std::find(std::begin(kDurabilities), std::end(kDurabilities), mode) == std::end(kDurabilities)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--durability must be one of ", absl::StrJoin(kDurabilities, ", ", AppendName), ", not '", mode, "'"));
  }
  const auto replicas = options.replicas.find("sequencer");
  const int sequencers = replicas != options.replicas.end() ? replicas->second : 1;
  if (mode == kLocal && sequencers > 1) {
    return absl::InvalidArgumentError(
        "--durability local is for one sequencer: a second one would not have the journal");
  }
  if (mode == kWithStandbys && sequencers == 1) {
    return absl::InvalidArgumentError(
        "--durability local+redis+standbys needs --replicas sequencer=2 or more: the third copy is a standby's file");
  }
  return absl::OkStatus();
}

absl::Status CheckProfile(const Options& options) {
  const std::string& profile = options.profile;
  if (profile.empty() || profile == kKafkaAndRedis || profile == kKafkaOnly || profile == kRedisOnly) {
    return absl::OkStatus();
  }
  if (profile == kNeither) {
    return absl::InvalidArgumentError(
        "--profile none is for one process, which ./dev run is: without Kafka and Redis nothing carries the events "
        "from "
        "the sequencer to persistence and market-data");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--profile must be one of kafka+redis, kafka, redis, none, not '", profile, "'"));
}

bool HasRedis(const Options& options) { return options.profile != kKafkaOnly; }
bool HasKafka(const Options& options) { return options.profile != kRedisOnly; }

std::vector<Service> PlanServices(const Options& options, const ServerAddresses& servers) {
  std::vector<Service> services;
  for (const std::string_view name : kServices) {
    const auto replicas = options.replicas.find(std::string(name));
    const int count = replicas != options.replicas.end() ? replicas->second : 1;
    for (int i = 0; i < count; ++i) {
      Service service;
      service.name = name;
      service.id = absl::StrCat(service.name, "-", i);
      service.folder = options.data + "/" + service.id;
      service.program = options.binaries + "/xtrader-" + service.name;
      service.grpc_port = servers::FreePort();
      service.admin_port = servers::FreePort();
      if (name == "gateway" || name == "notifier") service.edge_port = servers::FreePort();
      if (name == "gateway" && i == 0 && options.port != 0) service.edge_port = options.port;
      services.push_back(std::move(service));
    }
  }
  for (Service& service : services) {
    service.config =
        CommonConfig(service) + ServerConfig(service, options, servers) + OwnConfig(service, services, options);
  }
  return services;
}

std::vector<std::string> AddressesOf(const std::vector<Service>& services, std::string_view name) {
  std::vector<std::string> addresses;
  for (const Service& service : services) {
    if (service.name == name) addresses.push_back(service.grpc());
  }
  return addresses;
}

}  // namespace xt::cluster
