#include "bench/cluster/store_case.h"

#include "absl/strings/str_cat.h"
#include "bench/e2e/recorder.h"
#include "libs/adapters/postgres/postgres_store.h"
#include "libs/base/status.h"
#include "tests/support/files.h"
#include "tools/servers/postgres_server.h"

namespace xt::bench {
namespace {

using domain::AccountId;
using domain::Amount;
using domain::AssetId;
using domain::SequenceNumber;

constexpr std::uint64_t kBatch = 1'000;  // commands, as persistence writes them when it is behind
constexpr std::int64_t kStartNs = 1'790'000'000'000'000'000;

domain::ExecutionReport Report(std::uint64_t sequence) {
  domain::ExecutionReport report;
  report.account = AccountId(static_cast<std::uint32_t>(1 + sequence % 2));
  report.order_id = domain::OrderId(sequence);
  report.client_order_id = *domain::ClientOrderId::From(absl::StrCat("order-", sequence));
  report.side = domain::Side::kBuy;
  report.type = domain::OrderType::kLimit;
  report.time_in_force = domain::TimeInForce::kIoc;
  report.execution_type = domain::ExecutionType::kTrade;
  report.status = domain::OrderStatus::kFilled;
  report.price = domain::Price(200'000);
  report.quantity = domain::Quantity(10);
  return report;
}

ports::StoreBatch BatchAfter(std::uint64_t previous, Rows rows) {
  ports::StoreBatch batch;
  batch.previous_watermark = SequenceNumber(previous);
  batch.watermark = SequenceNumber(previous + kBatch);
  for (std::uint64_t sequence = previous + 1; sequence <= previous + kBatch; ++sequence) {
    const auto timestamp_ns = kStartNs + static_cast<std::int64_t>(sequence);
    const domain::ExecutionReport report = Report(sequence);
    batch.fills.push_back({{SequenceNumber(sequence), 1}, timestamp_ns, report});
    if (rows == Rows::kFills) continue;
    ports::OrderRow& order = batch.orders.emplace_back();
    order.report = report;
    order.created_sequence = order.updated_sequence = SequenceNumber(sequence);
    order.created_ns = order.updated_ns = timestamp_ns;
    order.first_status = domain::OrderStatus::kFilled;
    for (std::uint32_t index = 2; index < 6; ++index) {
      ports::LedgerRow& posting = batch.ledger.emplace_back();
      posting.id = {SequenceNumber(sequence), index};
      posting.entry = 1 + index / 4;
      posting.timestamp_ns = timestamp_ns;
      posting.account = AccountId(1 + index % 2);
      posting.asset = AssetId(static_cast<std::uint16_t>(index / 4));
      posting.amount = Amount(index % 2 == 0 ? 5 : -5);
      posting.reason = domain::BalanceReason::kTrade;
    }
  }
  if (rows == Rows::kFills) return batch;
  for (std::uint32_t account = 1; account <= 2; ++account) {
    for (std::uint16_t asset = 0; asset < 2; ++asset) {
      batch.balances.push_back({AccountId(account), AssetId(asset), Amount(1'000), Amount(0), batch.watermark});
    }
  }
  return batch;
}

std::size_t RowsOf(const ports::StoreBatch& batch) {
  return batch.fills.size() + batch.orders.size() + batch.ledger.size() + batch.balances.size();
}

}  // namespace

absl::StatusOr<CaseResult> BenchStore(std::string name, Rows rows, std::int64_t seconds) {
  const test::TemporaryFolder folder;
  servers::PostgresServer server(folder / "postgres");
  XT_RETURN_IF_ERROR(server.Start());
  postgres::PostgresStore store({.url = server.url()});
  XT_RETURN_IF_ERROR(store.Open());
  std::uint64_t watermark = 0;
  std::size_t written = 0;
  const std::int64_t start_ns = NowNs();
  while (NowNs() - start_ns < seconds * 1'000'000'000) {
    const ports::StoreBatch batch = BatchAfter(watermark, rows);
    XT_RETURN_IF_ERROR(store.Apply(batch));
    watermark = batch.watermark.value();
    written += RowsOf(batch);
  }
  const std::int64_t took_ms = (NowNs() - start_ns) / 1'000'000;
  return CaseResult{std::move(name),
                    {{"executions_per_s", static_cast<std::int64_t>(watermark) * 1'000 / took_ms},
                     {"rows_per_s", static_cast<std::int64_t>(written) * 1'000 / took_ms}}};
}

}  // namespace xt::bench
