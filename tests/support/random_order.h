// RandomOrder: limit orders in three markets around one price each, both sides alike, so that a part of them trades and a
// part rests. The state of `random` decides.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace xt::test {

nlohmann::json RandomOrder(std::mt19937& random, const std::string& client_order_id);

}  // namespace xt::test
