// I3: the database. Every table, compared both ways with what the journal gives at the watermark of the database. What
// is only added to is compared as the journal is played; what changes is compared in the end.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "tools/xtraderctl/verify/check.h"
#include "tools/xtraderctl/verify/store_rows.h"
#include "tools/xtraderctl/verify/table_comparison.h"

namespace xt::ctl {

class StoreCheck final : public Check {
 public:
  // Without a view: why there is none.
  explicit StoreCheck(absl::StatusOr<std::unique_ptr<StoreView>> store);
  ~StoreCheck() override;

  void Take(const Step& step) override;
  std::vector<Verdict> Finish() override;
  std::vector<Verdict> FinishUnplayed(domain::SequenceNumber end, const std::string& why) override;

 private:
  void TakeEvent(const Step& step, const domain::EventId& id, const domain::Event& event);
  void TakeReport(const Step& step, const domain::ExecutionReport& report);
  // Opens the table at its first use.
  TableComparison* Compared(const Table& table);
  void Expect(const Table& table, const StoreRow& row);
  template <typename Key>
  void ExpectAll(const Table& table, const std::map<Key, StoreRow>& rows);
  void FinishTables();
  void CheckEnd(domain::SequenceNumber end);

  absl::StatusOr<std::unique_ptr<StoreView>> store_;
  domain::SequenceNumber watermark_;
  Finding finding_{"I3"};
  absl::Status failure_;
  domain::SequenceNumber last_;
  std::map<std::string, std::unique_ptr<TableComparison>> compared_;
  std::map<domain::OrderId, StoredOrder> orders_;
  std::map<std::pair<domain::AccountId, domain::AssetId>, StoreRow> balances_;
  std::map<domain::AssetId, StoreRow> assets_;
  std::map<domain::SymbolId, StoreRow> symbols_, symbol_limits_;
  std::map<domain::AccountId, StoreRow> accounts_, account_settings_;
  std::map<domain::FeeTierId, StoreRow> fee_tiers_;
};

}  // namespace xt::ctl
