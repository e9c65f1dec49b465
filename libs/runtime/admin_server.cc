#include "libs/runtime/admin_server.h"

#include <string_view>
#include <utility>

#include "libs/http/router.h"
#include "libs/http/server.h"
#include "libs/runtime/health.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/log.h"
#include "libs/runtime/metrics.h"

namespace xt::runtime {
namespace {

http::Response Text(int status, std::string body) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .headers = {}, .body = std::move(body)};
}

http::Response Json(int status, std::string body) {
  return {.status = status, .content_type = "application/json", .headers = {}, .body = std::move(body)};
}

int ProbeStatus(bool good) { return good ? 200 : 503; }

http::Response ReadyResponse(const HealthRegistry& health, const http::Request& request) {
  const int status = ProbeStatus(health.Ready());
  if (request.Query("verbose")) return Json(status, health.ReadyJson() + "\n");
  return Text(status, status == 200 ? "ready\n" : "not ready\n");
}

http::Response LogLevelResponse() {
  return Json(200, internal::Concat(R"({"level":")", LogLevelName(GetLogLevel()), "\"}\n"));
}

http::Response ChangeLogLevel(const http::Request& request) {
  LogLevel level = LogLevel::kInfo;
  if (!ParseLogLevel(request.Query("level").value_or(""), &level)) {
    return Text(400, "level must be one of debug, info, warn, error\n");
  }
  SetLogLevel(level);
  Log(LogLevel::kWarn, "log level changed", {{"to", LogLevelName(level)}, {"by", request.remote_address}});
  return LogLevelResponse();
}

}  // namespace

struct AdminServer::Impl {
  AdminOptions options;
  http::Router router;
  std::unique_ptr<http::Server> server;

  void AddRoutes(const HealthRegistry& health, const MetricsRegistry& metrics) {
    router.Get("/livez", [&health](http::Request, http::Responder responder) {
      responder.Send(Json(ProbeStatus(health.Alive()), health.LiveJson() + "\n"));
    });
    router.Get("/readyz", [&health](http::Request request, http::Responder responder) {
      responder.Send(ReadyResponse(health, request));
    });
    router.Get("/startupz", [&health](http::Request, http::Responder responder) {
      responder.Send(Text(ProbeStatus(health.Started()), health.Started() ? "started\n" : "starting\n"));
    });
    router.Get("/metrics", [&metrics](http::Request, http::Responder responder) {
      responder.Send({.status = 200,
                      .content_type = std::string(MetricsRegistry::kContentType),
                      .headers = {},
                      .body = metrics.Text()});
    });
    router.Get("/loglevel", [](http::Request, http::Responder responder) { responder.Send(LogLevelResponse()); });
    router.Add("PUT", "/loglevel",
               [](http::Request request, http::Responder responder) { responder.Send(ChangeLogLevel(request)); });
  }
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() { Stop(); }

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const AdminOptions& options,
                                                                const HealthRegistry& health,
                                                                const MetricsRegistry& metrics) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->AddRoutes(health, metrics);
  http::ServerOptions http_options;
  http_options.bind_address = options.address;
  http_options.port = options.port;
  http_options.max_connections = 256;
  http_options.stop_deadline_ms = 500;
  impl->server = std::make_unique<http::Server>(std::move(http_options), impl->router.AsHandler());
  if (const absl::Status started = impl->server->Start(); !started.ok()) {
    return absl::Status(started.code(), internal::Concat("config key ", options.port_key, " = ", options.port, ": ",
                                                         std::string(started.message())));
  }
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

std::uint16_t AdminServer::port() const { return impl_->server->port(); }
std::string AdminServer::url() const { return internal::Concat("http://", impl_->options.address, ":", port()); }
void AdminServer::Stop() { impl_->server->Stop(); }

}  // namespace xt::runtime
