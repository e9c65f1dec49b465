// Queries of one account's orders, fills and balances. All of them see at least what this gateway has acknowledged.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "libs/domain/decimal.h"
#include "libs/domain/names.h"
#include "services/gateway/account_names.h"
#include "services/gateway/core/order_json.h"
#include "services/gateway/request_reader.h"
#include "services/gateway/rest_api.h"

namespace xt::gateway {
namespace {

using domain::RejectReason;

constexpr std::size_t kMaxRows = 1000;
constexpr std::size_t kDefaultRows = 100;

// "12-3", as in the field `id` of a fill.
std::optional<domain::EventId> ParseEventId(std::string_view text) {
  std::uint64_t sequence = 0;
  std::uint32_t index = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, sequence);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, index);
  if (second.ec != std::errc() || second.ptr != end || sequence == 0 || index == 0) return std::nullopt;
  return domain::EventId{domain::SequenceNumber(sequence), index};
}

OrderStamp StampOf(const ports::OrderRow& row) {
  return {row.created_sequence, row.created_ns / kNsPerMs, row.updated_sequence, row.updated_ns / kNsPerMs};
}

void WriteBalance(JsonWriter& json, const domain::Asset& asset, const ports::BalanceRow& balance) {
  json.BeginObject();
  json.Key("asset").String(asset.code.view());
  json.Key("available").String(domain::FormatDecimal(balance.available.value(), asset.decimals));
  json.Key("locked").String(domain::FormatDecimal(balance.locked.value(), asset.decimals));
  json.EndObject();
}

std::string AccountJson(const std::string& name, const std::vector<ports::BalanceRow>& balances,
                        const SymbolTable& symbols) {
  JsonWriter json;
  json.BeginObject().Key("account").String(name).Key("balances").BeginArray();
  for (const domain::Asset& asset : symbols.assets()) {
    const auto it = std::ranges::find(balances, asset.id, &ports::BalanceRow::asset);
    WriteBalance(json, asset, it == balances.end() ? ports::BalanceRow{} : *it);
  }
  json.EndArray().EndObject();
  return json.Take();
}

Refusal UnknownOrder() { return Refusal(RejectReason::kUnknownOrder, "", "The account has no such order."); }

}  // namespace

void RestApi::GetOrder(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return call->Refuse(*query.refusal());
  const ParsedOrderId order = ParseOrderId(call->request.PathParameter("orderId"));
  if (order.reject) return call->Refuse(Refusal(order.reject));
  OnWorker(call, [this, call, order] {
    AnswerOrder(call, parts_.history.GetOrder(parts_.desk->acknowledged(), call->account, order.id));
  });
}

void RestApi::GetOrderByClientId(const CallPtr& call) {
  QueryReader query(call->request, {"clientOrderId"});
  const auto id = query.Text("clientOrderId");
  query.Require(!id || domain::IsValidClientOrderId(*id), "clientOrderId");
  if (query.refusal()) return call->Refuse(*query.refusal());
  if (!id) return call->Refuse(Refusal(RejectReason::kMissingField, "clientOrderId"));
  OnWorker(call, [this, call, id = *id] {
    AnswerOrder(call, parts_.history.FindOrder(parts_.desk->acknowledged(), call->account, id));
  });
}

void RestApi::AnswerOrder(const CallPtr& call, const absl::StatusOr<ports::OrderRow>& row) {
  if (absl::IsNotFound(row.status())) return call->Refuse(UnknownOrder());
  if (!row.ok()) return call->Refuse(RefusalOf(row.status()));
  ports::FillFilter filter;
  filter.account = call->account;
  filter.order = row->report.order_id;
  filter.limit = kMaxRows;
  const auto fills = parts_.history.ListFills(row->updated_sequence, filter);
  if (!fills.ok()) return call->Refuse(RefusalOf(fills.status()));
  const auto symbols = SymbolsFor([&](const SymbolTable& table) { return table.Get(row->report.symbol) != nullptr; });
  if (symbols == nullptr) return call->Refuse(Refusal(RejectReason::kUnavailable));
  std::vector<domain::ExecutionReport> reports;
  for (auto fill = fills->rbegin(); fill != fills->rend(); ++fill) reports.push_back(fill->report);
  JsonWriter json;
  json.BeginObject();
  WriteOrderFields(json, row->report, StampOf(*row), *symbols);
  WriteFills(json, reports, *symbols);
  json.EndObject();
  call->Answer(json.Take());
}

std::optional<domain::SymbolId> RestApi::ReadSymbol(QueryReader& query) {
  const auto code = query.Text("symbol");
  if (!code) return std::nullopt;
  const auto find = [&]() -> std::optional<domain::SymbolId> {
    const auto symbols = parts_.symbols->Current();
    const domain::Symbol* symbol = symbols == nullptr ? nullptr : symbols->Find(*code);
    return symbol == nullptr ? std::nullopt : std::optional(symbol->id);
  };
  if (const auto id = find()) return id;
  if (!parts_.symbols->Refresh().ok()) {
    query.Refuse(Refusal(RejectReason::kUnavailable));
    return std::nullopt;
  }
  const auto id = find();
  if (!id) query.Refuse(Refusal(RejectReason::kUnknownSymbol, "symbol"));
  return id;
}

void RestApi::ListOrders(const CallPtr& call) {
  OnWorker(call, [this, call] {
    QueryReader query(call->request, {"symbol", "open", "limit", "before"});
    ports::OrderFilter filter;
    filter.account = call->account;
    filter.open_only = query.Flag("open");
    filter.limit = query.Number("limit", kDefaultRows, 1, kMaxRows);
    filter.before = domain::OrderId(query.Number("before", 0, 1, UINT64_MAX));
    filter.symbol = ReadSymbol(query);
    if (query.refusal()) return call->Refuse(*query.refusal());
    const auto rows = parts_.history.ListOrders(parts_.desk->acknowledged(), filter);
    if (!rows.ok()) return call->Refuse(RefusalOf(rows.status()));
    const auto symbols = SymbolsFor([&](const SymbolTable& table) {
      return std::ranges::all_of(*rows, [&](const auto& row) { return table.Get(row.report.symbol) != nullptr; });
    });
    if (symbols == nullptr) return call->Refuse(Refusal(RejectReason::kUnavailable));
    JsonWriter json;
    json.BeginObject().Key("orders").BeginArray();
    for (const ports::OrderRow& row : *rows) {
      json.BeginObject();
      WriteOrderFields(json, row.report, StampOf(row), *symbols);
      json.EndObject();
    }
    json.EndArray().EndObject();
    call->Answer(json.Take());
  });
}

void RestApi::ListTrades(const CallPtr& call) {
  OnWorker(call, [this, call] {
    QueryReader query(call->request, {"symbol", "orderId", "limit", "before"});
    ports::FillFilter filter;
    filter.account = call->account;
    filter.limit = query.Number("limit", kDefaultRows, 1, kMaxRows);
    filter.symbol = ReadSymbol(query);
    if (const auto order = query.Number("orderId", 0, 1, UINT64_MAX); order != 0) filter.order = domain::OrderId(order);
    if (const auto before = query.Text("before")) {
      const auto id = ParseEventId(*before);
      query.Require(id.has_value(), "before");
      filter.before = id.value_or(domain::EventId{});
    }
    if (query.refusal()) return call->Refuse(*query.refusal());
    const auto rows = parts_.history.ListFills(parts_.desk->acknowledged(), filter);
    if (!rows.ok()) return call->Refuse(RefusalOf(rows.status()));
    const auto symbols = SymbolsFor([&](const SymbolTable& table) {
      return std::ranges::all_of(*rows, [&](const auto& row) { return table.Get(row.report.symbol) != nullptr; });
    });
    if (symbols == nullptr) return call->Refuse(Refusal(RejectReason::kUnavailable));
    JsonWriter json;
    json.BeginObject().Key("trades").BeginArray();
    for (const ports::FillRow& row : *rows) WriteTrade(json, row.id, row.timestamp_ns, row.report, *symbols);
    json.EndArray().EndObject();
    call->Answer(json.Take());
  });
}

void RestApi::GetAccount(const CallPtr& call) {
  OnWorker(call, [this, call] {
    const QueryReader query(call->request, {});
    if (query.refusal()) return call->Refuse(*query.refusal());
    const domain::SequenceNumber at_least = parts_.desk->acknowledged();
    const auto name = parts_.account_names.Get(call->account, at_least);
    if (!name.ok()) return call->Refuse(RefusalOf(name.status(), RejectReason::kUnknownAccount));
    const auto balances = parts_.history.ListBalances(at_least, call->account);
    if (!balances.ok()) return call->Refuse(RefusalOf(balances.status()));
    const auto symbols = SymbolsFor([&](const SymbolTable& table) {
      return std::ranges::all_of(*balances, [&](const auto& row) { return table.GetAsset(row.asset) != nullptr; });
    });
    if (symbols == nullptr) return call->Refuse(Refusal(RejectReason::kUnavailable));
    call->Answer(AccountJson(*name, *balances, *symbols));
  });
}

}  // namespace xt::gateway
