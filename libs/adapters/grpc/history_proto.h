// The rows and filters of ports::History as the messages of xtrader.v1.PersistenceService, both ways. Used by the
// service of persistence and by its client here. FromProto checks identifiers, texts and enums and names the field that
// is wrong. Pure functions, thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "libs/ports/store.h"

namespace xtrader::v1 {
class Account;
class ApiKey;
class Balance;
class FillRecord;
class ListFillsRequest;
class ListOrdersRequest;
class OrderRecord;
}  // namespace xtrader::v1

namespace xt::grpc_clients {

void ToProto(const ports::OrderRow& row, xtrader::v1::OrderRecord& out);
void ToProto(const ports::FillRow& row, xtrader::v1::FillRecord& out);
void ToProto(const ports::BalanceRow& row, xtrader::v1::Balance& out);
void ToProto(const ports::AccountRow& row, xtrader::v1::Account& out);
void ToProto(const ports::ApiKeyRow& row, xtrader::v1::ApiKey& out);
// Everything but at_least_sequence.
void ToProto(const ports::OrderFilter& filter, xtrader::v1::ListOrdersRequest& out);
void ToProto(const ports::FillFilter& filter, xtrader::v1::ListFillsRequest& out);

absl::StatusOr<ports::OrderRow> FromProto(const xtrader::v1::OrderRecord& record);
absl::StatusOr<ports::FillRow> FromProto(const xtrader::v1::FillRecord& record);
absl::StatusOr<ports::BalanceRow> FromProto(const xtrader::v1::Balance& balance);
absl::StatusOr<ports::AccountRow> FromProto(const xtrader::v1::Account& account);
absl::StatusOr<ports::ApiKeyRow> FromProto(const xtrader::v1::ApiKey& key);
absl::StatusOr<ports::OrderFilter> FromProto(const xtrader::v1::ListOrdersRequest& request);
absl::StatusOr<ports::FillFilter> FromProto(const xtrader::v1::ListFillsRequest& request);

}  // namespace xt::grpc_clients
