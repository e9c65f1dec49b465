// From what a client wrote to a command: every rule about an order that needs no state but the symbol. What depends on
// the book, the balances or earlier orders is decided by matching, which also refuses the order types that are not
// offered yet; this layer only sees to it that nothing malformed gets a sequence number. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/domain/command.h"
#include "libs/domain/reject_reason.h"
#include "libs/domain/symbol.h"

namespace xt::gateway {

// An order as written in the body of POST /v1/order; nullopt: the field was not there. Decimals are text.
struct OrderRequest {
  std::optional<std::string> symbol;
  std::optional<std::string> side;
  std::optional<std::string> type;
  std::optional<std::string> time_in_force;
  std::optional<std::string> self_trade_prevention;
  std::optional<std::string> price;
  std::optional<std::string> quantity;
  std::optional<std::string> quote_quantity;
  std::optional<std::string> stop_price;
  std::optional<std::string> iceberg_quantity;
  std::optional<std::string> client_order_id;
  std::optional<std::int64_t> expire_time_ms;
};

struct ValidatedOrder {
  domain::NewOrder order;
  domain::Reject reject;  // when set, `order` is not to be used
};

// `symbol` is the one that the request names. The client order id stays empty when the request has none.
ValidatedOrder ValidateOrder(const OrderRequest& request, const domain::Symbol& symbol, domain::AccountId account);

// The rules over the fields together, for an order whose numbers are ticks and lots already; 0 and kUnspecified mean
// absent. Fills the default time in force: IOC for the types that execute at the market, else GTC.
domain::Reject CheckOrder(const domain::Symbol& symbol, domain::NewOrder& order);

// Names one order of a cancel or a query: by id ("1234", 1..2^64-1), or by client order id.
struct ParsedOrderId {
  domain::OrderId id;
  domain::Reject reject;
};
ParsedOrderId ParseOrderId(std::string_view text);

}  // namespace xt::gateway
