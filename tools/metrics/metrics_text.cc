#include "tools/metrics/metrics_text.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace xt::metrics {
namespace {

constexpr std::string_view kBlanks = " \t";

void SkipBlanks(std::string_view& rest) { rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size())); }

bool Skip(std::string_view& rest, char expected) {
  if (!rest.starts_with(expected)) return false;
  rest.remove_prefix(1);
  return true;
}

// Up to one of `ends`; nothing when that is at once or never.
std::optional<std::string> TakeUntil(std::string_view& rest, std::string_view ends) {
  const std::size_t length = rest.find_first_of(ends);
  if (length == 0 || length == std::string_view::npos) return std::nullopt;
  std::string taken(rest.substr(0, length));
  rest.remove_prefix(length);
  return taken;
}

// Behind the opening quote, up to and with the closing one.
std::optional<std::string> TakeQuoted(std::string_view& rest) {
  std::string text;
  while (!rest.empty()) {
    char next = rest.front();
    rest.remove_prefix(1);
    if (next == '"') return text;
    if (next == '\\') {
      if (rest.empty()) return std::nullopt;
      next = rest.front() == 'n' ? '\n' : rest.front();
      rest.remove_prefix(1);
    }
    text += next;
  }
  return std::nullopt;
}

// Behind the opening brace, up to and with the closing one.
std::optional<Labels> TakeLabels(std::string_view& rest) {
  Labels labels;
  while (!Skip(rest, '}')) {
    auto name = TakeUntil(rest, "=");
    if (!name || !Skip(rest, '=') || !Skip(rest, '"')) return std::nullopt;
    auto value = TakeQuoted(rest);
    if (!value || (!Skip(rest, ',') && !rest.starts_with('}'))) return std::nullopt;
    labels.emplace(*std::move(name), *std::move(value));
  }
  return labels;
}

std::optional<Sample> ParseSample(std::string_view line) {
  Sample sample;
  auto name = TakeUntil(line, "{ \t");
  if (!name) return std::nullopt;
  sample.name = *std::move(name);
  if (Skip(line, '{')) {
    auto labels = TakeLabels(line);
    if (!labels) return std::nullopt;
    sample.labels = *std::move(labels);
  }
  SkipBlanks(line);
  const std::string value(line.substr(0, line.find_first_of(kBlanks)));  // a timestamp may follow
  char* end = nullptr;
  sample.value = std::strtod(value.c_str(), &end);
  if (value.empty() || end != value.c_str() + value.size()) return std::nullopt;
  return sample;
}

}  // namespace

absl::StatusOr<std::vector<Sample>> ParseMetrics(std::string_view text) {
  std::vector<Sample> samples;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    SkipBlanks(line);
    if (line.empty() || line.starts_with('#')) continue;
    auto sample = ParseSample(line);
    if (!sample) return absl::InvalidArgumentError(absl::StrCat("line ", number, " is no sample: ", std::string(line)));
    samples.push_back(*std::move(sample));
  }
  return samples;
}

std::vector<Sample> SamplesOf(const std::vector<Sample>& samples, std::string_view name, const Labels& labels) {
  std::vector<Sample> found;
  std::ranges::copy_if(samples, std::back_inserter(found), [&](const Sample& sample) {
    return sample.name == name && std::ranges::includes(sample.labels, labels);
  });
  return found;
}

}  // namespace xt::metrics
