// A small journal in memory for tests, whose records can be changed by hand. Setup as FrameChain does it (commands 1 to
// 10), then: 11 account 1 offers 5 lots at 100, 12 account 2 buys 2 of them, 13 account 2 bids 3 lots at 90, 14 account
// 1 cancels what is left of its offer, 15 account 1 sells 1 lot into the bid. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/wire/frame_codec.h"
#include "services/matching/testing/fake_sequencer.h"
#include "tools/xtraderctl/journal/journal_source.h"

namespace xt::ctl::testing {

// For those who do not ask where a journal begins.
inline absl::Status Anywhere(const Beginning& /*beginning*/) { return absl::OkStatus(); }

class MemoryJournal final : public CopySource {
 public:
  using Records = std::vector<ports::JournalRecord>;

  [[nodiscard]] std::string name() const override { return label; }
  absl::StatusOr<std::string> Read(const Begins& begins, const Visitor& visitor) override {
    Beginning beginning = BeginningOf(label, base);
    beginning.damage = damage;
    if (absl::Status status = begins(beginning); !status.ok()) return status;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (absl::Status status = visitor(records[i]); !status.ok()) return status;
    }
    return note;
  }
  // The stretches go on to look at this object.
  absl::StatusOr<Holdings> Look() override {
    ++looks;
    Holdings holdings;
    ChainEnd chain(base);
    for (const ports::JournalRecord& record : records) chain.Take(record);
    holdings.journal = std::make_unique<Journal>(chain.end(), *this);
    for (const Records& part : history) holdings.history.push_back(std::make_unique<Part>(part));
    holdings.damage = damage;
    holdings.forgets = forgets;
    return holdings;
  }

  void Append(const std::vector<domain::CommandBody>& bodies) { Append(*chain_.Next(bodies)); }
  void Append(const domain::Frame& frame) {
    records.push_back({frame.epoch, frame.first_sequence, frame.last_sequence(), frame.previous_hash, frame.hash,
                       wire::FrameBytes(frame)});
  }
  // Forgets the first records, up to the one that ends there. What goes is returned.
  Records TrimFront(std::uint64_t upto) {
    Records gone;
    while (!records.empty() && records.front().last_sequence.value() <= upto) {
      base = {records.front().last_sequence, records.front().hash, records.front().epoch};
      gone.push_back(std::move(records.front()));
      records.erase(records.begin());
    }
    return gone;
  }
  // The same, and keeps what goes as history.
  void TrimToHistory(std::uint64_t upto) { history.push_back(TrimFront(upto)); }

  // Of its six frames the first ones; whatever is appended follows them.
  static MemoryJournal Story(std::size_t frames = 6) {
    using matching::testing::FrameChain;
    domain::CancelOrder cancel;
    cancel.account = domain::AccountId(1);
    cancel.client_order_id = *domain::ClientOrderId::From("offer");
    const std::vector<std::vector<domain::CommandBody>> story = {
        FrameChain::Setup(),
        {FrameChain::Limit(1, domain::Side::kSell, 100, 5, "offer")},
        {FrameChain::Limit(2, domain::Side::kBuy, 100, 2, "taker")},
        {FrameChain::Limit(2, domain::Side::kBuy, 90, 3, "bid")},
        {cancel},
        {FrameChain::Limit(1, domain::Side::kSell, 90, 1, "sale")}};
    MemoryJournal journal;
    for (std::size_t i = 0; i < frames; ++i) journal.Append(story[i]);
    return journal;
  }

  std::string label = "memory";
  ports::JournalBase base;
  Records records;
  std::vector<Records> history;
  std::string note;
  std::string damage;
  bool forgets = false;
  int looks = 0;  // so often somebody has looked

 private:
  class Journal final : public Stretch {
   public:
    Journal(const ports::JournalBase& end, const MemoryJournal& journal)
        : Stretch(journal.base, end), journal_(journal) {}
    absl::StatusOr<std::string> Read(domain::SequenceNumber from, const Visitor& visitor) override {
      while (true) {
        if (journal_.base.sequence >= from) return absl::UnavailableError(journal_.label + " was trimmed");
        const auto found =
            std::ranges::find_if(journal_.records, [&](const auto& one) { return one.last_sequence >= from; });
        if (found == journal_.records.end()) return journal_.note;
        const ports::JournalRecord record = *found;  // the visitor may change the journal
        if (absl::Status status = visitor(record); !status.ok()) return status;
        from = domain::SequenceNumber(record.last_sequence.value() + 1);
      }
    }

   private:
    const MemoryJournal& journal_;
  };
  class Part final : public Stretch {
   public:
    explicit Part(Records records)
        : Stretch(
              {domain::SequenceNumber(records.front().first_sequence.value() - 1), records.front().previous_hash, {}},
              {records.back().last_sequence, records.back().hash, records.back().epoch}),
          records_(std::move(records)) {}
    absl::StatusOr<std::string> Read(domain::SequenceNumber from, const Visitor& visitor) override {
      for (const ports::JournalRecord& record : records_) {
        if (record.last_sequence < from) continue;
        if (absl::Status status = visitor(record); !status.ok()) return status;
      }
      return std::string();
    }

   private:
    const Records records_;
  };

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
