#include "services/notifier/core/subscriptions.h"

namespace xt::notifier {
namespace {

constexpr std::array<std::string_view, kChannels> kNames{"trade", "orderbook", "ticker"};

}  // namespace

std::string_view NameOf(Channel channel) { return kNames[static_cast<std::size_t>(channel)]; }

std::optional<ChannelName> ParseChannelName(std::string_view text) {
  const auto point = text.find('.');
  if (point == std::string_view::npos || point + 1 == text.size()) return std::nullopt;
  const std::string_view symbol = text.substr(point + 1);
  for (std::size_t i = 0; i < kChannels; ++i) {
    if (kNames[i] != text.substr(0, point)) continue;
    return ChannelName{static_cast<Channel>(i), symbol == "*" ? std::string() : std::string(symbol)};
  }
  return std::nullopt;
}

Subscriptions Subscriptions::Everything() {
  Subscriptions everything;
  for (One& one : everything.channels_) one.all = true;
  return everything;
}

void Subscriptions::Add(Channel channel, std::optional<domain::SymbolId> symbol) {
  One& one = channels_[static_cast<std::size_t>(channel)];
  if (one.all) return;
  if (symbol) {
    one.symbols.insert(*symbol);
  } else {
    one.all = true;
    one.symbols.clear();
  }
}

bool Subscriptions::Remove(Channel channel, std::optional<domain::SymbolId> symbol) {
  One& one = channels_[static_cast<std::size_t>(channel)];
  if (!symbol) {
    one = {};
    return true;
  }
  return !one.all && one.symbols.erase(*symbol) > 0;
}

std::vector<std::string> Subscriptions::Names(const std::function<std::string(domain::SymbolId)>& symbol_code) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kChannels; ++i) {
    const std::string prefix = std::string(kNames[i]) + ".";
    if (channels_[i].all) names.push_back(prefix + "*");
    for (const domain::SymbolId symbol : channels_[i].symbols) names.push_back(prefix + symbol_code(symbol));
  }
  return names;
}

}  // namespace xt::notifier
