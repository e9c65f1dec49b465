#include "services/persistence/persistence_process.h"

#include "libs/adapters/embedded/file_execution_stream.h"
#include "libs/adapters/embedded/sqlite_store.h"
#include "libs/base/status.h"
#include "services/persistence/persistence_app.h"
#include "services/persistence/persistence_service.h"

namespace xt::persistence {

// In the order in which they need each other.
struct PersistenceProcess::Parts {
  Parts(const PersistenceProcessConfig& config, runtime::ServiceContext& context,
        std::unique_ptr<embedded::FileExecutionStream> executions)
      : stream(std::move(executions)),
        store(config.data_folder + "/persistence.db"),
        app(config.service, *stream, store, context.metrics, context.health, context.clock),
        service(app) {}

  std::unique_ptr<embedded::FileExecutionStream> stream;
  embedded::SqliteStore store;
  PersistenceApp app;
  PersistenceGrpcService service;
};

void PersistenceProcessConfig::Describe(runtime::ConfigSchema& schema) {
  schema.Path("data", &data_folder, {.doc = "Folder of the database and the executions.", .required = true});
  service.Describe(schema);
}

PersistenceProcess::PersistenceProcess(const PersistenceProcessConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

PersistenceProcess::~PersistenceProcess() = default;

absl::Status PersistenceProcess::Start() {
  XT_ASSIGN_OR_RETURN(auto stream, embedded::FileExecutionStream::Open(config_.data_folder + "/executions"));
  parts_ = std::make_unique<Parts>(config_, context_, std::move(stream));
  return parts_->app.Start();
}

std::vector<runtime::GrpcService> PersistenceProcess::GrpcServices() {
  return {{&parts_->service, xtrader::v1::PersistenceService::service_full_name()}};
}

void PersistenceProcess::Drain(std::chrono::steady_clock::time_point deadline) { parts_->app.Drain(deadline); }

void PersistenceProcess::Stop() {
  if (parts_ == nullptr) return;
  parts_->app.Stop();
  parts_->stream->Close();
}

}  // namespace xt::persistence
