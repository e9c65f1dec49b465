// ClientIds: the memory that makes commands idempotent. It maps (account, kind, client's id) to the command that was
// executed under that id. An id is kept for the retention, in journal time, and besides until its order is closed; it is
// never forgotten early: when the table is full, new ids are refused. Orders and transfers have separate ids.
// All memory is reserved for the configured capacity at once and committed as it is used. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/domain/fixed_string.h"
#include "libs/domain/ids.h"
#include "services/matching/core/zeroed_array.h"

namespace xt::matching {

class ClientIds {
 public:
  enum class Kind : std::uint8_t { kOrder = 0, kTransfer = 1 };
  // Names an entry while it lives; 0 names none.
  using Ref = std::uint32_t;
  static constexpr Ref kNone = 0;

  struct Entry {
    domain::ClientOrderId id;
    Kind kind;
    bool open;      // its order rests
    bool outlived;  // the retention is over; the entry goes when the order is closed
    domain::AccountId account;
    Ref next;  // in order of registration; in a free entry the next free one
    domain::SequenceNumber sequence;
    std::uint64_t fingerprint;  // of the command's content
    domain::OrderId order_id;   // 0 for a transfer
    std::int64_t registered_ns;
  };

  ClientIds(std::uint32_t capacity, std::int64_t retention_ns);

  // Forgets what the retention no longer protects. A bounded number per call, so that no command waits for a crowd.
  void ForgetOld(std::int64_t now_ns) {
    const bool kept = oldest_ == kNone || now_ns - entries_[oldest_].registered_ns < retention_ns_;
    if (!kept || !gone_.empty()) [[unlikely]]
      Forget(now_ns);
  }

  [[nodiscard]] Ref Find(domain::AccountId account, Kind kind, const domain::ClientOrderId& id) const;
  [[gnu::always_inline]] void Prefetch(domain::AccountId account, Kind kind, const domain::ClientOrderId& id) const {
    __builtin_prefetch(&index_[HashOf(account, kind, id) & mask_], 1);
  }
  [[gnu::always_inline]] void Prefetch(Ref ref) const { __builtin_prefetch(&entries_[ref].open, 1); }
  [[nodiscard]] bool full() const { return free_ == kNone && fresh_ == entries_.size(); }
  // Only when not full() and the id is not there. `entry.next` is ignored.
  Ref Add(const Entry& entry);
  // The same for an entry whose retention is over already and whose order is open.
  Ref AddOutlived(const Entry& entry);
  // The order of this entry is open no more; kNone is allowed. What goes with it goes at the next ForgetOld, so that the
  // rest of the command can still read it.
  void OrderClosed(Ref ref) {
    if (ref == kNone) [[likely]]
      return;
    entries_[ref].open = false;
    if (entries_[ref].outlived) gone_.push_back(ref);
  }

  // `ref` may be kNone: an entry with an empty id.
  [[nodiscard]] const Entry& operator[](Ref ref) const { return entries_[ref]; }
  // Those that go with the next ForgetOld not counted.
  [[nodiscard]] std::uint32_t size() const { return size_ - static_cast<std::uint32_t>(gone_.size()); }
  [[nodiscard]] std::size_t capacity() const { return entries_.size() - 1; }
  // From the oldest, without those that outlived the retention; follow `next`.
  [[nodiscard]] Ref oldest() const { return oldest_; }

 private:
  void Forget(std::int64_t now_ns);
  Ref Insert(const Entry& entry);
  [[nodiscard]] static std::uint32_t HashOf(domain::AccountId account, Kind kind, const domain::ClientOrderId& id);
  void Erase(Ref ref);

  const std::int64_t retention_ns_;
  ZeroedArray<Entry> entries_;
  // The hash tells almost all others apart without a look at their entries.
  struct Place {
    Ref ref;
    std::uint32_t hash;
  };
  ZeroedArray<Place> index_;  // open addressing with linear probing; a power of two, at most half full
  std::size_t mask_;
  Ref fresh_ = 1;
  Ref free_ = kNone;
  Ref oldest_ = kNone;
  Ref newest_ = kNone;
  std::uint32_t size_ = 0;
  std::vector<Ref> gone_;
};

}  // namespace xt::matching
