#include <memory>

#include "libs/runtime/service_main.h"
#include "services/matching/matching_process.h"

int main(int argc, char** argv) {
  xt::matching::MatchingConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "matching",
       .summary = "The order books and the balances: what a journal of commands comes to.",
       .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
       .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
         return std::make_unique<xt::matching::MatchingProcess>(config, context);
       }});
}
