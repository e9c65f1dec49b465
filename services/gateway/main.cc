#include <memory>

#include "libs/runtime/service_main.h"
#include "services/gateway/gateway_process.h"

int main(int argc, char** argv) {
  xt::gateway::GatewayProcessConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "gateway",
       .summary = "The edge: REST, WebSocket and gRPC for programs.",
       .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
       .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
         return std::make_unique<xt::gateway::GatewayProcess>(config, context);
       }});
}
