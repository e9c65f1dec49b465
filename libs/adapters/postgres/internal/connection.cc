#include "libs/adapters/postgres/internal/connection.h"

#include <poll.h>
#include <unistd.h>

#include <exception>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/check.h"

namespace xt::postgres {
namespace {

std::string Text(const std::exception& error) {
  return absl::StrCat("postgres: ", std::string(absl::StripAsciiWhitespace(error.what())));
}

// By SQLSTATE (appendix A of the manual), whole or by its class.
absl::StatusCode CodeOf(std::string_view sqlstate) {
  if (sqlstate == "23505") return absl::StatusCode::kAlreadyExists;  // unique_violation
  if (sqlstate == "25006") return absl::StatusCode::kUnavailable;    // read_only_sql_transaction: a standby
  if (sqlstate == "25P03") return absl::StatusCode::kUnavailable;    // idle_in_transaction_session_timeout
  if (sqlstate == "55P03") return absl::StatusCode::kUnavailable;    // lock_not_available
  if (sqlstate.starts_with("XX00")) {
    return sqlstate == "XX000" ? absl::StatusCode::kInternal : absl::StatusCode::kDataLoss;
  }
  // Connection, rollback, resources, operator intervention, I/O.
  for (const std::string_view passing : {"08", "40", "53", "57", "58"}) {
    if (sqlstate.starts_with(passing)) return absl::StatusCode::kUnavailable;
  }
  return absl::StatusCode::kInternal;
}

// libpqxx marks the call as deprecated, since its version 7 never reconnects.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void NeverReconnect(pqxx::connection& connection) { connection.inhibit_reactivation(true); }
#pragma GCC diagnostic pop

}  // namespace

pqxx::result Session::Run(const std::string& sql, const Params& params) {
  return transaction_.exec_prepared(connection_.NameOf(sql), pqxx::prepare::make_dynamic_params(params.texts()));
}

void Session::RunScript(const std::string& sql) { transaction_.exec(sql); }

CopyStream::CopyStream(Session& session, const std::string& table, const std::vector<std::string>& columns)
    : stream_(session.transaction_, table, columns) {}

void CopyStream::Finish() { stream_.complete(); }

std::string ConnectionString(const PostgresConfig& config) {
  const std::string options = absl::StrCat(
      "-c search_path=", config.schema, " -c statement_timeout=", config.statement_timeout_ms,
      " -c idle_in_transaction_session_timeout=", config.statement_timeout_ms, " -c client_min_messages=warning");
  return absl::StrCat(config.url, config.url.find('?') == std::string::npos ? "?" : "&",
                      "connect_timeout=", config.connect_timeout_s,
                      "&keepalives=1&keepalives_idle=5&keepalives_interval=1&keepalives_count=5&tcp_user_timeout=",
                      config.call_timeout_ms, "&application_name=xtrader&client_encoding=UTF8&options=",
                      absl::StrReplaceAll(options, {{" ", "%20"}, {"=", "%3D"}}));
}

Connection::Connection(const std::string& connection_string, CallWatch& watch)
    : watch_(watch), connection_(connection_string), socket_(::dup(connection_.sock())) {
  XT_CHECK(socket_ >= 0, "dup");
  NeverReconnect(connection_);
}

Connection::~Connection() { ::close(socket_); }

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const PostgresConfig& config, CallWatch& watch) {
  try {
    return std::unique_ptr<Connection>(new Connection(ConnectionString(config), watch));
  } catch (const std::exception& error) {
    return absl::UnavailableError(Text(error));
  }
}

absl::Status Connection::Transact(Deadline deadline, const Work& work) {
  return Try(deadline, [&] {
    pqxx::work transaction(connection_);
    Session session(*this, transaction);
    absl::Status status = work(session);
    if (status.ok()) transaction.commit();
    return status;
  });
}

absl::Status Connection::Execute(Deadline deadline, const Work& work) {
  return Try(deadline, [&] {
    pqxx::nontransaction transaction(connection_);
    Session session(*this, transaction);
    return work(session);
  });
}

absl::Status Connection::Try(Deadline deadline, const std::function<absl::Status()>& call) {
  const CallWatch::Call watched(watch_, socket_, deadline);
  try {
    return call();
  } catch (const pqxx::in_doubt_error& error) {
    return absl::AbortedError(Text(error));
  } catch (const pqxx::sql_error& error) {
    const absl::StatusCode code = usable() ? CodeOf(error.sqlstate()) : absl::StatusCode::kUnavailable;
    return {code, absl::StrCat(Text(error), " (", error.sqlstate(), ")")};
  } catch (const pqxx::broken_connection& error) {
    return absl::UnavailableError(Text(error));
  } catch (const std::exception& error) {
    return usable() ? absl::InternalError(Text(error)) : absl::UnavailableError(Text(error));
  }
}

const std::string& Connection::NameOf(const std::string& sql) {
  const auto [name, is_new] = names_.try_emplace(sql, absl::StrCat("s", names_.size()));
  if (is_new) connection_.prepare(name->second, sql);
  return name->second;
}

bool Connection::usable() const { return connection_.is_open(); }

bool Connection::ClosedByServer() const {
  pollfd socket{.fd = socket_, .events = POLLIN, .revents = 0};
  return ::poll(&socket, 1, 0) != 0;  // unasked, a server says only that it ends
}

}  // namespace xt::postgres
