#include "bench/support/machine.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <thread>

namespace xt::bench {

std::string Machine() {
  std::ifstream file("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    model = line.substr(std::min(line.size(), line.find(':') + 2));
    break;
  }
  std::erase_if(model, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; });
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

std::string Date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace xt::bench
