// xt-bootstrap: makes a new cluster usable: assets, markets, and funded demo accounts with an API key each, sent through
// the sequencer like any other command. May be run again: what is there stays. It writes the accounts as JSON:
// [{"account", "apiKey", "secret"}, ...].
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libs/adapters/grpc/clients.h"
#include "libs/bootstrap/bootstrap.h"
#include "libs/runtime/service_main.h"

namespace {

struct Arguments {
  std::vector<std::string> sequencers;
  std::vector<std::string> matching;
  std::vector<std::string> persistence;
  std::size_t accounts = 2;
  std::string out;
};

absl::Status Run(const Arguments& arguments) {
  namespace clients = xt::grpc_clients;
  const auto sequencing = clients::ConnectOrderSequencing({.addresses = arguments.sequencers});
  const auto matching = clients::ConnectMatchingQueries({.addresses = arguments.matching});
  const auto history = clients::ConnectHistory({.addresses = arguments.persistence});
  const auto accounts = xt::bootstrap::Bootstrap({*sequencing, *matching, *history}, arguments.accounts);
  if (!accounts.ok()) return accounts.status();
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& account : *accounts) {
    list.push_back({{"account", account.name}, {"apiKey", account.api_key}, {"secret", account.secret}});
  }
  return xt::runtime::WriteFileAtomically(arguments.out, list.dump(2) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Defines the demo markets and accounts of a new exchange.");
  Arguments arguments;
  app.add_option("--sequencer", arguments.sequencers, "gRPC addresses")->required()->delimiter(',');
  app.add_option("--matching", arguments.matching, "gRPC addresses")->required()->delimiter(',');
  app.add_option("--persistence", arguments.persistence, "gRPC addresses")->required()->delimiter(',');
  app.add_option("--accounts", arguments.accounts, "demo accounts")->check(CLI::Range(0, 100'000));
  app.add_option("--out", arguments.out, "file for the accounts and their keys")->required();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Run(arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "xt-bootstrap: %s\n", status.ToString().c_str());
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ? 75 : 1;  // 75: worth another try
}
