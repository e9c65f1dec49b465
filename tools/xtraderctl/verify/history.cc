#include "tools/xtraderctl/verify/history.h"

#include <istream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::ctl {
namespace {

using nlohmann::json;

absl::Status TakeLine(const json& line, History& history) {
  const std::string event = line.at("event");
  const std::int64_t ns = line.at("ns");
  const auto key = std::pair(line.at("account").get<std::uint32_t>(), line.at("clientOrderId").get<std::string>());
  if (event == "invoke") {
    history.try_emplace(key, ClientOrder{.invoked_ns = ns});
    return absl::OkStatus();
  }
  const auto found = history.find(key);
  if (found == history.end()) return absl::InvalidArgumentError("it was not invoked before");
  if (event == "timedOut") return absl::OkStatus();
  if (event != "acknowledged") return absl::InvalidArgumentError(absl::StrCat("there is no event ", event));
  ClientOrder& order = found->second;
  if (order.acknowledged_ns) return absl::OkStatus();
  order.acknowledged_ns = ns;
  order.sequence = line.at("sequence");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<History> ReadHistory(std::istream& lines) {
  History history;
  std::string text;
  for (int number = 1; std::getline(lines, text); ++number) {
    absl::Status taken;
    try {
      taken = TakeLine(json::parse(text), history);
    } catch (const json::exception& error) {
      taken = absl::InvalidArgumentError(error.what());
    }
    if (!taken.ok()) return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", taken.message()));
  }
  return history;
}

}  // namespace xt::ctl
