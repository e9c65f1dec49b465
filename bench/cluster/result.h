// What a case of the cluster's benchmark found: figures with the unit in the name.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace xt::bench {

struct CaseResult {
  std::string name;
  std::vector<std::pair<std::string, std::int64_t>> figures;
};

}  // namespace xt::bench
