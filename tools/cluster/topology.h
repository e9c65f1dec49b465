// Topology: which processes make up a cluster on this machine, where each of them listens, and with which configuration
// it starts. Ports are chosen once, so that a process that is started again is found where it was. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt::cluster {

// The services in the order in which they are started; each needs only those before it.
inline constexpr std::string_view kServices[] = {"matching",    "sequencer", "persistence",
                                                 "market-data", "notifier",  "gateway"};
inline constexpr int kMaxReplicas = 9;

struct Options {
  std::string data;                       // folder, absolute
  std::string binaries;                   // folder with the services' programs
  std::uint16_t port = 0;                 // REST and WebSocket of the first gateway; 0: a free one
  std::map<std::string, int> replicas;    // by service; one where nothing is said
  std::string durability;                 // of the journal, as the sequencers know it; empty: their default
  std::string profile;                    // which of Kafka and Redis carry events; empty: kafka+redis
  std::int64_t zookeeper_session_ms = 0;  // of the services; 0: their default
  // What stays when the journal is trimmed, and what is applied between two snapshots; 0: the services' defaults.
  std::int64_t journal_keep_commands = 0;
  std::string operator_secret;  // of the gateways; empty: they take no commands of operators
  int owner = 0;                // the cluster ends with this process; 0: only when it is told to
};

// "sequencer=2,matching=2". INVALID_ARGUMENT names what is wrong.
absl::StatusOr<std::map<std::string, int>> ParseReplicas(std::string_view text);

// INVALID_ARGUMENT for a mode that there is not, for several sequencers that share no copy of the journal, and for one
// that has no other to keep a copy.
absl::Status CheckDurability(const Options& options);

// INVALID_ARGUMENT for a profile that there is not, and for `none`.
absl::Status CheckProfile(const Options& options);
// The server of the executions, sessions and limits, and the one of the market topics.
[[nodiscard]] bool HasRedis(const Options& options);
[[nodiscard]] bool HasKafka(const Options& options);

// What the services reach the servers by; empty: there is none.
struct ServerAddresses {
  std::string redis_journal;  // "127.0.0.1:1"
  std::string redis;
  std::string kafka;
  std::string rabbitmq;  // amqp://...
  std::string postgres;  // postgresql://...
  std::string zookeeper;
};

struct Service {
  std::string name;  // "sequencer"
  std::string id;    // "sequencer-0"
  std::string folder;
  std::string program;
  std::uint16_t grpc_port = 0;
  std::uint16_t admin_port = 0;
  std::uint16_t edge_port = 0;  // REST of a gateway, WebSocket of a notifier; 0 for the others
  std::string config;           // TOML

  [[nodiscard]] std::string grpc() const { return "127.0.0.1:" + std::to_string(grpc_port); }
  [[nodiscard]] std::string admin() const { return "http://127.0.0.1:" + std::to_string(admin_port); }
  [[nodiscard]] std::string config_file() const { return folder + "/config.toml"; }
  [[nodiscard]] std::string ready_file() const { return folder + "/ready.json"; }
  [[nodiscard]] std::string session_file() const { return folder + "/zookeeper.session"; }
  [[nodiscard]] std::string log_file() const { return folder + "/log"; }
};

// In the order of kServices.
std::vector<Service> PlanServices(const Options& options, const ServerAddresses& servers);

// The gRPC addresses of all replicas of a service.
std::vector<std::string> AddressesOf(const std::vector<Service>& services, std::string_view name);

}  // namespace xt::cluster
