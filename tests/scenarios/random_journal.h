// A journal of random commands: what tests of snapshots and of determinism apply again and again. Made by letting the
// commands run once, so that they name orders that exist. Plain functions.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/domain/command.h"
#include "services/matching/core/engine.h"
#include "tests/scenarios/random_commands.h"

namespace xt::scenarios {

struct JournalEntry {
  std::int64_t timestamp_ns = 0;
  domain::Command command;
};

// Room for what RandomCommands does.
inline matching::EngineConfig SmallEngineConfig() {
  matching::EngineConfig config;
  config.max_orders = 1'000;
  config.max_client_ids = 20'000;
  config.max_level_pages = 128;
  config.max_accounts = 100;
  config.max_countdowns = 100;
  return config;
}

// `steps`: how many commands share a timestamp. `accept` chooses the commands that come into the journal.
template <typename Accept>
std::vector<JournalEntry> MakeJournal(std::uint64_t seed, int commands, int steps, const Accept& accept) {
  matching::Engine engine(SmallEngineConfig());
  RandomCommands source(seed, 2'000);
  std::int64_t now_ns = 1'700'000'000'000'000'000;
  std::vector<JournalEntry> journal;
  const auto add = [&](const domain::Command& command) {
    if (!accept(command)) return;
    journal.push_back({now_ns, command});
    const auto events = engine.Apply(domain::SequenceNumber(journal.size()), now_ns, command);
    source.Observe({events.begin(), events.end()});
  };
  for (const domain::Command& command : source.Setup()) add(command);
  for (int i = 0; i < commands; ++i) {
    if (i % steps == 0) now_ns += source.DrawStepNs();
    add(source.Draw(now_ns));
  }
  return journal;
}

inline std::vector<JournalEntry> MakeJournal(std::uint64_t seed, int commands) {
  return MakeJournal(seed, commands, 1, [](const domain::Command&) { return true; });
}

}  // namespace xt::scenarios
