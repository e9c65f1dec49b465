// A service that does nothing but tell its test, through a FIFO, how far its life has come.
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "libs/runtime/log.h"
#include "libs/runtime/service_main.h"

namespace {

using xt::runtime::Endpoints;

struct TestConfig {
  std::string notify;  // FIFO that is told "<grpc> <admin>", "drain", "stop"
  std::string gate;    // FIFO that Drain() waits for
  bool fail_start = false;
  bool exit_when_serving = false;
  bool fail_when_serving = false;
};

class TestApp final : public xt::runtime::App {
 public:
  TestApp(const TestConfig& config, xt::runtime::ServiceContext& context) : config_(config), context_(context) {
    context.health.AddCheck("nothing", xt::runtime::Dependency::kHard).SetOk();
  }

  absl::Status Start() override {
    return config_.fail_start ? absl::UnavailableError("told to fail") : absl::OkStatus();
  }
  absl::Status OnServing(const Endpoints& endpoints) override {
    Tell(endpoints.grpc + " " + endpoints.admin + "\n");
    if (config_.exit_when_serving) context_.request_shutdown(absl::OkStatus());
    if (config_.fail_when_serving) context_.request_shutdown(absl::DataLossError("journal damaged at 7"));
    return absl::OkStatus();
  }
  void Drain(std::chrono::steady_clock::time_point /*deadline*/) override {
    Tell("drain\n");
    if (config_.gate.empty()) return;
    const int fd = ::open(config_.gate.c_str(), O_RDONLY | O_CLOEXEC);
    char byte = 0;
    [[maybe_unused]] const ssize_t got = ::read(fd, &byte, 1);
    ::close(fd);
    xt::runtime::Log(xt::runtime::LogLevel::kInfo, "drained");
  }
  void Stop() override { Tell("stop\n"); }

 private:
  void Tell(const std::string& what) const {
    if (config_.notify.empty()) return;
    const int fd = ::open(config_.notify.c_str(), O_WRONLY | O_CLOEXEC);
    [[maybe_unused]] const ssize_t written = ::write(fd, what.data(), what.size());
    ::close(fd);
  }

  const TestConfig& config_;
  xt::runtime::ServiceContext& context_;
};

}  // namespace

int main(int argc, char** argv) {
  TestConfig config;
  return xt::runtime::ServiceMain(
      argc, argv,
      {.name = "test-service",
       .summary = "Does nothing.",
       .describe =
           [&](xt::runtime::ConfigSchema& schema) {
             schema.Path("test.notify", &config.notify, {.doc = "FIFO to tell."})
                 .Path("test.gate", &config.gate, {.doc = "FIFO to wait for."})
                 .Bool("test.fail_start", &config.fail_start, {.doc = "Start() fails."})
                 .Bool("test.exit_when_serving", &config.exit_when_serving, {.doc = "Ends at once."})
                 .Bool("test.fail_when_serving", &config.fail_when_serving, {.doc = "Ends at once with an error."});
           },
       .make_app = [&](xt::runtime::ServiceContext& context) { return std::make_unique<TestApp>(config, context); }});
}
