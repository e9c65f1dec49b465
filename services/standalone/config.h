// StandaloneConfig: the configuration of all six services in one process, each under its name, and what only this process
// has. Bounds and units: Describe().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "services/gateway/config.h"
#include "services/market-data/config.h"
#include "services/matching/config.h"
#include "services/notifier/config.h"
#include "services/persistence/config.h"
#include "services/sequencer/config.h"

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::standalone {

struct StandaloneConfig {
  std::string data_folder = ".xtrader";
  std::size_t demo_accounts = 2;
  std::uint64_t journal_segment_bytes = 64ULL << 20;
  std::uint64_t outbox_retain_bytes = 1ULL << 30;
  std::int64_t start_timeout_ms = 600'000;

  gateway::GatewayConfig gateway;
  sequencer::SequencerConfig sequencer;
  matching::MatchingConfig matching;
  persistence::PersistenceConfig persistence;
  market_data::MarketDataConfig market_data;
  notifier::NotifierConfig notifier;

  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::standalone
