// A small journal in memory for tests, whose records can be changed by hand. Setup as FrameChain does it (commands 1 to
// 10), then: 11 account 1 offers 5 lots at 100, 12 account 2 buys 2 of them, 13 account 2 bids 3 lots at 90, 14 account
// 1 cancels what is left of its offer, 15 account 1 sells 1 lot into the bid. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "libs/wire/frame_codec.h"
#include "services/matching/testing/fake_sequencer.h"
#include "tools/xtraderctl/journal/journal_source.h"

namespace xt::ctl::testing {

class MemoryJournal final : public JournalSource {
 public:
  [[nodiscard]] std::string name() const override { return "memory"; }
  absl::StatusOr<std::string> Read(const Visitor& visitor) override {
    for (const ports::JournalRecord& record : records) {
      if (absl::Status status = visitor(record); !status.ok()) return status;
    }
    return note;
  }
  void Append(const std::vector<domain::CommandBody>& bodies) { Append(*chain_.Next(bodies)); }
  void Append(const domain::Frame& frame) {
    records.push_back({frame.epoch, frame.first_sequence, frame.last_sequence(), frame.previous_hash, frame.hash,
                       wire::FrameBytes(frame)});
  }

  static MemoryJournal Story() {
    using matching::testing::FrameChain;
    MemoryJournal journal;
    journal.Append(FrameChain::Setup());
    journal.Append({FrameChain::Limit(1, domain::Side::kSell, 100, 5, "offer")});
    journal.Append({FrameChain::Limit(2, domain::Side::kBuy, 100, 2, "taker")});
    journal.Append({FrameChain::Limit(2, domain::Side::kBuy, 90, 3, "bid")});
    domain::CancelOrder cancel;
    cancel.account = domain::AccountId(1);
    cancel.client_order_id = *domain::ClientOrderId::From("offer");
    journal.Append({cancel});
    journal.Append({FrameChain::Limit(1, domain::Side::kSell, 90, 1, "sale")});
    return journal;
  }

  std::vector<ports::JournalRecord> records;
  std::string note;

 private:
  matching::testing::FrameChain chain_;
};

// Makes the records follow each other again after something was changed in the frames.
inline void Rechain(std::vector<ports::JournalRecord>& records) {
  Hash128 previous;
  for (ports::JournalRecord& record : records) {
    domain::Frame frame = *wire::DecodeFrame(record.bytes);
    frame.previous_hash = previous;
    record.bytes = wire::EncodeFrame(frame);
    record.previous_hash = previous;
    record.hash = previous = frame.hash;
  }
}

}  // namespace xt::ctl::testing
