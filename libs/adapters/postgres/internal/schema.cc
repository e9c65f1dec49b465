#include "libs/adapters/postgres/internal/schema.h"

#include <array>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace xt::postgres {
namespace {

constexpr std::chrono::minutes kTimeout{30};  // an index over all there is takes its time

// Ids and sequences are unsigned in C++ and signed here. Prices in ticks, quantities in lots, amounts in smallest
// units, enums by their value, times in Unix nanoseconds unless the name says otherwise. Wide columns stand first, which
// saves padding. Texts are compared by bytes. The tables whose rows change keep room for that in each page.
constexpr std::array kMigrations{R"sql(
CREATE TABLE watermark (
  id       SMALLINT PRIMARY KEY CHECK (id = 1),
  sequence BIGINT NOT NULL
) WITH (fillfactor = 50);
INSERT INTO watermark VALUES (1, 0);

CREATE TABLE assets (
  id       INTEGER PRIMARY KEY,
  decimals SMALLINT NOT NULL,
  code     TEXT COLLATE "C" NOT NULL
);

CREATE TABLE symbols (
  id             INTEGER PRIMARY KEY,
  base           INTEGER NOT NULL,
  quote          INTEGER NOT NULL,
  maker_fee_bps  INTEGER NOT NULL,
  tick_size      BIGINT NOT NULL,
  lot_size       BIGINT NOT NULL,
  min_notional   BIGINT NOT NULL,
  max_quantity   BIGINT NOT NULL,
  max_price      BIGINT NOT NULL,
  tick_lot_value BIGINT NOT NULL,
  taker_fee_bps  INTEGER NOT NULL,
  base_decimals  SMALLINT NOT NULL,
  quote_decimals SMALLINT NOT NULL,
  status         SMALLINT NOT NULL,
  code           TEXT COLLATE "C" NOT NULL
);

CREATE TABLE accounts (
  id         BIGINT PRIMARY KEY,
  created_ns BIGINT NOT NULL,
  name       TEXT COLLATE "C" NOT NULL
);

CREATE TABLE api_keys (
  api_key TEXT COLLATE "C" PRIMARY KEY,
  secret  TEXT COLLATE "C" NOT NULL,
  account BIGINT NOT NULL
);
CREATE INDEX api_keys_account ON api_keys (account, api_key);

CREATE TABLE orders (
  order_id                BIGINT PRIMARY KEY,
  account                 BIGINT NOT NULL,
  price                   BIGINT NOT NULL,
  stop_price              BIGINT NOT NULL,
  quantity                BIGINT NOT NULL,
  iceberg_quantity        BIGINT NOT NULL,
  quote_quantity          BIGINT NOT NULL,
  executed_quantity       BIGINT NOT NULL,
  executed_quote          BIGINT NOT NULL,
  expire_time_ms          BIGINT NOT NULL,
  order_group             BIGINT NOT NULL,
  trade_id                BIGINT NOT NULL,
  last_price              BIGINT NOT NULL,
  last_quantity           BIGINT NOT NULL,
  fee                     BIGINT NOT NULL,
  created_sequence        BIGINT NOT NULL,
  updated_sequence        BIGINT NOT NULL,
  created_ns              BIGINT NOT NULL,
  updated_ns              BIGINT NOT NULL,
  first_executed_quantity BIGINT NOT NULL,
  first_executed_quote    BIGINT NOT NULL,
  symbol                  INTEGER NOT NULL,
  fee_asset               INTEGER NOT NULL,
  created_day_utc         INTEGER NOT NULL,  -- days since 1970-01-01
  side                    SMALLINT NOT NULL,
  type                    SMALLINT NOT NULL,
  time_in_force           SMALLINT NOT NULL,
  execution_type          SMALLINT NOT NULL,
  status                  SMALLINT NOT NULL,
  reject_reason           SMALLINT NOT NULL,
  first_status            SMALLINT NOT NULL,
  maker                   BOOLEAN NOT NULL,
  client_order_id         TEXT COLLATE "C" NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX orders_client ON orders (account, client_order_id, created_day_utc);
CREATE INDEX orders_account ON orders (account, created_sequence, order_id);
CREATE INDEX orders_symbol ON orders (account, symbol, created_sequence, order_id);
CREATE INDEX orders_open ON orders (account, created_sequence, order_id) WHERE status IN (1, 2);

CREATE TABLE fills (
  sequence          BIGINT NOT NULL,
  timestamp_ns      BIGINT NOT NULL,
  account           BIGINT NOT NULL,
  order_id          BIGINT NOT NULL,
  price             BIGINT NOT NULL,
  stop_price        BIGINT NOT NULL,
  quantity          BIGINT NOT NULL,
  iceberg_quantity  BIGINT NOT NULL,
  quote_quantity    BIGINT NOT NULL,
  executed_quantity BIGINT NOT NULL,
  executed_quote    BIGINT NOT NULL,
  expire_time_ms    BIGINT NOT NULL,
  order_group       BIGINT NOT NULL,
  trade_id          BIGINT NOT NULL,
  last_price        BIGINT NOT NULL,
  last_quantity     BIGINT NOT NULL,
  fee               BIGINT NOT NULL,
  event             INTEGER NOT NULL,
  symbol            INTEGER NOT NULL,
  fee_asset         INTEGER NOT NULL,
  side              SMALLINT NOT NULL,
  type              SMALLINT NOT NULL,
  time_in_force     SMALLINT NOT NULL,
  execution_type    SMALLINT NOT NULL,
  status            SMALLINT NOT NULL,
  reject_reason     SMALLINT NOT NULL,
  maker             BOOLEAN NOT NULL,
  client_order_id   TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (sequence, event)
);
CREATE INDEX fills_account ON fills (account, sequence, event);
CREATE INDEX fills_order ON fills (order_id, sequence, event);

CREATE TABLE trades (
  sequence       BIGINT NOT NULL,
  timestamp_ns   BIGINT NOT NULL,
  trade_id       BIGINT NOT NULL,
  price          BIGINT NOT NULL,
  quantity       BIGINT NOT NULL,
  maker_order_id BIGINT NOT NULL,
  taker_order_id BIGINT NOT NULL,
  maker_account  BIGINT NOT NULL,
  taker_account  BIGINT NOT NULL,
  event          INTEGER NOT NULL,
  symbol         INTEGER NOT NULL,
  taker_side     SMALLINT NOT NULL,
  PRIMARY KEY (sequence, event)
);

CREATE TABLE ledger (
  sequence     BIGINT NOT NULL,
  timestamp_ns BIGINT NOT NULL,
  account      BIGINT NOT NULL,
  amount       BIGINT NOT NULL,
  order_id     BIGINT NOT NULL,
  trade_id     BIGINT NOT NULL,
  event        INTEGER NOT NULL,
  entry        INTEGER NOT NULL,
  asset        INTEGER NOT NULL,
  book         SMALLINT NOT NULL,
  reason       SMALLINT NOT NULL,
  PRIMARY KEY (sequence, event, entry)
);

CREATE TABLE balances (
  account          BIGINT NOT NULL,
  available        BIGINT NOT NULL,
  locked           BIGINT NOT NULL,
  updated_sequence BIGINT NOT NULL,
  asset            INTEGER NOT NULL,
  PRIMARY KEY (account, asset)
) WITH (fillfactor = 50);

CREATE TABLE risk_decisions (
  sequence        BIGINT NOT NULL,
  timestamp_ns    BIGINT NOT NULL,
  account         BIGINT NOT NULL,
  rules_checked   BIGINT NOT NULL,  -- bits 1 << rule
  event           INTEGER NOT NULL,
  symbol          INTEGER NOT NULL,
  reason          SMALLINT NOT NULL,  -- 0: allowed
  client_order_id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (sequence, event)
);
CREATE INDEX risk_decisions_account ON risk_decisions (account, sequence, event);
)sql",
                                 R"sql(
CREATE TABLE account_settings (
  account               BIGINT PRIMARY KEY,
  max_open_orders       BIGINT NOT NULL,
  max_orders            BIGINT NOT NULL,
  order_interval_ms     BIGINT NOT NULL,
  status                SMALLINT NOT NULL,
  fee_tier              SMALLINT NOT NULL,
  self_trade_prevention SMALLINT NOT NULL
);

CREATE TABLE fee_tiers (
  id            SMALLINT PRIMARY KEY,
  maker_fee_bps INTEGER NOT NULL,
  taker_fee_bps INTEGER NOT NULL
);

CREATE TABLE symbol_limits (
  symbol              INTEGER PRIMARY KEY,
  price_deviation_bps INTEGER NOT NULL,
  max_notional        BIGINT NOT NULL,
  max_position        BIGINT NOT NULL,
  lower_price         BIGINT NOT NULL,
  upper_price         BIGINT NOT NULL
);
)sql"};

constexpr int kVersion = static_cast<int>(kMigrations.size());

absl::Status MigrateIn(Session& session, const std::string& schema) {
  session.RunScript(absl::StrCat("SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(hashtext('xtrader ",
                                 schema, "')); CREATE SCHEMA IF NOT EXISTS ", schema,
                                 "; CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, "
                                 "applied_at TIMESTAMPTZ NOT NULL DEFAULT now())"));
  const pqxx::result found = session.Run("SELECT coalesce(max(version), 0) FROM schema_migrations");
  const pqxx::row row = found[0];
  int version = 0;
  RowReader(row).Columns(version);
  if (version > kVersion) {
    return absl::FailedPreconditionError(absl::StrCat("the database has schema version ", version,
                                                      ", this program knows ", kVersion,
                                                      ": it was written by a newer one"));
  }
  for (; version < kVersion; ++version) {
    session.RunScript(kMigrations[static_cast<std::size_t>(version)]);
    session.Run("INSERT INTO schema_migrations (version) VALUES ($1)", Params(version + 1));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(Connection& connection, const std::string& schema) {
  return connection.Transact(std::chrono::steady_clock::now() + kTimeout,
                             [&](Session& session) { return MigrateIn(session, schema); });
}

}  // namespace xt::postgres
