#include "services/sequencer/fenced_writes.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace xt::sequencer {

std::uint64_t FencedWrites::Count() const {
  std::ifstream in(file_);
  return static_cast<std::uint64_t>(
      std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n'));
}

absl::Status FencedWrites::Add(const absl::Status& reason, std::int64_t now_ns) const {
  std::string line = absl::StrCat(now_ns, " ", reason.message());
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::ofstream out(file_, std::ios::app);
  out << line << '\n';
  out.close();
  return out ? absl::OkStatus() : absl::UnavailableError("cannot write to " + file_);
}

}  // namespace xt::sequencer
