// Market data and user events as bytes on the buses, and book snapshots as messages. The structs hold what the messages
// of market.trade, market.depth and user.<account> carry, in domain types, so that consumers need no generated header.
// Ticker and candle are types of a port: libs/adapters/grpc/market_queries_proto.h has those. Decoding checks
// everything and names the field that is wrong. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/event.h"
#include "libs/domain/level_book.h"
#include "libs/wire/proto_fwd.h"

namespace xt::wire {

// xtrader.v1.MarketTrade: the public part of a trade; no orders, no accounts.
struct MarketTrade {
  domain::EventId id;
  std::int64_t timestamp_ns = 0;
  domain::SymbolId symbol;
  domain::SymbolCode code;
  domain::TradeId trade_id;
  domain::Price price;
  domain::Quantity quantity;
  domain::Side taker_side = domain::Side::kUnspecified;
  friend bool operator==(const MarketTrade&, const MarketTrade&) = default;
};

// xtrader.v1.MarketDepth: the levels of one symbol that one command changed. `order_count` of the changes does not
// travel (it is 0 after decoding); bids come before asks. Who keeps a book sees by `previous_sequence` that it missed a
// message.
struct MarketDepth {
  domain::SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;
  domain::SymbolId symbol;
  domain::SymbolCode code;
  std::vector<domain::BookChange> changes;
  domain::SequenceNumber previous_sequence = {};  // of the message before of this symbol; 0: not known
  friend bool operator==(const MarketDepth&, const MarketDepth&) = default;
};

struct UserEvent {
  std::uint32_t index = 0;  // within the command's events, from 1
  domain::Event event;
  friend bool operator==(const UserEvent&, const UserEvent&) = default;
};

// xtrader.v1.UserEvents: the execution reports and balance changes of one account and command.
struct UserEvents {
  domain::SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;
  domain::AccountId account;
  std::vector<UserEvent> events;
  friend bool operator==(const UserEvents&, const UserEvents&) = default;
};

std::string EncodeMarketTrade(const MarketTrade& trade);
std::string EncodeMarketDepth(const MarketDepth& depth);
std::string EncodeUserEvents(const UserEvents& events);

absl::StatusOr<MarketTrade> DecodeMarketTrade(std::string_view bytes);
absl::StatusOr<MarketDepth> DecodeMarketDepth(std::string_view bytes);
absl::StatusOr<UserEvents> DecodeUserEvents(std::string_view bytes);

void ToProto(const MarketTrade& trade, xtrader::v1::MarketTrade& out);
absl::StatusOr<MarketTrade> FromProto(const xtrader::v1::MarketTrade& trade);

void ToProto(const domain::BookSnapshot& snapshot, xtrader::v1::BookSnapshot& out);
absl::StatusOr<domain::BookSnapshot> FromProto(const xtrader::v1::BookSnapshot& snapshot);

}  // namespace xt::wire
