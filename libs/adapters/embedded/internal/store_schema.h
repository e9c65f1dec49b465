// The schema of the SQLite store and its migrations: version n is the database after the first n scripts. Scripts are
// never changed once released; a change is a new script at the end.
#pragma once

#include "absl/status/status.h"
#include "libs/adapters/embedded/internal/sqlite.h"

namespace xt::embedded {

// Sets up the file (WAL mode) and brings the schema to the present version. FAILED_PRECONDITION when it is from a newer
// one.
absl::Status Migrate(sqlite::Connection& connection);

}  // namespace xt::embedded
