#include "tests/scenarios/scenario.h"

#include <utility>
#include <variant>

#include "libs/domain/names.h"
#include "tests/scenarios/scenario_runner.h"

namespace xt::scenarios {

using namespace domain;  // NOLINT: this file speaks of nothing else
using matching::Engine;

absl::StatusOr<std::string> Runner::Run(std::string_view text) {
  for (const std::string_view line : Split(text, '\n')) {
    if (line.starts_with(' ')) continue;  // an expected answer
    output_ += Text(line, "\n");
    if (line.empty() || line.starts_with('#')) continue;
    line_ = line;
    if (const absl::Status status = Do(line); !status.ok()) {
      return absl::InvalidArgumentError(Text("\"", line, "\": ", std::string(status.message())));
    }
  }
  if (engine_ != nullptr) XT_RETURN_IF_ERROR(CheckSnapshot());
  while (output_.ends_with("\n\n")) output_.pop_back();
  return output_;
}

absl::Status Runner::Do(std::string_view line) {
  Words words(line);
  const std::string_view verb = words.Next();
  if (verb == "limit") return SetLimit(words);
  if (engine_ == nullptr) engine_ = std::make_unique<Engine>(config_);
  replaces_ = false;
  XT_RETURN_IF_ERROR(Set(verb, words));
  return words.empty() ? absl::OkStatus() : NotUnderstood(words.Peek());
}

absl::Status Runner::Set(std::string_view verb, Words& words) {
  if (verb == "asset") return DefineAnAsset(words);
  if (verb == "symbol") return DefineASymbol(words);
  if (verb == "account") return OpenAccount(words);
  if (verb == "deposit" || verb == "withdraw") return MoveMoney(verb, words);
  if (verb == "transfer") return Transfer(words);
  if (verb == "status") return SetStatus(words);
  if (verb == "freeze" || verb == "blacklist" || verb == "close" || verb == "activate" || verb == "account-status") {
    return SetAccountStatus(verb, words);
  }
  if (verb == "configure") return Configure(words);
  if (verb == "fee-tier") return DefineAFeeTier(words);
  if (verb == "limits") return SetLimits(words);
  if (verb == "epoch") return StartEpoch(words);
  if (verb == "tick") return Apply(Tick{});
  if (verb == "wait" || verb == "clock") return PassTime(verb, words);
  return Show(verb, words);
}

absl::Status Runner::Show(std::string_view verb, Words& words) {
  if (verb == "balance") return ShowBalance(words);
  if (verb == "book") return ShowBook(words);
  if (verb == "last") return ShowLast(words);
  if (verb == "due") return ShowDue();
  if (verb == "show") {
    shows_everything_ = words.Next() == "everything";
    return absl::OkStatus();
  }
  return Trader(verb, words);
}

absl::Status Runner::Apply(const CommandBody& body) {
  ++sequence_;
  lines_[sequence_] = line_;
  for (const Event& event : engine_->Apply(SequenceNumber(sequence_), now_ns_, {body})) {
    std::visit([this](const auto& e) { Tell(e); }, event);
  }
  const std::string broken = engine_->CheckInvariants();
  if (!broken.empty()) return absl::InternalError(broken);
  return restarts_ ? CheckSnapshot() : absl::OkStatus();
}

absl::Status Runner::CheckSnapshot() {
  std::string error;
  std::unique_ptr<Engine> restored = Engine::RestoreSnapshot(config_, engine_->SaveSnapshot(), &error);
  if (restored == nullptr) return absl::InternalError(Text("the snapshot is not read: ", error));
  if (!(restored->Digest() == engine_->Digest())) return absl::InternalError("the snapshot has another digest");
  if (const std::string broken = restored->CheckInvariants(); !broken.empty()) {
    return absl::InternalError(Text("restored: ", broken));
  }
  if (restarts_) engine_ = std::move(restored);
  return absl::OkStatus();
}

absl::Status Runner::SetLimit(Words& words) {
  const std::string_view what = words.Next();
  std::uint32_t value = 0;
  XT_RETURN_IF_ERROR(ParseNumber(words.Next(), value));
  if (what == "orders") {
    config_.max_orders = value;
  } else if (what == "ids") {
    config_.max_client_ids = value;
  } else if (what == "level-pages") {
    config_.max_level_pages = value;
  } else if (what == "accounts") {
    config_.max_accounts = value;
  } else if (what == "countdowns") {
    config_.max_countdowns = value;
  } else if (what == "assets") {
    config_.max_assets = static_cast<std::uint16_t>(value);
  } else if (what == "symbols") {
    config_.max_symbols = static_cast<std::uint16_t>(value);
  } else {
    return NotUnderstood(what);
  }
  return absl::OkStatus();
}

absl::Status Runner::DefineAnAsset(Words& words) {
  DefineAsset define;
  const auto code = AssetCode::From(words.Next());
  if (!code) return NotUnderstood("asset code");
  define.code = *code;
  XT_RETURN_IF_ERROR(ParseNumber(words.Next(), define.decimals));
  return Apply(define);
}

// symbol BTC-KRW tick 1000 lot 0.0001 [min 5000] [maker 10] [taker 20] [most 100] [highest 5000]
absl::Status Runner::DefineASymbol(Words& words) {
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
      XT_ASSIGN_OR_RETURN(const std::int64_t lots, Units(value, base_decimals, symbol.lot_size));
      symbol.max_quantity = Quantity(lots);
    } else if (key == "highest") {
      XT_ASSIGN_OR_RETURN(const std::int64_t ticks, Units(value, quote_decimals, symbol.tick_size));
      symbol.max_price = Price(ticks);
    } else {
      return NotUnderstood(key);
    }
  }
  return Apply(DefineSymbol{symbol});
}

// account alice [KRW 1000 ...]
absl::Status Runner::OpenAccount(Words& words) {
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

namespace {

// [as r1]; `otherwise` when nothing is said, none after `as none`.
absl::Status ReadReference(Words& words, std::string_view otherwise, ClientOrderId& reference) {
  const std::string_view text = words.Take("as") ? words.Next() : otherwise;
  const auto fixed = ClientOrderId::From(text == "none" ? "" : text);
  if (!fixed) return NotUnderstood(text);
  reference = *fixed;
  return absl::OkStatus();
}

}  // namespace

// deposit alice KRW 1000 [as r1]
absl::Status Runner::MoveMoney(std::string_view verb, Words& words) {
  const AccountId account = AccountOf(words.Next());
  const AssetId asset = AssetOf(words.Next());
  XT_ASSIGN_OR_RETURN(const std::int64_t amount, Units(words.Next(), DecimalsOf(asset), Amount(1)));
  ClientOrderId reference;
  XT_RETURN_IF_ERROR(ReadReference(words, Text("transfer-", sequence_ + 1), reference));
  if (verb == "deposit") return Apply(Deposit{account, asset, Amount(amount), reference});
  return Apply(Withdraw{account, asset, Amount(amount), reference});
}

// transfer alice bob KRW 1000 [as r1]
absl::Status Runner::Transfer(Words& words) {
  domain::Transfer transfer;
  transfer.account = AccountOf(words.Next());
  transfer.to_account = AccountOf(words.Next());
  transfer.asset = AssetOf(words.Next());
  XT_ASSIGN_OR_RETURN(const std::int64_t amount, Units(words.Next(), DecimalsOf(transfer.asset), Amount(1)));
  transfer.amount = Amount(amount);
  XT_RETURN_IF_ERROR(ReadReference(words, Text("transfer-", sequence_ + 1), transfer.reference));
  return Apply(transfer);
}

absl::Status Runner::SetStatus(Words& words) {
  SetSymbolStatus set{SymbolOf(words.Next()), {}};
  XT_RETURN_IF_ERROR(ParseEnum(words.Next(), ParseSymbolStatus, set.status));
  return Apply(set);
}

// freeze alice | blacklist alice | close alice | activate alice | account-status alice raw:9
absl::Status Runner::SetAccountStatus(std::string_view verb, Words& words) {
  const std::map<std::string_view, AccountStatus> verbs{{"freeze", AccountStatus::kFrozen},
                                                        {"blacklist", AccountStatus::kBlacklisted},
                                                        {"close", AccountStatus::kClosed},
                                                        {"activate", AccountStatus::kActive}};
  domain::SetAccountStatus set{AccountOf(words.Next()), {}};
  if (const auto known = verbs.find(verb); known != verbs.end()) {
    set.status = known->second;
  } else {
    XT_RETURN_IF_ERROR(ParseEnum(words.Next(), ParseAccountStatus, set.status));
  }
  return Apply(set);
}

// configure alice|new-accounts [fee-tier 1] [stp DECREMENT] [max-open 5] [max-orders 3] [per 1s]
absl::Status Runner::Configure(Words& words) {
  const std::string_view name = words.Next();
  ConfigureAccount configure{name == "new-accounts" ? kFeeAccount : AccountOf(name), {}};
  AccountSettings& settings = configure.settings;
  while (!words.empty()) {
    const std::string_view key = words.Next();
    const std::string_view value = words.Next();
    if (key == "fee-tier") {
      std::uint8_t tier = 0;
      XT_RETURN_IF_ERROR(ParseNumber(value, tier));
      settings.fee_tier = FeeTierId(tier);
    } else if (key == "stp") {
      XT_RETURN_IF_ERROR(ParseEnum(value, ParseSelfTradePrevention, settings.self_trade_prevention));
    } else if (key == "max-open") {
      XT_RETURN_IF_ERROR(ParseNumber(value, settings.max_open_orders));
    } else if (key == "max-orders") {
      XT_RETURN_IF_ERROR(ParseNumber(value, settings.max_orders));
    } else if (key == "per") {
      XT_ASSIGN_OR_RETURN(const std::int64_t interval_ns, ParseDuration(value));
      settings.order_interval_ms = static_cast<std::uint32_t>(interval_ns / 1'000'000);
    } else {
      return NotUnderstood(key);
    }
  }
  return Apply(configure);
}

// fee-tier 1 maker 5 taker 10
absl::Status Runner::DefineAFeeTier(Words& words) {
  std::uint8_t id = 0;
  XT_RETURN_IF_ERROR(ParseNumber(words.Next(), id));
  DefineFeeTier define{{FeeTierId(id), 0, 0}};
  if (words.Take("maker")) XT_RETURN_IF_ERROR(ParseNumber(words.Next(), define.tier.maker_fee_bps));
  if (words.Take("taker")) XT_RETURN_IF_ERROR(ParseNumber(words.Next(), define.tier.taker_fee_bps));
  return Apply(define);
}

// limits BTC-KRW [max-notional 1000] [max-position 5] [deviation 500] [band 90..110]
absl::Status Runner::SetLimits(Words& words) {
  SetSymbolLimits set{SymbolOf(words.Next()), {}};
  const Symbol symbol = SymbolOrFirst(set.symbol);
  SymbolLimits& limits = set.limits;
  while (!words.empty()) {
    const std::string_view key = words.Next();
    const std::string_view value = words.Next();
    if (key == "max-notional") {
      XT_ASSIGN_OR_RETURN(const std::int64_t amount, Units(value, symbol.quote_decimals, Amount(1)));
      limits.max_notional = Amount(amount);
    } else if (key == "max-position") {
      XT_ASSIGN_OR_RETURN(const std::int64_t amount, Units(value, symbol.base_decimals, Amount(1)));
      limits.max_position = Amount(amount);
    } else if (key == "deviation") {
      XT_RETURN_IF_ERROR(ParseNumber(value, limits.price_deviation_bps));
    } else if (key == "band" && value.find("..") != std::string_view::npos) {
      const auto dots = value.find("..");
      XT_ASSIGN_OR_RETURN(const std::int64_t lower,
                          Units(value.substr(0, dots), symbol.quote_decimals, symbol.tick_size));
      XT_ASSIGN_OR_RETURN(const std::int64_t upper,
                          Units(value.substr(dots + 2), symbol.quote_decimals, symbol.tick_size));
      limits.lower_price = Price(lower);
      limits.upper_price = Price(upper);
    } else {
      return NotUnderstood(key);
    }
  }
  return Apply(set);
}

absl::Status Runner::StartEpoch(Words& words) {
  std::uint64_t epoch = 0;
  XT_RETURN_IF_ERROR(ParseNumber(words.Next(), epoch));
  return Apply(EpochStart{Epoch(epoch)});
}

// wait 30s | clock 10:00:00
absl::Status Runner::PassTime(std::string_view verb, Words& words) {
  if (verb == "wait") {
    XT_ASSIGN_OR_RETURN(const std::int64_t duration_ns, ParseDuration(words.Next()));
    now_ns_ += duration_ns;
    return absl::OkStatus();
  }
  XT_ASSIGN_OR_RETURN(const std::int64_t time_ns, ParseTime(words.Next()));
  if (time_ns < now_ns_) return absl::InvalidArgumentError("time does not go back");
  now_ns_ = time_ns;
  return absl::OkStatus();
}

AssetId Runner::AssetOf(std::string_view code) const {
  for (const Asset& asset : engine_->assets()) {
    if (asset.code.view() == code) return asset.id;
  }
  return AssetId(999);
}

int Runner::DecimalsOf(AssetId asset) const {
  return asset.value() < engine_->assets().size() ? engine_->assets()[asset.value()].decimals : 0;
}

std::string_view Runner::CodeOf(AssetId asset) const { return engine_->assets()[asset.value()].code.view(); }

SymbolId Runner::SymbolOf(std::string_view code) const {
  for (const Symbol& symbol : engine_->symbols()) {
    if (symbol.code.view() == code) return symbol.id;
  }
  return SymbolId(999);
}

Symbol Runner::SymbolOrFirst(SymbolId id) const {
  const auto symbols = engine_->symbols();
  if (!symbols.empty()) return symbols[engine_->HasSymbol(id) ? id.value() : 0];
  Symbol none;
  none.tick_size = none.lot_size = Amount(1);
  return none;
}

AccountId Runner::AccountOf(std::string_view name) const {
  if (name == "fees") return kFeeAccount;
  const matching::Accounts& accounts = engine_->accounts();
  for (std::uint32_t i = 1; i < accounts.count(); ++i) {
    if (accounts.name(AccountId(i)).view() == name) return AccountId(i);
  }
  return AccountId(999);
}

absl::StatusOr<std::string> RunScenario(std::string_view text, Restarts restarts) {
  return Runner(restarts == Restarts::kAfterEachCommand).Run(text);
}

}  // namespace xt::scenarios
