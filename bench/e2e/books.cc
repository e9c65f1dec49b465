#include "bench/e2e/books.h"

#include <chrono>

#include "bench/e2e/order_flow.h"
#include "libs/base/status.h"
#include "libs/domain/decimal.h"

namespace xt::bench {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kPatience{120};

std::int64_t Units(const json& text) { return domain::ParseDecimal(text.get<std::string>(), kDecimals).units; }

// After a run the database is behind; the server waits for it a while and then says so.
absl::StatusOr<json> Get(test::SignedClient& client, const std::string& target) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    auto answer = client.Get(target);
    if (!answer.ok()) return answer.status();
    if (answer->status == 200) return std::move(answer->body);
    if (answer->status != 503 || std::chrono::steady_clock::now() >= deadline) {
      return absl::InternalError(target + ": " + answer->body.dump());
    }
  }
}

absl::Status AddFees(test::SignedClient& client, Holdings& fees) {
  std::string before;
  while (true) {
    XT_ASSIGN_OR_RETURN(const json page, Get(client, "/v1/trades?limit=1000" + before));
    const json& trades = page.at("trades");
    if (trades.empty()) return absl::OkStatus();
    for (const json& trade : trades) fees[trade.at("feeAsset")] += Units(trade.at("fee"));
    before = "&before=" + trades.back().at("id").get<std::string>();
  }
}

}  // namespace

absl::StatusOr<Holdings> HoldingsOf(const std::string& rest, const std::vector<test::Credentials>& accounts) {
  Holdings holdings;
  for (const test::Credentials& account : accounts) {
    test::SignedClient client(rest, account);
    XT_ASSIGN_OR_RETURN(const json answer, Get(client, "/v1/account"));
    for (const json& balance : answer.at("balances")) {
      holdings[balance.at("asset")] += Units(balance.at("available")) + Units(balance.at("locked"));
    }
  }
  return holdings;
}

absl::StatusOr<Holdings> FeesOf(const std::string& rest, const std::vector<test::Credentials>& accounts) {
  Holdings fees;
  for (const test::Credentials& account : accounts) {
    test::SignedClient client(rest, account);
    XT_RETURN_IF_ERROR(AddFees(client, fees));
  }
  return fees;
}

absl::Status CompareBooks(const Holdings& before, const Holdings& after, const Holdings& fees) {
  Holdings sum = after;
  for (const auto& [asset, fee] : fees) sum[asset] += fee;
  if (sum == before) return absl::OkStatus();
  std::string text = "the books do not balance:";
  for (const auto& [asset, units] : sum) {
    const auto found = before.find(asset);
    const std::int64_t expected = found == before.end() ? 0 : found->second;
    if (units == expected) continue;
    text += " " + asset + " " + domain::FormatDecimal(expected, kDecimals) + " became " +
            domain::FormatDecimal(units, kDecimals);
  }
  return absl::InternalError(text);
}

}  // namespace xt::bench
