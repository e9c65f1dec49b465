#include "tests/scenarios/scenario.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "libs/base/status.h"
#include "libs/domain/decimal.h"
#include "libs/domain/names.h"
#include "services/matching/core/engine.h"

namespace xt::scenarios {
namespace {

using namespace domain;  // NOLINT: this file speaks of nothing else
using matching::Engine;
using matching::EngineConfig;

template <typename... Parts>
std::string Text(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(std::min(end + 1, text.size()))) {
    end = text.find(separator);
    parts.push_back(text.substr(0, end));
  }
  return parts;
}

absl::Status NotUnderstood(std::string_view what) { return absl::InvalidArgumentError(Text("not understood: ", what)); }

// The words of one line, taken from the front.
class Words {
 public:
  explicit Words(std::string_view line) {
    for (const std::string_view word : Split(line, ' ')) {
      if (!word.empty()) words_.push_back(word);
    }
  }
  [[nodiscard]] bool empty() const { return words_.empty(); }
  [[nodiscard]] std::string_view Next() {
    if (words_.empty()) return "";
    const std::string_view word = words_.front();
    words_.pop_front();
    return word;
  }
  bool Take(std::string_view word) {
    if (words_.empty() || words_.front() != word) return false;
    words_.pop_front();
    return true;
  }

 private:
  std::deque<std::string_view> words_;
};

class Runner {
 public:
  absl::StatusOr<std::string> Run(std::string_view text) {
    for (const std::string_view line : Split(text, '\n')) {
      if (line.starts_with(' ')) continue;  // an expected answer
      output_ += Text(line, "\n");
      if (line.empty() || line.starts_with('#')) continue;
      line_ = line;
      if (const absl::Status status = Do(line); !status.ok()) {
        return absl::InvalidArgumentError(Text("\"", line, "\": ", std::string(status.message())));
      }
    }
    while (output_.ends_with("\n\n")) output_.pop_back();
    return output_;
  }

 private:
  absl::Status Do(std::string_view line) {
    Words words(line);
    const std::string_view verb = words.Next();
    if (verb == "limit") return SetLimit(words);
    if (engine_ == nullptr) engine_ = std::make_unique<Engine>(config_);
    if (verb == "asset") return DefineAnAsset(words);
    if (verb == "symbol") return DefineASymbol(words);
    if (verb == "account") return OpenAccount(words);
    if (verb == "deposit" || verb == "withdraw") return Transfer(verb, words);
    if (verb == "status") return SetStatus(words);
    if (verb == "epoch") return StartEpoch(words);
    if (verb == "wait") return Wait(words);
    if (verb == "balance") return ShowBalance(words);
    if (verb == "book") return ShowBook(words);
    return Trader(verb, words);
  }

  void Say(std::string_view answer) { output_ += Text("  ", answer, "\n"); }

  absl::Status Apply(const CommandBody& body) {
    ++sequence_;
    lines_[sequence_] = line_;
    for (const Event& event : engine_->Apply(SequenceNumber(sequence_), now_ns_, {body})) {
      std::visit([this](const auto& e) { Tell(e); }, event);
    }
    const std::string broken = engine_->CheckInvariants();
    return broken.empty() ? absl::OkStatus() : absl::InternalError(broken);
  }

  // ---- commands

  absl::Status SetLimit(Words& words) {
    const std::string_view what = words.Next();
    std::uint32_t value = 0;
    XT_RETURN_IF_ERROR(ParseNumber(words.Next(), value));
    if (what == "orders") {
      config_.max_orders = value;
    } else if (what == "ids") {
      config_.max_client_ids = value;
    } else {
      return NotUnderstood(what);
    }
    return absl::OkStatus();
  }

  absl::Status DefineAnAsset(Words& words) {
    DefineAsset define;
    const auto code = AssetCode::From(words.Next());
    if (!code) return NotUnderstood("asset code");
    define.code = *code;
    XT_RETURN_IF_ERROR(ParseNumber(words.Next(), define.decimals));
    return Apply(define);
  }

  // symbol BTC-KRW tick 1000 lot 0.0001 [min 5000] [maker 10] [taker 20] [most 100] [highest 5000]
  absl::Status DefineASymbol(Words& words) {
    Symbol symbol;
    const std::string code(words.Next());
    const auto fixed = SymbolCode::From(code);
    if (!fixed) return NotUnderstood(code);
    symbol.code = *fixed;
    const std::vector<std::string_view> assets = Split(code, '-');
    symbol.base = AssetOf(assets[0]);
    symbol.quote = AssetOf(assets.size() > 1 ? assets[1] : "");
    const int quote_decimals = DecimalsOf(symbol.quote);
    const int base_decimals = DecimalsOf(symbol.base);
    std::string most;
    std::string highest;
    while (!words.empty()) {
      const std::string_view key = words.Next();
      const std::string_view value = words.Next();
      if (key == "tick") {
        symbol.tick_size = Amount(ParseDecimal(value, quote_decimals).units);
      } else if (key == "lot") {
        symbol.lot_size = Amount(ParseDecimal(value, base_decimals).units);
      } else if (key == "min") {
        symbol.min_notional = Amount(ParseDecimal(value, quote_decimals).units);
      } else if (key == "maker") {
        XT_RETURN_IF_ERROR(ParseNumber(value, symbol.maker_fee_bps));
      } else if (key == "taker") {
        XT_RETURN_IF_ERROR(ParseNumber(value, symbol.taker_fee_bps));
      } else if (key == "most") {
        symbol.max_quantity = Quantity(ParseDecimal(value, base_decimals).units / symbol.lot_size.value());
      } else if (key == "highest") {
        symbol.max_price = Price(ParseDecimal(value, quote_decimals).units / symbol.tick_size.value());
      } else {
        return NotUnderstood(key);
      }
    }
    return Apply(DefineSymbol{symbol});
  }

  // account alice [KRW 1000 ...]
  absl::Status OpenAccount(Words& words) {
    const std::string name(words.Next());
    const auto fixed = AccountName::From(name);
    if (!fixed) return NotUnderstood(name);
    XT_RETURN_IF_ERROR(Apply(CreateAccount{*fixed}));
    while (!words.empty()) {
      const AssetId asset = AssetOf(words.Next());
      const Amount amount(ParseDecimal(words.Next(), DecimalsOf(asset)).units);
      const auto reference = ClientOrderId::From(Text("opening-", asset.value()));
      XT_RETURN_IF_ERROR(Apply(Deposit{AccountOf(name), asset, amount, *reference}));
    }
    return absl::OkStatus();
  }

  // deposit alice KRW 1000 [as r1]
  absl::Status Transfer(std::string_view verb, Words& words) {
    const AccountId account = AccountOf(words.Next());
    const AssetId asset = AssetOf(words.Next());
    const std::string_view text = words.Next();
    const ParsedDecimal parsed = ParseDecimal(text, DecimalsOf(asset));
    if (parsed.error != RejectReason::kNone) return NotUnderstood(text);
    std::string reference = Text("transfer-", sequence_ + 1);
    if (words.Take("as")) reference = std::string(words.Next());
    const auto fixed = ClientOrderId::From(reference);
    if (!fixed) return NotUnderstood(reference);
    if (verb == "deposit") return Apply(Deposit{account, asset, Amount(parsed.units), *fixed});
    return Apply(Withdraw{account, asset, Amount(parsed.units), *fixed});
  }

  absl::Status SetStatus(Words& words) {
    const SymbolId symbol = SymbolOf(words.Next());
    return Apply(SetSymbolStatus{symbol, ParseSymbolStatus(words.Next())});
  }

  absl::Status StartEpoch(Words& words) {
    std::uint64_t epoch = 0;
    XT_RETURN_IF_ERROR(ParseNumber(words.Next(), epoch));
    return Apply(EpochStart{Epoch(epoch)});
  }

  // wait 24h | wait 30s
  absl::Status Wait(Words& words) {
    const std::string_view text = words.Next();
    std::int64_t value = 0;
    if (text.empty()) return NotUnderstood("wait");
    XT_RETURN_IF_ERROR(ParseNumber(text.substr(0, text.size() - 1), value));
    const std::map<char, std::int64_t> seconds{{'s', 1}, {'m', 60}, {'h', 3'600}};
    const auto unit = seconds.find(text.back());
    if (unit == seconds.end()) return NotUnderstood(text);
    now_ns_ += value * unit->second * 1'000'000'000;
    return absl::OkStatus();
  }

  absl::Status Trader(std::string_view name, Words& words) {
    const std::string_view verb = words.Next();
    if (verb == "cancel") return Cancel(AccountOf(name), words);
    if (verb == "buy" || verb == "sell") return Order(AccountOf(name), verb == "buy" ? Side::kBuy : Side::kSell, words);
    return NotUnderstood(verb);
  }

  absl::Status Cancel(AccountId account, Words& words) {
    CancelOrder cancel;
    cancel.account = account;
    const std::string_view label = words.Next();
    if (label.starts_with('#')) {
      std::uint64_t number = 0;
      XT_RETURN_IF_ERROR(ParseNumber(label.substr(1), number));
      cancel.order_id = OrderId(number <= ids_.size() && number > 0 ? ids_[number - 1] : number);
    } else {
      cancel.client_order_id = *ClientOrderId::From(label);
    }
    return Apply(cancel);
  }

  // buy 2 @ 100 [GTC|IOC|FOK] | buy 2 market | buy for 500 market; then any of: of SYMBOL, stp MODE, as ID, type TYPE
  absl::Status Order(AccountId account, Side side, Words& words) {
    NewOrder order;
    order.account = account;
    order.side = side;
    std::string_view quantity;
    std::string_view quote_quantity;
    std::string_view price;
    std::string_view stop;
    words.Take("for") ? quote_quantity = words.Next() : quantity = words.Next();
    order.type = OrderType::kLimit;
    order.time_in_force = TimeInForce::kGtc;
    while (!words.empty()) {
      const std::string_view word = words.Next();
      if (word == "@") {
        price = words.Next();
      } else if (word == "market") {
        order.type = OrderType::kMarket;
        order.time_in_force = TimeInForce::kUnspecified;
      } else if (word == "of") {
        order.symbol = SymbolOf(words.Next());
      } else if (word == "stop") {
        stop = words.Next();
      } else if (word == "stp") {
        order.self_trade_prevention = ParseSelfTradePrevention(words.Next());
      } else if (word == "type") {
        order.type = ParseOrderType(words.Next());
      } else if (word == "as") {
        const auto id = ClientOrderId::From(words.Next());
        if (!id) return NotUnderstood("client order id");
        order.client_order_id = *id;
      } else if (const TimeInForce tif = ParseTimeInForce(word); tif != TimeInForce::kUnspecified) {
        order.time_in_force = tif;
      } else {
        return NotUnderstood(word);
      }
    }
    const Symbol symbol = SymbolOrFirst(order.symbol);
    XT_ASSIGN_OR_RETURN(const std::int64_t lots, Units(quantity, symbol.base_decimals, symbol.lot_size));
    XT_ASSIGN_OR_RETURN(const std::int64_t ticks, Units(price, symbol.quote_decimals, symbol.tick_size));
    XT_ASSIGN_OR_RETURN(const std::int64_t stop_ticks, Units(stop, symbol.quote_decimals, symbol.tick_size));
    XT_ASSIGN_OR_RETURN(const std::int64_t quote, Units(quote_quantity, symbol.quote_decimals, Amount(1)));
    order.quantity = Quantity(lots);
    order.price = Price(ticks);
    order.stop_price = Price(stop_ticks);
    order.quote_quantity = Amount(quote);
    return Apply(order);
  }

  // "1.5" in units of `unit`; "raw:123" as it is; nothing is 0.
  static absl::StatusOr<std::int64_t> Units(std::string_view text, int decimals, Amount unit) {
    std::int64_t raw = 0;
    if (text.empty()) return raw;
    if (text.starts_with("raw:")) {
      XT_RETURN_IF_ERROR(ParseNumber(text.substr(4), raw));
      return raw;
    }
    const ParsedDecimal parsed = ParseDecimal(text, decimals);
    if (parsed.error != RejectReason::kNone || parsed.units % unit.value() != 0) return NotUnderstood(text);
    return parsed.units / unit.value();
  }

  template <typename T>
  static absl::Status ParseNumber(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size();
    return good ? absl::OkStatus() : NotUnderstood(text);
  }

  // ---- what is shown on request

  absl::Status ShowBalance(Words& words) {
    const std::string name(words.Next());
    const AccountId account = name == "fees" ? kFeeAccount : AccountOf(name);
    if (account.value() >= engine_->accounts().count()) return NotUnderstood(name);
    std::string text = name;
    const char* separator = " ";
    for (const Asset& asset : engine_->assets()) {
      const matching::Balance& balance = engine_->accounts().At(account, asset.id);
      if (balance.available == 0 && balance.locked == 0) continue;
      text += Text(separator, asset.code.view(), " ", FormatDecimal(balance.available, asset.decimals));
      if (balance.locked != 0) text += Text(" + ", FormatDecimal(balance.locked, asset.decimals), " locked");
      separator = ", ";
    }
    if (text == name) text += Text(" nothing");
    Say(text);
    return absl::OkStatus();
  }

  absl::Status ShowBook(Words& words) {
    const SymbolId id = words.empty() ? SymbolId(0) : SymbolOf(words.Next());
    if (!engine_->HasSymbol(id)) return NotUnderstood("symbol");
    const Symbol symbol = engine_->symbols()[id.value()];
    const BookSnapshot book = engine_->Snapshot(id, 0);
    const auto show = [&](std::string_view side, const BookLevel& level, std::uint32_t orders) {
      Say(Text(side, " ", FormatQuantity(symbol, level.quantity), " @ ", FormatPrice(symbol, level.price), " (", orders,
               orders == 1 ? " order)" : " orders)"));
    };
    for (auto level = book.asks.rbegin(); level != book.asks.rend(); ++level) {
      show("ask", *level, engine_->book(id).side<Side::kSell>().OrderCount(level->price.value()));
    }
    for (const BookLevel& level : book.bids) {
      show("bid", level, engine_->book(id).side<Side::kBuy>().OrderCount(level.price.value()));
    }
    if (book.asks.empty() && book.bids.empty()) Say("empty");
    return absl::OkStatus();
  }

  // ---- answers

  void Tell(const ExecutionReport& report) {
    const Symbol symbol = engine_->symbols()[report.symbol.value()];
    if (!numbers_.contains(report.order_id.value())) {
      ids_.push_back(report.order_id.value());
      numbers_[report.order_id.value()] = ids_.size();
    }
    const std::string label = report.client_order_id.empty() ? Text("#", numbers_[report.order_id.value()])
                                                             : std::string(report.client_order_id.view());
    const std::string ordered = FormatQuantity(symbol, report.quantity);
    std::string progress = Text(FormatQuantity(symbol, report.executed_quantity), " of ", ordered);
    if (report.quote_quantity.value() != 0) {
      progress = Text(FormatQuantity(symbol, report.executed_quantity), " for ",
                      FormatDecimal(report.executed_quote.value(), symbol.quote_decimals), " of ",
                      FormatDecimal(report.quote_quantity.value(), symbol.quote_decimals), " ", CodeOf(symbol.quote));
    }
    std::string text =
        Text(engine_->accounts().name(report.account).view(), " ", label, " ", NameOf(report.status), " ");
    if (report.execution_type == ExecutionType::kNew && report.status == OrderStatus::kNew) {
      text += Text(report.side == Side::kBuy ? "buy " : "sell ", ordered, " @ ", FormatPrice(symbol, report.price));
    } else {
      text += progress;
    }
    if (report.execution_type == ExecutionType::kNew && report.status != OrderStatus::kNew) text += Text(", rests");
    if (report.execution_type == ExecutionType::kTrade) {
      text += Text(": ", report.maker ? "maker " : "taker ", FormatQuantity(symbol, report.last_quantity), " @ ",
                   FormatPrice(symbol, report.last_price));
      if (report.fee.value() != 0) {
        text += Text(", fee ", FormatDecimal(report.fee.value(), DecimalsOf(report.fee_asset)), " ",
                     CodeOf(report.fee_asset));
      }
    }
    Say(text);
  }

  void Tell(const CommandRejected& rejected) {
    if (rejected.reason == RejectReason::kNone) {
      Say(Text("repeats \"", lines_[rejected.original_sequence.value()], "\""));
    } else if (rejected.field.empty()) {
      Say(Text("refused ", RejectReasonCode(rejected.reason)));
    } else {
      Say(Text("refused ", RejectReasonCode(rejected.reason), " ", rejected.field.view()));
    }
  }
  void Tell(const EpochStarted& started) { Say(Text("epoch ", started.epoch.value(), " started")); }
  // Shown by `book` and `balance`, or known from the reports.
  template <typename E>
  void Tell(const E&) {}

  // ---- names

  AssetId AssetOf(std::string_view code) const {
    for (const Asset& asset : engine_->assets()) {
      if (asset.code.view() == code) return asset.id;
    }
    return AssetId(999);
  }
  int DecimalsOf(AssetId asset) const {
    return asset.value() < engine_->assets().size() ? engine_->assets()[asset.value()].decimals : 0;
  }
  std::string_view CodeOf(AssetId asset) const { return engine_->assets()[asset.value()].code.view(); }
  SymbolId SymbolOf(std::string_view code) const {
    for (const Symbol& symbol : engine_->symbols()) {
      if (symbol.code.view() == code) return symbol.id;
    }
    return SymbolId(999);
  }
  Symbol SymbolOrFirst(SymbolId id) const {
    const auto symbols = engine_->symbols();
    return symbols[engine_->HasSymbol(id) ? id.value() : 0];
  }
  AccountId AccountOf(std::string_view name) const {
    const matching::Accounts& accounts = engine_->accounts();
    for (std::uint32_t i = 1; i < accounts.count(); ++i) {
      if (accounts.name(AccountId(i)).view() == name) return AccountId(i);
    }
    return AccountId(999);
  }

  EngineConfig config_{.max_orders = 1'000, .max_level_pages = 64, .max_client_ids = 1'000};
  std::unique_ptr<Engine> engine_;
  std::string output_;
  std::string line_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 0;
  std::map<std::uint64_t, std::string> lines_;    // by sequence
  std::map<std::uint64_t, std::size_t> numbers_;  // of the orders, by id
  std::vector<std::uint64_t> ids_;                // by number
};

}  // namespace

absl::StatusOr<std::string> RunScenario(std::string_view text) { return Runner().Run(text); }

}  // namespace xt::scenarios
