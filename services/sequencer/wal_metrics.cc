#include "services/sequencer/wal_metrics.h"

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

namespace xt::sequencer {
namespace {

runtime::Labels ServiceLabel() { return {{"service", "sequencer"}}; }

std::int64_t FreeBytes(const std::string& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  return error ? 0 : static_cast<std::int64_t>(space.available);
}

}  // namespace

embedded::WalOptions WalMetrics::Hooks(runtime::MetricsRegistry& registry, embedded::WalOptions options) {
  runtime::Histogram& append = registry.Histogram(
      "wal_append_seconds", "From handing a frame to the journal to its confirmation.", ServiceLabel());
  runtime::Histogram& fsync =
      registry.Histogram("wal_fsync_seconds", "One fdatasync of a group of frames.", ServiceLabel());
  options.on_append = [&append](std::chrono::nanoseconds took) { append.Observe(took.count()); };
  options.on_fsync = [&fsync](std::chrono::nanoseconds took) { fsync.Observe(took.count()); };
  return options;
}

void WalMetrics::Watch(const embedded::WalJournal& journal, const std::string& folder) {
  const auto gauge = [&](const char* name, const char* help, std::uint64_t embedded::WalStats::*field) {
    callbacks_.push_back(registry_.GaugeCallback(
        name, help, ServiceLabel(), [&journal, field] { return static_cast<std::int64_t>(journal.Stats().*field); }));
  };
  const auto counter = [&](const char* name, const char* help, std::uint64_t embedded::WalStats::*field) {
    callbacks_.push_back(
        registry_.CounterCallback(name, help, ServiceLabel(), [&journal, field] { return journal.Stats().*field; }));
  };
  gauge("wal_appended_sequence", "Last sequence handed to the journal.", &embedded::WalStats::appended_sequence);
  gauge("wal_synced_sequence", "Last sequence that is on the disk.", &embedded::WalStats::synced_sequence);
  gauge("wal_size_bytes", "Size of the journal's segments.", &embedded::WalStats::size_bytes);
  counter("wal_corruptions_total", "Damaged records found.", &embedded::WalStats::corruptions);
  counter("wal_recovered_records_total", "Records found good when the journal was opened.",
          &embedded::WalStats::recovered_records);
  callbacks_.push_back(registry_.GaugeCallback("wal_disk_free_bytes", "Free space where the journal lies.",
                                               ServiceLabel(), [folder] { return FreeBytes(folder); }));
}

}  // namespace xt::sequencer
