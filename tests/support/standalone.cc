#include "tests/support/standalone.h"

#include <csignal>
#include <filesystem>
#include <utility>

namespace xt::test {
namespace {

std::string Program() { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "xtrader-standalone"; }

}  // namespace

Standalone::Standalone(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

void Standalone::Spawn() {
  std::filesystem::remove(folder_ / "ready.json");
  std::filesystem::remove(folder_ / "output");
  std::vector<std::string> argv{Program(), "--port", "0", "--grpc-port", "0", "--data", data(), "--ready-file",
                                folder_ / "ready.json",
                                // A disk that stalls makes things late, not wrong.
                                "--persistence.query.max-wait-ms", "60000", "--gateway.orders.timeout-ms", "60000",
                                "--drain.timeout-ms", "60000"};
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  process_ = std::make_unique<ChildProcess>(argv, folder_ / "output");
}

bool Standalone::Start() {
  Spawn();
  if (!process_->WaitForFile(folder_ / "ready.json", std::chrono::seconds(120))) return false;
  ready_ = nlohmann::json::parse(ReadFile(folder_ / "ready.json"), nullptr, /*allow_exceptions=*/false);
  return ready_.is_object();
}

void Standalone::Kill() { process_->Kill(); }

std::optional<int> Standalone::Terminate() {
  process_->Signal(SIGTERM);
  return process_->Wait(std::chrono::seconds(120));
}

std::optional<int> Standalone::RunToEnd(std::chrono::milliseconds timeout) {
  Spawn();
  return process_->Wait(timeout);
}

Credentials Standalone::account(std::size_t i) const {
  const nlohmann::json& account = ready_.at("accounts").at(i);
  return {account.at("account"), account.at("apiKey"), account.at("secret")};
}

}  // namespace xt::test
