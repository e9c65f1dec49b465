// RandomValues: seeded commands, events, frames and results with every field set, for round-trip tests. Same seed, same
// values. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/domain/frame.h"

namespace xt::wire::testing {

class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : engine_(seed) {}

  // One alternative, by its index in CommandBody.
  domain::Command Command(std::size_t alternative);
  domain::Command Command() { return Command(Below(std::variant_size_v<domain::CommandBody>)); }
  // One alternative, by its index in Event.
  domain::Event Event(std::size_t alternative);
  domain::Event Event() { return Event(Below(std::variant_size_v<domain::Event>)); }
  // `hash` is not set.
  domain::Frame Frame(std::size_t commands);
  domain::CommandResult Result(std::size_t events);

  domain::ExecutionReport Report();
  domain::Symbol Symbol();
  domain::NewOrder NewOrder();
  domain::AccountSettings Settings();
  domain::FeeTier FeeTier();
  domain::SymbolLimits Limits();
  std::uint64_t Below(std::uint64_t limit) { return engine_() % limit; }

 private:
  template <typename Id>
  Id Any() {
    return Id(static_cast<typename Id::rep>(engine_()));
  }
  template <typename Enum>
  Enum UpTo(Enum last) {
    return static_cast<Enum>(1 + Below(static_cast<std::uint64_t>(last)));
  }
  template <typename Text>
  Text Name(std::string_view alphabet) {
    std::string text(1 + Below(Text::kCapacity), ' ');
    for (char& c : text) c = alphabet[Below(alphabet.size())];
    return *Text::From(text);
  }
  domain::ClientOrderId ClientId();
  domain::AssetCode Code();

  std::mt19937_64 engine_;
};

}  // namespace xt::wire::testing
