#include "tests/scenarios/balance_story.h"

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "tools/oracle/describe.h"

namespace xt::scenarios {

using namespace domain;  // NOLINT
using oracle::Describe;

namespace {

struct Deltas {
  std::int64_t available = 0;
  std::int64_t locked = 0;
  friend bool operator==(const Deltas&, const Deltas&) = default;
};

class Story {
 public:
  explicit Story(const std::function<Symbol(SymbolId)>& symbol_of) : symbol_of_(symbol_of) {}

  void Tell(const Trade& trade) {
    EndTrade();
    trade_ = trade.trade_id;
    const Symbol symbol = symbol_of_(trade.symbol);
    const std::int64_t base = trade.quantity.value() * symbol.lot_size.value();
    const std::int64_t quote = trade.price.value() * trade.quantity.value() * symbol.tick_lot_value.value();
    const bool taker_buys = trade.taker_side == Side::kBuy;
    const Party maker{trade.maker_account, trade.maker_order_id};
    const Party taker{trade.taker_account, trade.taker_order_id};
    const auto& [buyer, buyers] = taker_buys ? taker : maker;
    const auto& [seller, sellers] = taker_buys ? maker : taker;
    expected_[{buyer, buyers, symbol.quote, BalanceReason::kTrade}].locked -= quote;
    expected_[{buyer, buyers, symbol.base, BalanceReason::kTrade}].available += base;
    expected_[{seller, sellers, symbol.base, BalanceReason::kTrade}].locked -= base;
    expected_[{seller, sellers, symbol.quote, BalanceReason::kTrade}].available += quote;
  }

  void Tell(const ExecutionReport& report) {
    reported_.insert({report.account, report.order_id});
    if (report.execution_type != ExecutionType::kTrade || report.fee.value() == 0) return;
    expected_[{report.account, report.order_id, report.fee_asset, BalanceReason::kFee}].available -= report.fee.value();
    expected_[{kFeeAccount, report.order_id, report.fee_asset, BalanceReason::kFee}].available += report.fee.value();
  }

  void Tell(const BalanceChange& change) {
    if (change.trade_id.value() != 0 && change.trade_id != trade_) return Wrong("of another trade", change);
    switch (change.reason) {
      case BalanceReason::kReservation:
      case BalanceReason::kRelease: return TellLocked(change);
      case BalanceReason::kTrade:
      case BalanceReason::kFee: return TellTraded(change);
      default: moved_.push_back(change);
    }
  }

  std::string End(const Command& command) {
    EndTrade();
    if (const auto* deposit = std::get_if<Deposit>(&command.body)) {
      CheckMoved({{deposit->account, BalanceReason::kDeposit, deposit->amount.value()}});
    } else if (const auto* withdraw = std::get_if<Withdraw>(&command.body)) {
      CheckMoved({{withdraw->account, BalanceReason::kWithdrawal, withdraw->amount.value(), Way::kOut}});
    } else if (const auto* transfer = std::get_if<Transfer>(&command.body)) {
      CheckMoved({{transfer->account, BalanceReason::kTransfer, transfer->amount.value(), Way::kOut},
                  {transfer->to_account, BalanceReason::kTransfer, transfer->amount.value()}});
    } else {
      CheckMoved({});
    }
    return wrong_;
  }

 private:
  using Party = std::pair<AccountId, OrderId>;
  using Key = std::tuple<AccountId, OrderId, AssetId, BalanceReason>;
  enum class Way { kIn, kOut };
  struct Movement {
    AccountId account;
    BalanceReason reason;
    std::int64_t amount;  // as the command has it: anything when it was refused
    Way way = Way::kIn;
  };

  void Wrong(const std::string& what, const BalanceChange& change) {
    if (wrong_.empty()) wrong_ = "a balance change " + what + ": " + Describe(Event{change});
  }

  void TellLocked(const BalanceChange& change) {
    const bool reserves = change.reason == BalanceReason::kReservation;
    const std::int64_t locked = change.locked_delta.value();
    if (change.available_delta.value() != -locked || (reserves ? locked <= 0 : locked >= 0)) {
      Wrong("that does not do what its reason says", change);
    }
    orders_.push_back(change);
  }

  void TellTraded(const BalanceChange& change) {
    if (change.trade_id.value() == 0) Wrong("without its trade", change);
    Deltas& told = told_[{change.account, change.order_id, change.asset, change.reason}];
    told.available += change.available_delta.value();
    told.locked += change.locked_delta.value();
  }

  void EndTrade() {
    if (told_ != expected_ && wrong_.empty()) {
      wrong_ = "the balance changes of trade " + std::to_string(trade_.value()) + " are not what it and its fees say";
    }
    told_.clear();
    expected_.clear();
  }

  // Either nothing moved, since the command was refused or known, or exactly this. And what was locked or released belongs
  // to an order that was reported.
  void CheckMoved(const std::vector<Movement>& movements) {
    for (const BalanceChange& change : orders_) {
      if (!reported_.contains({change.account, change.order_id})) Wrong("of an order that was not reported", change);
    }
    if (moved_.empty()) return;
    if (moved_.size() != movements.size()) return Wrong("too many or too few", moved_.front());
    for (std::size_t i = 0; i < movements.size(); ++i) {
      const BalanceChange& change = moved_[i];
      const std::int64_t delta = change.available_delta.value();
      const bool right = change.account == movements[i].account && change.reason == movements[i].reason &&
                         (movements[i].way == Way::kIn ? delta : -delta) == movements[i].amount &&
                         change.locked_delta.value() == 0;
      if (!right) Wrong("that its command does not say", change);
    }
  }

  const std::function<Symbol(SymbolId)>& symbol_of_;
  TradeId trade_;
  std::map<Key, Deltas> expected_;  // of the trade
  std::map<Key, Deltas> told_;
  std::set<Party> reported_;
  std::vector<BalanceChange> orders_;
  std::vector<BalanceChange> moved_;
  std::string wrong_;
};

}  // namespace

std::string CheckBalanceStory(const Command& command, std::span<const Event> events,
                              const std::function<Symbol(SymbolId)>& symbol_of) {
  Story story(symbol_of);
  for (const Event& event : events) {
    if (const auto* trade = std::get_if<Trade>(&event)) story.Tell(*trade);
    if (const auto* report = std::get_if<ExecutionReport>(&event)) story.Tell(*report);
    if (const auto* change = std::get_if<BalanceChange>(&event)) story.Tell(*change);
  }
  return story.End(command);
}

}  // namespace xt::scenarios
