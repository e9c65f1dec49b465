// What `replay` shows, as JSON objects: prices, quantities and amounts as decimals in strings, ids as strings, times in
// ISO 8601 as the journal has them. docs/operations.md names the keys. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "libs/domain/ids.h"
#include "tools/xtraderctl/journal/player.h"
#include "tools/xtraderctl/replay/open_orders.h"
#include "tools/xtraderctl/replay/order_life.h"

namespace xt::ctl {

// Where the replay stands: `journal`, `note`, `sequence`, `time`, `epoch`, `digest`.
nlohmann::ordered_json HeadJson(const JournalSource& source, const Player& player);
// `books`, `balances`, `openOrders` of all.
void AddState(const matching::Engine& engine, const OpenOrders& orders, nlohmann::ordered_json& out);
// `account`, `balances` and `openOrders` of one, which has to exist.
void AddAccount(domain::AccountId account, const matching::Engine& engine, const OpenOrders& orders,
                nlohmann::ordered_json& out);
// `order` and `events`.
void AddLife(domain::OrderId order, const std::vector<LifeEvent>& life, const matching::Engine& engine,
             nlohmann::ordered_json& out);

}  // namespace xt::ctl
