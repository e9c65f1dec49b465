// MarketDataProcess: market-data as a process of its own, on the servers that are configured or the embedded adapters under its data
// folder, with matching reached by gRPC. Matching may be absent: the process then lives, answers health, and is not ready.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/backends/backends.h"
#include "libs/runtime/service_main.h"
#include "services/market-data/config.h"

namespace xt::market_data {

struct MarketDataProcessConfig {
  MarketDataConfig service;
  std::string data_folder = ".xtrader/market-data";
  std::string shard = "0";
  backends::BackendConfig servers;
  std::vector<std::string> matching_addresses = {"127.0.0.1:9092"};

  void Describe(runtime::ConfigSchema& schema);
  [[nodiscard]] bool ReadsRedisAlone() const { return servers.kafka.empty() && !servers.redis.empty(); }
};

class MarketDataProcess final : public runtime::App {
 public:
  MarketDataProcess(const MarketDataProcessConfig& config, runtime::ServiceContext& context);
  ~MarketDataProcess() override;

  absl::Status Start() override;
  std::vector<runtime::GrpcService> GrpcServices() override;
  void Drain(std::chrono::steady_clock::time_point deadline) override;
  void Stop() override;

 private:
  struct Parts;
  const MarketDataProcessConfig& config_;
  runtime::ServiceContext& context_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace xt::market_data
