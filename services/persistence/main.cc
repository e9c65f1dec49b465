#include <memory>

#include "libs/runtime/service_main.h"
#include "services/persistence/persistence_process.h"

int main(int argc, char** argv) {
  xt::persistence::PersistenceProcessConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "persistence",
       .summary = "The database: orders, trades, ledger and accounts, and the queries over them.",
       .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
       .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
         return std::make_unique<xt::persistence::PersistenceProcess>(config, context);
       }});
}
