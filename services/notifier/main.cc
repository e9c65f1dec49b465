#include <memory>

#include "libs/runtime/service_main.h"
#include "services/notifier/notifier_process.h"

int main(int argc, char** argv) {
  xt::notifier::NotifierProcessConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "notifier",
       .summary = "Pushing: public and private WebSocket streams on /ws/exchange.",
       .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
       .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
         return std::make_unique<xt::notifier::NotifierProcess>(config, context);
       }});
}
