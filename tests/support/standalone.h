// Standalone: the whole exchange as one process under test, on free ports, with its data in a folder of the test. It can
// be killed and started again on the same data. Not thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libs/base/child_process.h"
#include "tests/support/files.h"
#include "tests/support/signed_client.h"

namespace xt::test {

class Standalone {
 public:
  // `arguments` are added to those that choose ports and folders.
  explicit Standalone(std::vector<std::string> arguments = {});

  // Starts it and waits until it serves. On failure `error()` has its output.
  [[nodiscard]] bool Start();
  void Kill();                     // SIGKILL
  std::optional<int> Terminate();  // SIGTERM; the exit status
  // Starts it and waits for it to end by itself: for what must refuse to start. The exit status.
  std::optional<int> RunToEnd(std::chrono::milliseconds timeout = std::chrono::seconds(60));

  [[nodiscard]] const nlohmann::json& ready() const { return ready_; }
  [[nodiscard]] std::string rest() const { return ready_.at("rest"); }
  [[nodiscard]] std::string grpc() const { return ready_.at("grpc"); }
  [[nodiscard]] std::string data() const { return folder_ / "data"; }
  [[nodiscard]] std::string output() const { return ReadFile(folder_ / "output"); }
  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : -1; }
  // The i-th demo account, from 0.
  [[nodiscard]] Credentials account(std::size_t i) const;
  [[nodiscard]] SignedClient client(std::size_t i) const { return SignedClient(rest(), account(i)); }

 private:
  void Spawn();

  TemporaryFolder folder_;
  const std::vector<std::string> arguments_;
  std::unique_ptr<ChildProcess> process_;
  nlohmann::json ready_;
};

}  // namespace xt::test
