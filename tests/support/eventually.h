// Eventually: asks until it is true. A question is a program or a request, so that it waits by itself.
#pragma once

#include <chrono>

namespace xt::test {

// False when it was not true in time.
template <typename Question>
bool Eventually(const Question& question, std::chrono::seconds patience = std::chrono::seconds(180)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!question()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

}  // namespace xt::test
