#include "libs/adapters/embedded/internal/store_schema.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

// Ids and sequences are unsigned in C++ and signed here. Prices in ticks, quantities in lots, amounts in smallest
// units, enums by their value, times in Unix nanoseconds unless the name says otherwise.
constexpr std::array<const char*, 3> kMigrations{R"sql(
CREATE TABLE watermark (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL
);
INSERT INTO watermark VALUES (1, 0);

CREATE TABLE assets (
  id       INTEGER PRIMARY KEY,
  code     TEXT NOT NULL,
  decimals INTEGER NOT NULL
);

CREATE TABLE symbols (
  id             INTEGER PRIMARY KEY,
  code           TEXT NOT NULL,
  base           INTEGER NOT NULL,
  quote          INTEGER NOT NULL,
  base_decimals  INTEGER NOT NULL,
  quote_decimals INTEGER NOT NULL,
  tick_size      INTEGER NOT NULL,
  lot_size       INTEGER NOT NULL,
  min_notional   INTEGER NOT NULL,
  max_quantity   INTEGER NOT NULL,
  max_price      INTEGER NOT NULL,
  maker_fee_bps  INTEGER NOT NULL,
  taker_fee_bps  INTEGER NOT NULL,
  status         INTEGER NOT NULL,
  tick_lot_value INTEGER NOT NULL
);

CREATE TABLE accounts (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  created_ns INTEGER NOT NULL
);

CREATE TABLE api_keys (
  api_key TEXT PRIMARY KEY,
  secret  TEXT NOT NULL,
  account INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX api_keys_account ON api_keys (account, api_key);

CREATE TABLE orders (
  order_id                INTEGER PRIMARY KEY,
  account                 INTEGER NOT NULL,
  client_order_id         TEXT NOT NULL,
  created_day_utc         INTEGER NOT NULL,  -- days since 1970-01-01
  symbol                  INTEGER NOT NULL,
  side                    INTEGER NOT NULL,
  type                    INTEGER NOT NULL,
  time_in_force           INTEGER NOT NULL,
  execution_type          INTEGER NOT NULL,
  status                  INTEGER NOT NULL,
  reject_reason           INTEGER NOT NULL,
  price                   INTEGER NOT NULL,
  quantity                INTEGER NOT NULL,
  quote_quantity          INTEGER NOT NULL,
  executed_quantity       INTEGER NOT NULL,
  executed_quote          INTEGER NOT NULL,
  expire_time_ms          INTEGER NOT NULL,
  trade_id                INTEGER NOT NULL,
  last_price              INTEGER NOT NULL,
  last_quantity           INTEGER NOT NULL,
  fee                     INTEGER NOT NULL,
  fee_asset               INTEGER NOT NULL,
  maker                   INTEGER NOT NULL,
  created_sequence        INTEGER NOT NULL,
  updated_sequence        INTEGER NOT NULL,
  created_ns              INTEGER NOT NULL,
  updated_ns              INTEGER NOT NULL,
  first_status            INTEGER NOT NULL,
  first_executed_quantity INTEGER NOT NULL,
  first_executed_quote    INTEGER NOT NULL
);
CREATE UNIQUE INDEX orders_client ON orders (account, client_order_id, created_day_utc);
CREATE INDEX orders_account ON orders (account, created_sequence, order_id);
CREATE INDEX orders_symbol ON orders (account, symbol, created_sequence, order_id);
CREATE INDEX orders_open ON orders (account, created_sequence, order_id) WHERE status IN (1, 2);

CREATE TABLE fills (
  sequence          INTEGER NOT NULL,
  event             INTEGER NOT NULL,
  timestamp_ns      INTEGER NOT NULL,
  account           INTEGER NOT NULL,
  order_id          INTEGER NOT NULL,
  client_order_id   TEXT NOT NULL,
  symbol            INTEGER NOT NULL,
  side              INTEGER NOT NULL,
  type              INTEGER NOT NULL,
  time_in_force     INTEGER NOT NULL,
  execution_type    INTEGER NOT NULL,
  status            INTEGER NOT NULL,
  reject_reason     INTEGER NOT NULL,
  price             INTEGER NOT NULL,
  quantity          INTEGER NOT NULL,
  quote_quantity    INTEGER NOT NULL,
  executed_quantity INTEGER NOT NULL,
  executed_quote    INTEGER NOT NULL,
  expire_time_ms    INTEGER NOT NULL,
  trade_id          INTEGER NOT NULL,
  last_price        INTEGER NOT NULL,
  last_quantity     INTEGER NOT NULL,
  fee               INTEGER NOT NULL,
  fee_asset         INTEGER NOT NULL,
  maker             INTEGER NOT NULL,
  PRIMARY KEY (sequence, event)
) WITHOUT ROWID;
CREATE INDEX fills_account ON fills (account, sequence, event);
CREATE INDEX fills_order ON fills (order_id, sequence, event);

CREATE TABLE trades (
  sequence       INTEGER NOT NULL,
  event          INTEGER NOT NULL,
  timestamp_ns   INTEGER NOT NULL,
  trade_id       INTEGER NOT NULL,
  symbol         INTEGER NOT NULL,
  price          INTEGER NOT NULL,
  quantity       INTEGER NOT NULL,
  taker_side     INTEGER NOT NULL,
  maker_order_id INTEGER NOT NULL,
  taker_order_id INTEGER NOT NULL,
  maker_account  INTEGER NOT NULL,
  taker_account  INTEGER NOT NULL,
  PRIMARY KEY (sequence, event)
) WITHOUT ROWID;

CREATE TABLE ledger (
  sequence     INTEGER NOT NULL,
  event        INTEGER NOT NULL,
  entry        INTEGER NOT NULL,
  timestamp_ns INTEGER NOT NULL,
  account      INTEGER NOT NULL,
  asset        INTEGER NOT NULL,
  book         INTEGER NOT NULL,
  amount       INTEGER NOT NULL,
  reason       INTEGER NOT NULL,
  order_id     INTEGER NOT NULL,
  trade_id     INTEGER NOT NULL,
  PRIMARY KEY (sequence, event, entry)
) WITHOUT ROWID;

CREATE TABLE balances (
  account          INTEGER NOT NULL,
  asset            INTEGER NOT NULL,
  available        INTEGER NOT NULL,
  locked           INTEGER NOT NULL,
  updated_sequence INTEGER NOT NULL,
  PRIMARY KEY (account, asset)
) WITHOUT ROWID;
)sql",
                                                 R"sql(
ALTER TABLE orders ADD COLUMN stop_price       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN iceberg_quantity INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN order_group      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fills ADD COLUMN stop_price       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fills ADD COLUMN iceberg_quantity INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fills ADD COLUMN order_group      INTEGER NOT NULL DEFAULT 0;

CREATE TABLE risk_decisions (
  sequence        INTEGER NOT NULL,
  event           INTEGER NOT NULL,
  timestamp_ns    INTEGER NOT NULL,
  account         INTEGER NOT NULL,
  symbol          INTEGER NOT NULL,
  client_order_id TEXT NOT NULL,
  rules_checked   INTEGER NOT NULL,  -- bits 1 << rule
  reason          INTEGER NOT NULL,  -- 0: allowed
  PRIMARY KEY (sequence, event)
) WITHOUT ROWID;
CREATE INDEX risk_decisions_account ON risk_decisions (account, sequence, event);
)sql",
                                                 R"sql(
CREATE TABLE account_settings (
  account               INTEGER PRIMARY KEY,
  status                INTEGER NOT NULL,
  fee_tier              INTEGER NOT NULL,
  self_trade_prevention INTEGER NOT NULL,
  max_open_orders       INTEGER NOT NULL,
  max_orders            INTEGER NOT NULL,
  order_interval_ms     INTEGER NOT NULL
);

CREATE TABLE fee_tiers (
  id            INTEGER PRIMARY KEY,
  maker_fee_bps INTEGER NOT NULL,
  taker_fee_bps INTEGER NOT NULL
);

CREATE TABLE symbol_limits (
  symbol              INTEGER PRIMARY KEY,
  max_notional        INTEGER NOT NULL,
  max_position        INTEGER NOT NULL,
  price_deviation_bps INTEGER NOT NULL,
  lower_price         INTEGER NOT NULL,
  upper_price         INTEGER NOT NULL
);
)sql"};

// NORMAL: a commit is not synced by itself. A power loss may take the last batches, never half of one; the watermark
// tells, and the batches are derived again from the journal.
constexpr char kSetup[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA temp_store = MEMORY;"
    "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY);";

absl::StatusOr<int> CurrentVersion(sqlite::Connection& connection) {
  XT_ASSIGN_OR_RETURN(sqlite::Statement * statement,
                      connection.Prepare("SELECT coalesce(max(version), 0) FROM migrations"));
  sqlite::Use use(*statement);
  XT_RETURN_IF_ERROR(use->Step().status());
  int version = 0;
  use->Columns(version);
  return version;
}

}  // namespace

absl::Status Migrate(sqlite::Connection& connection) {
  XT_RETURN_IF_ERROR(connection.Execute(kSetup));
  XT_ASSIGN_OR_RETURN(int version, CurrentVersion(connection));
  if (version > static_cast<int>(kMigrations.size())) {
    return absl::FailedPreconditionError(absl::StrCat("the database has schema version ", version,
                                                      ", this program knows ", kMigrations.size(),
                                                      ": it was written by a newer one"));
  }
  for (; version < static_cast<int>(kMigrations.size()); ++version) {
    const std::string script = absl::StrCat("BEGIN IMMEDIATE;", kMigrations[static_cast<std::size_t>(version)],
                                            "INSERT INTO migrations VALUES (", version + 1, "); COMMIT;");
    if (absl::Status status = connection.Execute(script); !status.ok()) {
      connection.Execute("ROLLBACK").IgnoreError();
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace xt::embedded
