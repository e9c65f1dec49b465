// The schema of the PostgreSQL store and its migrations: version n is the database after the first n scripts. Scripts
// are never changed once released; a change is a new script at the end. Names follow the port and the SQLite store.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "libs/adapters/postgres/internal/connection.h"

namespace xt::postgres {

// Creates the schema and brings it to the present version, in one transaction, one process at a time (an advisory lock).
// FAILED_PRECONDITION when it is from a newer program.
absl::Status Migrate(Connection& connection, const std::string& schema);

}  // namespace xt::postgres
