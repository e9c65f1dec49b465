// Subscriptions: what one client wants to hear, and the parsing of channel names: `trade.BTC-KRW`, `orderbook.BTC-KRW`,
// `ticker.BTC-KRW`, or `*` instead of the symbol. A client that asked for nothing hears everything public. Plain values,
// not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libs/domain/ids.h"

namespace xt::notifier {

enum class Channel : std::uint8_t { kTrade = 0, kOrderBook = 1, kTicker = 2 };
inline constexpr std::size_t kChannels = 3;

// "trade", "orderbook", "ticker".
std::string_view NameOf(Channel channel);

struct ChannelName {
  Channel channel = Channel::kTrade;
  std::string symbol;  // empty: all
};
// nullopt for what is not a channel name.
std::optional<ChannelName> ParseChannelName(std::string_view text);

class Subscriptions {
 public:
  static Subscriptions Everything();

  // nullopt: all symbols. Adding all forgets the single ones; removing one symbol of all is not possible and returns false.
  void Add(Channel channel, std::optional<domain::SymbolId> symbol);
  bool Remove(Channel channel, std::optional<domain::SymbolId> symbol);
  [[nodiscard]] bool Wants(Channel channel, domain::SymbolId symbol) const {
    const One& one = channels_[static_cast<std::size_t>(channel)];
    return one.all || one.symbols.contains(symbol);
  }
  // Their names, in order.
  [[nodiscard]] std::vector<std::string> Names(const std::function<std::string(domain::SymbolId)>& symbol_code) const;

 private:
  struct One {
    bool all = false;
    std::set<domain::SymbolId> symbols;
  };
  std::array<One, kChannels> channels_;
};

}  // namespace xt::notifier
