// What the fuzzers run: a function from any bytes to what is wrong, in words; nothing when all is well. The same functions
// run on the files of corpus/ in corpus_test, so that what a fuzzer found once stays tested with every compiler. Each
// call is on its own; not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libs/domain/command.h"
#include "services/matching/core/engine.h"

namespace xt::fuzz {

using Bytes = std::span<const std::uint8_t>;

// The bytes are a stream of hostile commands: after each the invariants hold, and now and then the engine is saved and
// restored.
std::string RunCommands(Bytes bytes);
// The bytes are the body of a snapshot whose frame is right: it is refused, or restores to an engine that saves the same
// bytes and goes on.
std::string RunSnapshot(Bytes bytes);

// Small tables, so that they get full.
matching::EngineConfig Config();
// Journal time before the first command.
inline constexpr std::int64_t kStartNs = 1'700'000'000'000'000'000;
// A snapshot with this body, and the body of one.
std::string SnapshotOf(std::string_view body);
std::string_view BodyOf(std::string_view snapshot);

}  // namespace xt::fuzz
