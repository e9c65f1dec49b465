// A PostgreSQL server for the tests of a program, and what they need besides the store.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "libs/adapters/postgres/postgres_config.h"
#include "tests/contract/contract_support.h"
#include "tools/servers/postgres_server.h"

namespace xt::contract {

// Started when first asked for; ends with the program.
inline servers::PostgresServer& SharedServer() {
  static TemporaryFolder folder;
  static servers::PostgresServer server(folder.path());
  static const absl::Status started = server.Start();
  EXPECT_TRUE(started.ok()) << started;
  return server;
}

// A schema that no other test of this program has.
inline postgres::PostgresConfig ConfigWithSchema(const servers::PostgresServer& server) {
  static int schemas = 0;
  return {.url = server.url(), .schema = absl::StrCat("test_", ++schemas)};
}

}  // namespace xt::contract
