// One connection to the server, and the only place that catches libpqxx's exceptions. An object is one session: it never
// connects again by itself, since the new session would lack what the old one was set up with. A broken one is replaced
// by a new object. Belongs to one thread at a time.
//
// Errors: UNAVAILABLE for whatever may pass (no connection, no answer in time, time-outs, deadlocks, a full disk, a
// server that starts or ends or is read-only); ABORTED when the outcome of a commit is unknown; ALREADY_EXISTS for a
// broken unique constraint; DATA_LOSS for damaged data; INTERNAL else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/stream_to>
#include <pqxx/transaction_base>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/postgres/internal/call_watch.h"
#include "libs/adapters/postgres/internal/values.h"
#include "libs/adapters/postgres/postgres_config.h"

namespace xt::postgres {

class Connection;

// What a piece of work does with the database; its methods throw what libpqxx throws.
class Session {
 public:
  Session(Connection& connection, pqxx::transaction_base& transaction)
      : connection_(connection), transaction_(transaction) {}

  // A statement, prepared once per connection; the text must be one of few.
  pqxx::result Run(const std::string& sql, const Params& params = Params());
  // Several statements without parameters.
  void RunScript(const std::string& sql);

 private:
  friend class CopyStream;

  Connection& connection_;
  pqxx::transaction_base& transaction_;
};

// Copies rows into a table; nothing else is done with the session until Finish. Throws what libpqxx throws.
class CopyStream {
 public:
  CopyStream(Session& session, const std::string& table, const std::vector<std::string>& columns);

  // One row: a value for each column, in order.
  template <typename... Values>
  void AddRow(const Values&... values) {
    stream_ << std::make_tuple(AsText(values)...);
  }
  void Finish();

 private:
  pqxx::stream_to stream_;
};

class Connection {
 public:
  // What is done within a call. An error makes the call return it and changes nothing.
  using Work = std::function<absl::Status(Session&)>;

  // `watch` outlives the object.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const PostgresConfig& config, CallWatch& watch);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One transaction.
  absl::Status Transact(Deadline deadline, const Work& work);
  // Each statement by itself.
  absl::Status Execute(Deadline deadline, const Work& work);

  // False after it broke: of no use any more.
  [[nodiscard]] bool usable() const;
  // To be asked between calls: whether the server has closed it meanwhile.
  [[nodiscard]] bool ClosedByServer() const;

 private:
  friend class Session;

  Connection(const std::string& connection_string, CallWatch& watch);
  absl::Status Try(Deadline deadline, const std::function<absl::Status()>& call);
  const std::string& NameOf(const std::string& sql);

  CallWatch& watch_;
  pqxx::connection connection_;
  int socket_;                                // of our own, besides libpq's: it stays open when libpq closes its own
  std::map<std::string, std::string> names_;  // of prepared statements, by their text
};

// What libpq is told: the config's url with the settings of the session.
std::string ConnectionString(const PostgresConfig& config);

}  // namespace xt::postgres
