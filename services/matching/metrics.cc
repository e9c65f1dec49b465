#include "services/matching/metrics.h"

#include <algorithm>
#include <variant>

#include "libs/domain/names.h"

namespace xt::matching {
namespace {

// In the order of domain::CommandBody.
constexpr const char* kOperationNames[] = {
    "new_order",         "cancel_order",    "define_asset",      "define_symbol", "set_symbol_status",
    "create_account",    "deposit",         "withdraw",          "epoch_start",   "cancel_all",
    "cancel_replace",    "amend_order",     "set_countdown",     "transfer",      "set_account_status",
    "configure_account", "define_fee_tier", "set_symbol_limits", "tick"};
constexpr const char* kOutcomeNames[] = {"accepted", "rejected", "repeated"};

// Whether the last refusal among a command's events says that it was not executed. What was due and the risk's audit may
// stand before it. A cancel-replace may go on after a refused cancel: then only that of its new order counts.
bool IsOfCommand(const domain::CommandRejected& refusal, const domain::Command& command) {
  const auto* replace = std::get_if<domain::CancelReplace>(&command.body);
  if (replace == nullptr || replace->mode != domain::ReplaceMode::kAllowFailure) return true;
  return refusal.client_order_id == replace->order.client_order_id;
}

}  // namespace

MatchingMetrics::MatchingMetrics(runtime::MetricsRegistry& registry, const std::string& shard)
    : registry_(registry),
      latency_(registry.Histogram("matching_latency_seconds", "Time to apply one command.", {{"shard", shard}},
                                  runtime::kInProcessBucketsNs)),
      queue_wait_(registry.Histogram("matching_queue_wait_seconds",
                                     "Time from the commit of a frame to its application.", {{"shard", shard}},
                                     runtime::kInProcessBucketsNs)),
      applied_(
          registry.Gauge("matching_applied_sequence", "Sequence of the last applied command.", {{"shard", shard}})),
      replay_ratio_(registry.Gauge("matching_replay_ratio", "Applied part of what is known to be committed.",
                                   {{"shard", shard}}, runtime::Scale::kMillionth)),
      resting_orders_(registry.Gauge("matching_resting_orders",
                                     "Orders that rest in all books or wait for their stop price.",
                                     {{"shard", shard}})),
      client_ids_(registry.Gauge("matching_client_ids", "Client order ids and transfer references that are kept.",
                                 {{"shard", shard}})),
      state_drops_(registry.Counter(
          "matching_state_drops_total",
          "Times that the state was dropped: a sequencer lacked results, it followed another journal, or the journal "
          "begins behind it.",
          {{"shard", shard}})),
      standby_(registry.Gauge("matching_standby", "1 while a leader feeds it as a hot standby.", {{"shard", shard}})) {
  static_assert(std::size(kOperationNames) == kOperations);
  for (std::size_t op = 0; op < kOperations; ++op) {
    for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
      commands_[op][outcome] =
          &registry.Counter("matching_commands_total", "Commands applied, by what came of them.",
                            {{"op", kOperationNames[op]}, {"outcome", kOutcomeNames[outcome]}, {"shard", shard}});
    }
  }
}

void MatchingMetrics::Observe(const domain::Command& command, std::span<const domain::Event> events) {
  const domain::CommandRejected* rejected = nullptr;
  // One pass, by kind, the most frequent ones first: this is done for every command.
  for (const domain::Event& event : events) {
    if (const auto* change = std::get_if<domain::BookChange>(&event)) {
      symbols_[change->symbol.value()].changed = true;
    } else if (const auto* trade = std::get_if<domain::Trade>(&event)) {
      Take(*trade);
    } else if (const auto* refusal = std::get_if<domain::CommandRejected>(&event)) {
      rejected = refusal;
    } else if (const auto* defined = std::get_if<domain::SymbolDefined>(&event)) {
      Show(defined->symbol);
    }
  }
  Outcome outcome = kAccepted;
  if (rejected != nullptr && IsOfCommand(*rejected, command)) {
    outcome = rejected->reason == domain::RejectReason::kNone ? kRepeated : kRejected;
  }
  commands_[command.body.index()][outcome]->IncrementSingleWriter();
}

void MatchingMetrics::ObserveFrame(const Engine& engine, std::int64_t wait_ns, std::uint64_t committed) {
  const std::uint64_t applied = engine.applied().value();
  queue_wait_.ObserveSingleWriter(wait_ns);
  replay_ratio_.Set(static_cast<std::int64_t>(applied * 1'000'000 / std::max(applied, committed)));
  ShowState(engine);
}

void MatchingMetrics::ShowState(const Engine& engine) {
  applied_.Set(static_cast<std::int64_t>(engine.applied().value()));
  resting_orders_.Set(engine.open_orders());
  client_ids_.Set(engine.client_ids().size());
  for (std::size_t i = 0; i < symbols_.size(); ++i) {
    if (symbols_[i].changed) ShowBook(engine, domain::SymbolId(static_cast<std::uint16_t>(i)), symbols_[i]);
  }
}

void MatchingMetrics::StateDropped() {
  state_drops_.Increment();
  for (runtime::Gauge* gauge : {&applied_, &replay_ratio_, &resting_orders_, &client_ids_}) gauge->Set(0);
  for (SymbolMetrics& metrics : symbols_) {
    for (const std::size_t side : {0, 1}) {
      metrics.orders[side]->Set(0);
      metrics.levels[side]->Set(0);
    }
    metrics.crossed->Set(0);
  }
  // Another journal may give the ids to other symbols.
  symbols_.clear();
}

void MatchingMetrics::Take(const domain::Trade& trade) {
  SymbolMetrics& metrics = symbols_[trade.symbol.value()];
  metrics.trades->IncrementSingleWriter();
  metrics.quantity->IncrementSingleWriter(static_cast<std::uint64_t>(trade.quantity.value() * metrics.lot_size));
}

void MatchingMetrics::Restored(const Engine& engine) {
  for (const domain::Symbol& symbol : engine.symbols()) {
    Show(symbol);
    symbols_[symbol.id.value()].changed = true;
  }
  ShowState(engine);
}

void MatchingMetrics::Show(const domain::Symbol& symbol) {
  const std::size_t index = symbol.id.value();
  if (index < symbols_.size()) return;  // its status changed
  symbols_.resize(index + 1);
  SymbolMetrics& metrics = symbols_[index];
  const std::string code(symbol.code.view());
  metrics.lot_size = symbol.lot_size.value();
  metrics.trades = &registry_.Counter("matching_trades_total", "Trades.", {{"symbol", code}});
  metrics.quantity = &registry_.Counter("matching_traded_quantity_total",
                                        "Traded quantity in the smallest unit of the base asset.", {{"symbol", code}});
  metrics.crossed =
      &registry_.Gauge("matching_book_crossed", "1 while the book is crossed: never.", {{"symbol", code}});
  for (const domain::Side side : {domain::Side::kBuy, domain::Side::kSell}) {
    const std::size_t at = side == domain::Side::kBuy ? 0 : 1;
    const runtime::Labels labels{{"symbol", code}, {"side", std::string(domain::NameOf(side))}};
    metrics.orders[at] = &registry_.Gauge("matching_book_orders", "Orders in the book.", labels);
    metrics.levels[at] = &registry_.Gauge("matching_book_levels", "Price levels in the book.", labels);
  }
}

void MatchingMetrics::ShowBook(const Engine& engine, domain::SymbolId id, SymbolMetrics& metrics) {
  const auto& bids = engine.book(id).side<domain::Side::kBuy>();
  const auto& asks = engine.book(id).side<domain::Side::kSell>();
  metrics.orders[0]->Set(bids.orders());
  metrics.levels[0]->Set(bids.levels());
  metrics.orders[1]->Set(asks.orders());
  metrics.levels[1]->Set(asks.levels());
  metrics.crossed->Set(bids.best() >= asks.best() ? 1 : 0);
  metrics.changed = false;
}

}  // namespace xt::matching
