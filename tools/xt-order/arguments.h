// What the command line of xt-order asks for: one HTTP request before it is signed, or a stream to show. Pure, no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace xt::order {

struct Arguments {
  bool help = false;
  bool watch = false;             // `target` is a stream; nothing is signed
  std::string data = ".xtrader";  // folder of the ready file
  std::string account;            // empty: the first one
  std::string method;
  std::string target;
  std::string body;
};

std::string_view Usage();

// INVALID_ARGUMENT says what is wrong with the command line.
absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& arguments);

}  // namespace xt::order
