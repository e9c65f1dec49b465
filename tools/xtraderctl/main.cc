// xtraderctl [--data DIR | ...] COMMAND: looks at a running exchange and acts on it. `./dev ctl` calls it. One file
// per command. Exit status 1 when the answer is no, 2 for wrong arguments, and for a verify that could not be run, or
// that found nothing wrong but had not the whole journal.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "tools/cluster/cluster_file.h"
#include "tools/xtraderctl/instances.h"
#include "tools/xtraderctl/journal/joined_source.h"
#include "tools/xtraderctl/journal/places.h"
#include "tools/xtraderctl/replay/replay.h"
#include "tools/xtraderctl/snapshot.h"
#include "tools/xtraderctl/status.h"
#include "tools/xtraderctl/step_down.h"
#include "tools/xtraderctl/trading.h"
#include "tools/xtraderctl/unclean_leader.h"
#include "tools/xtraderctl/verify/verify.h"

namespace {

constexpr int kNo = 1;
constexpr int kBadUsage = 2;
constexpr std::chrono::seconds kSuccessorPatience{120};

struct Arguments {
  std::string data;
  std::vector<std::string> services;
  bool json = false;
  std::string redis;
  std::vector<std::string> wals;
  std::string shard = "0";
  std::string until;
  std::uint64_t order = 0;
  std::uint32_t account = 0;
  const CLI::Option* account_option = nullptr;
  std::string postgres;
  std::string kafka;
  std::string history;
  std::string executions;
  std::string zookeeper;
  std::string by;
  bool lose_commands = false;
  bool withdraw = false;
  bool list = false;
  std::vector<std::string> matching;
  std::vector<std::string> snapshots;
  std::vector<std::string> markets;
  std::vector<std::string> gateways;
  std::vector<std::string> sequencers;
  std::string reason;
  bool cancel_only = false;
  bool even_leading = false;
  bool force = false;
  bool wait = false;
};

int Fail(int status, const absl::Status& error) {
  std::fprintf(stderr, "xtraderctl: %s\n", std::string(error.message()).c_str());
  return status;
}

// Those that the command line names, else those of the data folder.
absl::StatusOr<std::vector<xt::ctl::Instance>> InstancesOf(const Arguments& arguments) {
  if (arguments.services.empty()) return xt::ctl::InstancesOf(arguments.data);
  std::vector<xt::ctl::Instance> instances;
  for (const std::string& text : arguments.services) {
    XT_ASSIGN_OR_RETURN(auto instance, xt::ctl::ParseInstance(text));
    instances.push_back(std::move(instance));
  }
  return instances;
}

int RunStatus(const Arguments& arguments) {
  const auto instances = InstancesOf(arguments);
  if (!instances.ok()) return Fail(arguments.services.empty() ? kNo : kBadUsage, instances.status());
  return xt::ctl::Status(*instances, arguments.json);
}

// gRPC addresses: those that the command line names, else those of the service in the data folder.
absl::StatusOr<std::vector<std::string>> AddressesOf(const std::vector<std::string>& named, const Arguments& arguments,
                                                     std::string_view service) {
  if (!named.empty()) return named;
  return xt::ctl::GrpcAddressesOf(arguments.data, service);
}

int RunTrading(const Arguments& arguments, xt::domain::SymbolStatus status) {
  const auto gateways = AddressesOf(arguments.gateways, arguments, "gateway");
  if (!gateways.ok()) return Fail(kNo, gateways.status());
  const char* const given = std::getenv("XT_OPERATOR_SECRET");
  const std::string secret = given != nullptr ? given : xt::cluster::ReadOperatorSecret(arguments.data);
  if (secret.empty()) {
    return Fail(kBadUsage, absl::InvalidArgumentError("XT_OPERATOR_SECRET must be the gateways' operator.secret"));
  }
  const xt::ctl::TradingRequest request{arguments.markets, status, arguments.reason};
  const auto changes = xt::ctl::SetTrading(*gateways, secret, request);
  if (!changes.ok()) return Fail(kNo, changes.status());
  return xt::ctl::ShowTrading(request, *changes);
}

int RunHalt(const Arguments& arguments) {
  using Status = xt::domain::SymbolStatus;
  return RunTrading(arguments, arguments.cancel_only ? Status::kCancelOnly : Status::kHalted);
}

int RunResume(const Arguments& arguments) { return RunTrading(arguments, xt::domain::SymbolStatus::kTrading); }

int RunStepDown(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  const auto sequencers = AddressesOf(arguments.sequencers, arguments, "sequencer");
  if (!sequencers.ok()) return Fail(kNo, sequencers.status());
  absl::StatusOr<std::vector<xt::ctl::Instance>> instances;
  if (arguments.wait) {
    instances = InstancesOf(arguments);
    if (!instances.ok()) return Fail(kBadUsage, instances.status());
  }
  const Clock::time_point asked = Clock::now();
  const auto before = xt::ctl::StepDown(*sequencers, arguments.reason, arguments.force);
  if (!before.ok()) return Fail(kNo, before.status());
  std::printf("%s gives up its leadership of epoch %lld\n", before->instance.c_str(),
              static_cast<long long>(before->epoch));
  std::fflush(stdout);
  if (!arguments.wait) return 0;
  const auto after = xt::ctl::AwaitSuccessor(*instances, before->epoch, asked + kSuccessorPatience);
  if (!after.ok()) return Fail(kNo, after.status());
  const std::chrono::duration<double> took = Clock::now() - asked;
  std::printf("%s leads in epoch %lld after %.2f s\n", after->instance.c_str(), static_cast<long long>(after->epoch),
              took.count());
  return 0;
}

// What the data folder names, but for what the command line names itself.
absl::StatusOr<xt::ctl::Places> PlacesOf(const Arguments& arguments) {
  xt::ctl::Places places;
  if (!arguments.data.empty()) {
    XT_ASSIGN_OR_RETURN(places, xt::ctl::PlacesOf(arguments.data));
  }
  if (arguments.redis.empty() && arguments.wals.empty()) return places;
  places.redis_journal = arguments.redis;
  places.wals = arguments.wals;
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
  const auto source = xt::ctl::JoinedSource::Of(*sources);
  if (!source.ok()) return Fail(kNo, source.status());
  const auto text = xt::ctl::Replay(**source, options);
  if (!text.ok()) return Fail(kNo, text.status());
  std::fputs(text->c_str(), stdout);
  return 0;
}

// The same, with all else that has to do with the journal.
absl::StatusOr<xt::ctl::Places> AllPlacesOf(const Arguments& arguments) {
  XT_ASSIGN_OR_RETURN(auto places, PlacesOf(arguments));
  if (!arguments.postgres.empty()) places.postgres = arguments.postgres;
  if (!arguments.kafka.empty()) places.kafka = arguments.kafka;
  if (!arguments.executions.empty()) places.redis = arguments.executions;
  if (!arguments.matching.empty()) places.matching = arguments.matching;
  if (!arguments.snapshots.empty()) places.snapshots = arguments.snapshots;
  if (!arguments.zookeeper.empty()) places.zookeeper = arguments.zookeeper;
  return places;
}

int RunUncleanLeader(const Arguments& arguments) {
  const auto places = AllPlacesOf(arguments);
  if (!places.ok()) return Fail(kNo, places.status());
  if (arguments.list) {
    const auto starts = xt::ctl::UncleanStartsOf(*places, arguments.shard);
    if (!starts.ok()) return Fail(kNo, starts.status());
    std::fputs((arguments.json ? xt::ctl::UncleanStartsJson(*starts) : xt::ctl::UncleanStartsText(*starts)).c_str(),
               stdout);
    return 0;
  }
  const auto text = arguments.withdraw ? xt::ctl::Withdraw(*places, arguments.shard)
                                       : xt::ctl::GiveUp(*places, arguments.shard,
                                                         {arguments.by, arguments.reason, arguments.lose_commands});
  if (!text.ok()) return Fail(kNo, text.status());
  std::fputs(text->c_str(), stdout);
  return 0;
}

int RunVerify(const Arguments& arguments) {
  const auto places = AllPlacesOf(arguments);
  if (!places.ok()) return Fail(kBadUsage, places.status());
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
  if (report->violated()) return kNo;
  return report->missing.empty() ? 0 : kBadUsage;
}

int RunSnapshot(const Arguments& arguments) {
  std::vector<std::string> matching = arguments.matching;
  if (matching.empty()) {
    auto found = xt::ctl::GrpcAddressesOf(arguments.data, "matching");
    if (!found.ok()) return Fail(kNo, found.status());
    matching = *std::move(found);
  }
  const xt::ctl::SnapshotAnswer answer = xt::ctl::TakeSnapshots(matching, arguments.even_leading);
  std::fputs(answer.text.c_str(), answer.taken ? stdout : stderr);
  return answer.taken ? 0 : kNo;
}

void AddJournalOptions(CLI::App* command, Arguments& arguments) {
  command->add_option("--redis", arguments.redis, "HOST:PORT of the journal's Redis");
  command
      ->add_option("--wal", arguments.wals,
                   "folder of a journal, as DIR/sequencer-0/journal, once for each; nothing is changed there")
      ->allow_extra_args(false);
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

void AddOutsideOptions(CLI::App* command, Arguments& arguments) {
  command->add_option("--postgres", arguments.postgres, "postgresql://... of the database");
  command->add_option("--executions", arguments.executions, "HOST:PORT of the Redis with the executions");
  command->add_option("--matching", arguments.matching, "HOST:PORT of a replica's gRPC; once for each")
      ->allow_extra_args(false);
}

CLI::App* AddUncleanLeader(CLI::App& app, Arguments& arguments) {
  CLI::App* unclean = app.add_subcommand(
      "unclean-leader",
      "gives up what no copy of the journal has, when nobody can lead; without --lose-commands it looks");
  AddJournalOptions(unclean, arguments);
  AddOutsideOptions(unclean, arguments);
  unclean->add_option("--zookeeper", arguments.zookeeper, "HOST:PORT of ZooKeeper");
  CLI::Option* list = unclean->add_flag("--list", arguments.list, "the audit log: what was given up, when and by whom");
  unclean->add_flag("--json", arguments.json, "of the audit log: one array instead of a table")->needs(list);
  CLI::Option* reason = unclean->add_option("--reason", arguments.reason, "for the audit log");
  unclean->add_option("--by", arguments.by, "who decides, for the audit log")->envname("USER");
  CLI::Option* lose =
      unclean->add_flag("--lose-commands", arguments.lose_commands, "the next leader takes what it can reach")
          ->needs(reason)
          ->excludes(list);
  unclean->add_flag("--withdraw", arguments.withdraw, "takes it back, when no leader has acted on it")
      ->excludes(list)
      ->excludes(lose);
  return unclean;
}

CLI::App* AddVerify(CLI::App& app, Arguments& arguments) {
  CLI::App* verify = app.add_subcommand("verify", "whether journal, database, brokers and books agree");
  AddJournalOptions(verify, arguments);
  AddOutsideOptions(verify, arguments);
  verify->add_option("--kafka", arguments.kafka, "HOST:PORT of a broker");
  verify->add_option("--snapshots", arguments.snapshots, "folder of a replica's snapshots; once for each")
      ->allow_extra_args(false);
  verify->add_option("--history", arguments.history, "what clients saw: lines of JSON, see docs/operations.md");
  verify->add_flag("--json", arguments.json, "one object instead of lines");
  return verify;
}

CLI::App* AddTrading(CLI::App& app, Arguments& arguments, const char* name, const char* what) {
  CLI::App* trading = app.add_subcommand(name, what);
  trading->add_option("MARKET", arguments.markets, "as BTC-KRW; without any: all");
  trading->add_option("--gateway", arguments.gateways, "HOST:PORT of a gateway's gRPC; once for each")
      ->allow_extra_args(false);
  trading->add_option("--reason", arguments.reason, "for the gateway's log");
  return trading;
}

CLI::App* AddHalt(CLI::App& app, Arguments& arguments) {
  CLI::App* halt = AddTrading(app, arguments, "halt", "trading of a market, or of all, stops");
  halt->get_option("--reason")->required();
  halt->add_flag("--cancel-only", arguments.cancel_only, "orders can still be cancelled and amended down");
  return halt;
}

CLI::App* AddStepDown(CLI::App& app, Arguments& arguments) {
  CLI::App* step_down = app.add_subcommand("step-down", "the sequencer that leads hands over to another one");
  step_down->add_option("--sequencer", arguments.sequencers, "HOST:PORT of a sequencer's gRPC; once for each")
      ->allow_extra_args(false);
  step_down->add_option("--reason", arguments.reason, "for the sequencer's log");
  step_down->add_flag("--force", arguments.force, "also when nobody else is known who would lead then");
  step_down->add_flag("--wait", arguments.wait, "until another one serves");
  return step_down;
}

CLI::App* AddSnapshot(CLI::App& app, Arguments& arguments) {
  CLI::App* snapshot = app.add_subcommand("snapshot", "replicas of matching write their state, for a short start");
  snapshot->add_option("--matching", arguments.matching, "HOST:PORT of a replica's gRPC; once for each")
      ->allow_extra_args(false);
  snapshot->add_flag("--even-leading", arguments.even_leading,
                     "also the replica that works for the leader: orders wait meanwhile");
  return snapshot;
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
  CLI::App* halt = AddHalt(app, arguments);
  CLI::App* resume = AddTrading(app, arguments, "resume", "trading of a market, or of all, goes on");
  CLI::App* step_down = AddStepDown(app, arguments);
  CLI::App* snapshot = AddSnapshot(app, arguments);
  CLI::App* unclean = AddUncleanLeader(app, arguments);
  try {
    app.parse(argc, argv);
    const bool folder = data->count() > 0;
    const auto need = [](bool given, const char* what) {
      if (!given) throw CLI::RequiredError(what);
    };
    if (*status) need(folder || services->count() > 0, "--data or --service");
    if (*replay || *verify) {
      need(folder || !arguments.redis.empty() || !arguments.wals.empty(), "--data, --redis or --wal");
    }
    if (*halt || *resume) need(folder || !arguments.gateways.empty(), "--data or --gateway");
    if (*step_down) need(folder || !arguments.sequencers.empty(), "--data or --sequencer");
    if (*snapshot) need(folder || !arguments.matching.empty(), "--data or --matching");
    if (*unclean) need(folder || !arguments.zookeeper.empty(), "--data or --zookeeper");
    if (arguments.lose_commands) need(!arguments.by.empty(), "--lose-commands: --by");
    if (arguments.wait) need(folder || services->count() > 0, "--wait: --data or --service");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  if (*status) return RunStatus(arguments);
  if (*replay) return RunReplay(arguments);
  if (*verify) return RunVerify(arguments);
  if (*halt) return RunHalt(arguments);
  if (*snapshot) return RunSnapshot(arguments);
  if (*unclean) return RunUncleanLeader(arguments);
  return *resume ? RunResume(arguments) : RunStepDown(arguments);
}
