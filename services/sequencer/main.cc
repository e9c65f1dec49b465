#include <memory>

#include "libs/runtime/service_main.h"
#include "services/sequencer/sequencer_process.h"

int main(int argc, char** argv) {
  xt::sequencer::SequencerProcessConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "sequencer",
       .summary = "The one order of things: sequence numbers, the journal, publishing to the buses.",
       .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
       .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
         return std::make_unique<xt::sequencer::SequencerProcess>(config, context);
       }});
}
