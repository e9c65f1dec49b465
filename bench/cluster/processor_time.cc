#include "bench/cluster/processor_time.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace xt::bench {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

// utime, stime, cutime and cstime: fields 14 to 17 of proc(5), counted behind the name, which may hold blanks.
std::int64_t TicksOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::int64_t sum = 0;
  std::int64_t ticks = 0;
  for (int field = 14; field <= 17 && fields >> ticks; ++field) sum += ticks;
  return sum;
}

// With those of its children that live.
std::int64_t TicksOfTree(pid_t pid) {
  std::int64_t sum = TicksOf(pid);
  std::error_code error;
  for (fs::directory_iterator it("/proc/" + std::to_string(pid) + "/task", error), end; !error && it != end;
       it.increment(error)) {
    std::ifstream children(it->path() / "children");
    for (pid_t child = 0; children >> child;) sum += TicksOfTree(child);
  }
  return sum;
}

}  // namespace

ProcessorTime::ProcessorTime(const test::Cluster& cluster) {
  for (const char* kind : {"services", "servers"}) {
    for (const json& one : cluster.ready().at(kind)) {
      std::string name = one.at("name");
      std::ranges::replace(name, '-', '_');
      processes_.emplace_back(std::move(name), one.at("pid").get<pid_t>());
    }
  }
  start_ = Now();
}

ProcessorTime::Ticks ProcessorTime::Now() const {
  Ticks ticks;
  for (const auto& [name, pid] : processes_) ticks[name] += TicksOfTree(pid);
  ticks["load"] = TicksOf(::getpid());
  return ticks;
}

std::vector<std::pair<std::string, std::int64_t>> ProcessorTime::PerOrder(std::int64_t orders) const {
  const std::int64_t ticks_per_second = ::sysconf(_SC_CLK_TCK);
  std::vector<std::pair<std::string, std::int64_t>> figures;
  for (const auto& [name, ticks] : Now()) {
    const std::int64_t took_us = (ticks - start_.at(name)) * kMicrosecondsPerSecond / ticks_per_second;
    figures.emplace_back("cpu_us_" + name, took_us / std::max<std::int64_t>(1, orders));
  }
  return figures;
}

}  // namespace xt::bench
