// Who may include whom, read from the #include lines of libs/ and services/. The rules are those of CONTRIBUTING.md:
// base <- domain <- ports, wire; ports <- adapters/<backend>; everything in libs/ <- runtime; a core sees only base,
// domain and itself, and nothing that reads a clock, a file, a socket or starts a thread; services see libs/ and
// themselves. Besides, headers that take seconds to compile stay out of headers that others include. Pure functions.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace xt::layering {

struct Violation {
  std::string file;  // relative to the root of the repository
  int line = 0;
  std::string include;
  std::string rule;

  // file:line: "include" breaks: rule
  [[nodiscard]] std::string ToString() const;
};

// Checks one file. `path` is relative to the root of the repository and decides which rules hold.
std::vector<Violation> CheckFile(std::string_view path, std::string_view content);

struct TreeReport {
  int files = 0;
  std::vector<Violation> violations;
};

// Checks every .h and .cc below `root`/libs and `root`/services.
TreeReport CheckTree(const std::filesystem::path& root);

}  // namespace xt::layering
