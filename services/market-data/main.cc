#include <memory>

#include "libs/runtime/service_main.h"
#include "services/market-data/market_data_process.h"

int main(int argc, char** argv) {
  xt::market_data::MarketDataProcessConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "market-data",
       .summary = "Tickers, depth and candles of the own markets, and the connection to another venue.",
       .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
       .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
         return std::make_unique<xt::market_data::MarketDataProcess>(config, context);
       }});
}
