// SqliteStore: the contract of the port, and what is its own: versions, a damaged file, a busy one.
#include <sqlite3.h>

#include <fstream>

#include "libs/adapters/embedded/sqlite_store.h"
#include "tests/contract/store_contract.h"

namespace xt::contract {
namespace {

using embedded::SqliteStore;

class SqliteBackend final : public StoreBackend {
 public:
  std::unique_ptr<ports::Store> Connect() override {
    return std::make_unique<SqliteStore>(folder_.path() + "/store/xtrader.db");
  }

 private:
  TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, StoreContract, ::testing::Values(+[]() -> std::unique_ptr<StoreBackend> {
                           return std::make_unique<SqliteBackend>();
                         }));

void Execute(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(SqliteStoreTest, ADatabaseOfANewerProgramIsRefused) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/x.db";
  ASSERT_TRUE(SqliteStore(path).Open().ok());
  Execute(path, "INSERT INTO migrations VALUES (99)");
  EXPECT_EQ(SqliteStore(path).Open().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SqliteStoreTest, ADatabaseOfTheFirstVersionIsMigrated) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/x.db";
  ports::StoreBatch batch;
  batch.watermark = Seq(9);
  batch.orders.push_back(Order(1, 7, "a", 5));
  batch.fills.push_back(Fill(6, 1, 7, 1));
  {
    SqliteStore store(path);
    ASSERT_TRUE(store.Open().ok());
    ASSERT_TRUE(store.Apply(batch).ok());
  }
  std::string undo =
      "DELETE FROM migrations WHERE version > 1; DROP TABLE risk_decisions; DROP TABLE account_settings; "
      "DROP TABLE fee_tiers; DROP TABLE symbol_limits;";
  for (const std::string table : {"orders", "fills"}) {
    for (const std::string column : {"stop_price", "iceberg_quantity", "order_group"}) {
      undo += "ALTER TABLE " + table + " DROP COLUMN " + column + ";";
    }
  }
  Execute(path, undo);
  SqliteStore store(path);
  ASSERT_TRUE(store.Open().ok());
  EXPECT_EQ(store.Watermark()->value(), 9U);
  ExpectSame(*store.GetOrder(Account(7), domain::OrderId(1)), batch.orders[0]);
  EXPECT_EQ(store.ListFills({.account = Account(7)})->at(0).report, batch.fills[0].report);
  ports::StoreBatch next = FullBatch();
  next.previous_watermark = Seq(9);
  next.watermark = Seq(12);
  ASSERT_TRUE(store.Apply(next).ok());
  ExpectSame(*store.GetOrder(Account(7), domain::OrderId(1001)), next.orders[0]);
}

TEST(SqliteStoreTest, AFileThatIsNoDatabaseIsDataLoss) {
  TemporaryFolder folder;
  std::ofstream(folder.path() + "/x.db") << std::string(5000, 'x');
  EXPECT_EQ(SqliteStore(folder.path() + "/x.db").Open().code(), absl::StatusCode::kDataLoss);
}

TEST(SqliteStoreTest, NothingWorksBeforeOpen) {
  TemporaryFolder folder;
  SqliteStore store(folder.path() + "/x.db");
  EXPECT_EQ(store.Watermark().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store.Apply({}).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SqliteStoreTest, AnotherWritersLockIsUnavailableAndChangesNothing) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/x.db";
  SqliteStore store(path, {.readers = 1, .busy_timeout_ms = 0});
  ASSERT_TRUE(store.Open().ok());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  ports::StoreBatch batch;
  batch.watermark = Seq(1);
  EXPECT_EQ(store.Apply(batch).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store.Watermark()->value(), 0U) << "readers are not disturbed";
  sqlite3_close(other);
  EXPECT_TRUE(store.Apply(batch).ok());
}

}  // namespace
}  // namespace xt::contract
