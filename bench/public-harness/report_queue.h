// How the adapter hands its reports on: as small records through a ring of its own (ReportRing), which the harness drains
// through the vtable that it is given, or, with XT_PUBLIC_HARNESS_QUEUE, as they are into the queue that the harness
// lends. Either waits while the drainer is behind, as the harness asks. The producer's side is for one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "bench/public-harness/report_ring.h"
#include "matching_engine_api.h"

namespace xt::bench {

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

#ifdef XT_PUBLIC_HARNESS_QUEUE

class ReportQueue {
 public:
  ReportQueue(const me_transport_t* transport, void* handle) : push_(transport->push), handle_(handle) {}

  [[gnu::always_inline]] void Trade(std::uint64_t sequence, std::uint32_t maker, std::uint32_t taker,
                                    std::int64_t price, std::int64_t quantity) {
    me_report_t report{};
    report.type = ME_TRADE;
    report.sequence_number = sequence;
    report.price_ticks = price;
    report.quantity = static_cast<std::uint32_t>(quantity);
    report.maker_order_id = maker;
    report.taker_order_id = taker;
    Push(report);
  }
  [[gnu::always_inline]] void Answer(me_report_type_t type, std::uint8_t side, std::uint64_t sequence, std::uint64_t id,
                                     std::int64_t price, std::int64_t quantity) {
    me_report_t report{};
    report.type = static_cast<std::uint8_t>(type);
    report.side = side;
    report.sequence_number = sequence;
    report.order_id = id;
    report.price_ticks = price;
    report.quantity = static_cast<std::uint32_t>(quantity);
    Push(report);
  }
  void Publish() {}

 private:
  void Push(const me_report_t& report) {
    while (push_(handle_, &report) == 0) [[unlikely]] Pause();
  }

  int (*push_)(void*, const me_report_t*);
  void* handle_;
};

#else

struct ReportRecord {
  std::uint64_t sequence;
  std::uint64_t id;  // of the order; of a trade the maker's above the taker's
  std::int64_t price;
  std::uint32_t quantity;
  std::uint8_t type;
  std::uint8_t side;
};
static_assert(sizeof(ReportRecord) == 32);

class ReportQueue {
 public:
  using Ring = ReportRing<ReportRecord>;
  ReportQueue(const me_transport_t*, void* handle) : ring_(static_cast<Ring*>(handle)) {}

  [[gnu::always_inline]] void Trade(std::uint64_t sequence, std::uint32_t maker, std::uint32_t taker,
                                    std::int64_t price, std::int64_t quantity) {
    *Next() = {sequence, std::uint64_t{maker} << 32 | taker, price, static_cast<std::uint32_t>(quantity), ME_TRADE, 0};
  }
  [[gnu::always_inline]] void Answer(me_report_type_t type, std::uint8_t side, std::uint64_t sequence, std::uint64_t id,
                                     std::int64_t price, std::int64_t quantity) {
    *Next() = {sequence, id, price, static_cast<std::uint32_t>(quantity), static_cast<std::uint8_t>(type), side};
  }
  void Publish() { ring_->Publish(); }

  static const me_transport_t& Transport() {
    static constexpr me_transport_t kTransport{&Create, &Push, &Drain, &FlushRing, &Destroy};
    return kTransport;
  }

 private:
  ReportRecord* Next() {
    ReportRecord* record = ring_->Next();
    while (record == nullptr) [[unlikely]] {
        Pause();
        record = ring_->Next();
      }
    return record;
  }

  static void* Create(std::uint32_t capacity) { return std::make_unique<Ring>(capacity).release(); }
  static int Push(void*, const me_report_t*) { return 0; }  // nobody else reports here
  static void FlushRing(void* ring) { static_cast<Ring*>(ring)->Publish(); }
  static void Destroy(void* ring) { std::unique_ptr<Ring>(static_cast<Ring*>(ring)).reset(); }

  static std::uint32_t Drain(void* ring, me_report_t* out, std::uint32_t max) {
    return static_cast<std::uint32_t>(static_cast<Ring*>(ring)->Drain(max, [&](const ReportRecord& record) {
      me_report_t report{};
      report.type = record.type;
      report.side = record.side;
      report.sequence_number = record.sequence;
      report.price_ticks = record.price;
      report.quantity = record.quantity;
      if (record.type == ME_TRADE) {
        report.maker_order_id = record.id >> 32;
        report.taker_order_id = static_cast<std::uint32_t>(record.id);
      } else {
        report.order_id = record.id;
      }
      *out++ = report;
    }));
  }

  Ring* ring_;
};

#endif

}  // namespace xt::bench
