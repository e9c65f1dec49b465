// A PostgreSQL server for the tests of a program, and what they need besides the store: a session of their own, which
// looks at the server and disturbs it.
#pragma once

#include <signal.h>

#include <chrono>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "libs/adapters/postgres/postgres_config.h"
#include "tests/contract/contract_support.h"
#include "tools/servers/postgres_server.h"

namespace xt::contract {

// A server in a folder of its own, which goes with it.
class TemporaryServer {
 public:
  explicit TemporaryServer(std::vector<std::string> settings = {}) : server_(folder_.path(), 0, std::move(settings)) {
    const absl::Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  servers::PostgresServer* operator->() { return &server_; }
  servers::PostgresServer& operator*() { return server_; }

 private:
  TemporaryFolder folder_;
  servers::PostgresServer server_;
};

// Started when first asked for; ends with the program.
inline servers::PostgresServer& SharedServer() {
  static TemporaryServer server;
  return *server;
}

// A schema that no other test of this program has.
inline postgres::PostgresConfig ConfigWithSchema(const servers::PostgresServer& server) {
  static int schemas = 0;
  // Patient with a slow machine.
  return {.url = server.url(),
          .schema = absl::StrCat("test_", ++schemas),
          .connect_timeout_s = 30,
          .statement_timeout_ms = 30'000,
          .call_timeout_ms = 60'000};
}

// A session that is not the store's. It throws.
class Sql {
 public:
  explicit Sql(const servers::PostgresServer& server, const std::string& schema = "public")
      : connection_(absl::StrCat(server.url(), "?application_name=test&options=-c%20search_path%3D", schema)) {}

  // Each call is a transaction.
  pqxx::result Run(const std::string& sql) {
    pqxx::nontransaction transaction(connection_);
    return transaction.exec(sql);
  }
  // The processes that serve a store and of which the condition holds (columns of pg_stat_activity).
  std::vector<pid_t> StoreSessions(const std::string& condition = "true") {
    std::vector<pid_t> pids;
    const pqxx::result found =
        Run("SELECT pid FROM pg_stat_activity WHERE application_name = 'xtrader' AND " + condition);
    for (const pqxx::row& row : found) pids.push_back(row[0].as<pid_t>());
    return pids;
  }
  // Looks again and again until there is one; throws when there is none in time.
  pid_t WaitForStoreSession(const std::string& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (std::chrono::steady_clock::now() < deadline) {
      if (const auto pids = StoreSessions(condition); !pids.empty()) return pids.front();
    }
    throw std::runtime_error("no session with " + condition);
  }
  // Ends the store's sessions and returns when they are gone.
  void EndStoreSessions() {
    Run("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'xtrader'");
  }

 private:
  pqxx::connection connection_;
};

}  // namespace xt::contract
