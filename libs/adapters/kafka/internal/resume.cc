#include "libs/adapters/kafka/internal/resume.h"

#include "absl/strings/str_cat.h"
#include "libs/adapters/kafka/internal/record.h"

namespace xt::kafka {
namespace {

Hash128 Digest(const ports::MarketMessage& message) {
  return HashBytes(absl::StrCat(FormatId(message.id), "\n", message.key.size(), "\n", message.key, *message.payload));
}

bool HasId(const ports::MarketMessage& message) { return message.id.sequence.value() != 0; }

}  // namespace

void Resume::Begin() { Clear(); }

void Resume::Remember(int partition, const ports::MarketMessage& message) {
  if (HasId(message)) sent_.push_back({partition, Digest(message)});
}

void Resume::Resolve(int partition, const ports::MarketMessage& last) {
  if (!HasId(last)) return;
  const Hash128 digest = Digest(last);
  std::vector<Hash128> passed;
  for (const Sent& sent : sent_) {
    if (sent.partition != partition) continue;
    passed.push_back(sent.digest);
    if (sent.digest != digest) continue;
    stored_.insert(passed.begin(), passed.end());
    passed.clear();
  }
}

bool Resume::IsStored(const ports::MarketMessage& message) const {
  return !stored_.empty() && HasId(message) && stored_.contains(Digest(message));
}

void Resume::Clear() {
  sent_.clear();
  stored_.clear();
}

}  // namespace xt::kafka
