// RandomId: a name that nobody else makes: 128 random bits from the kernel as 32 lower-case hex digits. Thread-safe.
#pragma once

#include <string>

namespace xt {

std::string RandomId();

}  // namespace xt
