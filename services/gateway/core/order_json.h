// Orders, fills, books and symbols as JSON: what the REST API answers. Decimals are strings, ids are strings, times are
// Unix milliseconds, sequences are numbers, and what a thing does not have is null. Every symbol and asset that is
// written must be in the table; the caller sees to it. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "libs/domain/event.h"
#include "libs/domain/level_book.h"
#include "services/gateway/core/json_writer.h"
#include "services/gateway/core/order_answer.h"
#include "services/gateway/core/symbol_table.h"

namespace xt::gateway {

inline constexpr std::int64_t kNsPerMs = 1'000'000;

// What an order's answer shows besides the execution report.
struct OrderStamp {
  domain::SequenceNumber sequence;
  std::int64_t time_ms = 0;
  // Of the last change; only where the present state is shown and not the answer to a command.
  std::optional<domain::SequenceNumber> update_sequence;
  std::optional<std::int64_t> update_time_ms;
};

// The members of an order, into an object that is open.
void WriteOrderFields(JsonWriter& json, const domain::ExecutionReport& report, const OrderStamp& stamp,
                      const SymbolTable& symbols);
// "fills": [{"tradeId", "price", "quantity", "fee", "feeAsset"}]
void WriteFills(JsonWriter& json, const std::vector<domain::ExecutionReport>& fills, const SymbolTable& symbols);
// A whole answer to an order, a cancel or an amendment.
std::string OrderAnswerJson(const OrderAnswer& answer, const SymbolTable& symbols);

// One of several results: an order, or the refusal in its place. `symbols` may be null with a refusal.
struct OrderResult {
  std::variant<OrderAnswer, Refusal> outcome;
  std::shared_ptr<const SymbolTable> symbols;
};
// {"results": [...]}
std::string BatchJson(const std::vector<OrderResult>& results);
// {"sequence", "time", "cancel", "order"}; cancel is null when it is not known any more.
std::string ReplaceJson(const ReplaceAnswer& answer, const SymbolTable& symbols);
// {"count", "orderIds", "sequence", "time"}
std::string CancelAllJson(const CancelAllAnswer& answer);
// {"group", "timeoutMs", "deadline", "sequence", "time"}
std::string CountdownJson(const CountdownAnswer& answer, std::int64_t timeout_ms);

// One fill of an account's history.
void WriteTrade(JsonWriter& json, domain::EventId id, std::int64_t timestamp_ns, const domain::ExecutionReport& report,
                const SymbolTable& symbols);

void WriteSymbol(JsonWriter& json, const domain::Symbol& symbol, const SymbolTable& symbols);
std::string BookJson(const domain::BookSnapshot& book, const domain::Symbol& symbol);
std::string RefusalJson(const Refusal& refusal);

// executed_quote / executed quantity in the quote asset, rounded down to its decimals; nullopt when nothing was executed.
std::optional<std::string> AveragePrice(const domain::Symbol& symbol, domain::Quantity executed,
                                        domain::Amount executed_quote);

}  // namespace xt::gateway
