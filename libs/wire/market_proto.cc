#include "libs/wire/market_proto.h"

#include "libs/base/status.h"
#include "libs/domain/names.h"
#include "libs/wire/event_proto.h"
#include "libs/wire/fields.h"
#include "libs/wire/internal/messages.h"
#include "xtrader/v1/execution.pb.h"
#include "xtrader/v1/market_data.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

namespace {

template <typename Levels>
void AddLevel(const domain::BookChange& change, Levels& levels) {
  auto* level = levels.Add();
  level->set_price_ticks(change.price.value());
  level->set_quantity_lots(change.quantity.value());
}

template <typename Levels>
void ReadChanges(domain::Side side, const Levels& levels, MarketDepth& out) {
  for (const auto& level : levels) {
    domain::BookChange change;
    change.symbol = out.symbol;
    change.side = side;
    change.price = domain::Price(level.price_ticks());
    change.quantity = domain::Quantity(level.quantity_lots());
    out.changes.push_back(change);
  }
}

template <typename Levels>
void WriteSnapshotLevels(const std::vector<domain::BookLevel>& levels, Levels& out) {
  for (const domain::BookLevel& level : levels) {
    auto* item = out.Add();
    item->set_price_ticks(level.price.value());
    item->set_quantity_lots(level.quantity.value());
  }
}

template <typename Levels>
std::vector<domain::BookLevel> ReadSnapshotLevels(const Levels& levels) {
  std::vector<domain::BookLevel> out;
  out.reserve(static_cast<std::size_t>(levels.size()));
  for (const auto& level : levels) {
    out.push_back({domain::Price(level.price_ticks()), domain::Quantity(level.quantity_lots())});
  }
  return out;
}

absl::Status CheckCode(const domain::SymbolCode& code) {
  if (domain::IsValidSymbolCode(code.view())) return absl::OkStatus();
  return FieldError("symbol", "not a symbol code");
}

absl::StatusOr<MarketDepth> ReadDepth(const pb::MarketDepth& message) {
  MarketDepth out;
  FieldReader reader;
  reader.Integer("symbol_id", message.symbol_id(), out.symbol).Text("symbol", message.symbol(), out.code);
  XT_RETURN_IF_ERROR(reader.status());
  XT_RETURN_IF_ERROR(CheckCode(out.code));
  if (message.sequence() == 0) return FieldError("sequence", "must not be 0");
  out.sequence = domain::SequenceNumber(message.sequence());
  if (message.previous_sequence() >= message.sequence())
    return FieldError("previous_sequence", "must be below sequence");
  out.previous_sequence = domain::SequenceNumber(message.previous_sequence());
  out.timestamp_ns = message.timestamp_ns();
  ReadChanges(domain::Side::kBuy, message.bids(), out);
  ReadChanges(domain::Side::kSell, message.asks(), out);
  return out;
}

absl::StatusOr<UserEvents> ReadUserEvents(const pb::UserEvents& message) {
  if (message.sequence() == 0) return FieldError("sequence", "must not be 0");
  UserEvents out;
  out.sequence = domain::SequenceNumber(message.sequence());
  out.timestamp_ns = message.timestamp_ns();
  out.account = domain::AccountId(message.account_id());
  for (const pb::UserEvent& item : message.events()) {
    const auto in_event = [&] { return Indexed("events", out.events.size()); };
    if (item.index() == 0) return InField(in_event(), FieldError("index", "must not be 0"));
    auto event = FromProto(item.event());
    if (!event.ok()) return InField(in_event(), event.status());
    out.events.push_back({item.index(), *event});
  }
  return out;
}

}  // namespace

std::string EncodeMarketTrade(const MarketTrade& trade) {
  return internal::Encode<pb::MarketTrade>([&](pb::MarketTrade& message) { ToProto(trade, message); });
}

std::string EncodeMarketDepth(const MarketDepth& depth) {
  return internal::Encode<pb::MarketDepth>([&](pb::MarketDepth& message) {
    message.set_sequence(depth.sequence.value());
    message.set_previous_sequence(depth.previous_sequence.value());
    message.set_timestamp_ns(depth.timestamp_ns);
    message.set_symbol_id(depth.symbol.value());
    message.set_symbol(depth.code.view().data(), depth.code.view().size());
    for (const domain::BookChange& change : depth.changes) {
      AddLevel(change, change.side == domain::Side::kBuy ? *message.mutable_bids() : *message.mutable_asks());
    }
  });
}

std::string EncodeUserEvents(const UserEvents& events) {
  return internal::Encode<pb::UserEvents>([&](pb::UserEvents& message) {
    message.set_sequence(events.sequence.value());
    message.set_timestamp_ns(events.timestamp_ns);
    message.set_account_id(events.account.value());
    for (const UserEvent& item : events.events) {
      pb::UserEvent* out = message.add_events();
      out->set_index(item.index);
      ToProto(item.event, *out->mutable_event());
    }
  });
}

absl::StatusOr<MarketTrade> DecodeMarketTrade(std::string_view bytes) {
  return internal::Decode<pb::MarketTrade>(bytes, [](const pb::MarketTrade& message) { return FromProto(message); });
}

absl::StatusOr<MarketDepth> DecodeMarketDepth(std::string_view bytes) {
  return internal::Decode<pb::MarketDepth>(bytes, ReadDepth);
}

absl::StatusOr<UserEvents> DecodeUserEvents(std::string_view bytes) {
  return internal::Decode<pb::UserEvents>(bytes, ReadUserEvents);
}

void ToProto(const MarketTrade& trade, pb::MarketTrade& out) {
  out.Clear();
  out.set_sequence(trade.id.sequence.value());
  out.set_index(trade.id.index);
  out.set_timestamp_ns(trade.timestamp_ns);
  out.set_symbol_id(trade.symbol.value());
  out.set_symbol(trade.code.view().data(), trade.code.view().size());
  out.set_trade_id(trade.trade_id.value());
  out.set_price_ticks(trade.price.value());
  out.set_quantity_lots(trade.quantity.value());
  out.set_taker_side(static_cast<pb::Side>(trade.taker_side));
}

absl::StatusOr<MarketTrade> FromProto(const pb::MarketTrade& trade) {
  MarketTrade out;
  FieldReader reader;
  reader.Integer("symbol_id", trade.symbol_id(), out.symbol)
      .Text("symbol", trade.symbol(), out.code)
      .Integer("trade_id", trade.trade_id(), out.trade_id)
      .Value("taker_side", trade.taker_side(), domain::Side::kSell, out.taker_side);
  XT_RETURN_IF_ERROR(reader.status());
  XT_RETURN_IF_ERROR(CheckCode(out.code));
  if (out.taker_side == domain::Side::kUnspecified) return FieldError("taker_side", "must be set");
  if (trade.sequence() == 0) return FieldError("sequence", "must not be 0");
  if (trade.index() == 0) return FieldError("index", "must not be 0");
  out.id = {domain::SequenceNumber(trade.sequence()), trade.index()};
  out.timestamp_ns = trade.timestamp_ns();
  out.price = domain::Price(trade.price_ticks());
  out.quantity = domain::Quantity(trade.quantity_lots());
  return out;
}

void ToProto(const domain::BookSnapshot& snapshot, pb::BookSnapshot& out) {
  out.Clear();
  out.set_symbol_id(snapshot.symbol.value());
  out.set_sequence(snapshot.sequence.value());
  WriteSnapshotLevels(snapshot.bids, *out.mutable_bids());
  WriteSnapshotLevels(snapshot.asks, *out.mutable_asks());
}

absl::StatusOr<domain::BookSnapshot> FromProto(const pb::BookSnapshot& snapshot) {
  domain::BookSnapshot out;
  FieldReader reader;
  reader.Integer("symbol_id", snapshot.symbol_id(), out.symbol);
  XT_RETURN_IF_ERROR(reader.status());
  out.sequence = domain::SequenceNumber(snapshot.sequence());
  out.bids = ReadSnapshotLevels(snapshot.bids());
  out.asks = ReadSnapshotLevels(snapshot.asks());
  return out;
}

}  // namespace xt::wire
