// xtraderctl [--data DIR | --service NAME=HOST:PORT ...] COMMAND: looks at a running exchange and acts on it. `./dev ctl`
// calls it. One file per command. Exit status 1 when the answer is no, 2 for wrong arguments.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "tools/xtraderctl/instances.h"
#include "tools/xtraderctl/status.h"

namespace {

constexpr int kNo = 1;
constexpr int kBadUsage = 2;

struct Arguments {
  std::string data;
  std::vector<std::string> services;
  bool json = false;
};

int Fail(int status, const absl::Status& error) {
  std::fprintf(stderr, "xtraderctl: %s\n", std::string(error.message()).c_str());
  return status;
}

int RunStatus(const Arguments& arguments) {
  std::vector<xt::ctl::Instance> instances;
  for (const std::string& text : arguments.services) {
    auto instance = xt::ctl::ParseInstance(text);
    if (!instance.ok()) return Fail(kBadUsage, instance.status());
    instances.push_back(*std::move(instance));
  }
  if (instances.empty()) {
    auto found = xt::ctl::InstancesOf(arguments.data);
    if (!found.ok()) return Fail(kNo, found.status());
    instances = *std::move(found);
  }
  return xt::ctl::Status(instances, arguments.json);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Looks at a running exchange and acts on it.", "xtraderctl");
  app.require_subcommand(1);
  app.fallthrough();
  Arguments arguments;
  CLI::Option_group* where = app.add_option_group("where");
  where->require_option(1);
  where->add_option("--data", arguments.data, "folder of ./dev cluster up or ./dev run");
  where->add_option("--service", arguments.services, "NAME=HOST:PORT of an admin port; once for each instance")
      ->allow_extra_args(false);
  CLI::App* status = app.add_subcommand("status", "who is ready, who leads, how far everybody is");
  status->add_flag("--json", arguments.json, "one object instead of tables");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  return RunStatus(arguments);
}
