// The configuration of market-data. Bounds and units: Describe().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::market_data {

struct MarketDataConfig {
  std::size_t poll_messages = 512;
  std::int64_t publish_interval_ms = 100;
  std::int64_t fallback_patience_ms = 3'000;

  // The upstream connection; without streams there is none. Plain TCP: TLS is terminated in front of it.
  std::string binance_host = "127.0.0.1";
  std::uint16_t binance_port = 0;
  std::string binance_rest_host = "127.0.0.1";
  std::uint16_t binance_rest_port = 0;
  std::vector<std::string> binance_symbols;  // "BTCUSDT"
  std::int64_t reconnect_min_ms = 1'000;
  std::int64_t reconnect_max_ms = 60'000;
  std::int64_t silence_timeout_ms = 30'000;

  [[nodiscard]] bool upstream() const { return !binance_symbols.empty(); }
  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::market_data
