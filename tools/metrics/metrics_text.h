// What a /metrics page says: Prometheus' text format 0.0.4, as libs/runtime/metrics.h writes it, read back. Help and types
// are skipped. Plain values and functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace xt::metrics {

using Labels = std::map<std::string, std::string>;

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

// INVALID_ARGUMENT names the line that is no sample.
absl::StatusOr<std::vector<Sample>> ParseMetrics(std::string_view text);

// The samples of one metric that have all of these labels with these values, in the order of the page.
std::vector<Sample> SamplesOf(const std::vector<Sample>& samples, std::string_view name, const Labels& labels = {});

}  // namespace xt::metrics
