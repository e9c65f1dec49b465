// States of the engine and their snapshots, for tests of what keeps them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/matching/core/engine.h"
#include "services/matching/snapshot_store.h"
#include "services/matching/testing/fake_sequencer.h"

namespace xt::matching::testing {

inline EngineConfig SmallEngine() {
  EngineConfig config;
  config.max_orders = 1'000;
  config.max_client_ids = 1'000;
  config.max_accounts = 20'000;
  return config;
}

// Of the state behind FrameChain::Setup, `accounts` new accounts (about 100 bytes each) and so many orders, whose ids begin
// with `ids`. Every bus had the results up to `published`.
inline Snapshot SnapshotBehind(std::uint64_t orders, std::uint64_t published = 0, const std::string& ids = "o",
                               std::uint64_t accounts = 0) {
  FrameChain chain;
  Engine engine(SmallEngine());
  std::int64_t timestamp_ns = 0;
  const auto apply = [&](const std::vector<domain::CommandBody>& bodies) {
    const auto frame = chain.Next(bodies);
    timestamp_ns = frame->timestamp_ns;
    for (const domain::Command& command : frame->commands) {
      engine.Apply(domain::SequenceNumber(engine.applied().value() + 1), timestamp_ns, command);
    }
  };
  apply(FrameChain::Setup());
  for (std::uint64_t i = 0; i < accounts; ++i) {
    apply({domain::CreateAccount{*domain::AccountName::From("account-" + std::to_string(i))}});
  }
  for (std::uint64_t i = 0; i < orders; ++i) {
    apply({FrameChain::Limit(1, domain::Side::kBuy, 100, 1, ids + std::to_string(i))});
  }
  return {engine.applied(), chain.hash(), timestamp_ns, domain::SequenceNumber(published), engine.SaveSnapshot()};
}

}  // namespace xt::matching::testing
