// The objects of replay_json.h for people. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace xt::ctl {

std::string ReplayText(const nlohmann::ordered_json& replayed);

}  // namespace xt::ctl
