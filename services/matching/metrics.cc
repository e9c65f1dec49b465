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

// The refusal of the command, null when it was executed. What was due and the risk's audit may stand before it. A
// cancel-replace may go on after a refused cancel: then only that of its new order counts.
const domain::CommandRejected* RefusalOf(const domain::Command& command, std::span<const domain::Event> events) {
  const domain::CommandRejected* refusal = nullptr;
  for (const domain::Event& event : events) {
    if (const auto* rejected = std::get_if<domain::CommandRejected>(&event)) refusal = rejected;
  }
  const auto* replace = std::get_if<domain::CancelReplace>(&command.body);
  if (refusal == nullptr || replace == nullptr || replace->mode != domain::ReplaceMode::kAllowFailure) return refusal;
  return refusal->client_order_id == replace->order.client_order_id ? refusal : nullptr;
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
      state_drops_(registry.Counter("matching_state_drops_total",
                                    "Times that the whole state was dropped, because the sequencer lacked results.",
                                    {{"shard", shard}})) {
  static_assert(std::size(kOperationNames) == kOperations);
  for (std::size_t op = 0; op < kOperations; ++op) {
    for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
      commands_[op][outcome] =
          &registry.Counter("matching_commands_total", "Commands applied, by what came of them.",
                            {{"op", kOperationNames[op]}, {"outcome", kOutcomeNames[outcome]}, {"shard", shard}});
    }
  }
}

void MatchingMetrics::Observe(const domain::Command& command, std::span<const domain::Event> events,
                              std::int64_t elapsed_ns) {
  Outcome outcome = kAccepted;
  if (const auto* rejected = RefusalOf(command, events)) {
    outcome = rejected->reason == domain::RejectReason::kNone ? kRepeated : kRejected;
  }
  commands_[command.body.index()][outcome]->IncrementSingleWriter();
  latency_.ObserveSingleWriter(elapsed_ns);
  for (const domain::Event& event : events) {
    std::visit([this](const auto& e) { Take(e); }, event);
  }
}

void MatchingMetrics::ObserveFrame(const Engine& engine, std::int64_t wait_ns, std::uint64_t committed) {
  const std::uint64_t applied = engine.applied().value();
  queue_wait_.ObserveSingleWriter(wait_ns);
  applied_.Set(static_cast<std::int64_t>(applied));
  replay_ratio_.Set(static_cast<std::int64_t>(applied * 1'000'000 / std::max(applied, committed)));
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

void MatchingMetrics::Take(const domain::BookChange& change) { symbols_[change.symbol.value()].changed = true; }

void MatchingMetrics::Take(const domain::SymbolDefined& defined) {
  const std::size_t index = defined.symbol.id.value();
  if (index < symbols_.size()) return;  // its status changed
  symbols_.resize(index + 1);
  SymbolMetrics& metrics = symbols_[index];
  const std::string code(defined.symbol.code.view());
  metrics.lot_size = defined.symbol.lot_size.value();
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
