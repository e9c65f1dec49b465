#include "tests/chaos/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace xt::chaos {

using nlohmann::ordered_json;
using std::chrono::milliseconds;

FaultResult& Report::Of(const std::string& name) {
  const auto found =
      std::find_if(faults.begin(), faults.end(), [&](const FaultResult& one) { return one.name == name; });
  if (found != faults.end()) return *found;
  FaultResult& added = faults.emplace_back();
  added.name = name;
  return added;
}

bool Report::violated() const {
  const auto fails = [](const FaultResult& one) {
    return one.lost + one.doubled > 0 || (one.known.empty() && !one.violations.empty());
  };
  return !violations.empty() || std::any_of(faults.begin(), faults.end(), fails);
}

milliseconds MedianOf(std::vector<milliseconds> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::string TextOf(const Report& report) {
  std::string text = absl::StrFormat("%-22s %8s %12s %6s %8s %10s %10s\n", "fault", "injected", "acknowledged", "lost",
                                     "doubled", "median ms", "worst ms");
  for (const FaultResult& one : report.faults) {
    const auto& times = one.first_acknowledgement;
    const std::string median = times.empty() ? "-" : absl::StrCat(MedianOf(times).count());
    const std::string worst = times.empty() ? "-" : absl::StrCat(std::max_element(times.begin(), times.end())->count());
    absl::StrAppend(&text, absl::StrFormat("%-22s %8d %12d %6d %8d %10s %10s", one.name, one.injected, one.acknowledged,
                                           one.lost, one.doubled, median, worst));
    absl::StrAppend(&text, one.known.empty() ? "" : "  known: " + one.known, "\n");
    for (const std::string& violation : one.violations) absl::StrAppend(&text, "  VIOLATED: ", violation, "\n");
  }
  for (const std::string& violation : report.violations) absl::StrAppend(&text, "VIOLATED: ", violation, "\n");
  absl::StrAppend(&text, "\n", report.verified);
  if (!report.kept.empty()) absl::StrAppend(&text, "data, logs and history: ", report.kept, "\n");
  absl::StrAppend(&text, report.violated() ? "VIOLATED" : "nothing violated", ", seed ", report.seed, "\n");
  return text;
}

std::string JsonOf(const Report& report) {
  ordered_json faults = ordered_json::array();
  for (const FaultResult& one : report.faults) {
    ordered_json times = ordered_json::array();
    for (const milliseconds time : one.first_acknowledgement) times.push_back(time.count());
    faults.push_back({{"fault", one.name},
                      {"known", one.known},
                      {"injected", one.injected},
                      {"acknowledged", one.acknowledged},
                      {"lost", one.lost},
                      {"doubled", one.doubled},
                      {"firstAcknowledgementMs", times},
                      {"violations", one.violations}});
  }
  const ordered_json all{{"seed", report.seed},       {"violated", report.violated()},
                         {"faults", faults},          {"violations", report.violations},
                         {"verify", report.verified}, {"kept", report.kept}};
  return all.dump(2) + "\n";
}

}  // namespace xt::chaos
