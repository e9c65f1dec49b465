// The JSON that clients of /ws/exchange get, one function per message. docs/streams.md shows each. Decimals are strings; ids
// are strings; sequences, indexes and Unix times in milliseconds are numbers. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/domain/event.h"
#include "libs/domain/level_book.h"
#include "libs/domain/symbol.h"
#include "libs/ports/market_queries.h"
#include "libs/wire/market_proto.h"

namespace xt::notifier {

std::string TradeMessage(const wire::MarketTrade& trade, const domain::Symbol& symbol);
std::string SnapshotMessage(const domain::BookSnapshot& snapshot, const domain::Symbol& symbol);
// `previous` is the sequence of the message before: a client that did not see it has missed something.
std::string BookMessage(const wire::MarketDepth& depth, domain::SequenceNumber previous, const domain::Symbol& symbol);
std::string TickerMessage(const ports::Ticker& ticker, const domain::Symbol& symbol);

std::string ExecutionMessage(domain::EventId id, std::int64_t timestamp_ns, const domain::ExecutionReport& report,
                             const domain::Symbol& symbol, const domain::Asset& fee_asset);
std::string BalanceMessage(domain::EventId id, std::int64_t timestamp_ns, const domain::BalanceChange& change,
                           const domain::Asset& asset);

// Answers to what a client asked. `id` is the client's, as JSON text ("1", "\"a\"", "null").
std::string ResultMessage(std::string_view id, const std::vector<std::string>& channels, std::string_view account);
std::string ErrorMessage(std::string_view id, domain::RejectReason reason, std::string_view field);

}  // namespace xt::notifier
