// A database in memory, filled with what the events of a journal mean, whose rows can be changed by hand. Not
// thread-safe.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tools/xtraderctl/journal/player.h"
#include "tools/xtraderctl/verify/store_rows.h"

namespace xt::ctl::testing {

class FakeStore final : public StoreView {
 public:
  // With everything up to the end of the journal.
  explicit FakeStore(JournalSource& journal) {
    Player player;
    const absl::Status played = player.Play(journal, {}, [this](const Step& step) { Take(step); });
    EXPECT_TRUE(played.ok()) << played;
    for (const auto& [id, order] : orders_) rows["orders"].push_back(RowOf(order));
    for (const auto& [key, row] : balances_) rows["balances"].push_back(row);
    watermark_ = player.engine().applied();
  }

  [[nodiscard]] domain::SequenceNumber watermark() const override { return watermark_; }
  absl::StatusOr<std::unique_ptr<RowSource>> Open(const Table& table) override {
    return std::make_unique<Rows>(rows[table.name]);
  }
  void set_watermark(std::uint64_t sequence) { watermark_ = domain::SequenceNumber(sequence); }

  std::map<std::string, std::vector<StoreRow>> rows;  // by table, in order

 private:
  class Rows final : public RowSource {
   public:
    explicit Rows(const std::vector<StoreRow>& rows) : rows_(rows) {}
    absl::StatusOr<std::optional<StoreRow>> Next() override {
      if (next_ == rows_.size()) return std::optional<StoreRow>();
      return std::optional<StoreRow>(rows_[next_++]);
    }

   private:
    const std::vector<StoreRow>& rows_;
    std::size_t next_ = 0;
  };

  void Take(const Step& step) {
    domain::EventId id{step.sequence, 0};
    for (const domain::Event& event : step.events) {
      ++id.index;
      if (const auto* trade = std::get_if<domain::Trade>(&event)) {
        rows["trades"].push_back(RowOf(id, step.timestamp_ns, *trade));
      } else if (const auto* asset = std::get_if<domain::AssetDefined>(&event)) {
        rows["assets"].push_back(RowOf(asset->asset));
      } else if (const auto* symbol = std::get_if<domain::SymbolDefined>(&event)) {
        rows["symbols"].push_back(RowOf(symbol->symbol));
      } else if (const auto* account = std::get_if<domain::AccountCreated>(&event)) {
        rows["accounts"].push_back(RowOf(*account, step.timestamp_ns));
      } else if (const auto* change = std::get_if<domain::BalanceChange>(&event)) {
        for (StoreRow& row : PostingsOf(id, step.timestamp_ns, *change)) rows["ledger"].push_back(std::move(row));
        balances_[{change->account, change->asset}] = RowOf(*change, step.sequence);
      } else if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) {
        Take(step, id, *report);
      }
    }
  }
  void Take(const Step& step, const domain::EventId& id, const domain::ExecutionReport& report) {
    const bool entered = !orders_.contains(report.order_id);
    StoredOrder& order = orders_[report.order_id];
    if (entered) {
      order.created_sequence = step.sequence;
      order.created_ns = step.timestamp_ns;
    }
    if (order.created_sequence == step.sequence) order.first = report;
    order.report = report;
    order.updated_sequence = step.sequence;
    order.updated_ns = step.timestamp_ns;
    if (report.execution_type != domain::ExecutionType::kTrade) return;
    rows["fills"].push_back(RowOf(id, step.timestamp_ns, report));
  }

  domain::SequenceNumber watermark_;
  std::map<domain::OrderId, StoredOrder> orders_;
  std::map<std::pair<domain::AccountId, domain::AssetId>, StoreRow> balances_;
};

}  // namespace xt::ctl::testing
