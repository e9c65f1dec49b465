// SequencerProcess: the sequencer as a process of its own, on the embedded adapters under its data folder, with matching
// reached over gRPC. A halt ends the process with status 1; its supervisor starts the next run. With journal.durability
// local+redis+standbys it holds the journal's file for whoever leads (standby_file.h) until it leads itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libs/backends/backends.h"
#include "libs/runtime/service_main.h"
#include "services/sequencer/config.h"

namespace xt::sequencer {

struct SequencerProcessConfig {
  SequencerConfig service;
  backends::BackendConfig servers;
  std::string data_folder = ".xtrader/sequencer";
  std::vector<std::string> matching_addresses = {"127.0.0.1:9092"};
  std::uint64_t journal_segment_bytes = 64ULL << 20;
  std::uint64_t outbox_retain_bytes = 1ULL << 30;
  std::size_t stream_max_unanswered = 8192;

  void Describe(runtime::ConfigSchema& schema);
};

class SequencerProcess final : public runtime::App {
 public:
  SequencerProcess(const SequencerProcessConfig& config, runtime::ServiceContext& context);
  ~SequencerProcess() override;

  absl::Status Start() override;
  std::vector<runtime::GrpcService> GrpcServices() override;
  void Drain(std::chrono::steady_clock::time_point deadline) override;
  void Stop() override;

 private:
  struct Adapters;
  struct Parts;
  const SequencerProcessConfig& config_;
  runtime::ServiceContext& context_;
  std::unique_ptr<Adapters> adapters_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace xt::sequencer
