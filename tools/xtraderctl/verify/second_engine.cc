#include "tools/xtraderctl/verify/second_engine.h"

#include <algorithm>
#include <limits>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tools/oracle/describe.h"

namespace xt::ctl {
namespace {

oracle::NaiveLimits Limits() {
  const matching::EngineConfig config;
  oracle::NaiveLimits limits;
  limits.retention_ns = config.client_id_retention_ns;
  limits.max_orders = config.max_orders;
  limits.max_client_ids = config.max_client_ids;
  limits.max_countdowns = config.max_countdowns;
  limits.max_price_blocks = config.max_level_pages;
  limits.max_accounts = config.max_accounts;
  limits.max_assets = config.max_assets;
  limits.max_symbols = config.max_symbols;
  return limits;
}

std::string Described(const std::vector<domain::Event>& events, std::size_t index) {
  return index < events.size() ? oracle::Describe(events[index]) : "nothing more";
}

}  // namespace

SecondEngine::SecondEngine() : engine_(Limits()) {}

std::string SecondEngine::Take(const Step& step) {
  sequence_ = step.sequence.value();
  const std::vector<domain::Event> expected = engine_.Apply(sequence_, step.timestamp_ns, Translated(step.command));
  std::vector<domain::Event> said;
  for (domain::Event event : step.events) {
    if (std::holds_alternative<domain::BalanceChange>(event) || std::holds_alternative<domain::BookChange>(event)) {
      continue;
    }
    if (auto* report = std::get_if<domain::ExecutionReport>(&event)) report->order_id = Number(report->order_id);
    if (auto* trade = std::get_if<domain::Trade>(&event)) {
      trade->maker_order_id = Number(trade->maker_order_id);
      trade->taker_order_id = Number(trade->taker_order_id);
    }
    said.push_back(event);
  }
  const auto [a, b] = std::mismatch(said.begin(), said.end(), expected.begin(), expected.end());
  if (a == said.end() && b == expected.end()) return "";
  const auto index = static_cast<std::size_t>(a - said.begin());
  return absl::StrCat("sequence ", sequence_, ": the engine says: ", Described(said, index),
                      "; the second engine: ", Described(expected, index));
}

std::string SecondEngine::CompareState(const matching::Engine& engine) const {
  for (std::uint32_t account = 0; account < engine_.accounts(); ++account) {
    for (std::uint16_t asset = 0; asset < engine_.assets(); ++asset) {
      const matching::Balance real = engine.accounts().At(domain::AccountId(account), domain::AssetId(asset));
      const oracle::NaiveEngine::Money naive = engine_.MoneyOf(account, asset);
      if (real.available == naive.available && real.locked == naive.locked) continue;
      return absl::StrCat("account ", account, ", asset ", asset, ": ", real.available, " and ", real.locked,
                          " locked; by the second engine ", naive.available, " and ", naive.locked);
    }
  }
  for (std::uint16_t symbol = 0; symbol < engine_.symbols(); ++symbol) {
    if (engine.Snapshot(domain::SymbolId(symbol), 0) != BookOf(domain::SymbolId(symbol))) {
      return absl::StrCat("the book of symbol ", symbol, " is another one by the second engine");
    }
  }
  return "";
}

domain::BookSnapshot SecondEngine::BookOf(domain::SymbolId symbol) const {
  return engine_.BookOf(symbol.value(), sequence_);
}

// An id that the real engine never gave must not be one that this one gave.
domain::Command SecondEngine::Translated(const domain::Command& command) const {
  const auto translate = [this](domain::OrderId& id) {
    if (id.value() == 0) return;
    const auto found = numbers_.find(id.value());
    id = domain::OrderId(found == numbers_.end() ? std::numeric_limits<std::uint64_t>::max() : found->second);
  };
  domain::Command translated = command;
  if (auto* cancel = std::get_if<domain::CancelOrder>(&translated.body)) translate(cancel->order_id);
  if (auto* amend = std::get_if<domain::AmendOrder>(&translated.body)) translate(amend->order_id);
  if (auto* replace = std::get_if<domain::CancelReplace>(&translated.body)) translate(replace->cancel_order_id);
  return translated;
}

domain::OrderId SecondEngine::Number(domain::OrderId id) {
  if (id.value() == 0) return id;
  return domain::OrderId(numbers_.try_emplace(id.value(), numbers_.size() + 1).first->second);
}

}  // namespace xt::ctl
