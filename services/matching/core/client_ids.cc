#include "services/matching/core/client_ids.h"

#include <bit>
#include <cstring>

#include "libs/base/check.h"
#include "services/matching/core/planted_bugs.h"

namespace xt::matching {
namespace {

constexpr int kForgottenPerCall = 64;

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

ClientIds::ClientIds(std::uint32_t capacity, std::int64_t retention_ns)
    : retention_ns_(Planted(Bug::kForgetClientIdEarly) ? retention_ns / 24 * 23 : retention_ns),
      entries_(std::size_t{capacity} + 1),
      index_(std::bit_ceil(std::size_t{capacity} * 2 + 2)),
      mask_(index_.size() - 1) {}

void ClientIds::Forget(std::int64_t now_ns) {
  for (const Ref ref : gone_) Erase(ref);
  gone_.clear();
  for (int i = 0; i < kForgottenPerCall && oldest_ != kNone; ++i) {
    const Ref ref = oldest_;
    if (now_ns - entries_[ref].registered_ns < retention_ns_) return;
    oldest_ = entries_[ref].next;
    if (oldest_ == kNone) newest_ = kNone;
    if (entries_[ref].open) {
      entries_[ref].outlived = true;
    } else {
      Erase(ref);
    }
  }
}

ClientIds::Ref ClientIds::Find(domain::AccountId account, Kind kind, const domain::ClientOrderId& id) const {
  const std::uint32_t hash = HashOf(account, kind, id);
  for (std::size_t at = hash & mask_; index_[at].ref != kNone; at = (at + 1) & mask_) {
    if (index_[at].hash != hash) continue;
    const Entry& entry = entries_[index_[at].ref];
    if (entry.account == account && entry.kind == kind && entry.id == id) return index_[at].ref;
  }
  return kNone;
}

ClientIds::Ref ClientIds::Add(const Entry& entry) {
  const Ref ref = Insert(entry);
  (newest_ != kNone ? entries_[newest_].next : oldest_) = ref;
  newest_ = ref;
  return ref;
}

ClientIds::Ref ClientIds::AddOutlived(const Entry& entry) { return Insert(entry); }

ClientIds::Ref ClientIds::Insert(const Entry& entry) {
  XT_CHECK(!full());
  Ref ref = free_;
  if (ref != kNone) {
    free_ = entries_[ref].next;
  } else {
    ref = fresh_++;
  }
  entries_[ref] = entry;
  entries_[ref].next = kNone;
  const std::uint32_t hash = HashOf(entry.account, entry.kind, entry.id);
  std::size_t at = hash & mask_;
  while (index_[at].ref != kNone) at = (at + 1) & mask_;
  index_[at] = {ref, hash};
  ++size_;
  return ref;
}

std::uint32_t ClientIds::HashOf(domain::AccountId account, Kind kind, const domain::ClientOrderId& id) {
  // The characters are padded with zeros, so whole words can be read.
  std::uint64_t words[5] = {};
  std::memcpy(words, id.view().data(), domain::ClientOrderId::kCapacity);
  words[4] |= std::uint64_t{account.value()} << 32;
  // Pairs of words are mixed side by side, as wyhash does.
  const std::uint64_t first = Mix(words[0] ^ 0x9E3779B97F4A7C15, words[1] ^ 0xA0761D6478BD642F);
  const std::uint64_t second = Mix(words[2] ^ 0xE7037ED1A0B428DB, words[3] ^ 0x8EBC6AF09C88C6E3);
  const std::uint64_t third = Mix(words[4] ^ 0x589965CC75374CC3, static_cast<std::uint64_t>(kind) ^ 0x1D8E4E27C47D124F);
  return static_cast<std::uint32_t>(Mix(first ^ second ^ third, 0xEB44ACCAB455D165));
}

// Takes the entry out of the index by moving back whatever was pushed past its place. It left the list of ages before.
void ClientIds::Erase(Ref ref) {
  const Entry& gone = entries_[ref];
  std::size_t hole = HashOf(gone.account, gone.kind, gone.id) & mask_;
  while (index_[hole].ref != ref) hole = (hole + 1) & mask_;
  for (std::size_t at = (hole + 1) & mask_; index_[at].ref != kNone; at = (at + 1) & mask_) {
    const std::size_t home = index_[at].hash & mask_;
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = {};
  entries_[ref].next = free_;
  free_ = ref;
  --size_;
}

}  // namespace xt::matching
