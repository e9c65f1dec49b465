#include "libs/base/random_id.h"

#include <sys/random.h>

#include "absl/strings/escaping.h"
#include "libs/base/check.h"

namespace xt {

std::string RandomId() {
  std::string bytes(16, '\0');
  XT_CHECK(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "getrandom");
  return absl::BytesToHexString(bytes);
}

}  // namespace xt
