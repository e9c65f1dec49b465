// PostgresStore: the contract of the port on a real server, which all tests of this program share; each has a schema of
// its own.
#include <string>

#include "libs/adapters/postgres/postgres_store.h"
#include "tests/contract/postgres_support.h"
#include "tests/contract/store_contract.h"

namespace xt::contract {
namespace {

class PostgresBackend final : public StoreBackend {
 public:
  std::unique_ptr<ports::Store> Connect() override { return std::make_unique<postgres::PostgresStore>(config_); }

 private:
  const postgres::PostgresConfig config_ = ConfigWithSchema(SharedServer());
};

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, ::testing::Values(+[]() -> std::unique_ptr<StoreBackend> {
                           return std::make_unique<PostgresBackend>();
                         }));

}  // namespace
}  // namespace xt::contract
