// From what a client wrote to a command: every rule about an order that needs no state but the symbol, in the order of
// docs/matching.md. What depends on the book, the balances or earlier orders is decided by matching; this layer only
// sees to it that nothing malformed gets a sequence number. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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
  std::optional<std::int64_t> group;
};

// The body of POST /v1/order/replace: which order to cancel, and the fields of the new one.
struct ReplaceRequest {
  std::optional<std::string> cancel_order_id;
  std::optional<std::string> cancel_client_order_id;
  std::optional<std::string> mode;
  OrderRequest order;
};

struct ValidatedOrder {
  domain::NewOrder order;
  domain::Reject reject;  // when set, `order` is not to be used
};

// `symbol` is the one that the request names. The client order id stays empty when the request has none.
ValidatedOrder ValidateOrder(const OrderRequest& request, const domain::Symbol& symbol, domain::AccountId account);

// The rules over the fields together, for an order whose numbers are ticks and lots already; 0 and kUnspecified mean
// absent. Fills the default time in force: IOC for the types that trade at the market, else GTC.
domain::Reject CheckOrder(const domain::Symbol& symbol, domain::NewOrder& order);

struct ValidatedReplace {
  domain::CancelReplace replace;
  domain::Reject reject;
};
ValidatedReplace ValidateReplace(const ReplaceRequest& request, const domain::Symbol& symbol,
                                 domain::AccountId account);

// The new quantity of an amended order.
struct ValidatedQuantity {
  domain::Quantity quantity;
  domain::Reject reject;
};
ValidatedQuantity ValidateQuantity(const std::optional<std::string>& text, const domain::Symbol& symbol);

// {"timeoutMs", "group"}; without a group it is about every order of the account.
struct CountdownRequest {
  std::optional<std::int64_t> timeout_ms;
  std::optional<std::int64_t> group;
};
struct ValidatedCountdown {
  domain::SetCountdown countdown;
  domain::Reject reject;
};
ValidatedCountdown ValidateCountdown(const CountdownRequest& request, domain::AccountId account);

// Names one order of a cancel or a query: by id ("1234", 1..2^64-1), or by client order id.
struct ParsedOrderId {
  domain::OrderId id;
  domain::Reject reject;
};
ParsedOrderId ParseOrderId(std::string_view text, std::string_view field = "orderId");

}  // namespace xt::gateway
