// How a written order becomes a command once the reference data is there; shared by the routes of the REST API that enter
// orders. Thread-safe.
#pragma once

#include <variant>

#include "services/gateway/client_order_ids.h"
#include "services/gateway/core/order_answer.h"
#include "services/gateway/core/order_request.h"
#include "services/gateway/core/symbol_table.h"

namespace xt::gateway {

// With a client order id of the gateway's when the client gave none.
std::variant<domain::NewOrder, Refusal> ReadOrder(const OrderRequest& request, const SymbolTable& symbols,
                                                  domain::AccountId account, ClientOrderIds& ids);

}  // namespace xt::gateway
