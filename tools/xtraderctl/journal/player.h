// Player: applies the commands of a journal to the real engine, from the first on, and shows every step. Whoever plays
// the journal up to one command has exactly the state of every replica at that command. The engine has the capacities
// that services/matching has by default. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "services/matching/core/engine.h"
#include "tools/xtraderctl/journal/chain_check.h"
#include "tools/xtraderctl/journal/journal_source.h"
#include "tools/xtraderctl/journal/until.h"

namespace xt::ctl {

// One command and what it did; the engine stands behind it. Valid during the call.
struct Step {
  domain::SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;
  const domain::Command& command;
  std::span<const domain::Event> events;
  const matching::Engine& engine;
};

class Player {
 public:
  using Observer = std::function<void(const Step&)>;

  // From the first command, once per object. FAILED_PRECONDITION, and nothing is played, when the journal does not
  // begin with it; DATA_LOSS as ChainCheck and the source say; OUT_OF_RANGE when the journal ends before the sequence
  // that `until` names; UNAVAILABLE when what comes next cannot be had any more.
  absl::Status Play(JournalSource& source, const Until& until, const Observer& observer);

  [[nodiscard]] const matching::Engine& engine() const { return *engine_; }
  // Of the last command that was applied.
  [[nodiscard]] std::int64_t timestamp_ns() const { return timestamp_ns_; }
  [[nodiscard]] const ChainCheck& chain() const { return chain_; }
  // What the source said about itself, to those who read it to its end, and what is damaged of its history.
  [[nodiscard]] const std::string& note() const { return note_; }

 private:
  absl::Status Begin(const Beginning& beginning);
  absl::Status Take(const ports::JournalRecord& record, const Until& until, const Observer& observer);

  const std::unique_ptr<matching::Engine> engine_ = std::make_unique<matching::Engine>();
  ChainCheck chain_;
  std::int64_t timestamp_ns_ = 0;
  std::string note_;
};

}  // namespace xt::ctl
