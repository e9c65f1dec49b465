#include <memory>

#include "libs/runtime/service_main.h"
#include "services/standalone/standalone_app.h"

int main(int argc, char** argv) {
  xt::standalone::StandaloneConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "standalone",
       .summary = "The whole exchange in one process.",
       .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
       .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
         return std::make_unique<xt::standalone::StandaloneApp>(config, context);
       }});
}
