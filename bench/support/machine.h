// Where and when a benchmark ran, for its output. Texts are free of quotes, backslashes and control characters, so they go into JSON
// as they are. Thread-safe.
#pragma once

#include <string>

namespace xt::bench {

// "AMD EPYC 7B13, 2 cores"
std::string Machine();
// UTC, "2025-01-31T12:00:00Z".
std::string Date();

}  // namespace xt::bench
