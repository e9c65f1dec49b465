#include "libs/adapters/grpc/history_proto.h"

#include <string>

#include "libs/base/status.h"
#include "libs/wire/event_proto.h"
#include "libs/wire/fields.h"
#include "xtrader/v1/account.pb.h"
#include "xtrader/v1/persistence_service.pb.h"

namespace xt::grpc_clients {

namespace pb = ::xtrader::v1;
using wire::FieldReader;

namespace {

constexpr std::uint32_t kMaxLimit = 1000;

absl::Status CheckLimit(std::uint32_t limit) {
  if (limit >= 1 && limit <= kMaxLimit) return absl::OkStatus();
  return wire::FieldError("limit", "must be 1..1000");
}

absl::StatusOr<domain::ExecutionReport> ReadReport(const pb::ExecutionReport& message) {
  auto report = wire::FromProto(message);
  if (!report.ok()) return wire::InField("report", report.status());
  return *report;
}

template <typename Request>
absl::Status ReadSymbol(const Request& request, std::optional<domain::SymbolId>& out) {
  if (!request.has_symbol_id()) return absl::OkStatus();
  FieldReader reader;
  reader.Integer("symbol_id", request.symbol_id(), out.emplace());
  return reader.status();
}

}  // namespace

void ToProto(const ports::OrderRow& row, pb::OrderRecord& out) {
  out.Clear();
  wire::ToProto(row.report, *out.mutable_report());
  out.set_created_sequence(row.created_sequence.value());
  out.set_updated_sequence(row.updated_sequence.value());
  out.set_created_ns(row.created_ns);
  out.set_updated_ns(row.updated_ns);
  out.set_first_status(static_cast<pb::OrderStatus>(row.first_status));
  out.set_first_executed_quantity_lots(row.first_executed_quantity.value());
  out.set_first_executed_quote(row.first_executed_quote.value());
}

void ToProto(const ports::FillRow& row, pb::FillRecord& out) {
  out.Clear();
  out.set_sequence(row.id.sequence.value());
  out.set_index(row.id.index);
  out.set_timestamp_ns(row.timestamp_ns);
  wire::ToProto(row.report, *out.mutable_report());
}

void ToProto(const ports::BalanceRow& row, pb::Balance& out) {
  out.Clear();
  out.set_account_id(row.account.value());
  out.set_asset_id(row.asset.value());
  out.set_available(row.available.value());
  out.set_locked(row.locked.value());
  out.set_updated_sequence(row.updated_sequence.value());
}

void ToProto(const ports::AccountRow& row, pb::Account& out) {
  out.Clear();
  out.set_id(row.id.value());
  out.set_name(std::string(row.name.view()));
  out.set_created_ns(row.created_ns);
}

void ToProto(const ports::ApiKeyRow& row, pb::ApiKey& out) {
  out.Clear();
  out.set_api_key(row.api_key);
  out.set_secret(row.secret);
  out.set_account_id(row.account.value());
}

void ToProto(const ports::OrderFilter& filter, pb::ListOrdersRequest& out) {
  out.set_account_id(filter.account.value());
  out.clear_symbol_id();
  if (filter.symbol) out.set_symbol_id(filter.symbol->value());
  out.set_open_only(filter.open_only);
  out.set_before_order_id(filter.before.value());
  out.set_limit(static_cast<std::uint32_t>(filter.limit));
}

void ToProto(const ports::FillFilter& filter, pb::ListFillsRequest& out) {
  out.set_account_id(filter.account.value());
  out.clear_symbol_id();
  out.clear_order_id();
  if (filter.symbol) out.set_symbol_id(filter.symbol->value());
  if (filter.order) out.set_order_id(filter.order->value());
  out.set_before_sequence(filter.before.sequence.value());
  out.set_before_index(filter.before.index);
  out.set_limit(static_cast<std::uint32_t>(filter.limit));
}

absl::StatusOr<ports::OrderRow> FromProto(const pb::OrderRecord& record) {
  ports::OrderRow row;
  XT_ASSIGN_OR_RETURN(row.report, ReadReport(record.report()));
  FieldReader reader;
  reader.Value("first_status", record.first_status(), domain::OrderStatus::kRejected, row.first_status);
  XT_RETURN_IF_ERROR(reader.status());
  row.created_sequence = domain::SequenceNumber(record.created_sequence());
  row.updated_sequence = domain::SequenceNumber(record.updated_sequence());
  row.created_ns = record.created_ns();
  row.updated_ns = record.updated_ns();
  row.first_executed_quantity = domain::Quantity(record.first_executed_quantity_lots());
  row.first_executed_quote = domain::Amount(record.first_executed_quote());
  return row;
}

absl::StatusOr<ports::FillRow> FromProto(const pb::FillRecord& record) {
  ports::FillRow row;
  XT_ASSIGN_OR_RETURN(row.report, ReadReport(record.report()));
  row.id = {domain::SequenceNumber(record.sequence()), record.index()};
  row.timestamp_ns = record.timestamp_ns();
  return row;
}

absl::StatusOr<ports::BalanceRow> FromProto(const pb::Balance& balance) {
  ports::BalanceRow row;
  FieldReader reader;
  reader.Integer("account_id", balance.account_id(), row.account).Integer("asset_id", balance.asset_id(), row.asset);
  XT_RETURN_IF_ERROR(reader.status());
  row.available = domain::Amount(balance.available());
  row.locked = domain::Amount(balance.locked());
  row.updated_sequence = domain::SequenceNumber(balance.updated_sequence());
  return row;
}

absl::StatusOr<ports::AccountRow> FromProto(const pb::Account& account) {
  ports::AccountRow row;
  FieldReader reader;
  reader.Integer("id", account.id(), row.id).Text("name", account.name(), row.name);
  XT_RETURN_IF_ERROR(reader.status());
  row.created_ns = account.created_ns();
  return row;
}

absl::StatusOr<ports::ApiKeyRow> FromProto(const pb::ApiKey& key) {
  if (key.api_key().empty()) return wire::FieldError("api_key", "must be set");
  return ports::ApiKeyRow{key.api_key(), key.secret(), domain::AccountId(key.account_id())};
}

absl::StatusOr<ports::OrderFilter> FromProto(const pb::ListOrdersRequest& request) {
  XT_RETURN_IF_ERROR(CheckLimit(request.limit()));
  ports::OrderFilter filter;
  XT_RETURN_IF_ERROR(ReadSymbol(request, filter.symbol));
  filter.account = domain::AccountId(request.account_id());
  filter.open_only = request.open_only();
  filter.before = domain::OrderId(request.before_order_id());
  filter.limit = request.limit();
  return filter;
}

absl::StatusOr<ports::FillFilter> FromProto(const pb::ListFillsRequest& request) {
  XT_RETURN_IF_ERROR(CheckLimit(request.limit()));
  ports::FillFilter filter;
  XT_RETURN_IF_ERROR(ReadSymbol(request, filter.symbol));
  filter.account = domain::AccountId(request.account_id());
  if (request.has_order_id()) filter.order = domain::OrderId(request.order_id());
  filter.before = {domain::SequenceNumber(request.before_sequence()), request.before_index()};
  filter.limit = request.limit();
  return filter;
}

}  // namespace xt::grpc_clients
