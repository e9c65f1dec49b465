// xtraderctl [--data DIR | ...] COMMAND: looks at a running exchange and acts on it. `./dev ctl` calls it. One file per
// command. Exit status 1 when the answer is no, 2 for wrong arguments, and for a verify that could not be run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "tools/xtraderctl/instances.h"
#include "tools/xtraderctl/journal/places.h"
#include "tools/xtraderctl/replay/replay.h"
#include "tools/xtraderctl/status.h"
#include "tools/xtraderctl/verify/verify.h"

namespace {

constexpr int kNo = 1;
constexpr int kBadUsage = 2;

struct Arguments {
  std::string data;
  std::vector<std::string> services;
  bool json = false;
  std::string redis;
  std::string wal;
  std::string shard = "0";
  std::string until;
  std::uint64_t order = 0;
  std::uint32_t account = 0;
  const CLI::Option* account_option = nullptr;
  std::string postgres;
  std::string kafka;
  std::string history;
  std::string executions;
  std::vector<std::string> matching;
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

// What the data folder names, but for what the command line names itself.
absl::StatusOr<xt::ctl::Places> PlacesOf(const Arguments& arguments) {
  xt::ctl::Places places;
  if (!arguments.data.empty()) {
    XT_ASSIGN_OR_RETURN(places, xt::ctl::PlacesOf(arguments.data));
  }
  if (arguments.redis.empty() && arguments.wal.empty()) return places;
  places.redis_journal = arguments.redis;
  places.wals.clear();
  if (!arguments.wal.empty()) places.wals.push_back(arguments.wal);
  return places;
}

int RunReplay(const Arguments& arguments) {
  xt::ctl::ReplayOptions options;
  options.json = arguments.json;
  if (arguments.order != 0) options.order = xt::domain::OrderId(arguments.order);
  if (arguments.account_option->count() > 0) options.account = xt::domain::AccountId(arguments.account);
  if (!arguments.until.empty()) {
    const auto until = xt::ctl::ParseUntil(arguments.until);
    if (!until.ok()) return Fail(kBadUsage, until.status());
    options.until = *until;
  }
  const auto places = PlacesOf(arguments);
  if (!places.ok()) return Fail(kNo, places.status());
  const auto sources = xt::ctl::SourcesOf(*places, arguments.shard);
  if (!sources.ok()) return Fail(kBadUsage, sources.status());
  const auto source = xt::ctl::LongestOf(*sources);
  if (!source.ok()) return Fail(kNo, source.status());
  const auto text = xt::ctl::Replay(**source, options);
  if (!text.ok()) return Fail(kNo, text.status());
  std::fputs(text->c_str(), stdout);
  return 0;
}

int RunVerify(const Arguments& arguments) {
  auto places = PlacesOf(arguments);
  if (!places.ok()) return Fail(kBadUsage, places.status());
  if (!arguments.postgres.empty()) places->postgres = arguments.postgres;
  if (!arguments.kafka.empty()) places->kafka = arguments.kafka;
  if (!arguments.executions.empty()) places->redis = arguments.executions;
  if (!arguments.matching.empty()) places->matching = arguments.matching;
  std::optional<xt::ctl::History> history;
  if (!arguments.history.empty()) {
    std::ifstream file(arguments.history);
    auto read = file ? xt::ctl::ReadHistory(file) : absl::NotFoundError("it cannot be read");
    if (!read.ok()) {
      return Fail(kBadUsage,
                  absl::InvalidArgumentError(arguments.history + ": " + std::string(read.status().message())));
    }
    history = *std::move(read);
  }
  const auto report = xt::ctl::VerifyPlaces(*places, arguments.shard, std::move(history));
  if (!report.ok()) return Fail(kBadUsage, report.status());
  std::fputs((arguments.json ? VerifyJson(*report) : VerifyText(*report)).c_str(), stdout);
  return report->violated() ? kNo : 0;
}

void AddJournalOptions(CLI::App* command, Arguments& arguments) {
  command->add_option("--redis", arguments.redis, "HOST:PORT of the journal's Redis");
  command->add_option("--wal", arguments.wal,
                      "folder of a journal, as DIR/sequencer-0/journal; nothing is changed there");
  command->add_option("--shard", arguments.shard, "of the journal in Redis")->capture_default_str();
}

CLI::App* AddReplay(CLI::App& app, Arguments& arguments) {
  CLI::App* replay = app.add_subcommand("replay", "the exchange as it stood at a command or a time, from the journal");
  AddJournalOptions(replay, arguments);
  replay->add_option("--until", arguments.until,
                     "the last sequence, or journal time as 2026-11-22T09:30:00Z; else all");
  CLI::Option* order = replay->add_option("--order", arguments.order, "each event that touched this order, by its id");
  arguments.account_option = replay->add_option("--account", arguments.account, "only this account")->excludes(order);
  replay->add_flag("--json", arguments.json, "one object instead of tables");
  return replay;
}

CLI::App* AddVerify(CLI::App& app, Arguments& arguments) {
  CLI::App* verify = app.add_subcommand("verify", "whether journal, database, brokers and books agree");
  AddJournalOptions(verify, arguments);
  verify->add_option("--postgres", arguments.postgres, "postgresql://... of the database");
  verify->add_option("--kafka", arguments.kafka, "HOST:PORT of a broker");
  verify->add_option("--executions", arguments.executions, "HOST:PORT of the Redis with the executions");
  verify->add_option("--matching", arguments.matching, "HOST:PORT of a replica's gRPC; once for each")
      ->allow_extra_args(false);
  verify->add_option("--history", arguments.history, "what clients saw: lines of JSON, see docs/operations.md");
  verify->add_flag("--json", arguments.json, "one object instead of lines");
  return verify;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Looks at a running exchange and acts on it.", "xtraderctl");
  app.require_subcommand(1);
  app.fallthrough();
  Arguments arguments;
  CLI::Option* data = app.add_option("--data", arguments.data, "folder of ./dev cluster up or ./dev run");
  CLI::Option* services =
      app.add_option("--service", arguments.services, "NAME=HOST:PORT of an admin port; once for each instance")
          ->allow_extra_args(false)
          ->excludes(data);
  CLI::App* status = app.add_subcommand("status", "who is ready, who leads, how far everybody is");
  status->add_flag("--json", arguments.json, "one object instead of tables");
  CLI::App* replay = AddReplay(app, arguments);
  CLI::App* verify = AddVerify(app, arguments);
  try {
    app.parse(argc, argv);
    if (status->parsed() && data->count() + services->count() == 0) throw CLI::RequiredError("--data or --service");
    const bool journal_named = !arguments.redis.empty() || !arguments.wal.empty();
    if (!status->parsed() && data->count() == 0 && !journal_named) throw CLI::RequiredError("--data, --redis or --wal");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  if (replay->parsed()) return RunReplay(arguments);
  return verify->parsed() ? RunVerify(arguments) : RunStatus(arguments);
}
