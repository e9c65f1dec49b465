#include "tools/xtraderctl/replay/replay_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/xtraderctl/table.h"

namespace xt::ctl {
namespace {

using nlohmann::ordered_json;

std::string Cell(const ordered_json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// The keys are the headings.
std::string Table(const std::string& title, const ordered_json& objects, const std::vector<std::string>& keys) {
  if (objects.empty()) return absl::StrCat("\n", title, ": none\n");
  std::vector<Row> rows{keys};
  for (const ordered_json& object : objects) {
    Row row;
    for (const std::string& key : keys) row.push_back(Cell(object, key));
    rows.push_back(std::move(row));
  }
  return absl::StrCat("\n", title, "\n", Aligned(rows));
}

std::string BookText(const ordered_json& book) {
  std::vector<Row> rows{{"bid", "quantity", "ask", "quantity"}};
  const ordered_json& bids = book.at("bids");
  const ordered_json& asks = book.at("asks");
  for (std::size_t i = 0; i < std::max(bids.size(), asks.size()); ++i) {
    Row row(4);
    if (i < bids.size()) row = {bids[i][0], bids[i][1], "", ""};
    if (i < asks.size()) {
      row[2] = asks[i][0];
      row[3] = asks[i][1];
    }
    rows.push_back(std::move(row));
  }
  const std::string title = absl::StrCat("\n", Cell(book, "symbol"), " ", Cell(book, "status"));
  return bids.empty() && asks.empty() ? title + ": no orders\n" : title + "\n" + Aligned(rows);
}

// Columns of their own, or what the order is from its entry on.
bool IsPlace(const std::string& key) {
  return key == "sequence" || key == "index" || key == "time" || key == "event" || key == "orderId";
}
bool StaysAsItWas(const std::string& key) {
  return key == "clientOrderId" || key == "symbol" || key == "side" || key == "orderType" || key == "timeInForce";
}

std::string LifeText(const ordered_json& replayed) {
  std::string text = absl::StrCat("\norder ", Cell(replayed, "order"), "\n");
  std::vector<Row> rows;
  bool entered = false;
  for (const ordered_json& event : replayed.at("events")) {
    std::string rest;
    for (const auto& [key, value] : event.items()) {
      if (IsPlace(key) || (entered && StaysAsItWas(key))) continue;
      absl::StrAppend(&rest, rest.empty() ? "" : " ", key, "=", Cell(event, key));
    }
    entered = entered || event.contains("clientOrderId");
    rows.push_back({absl::StrCat(Cell(event, "sequence"), "-", Cell(event, "index")), Cell(event, "time"),
                    Cell(event, "event"), rest});
  }
  return text + Aligned(rows);
}

}  // namespace

std::string ReplayText(const ordered_json& replayed) {
  std::string text = absl::StrCat("journal ", Cell(replayed, "journal"), "\nsequence ", Cell(replayed, "sequence"),
                                  " at ", Cell(replayed, "time"), ", epoch ", Cell(replayed, "epoch"), ", state ",
                                  Cell(replayed, "digest"), "\n");
  if (!Cell(replayed, "note").empty()) absl::StrAppend(&text, Cell(replayed, "note"), "\n");
  if (replayed.contains("events")) return text + LifeText(replayed);
  if (replayed.contains("account")) {
    const ordered_json& account = replayed.at("account");
    absl::StrAppend(&text, "\naccount ", Cell(account, "id"), " ", Cell(account, "name"), " ", Cell(account, "status"),
                    "\n");
  } else {
    for (const ordered_json& book : replayed.at("books")) text += BookText(book);
  }
  text += Table("balances", replayed.at("balances"), {"account", "asset", "available", "locked"});
  text += Table("open orders", replayed.at("openOrders"),
                {"orderId", "account", "symbol", "side", "orderType", "price", "quantity", "executedQuantity", "status",
                 "clientOrderId", "sequence"});
  return text;
}

}  // namespace xt::ctl
