#include "libs/domain/names.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace xt::domain {
namespace {

using Names = std::string_view;

constexpr std::array<Names, 3> kSides{"UNSPECIFIED", "BUY", "SELL"};
constexpr std::array<Names, 9> kOrderTypes{"UNSPECIFIED", "LIMIT",           "MARKET",      "LIMIT_MAKER",
                                           "STOP_LOSS",   "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT",
                                           "ICEBERG"};
constexpr std::array<Names, 5> kTimesInForce{"UNSPECIFIED", "GTC", "IOC", "FOK", "GTD"};
constexpr std::array<Names, 6> kSelfTradePreventions{"UNSPECIFIED",  "NONE",        "EXPIRE_TAKER",
                                                     "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"};
constexpr std::array<Names, 7> kOrderStatuses{"UNSPECIFIED", "NEW",     "PARTIALLY_FILLED", "FILLED",
                                              "CANCELED",    "EXPIRED", "REJECTED"};
constexpr std::array<Names, 9> kExecutionTypes{"UNSPECIFIED", "NEW",       "TRADE",    "CANCELED", "EXPIRED",
                                               "REJECTED",    "TRIGGERED", "REPLACED", "PREVENTED"};
constexpr std::array<Names, 4> kSymbolStatuses{"UNSPECIFIED", "TRADING", "HALTED", "CANCEL_ONLY"};
constexpr std::array<Names, 8> kBalanceReasons{"UNSPECIFIED", "DEPOSIT", "WITHDRAWAL", "RESERVATION",
                                               "RELEASE",     "TRADE",   "FEE",        "TRANSFER"};
constexpr std::array<Names, 3> kReplaceModes{"UNSPECIFIED", "STOP_ON_FAILURE", "ALLOW_FAILURE"};
constexpr std::array<Names, 5> kAccountStatuses{"UNSPECIFIED", "ACTIVE", "FROZEN", "BLACKLISTED", "CLOSED"};
constexpr std::array<Names, 8> kRiskRules{"UNSPECIFIED",  "ACCOUNT_STATUS", "ORDER_RATE",      "MAX_OPEN_ORDERS",
                                          "MAX_NOTIONAL", "MAX_POSITION",   "PRICE_DEVIATION", "PRICE_BAND"};
constexpr std::array<Names, 4> kMassCancelReasons{"UNSPECIFIED", "COMMAND", "COUNTDOWN", "BLACKLISTED"};

template <typename Enum, std::size_t N>
std::string_view Name(const std::array<Names, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : names[0];
}

template <typename Enum, std::size_t N>
Enum Parse(const std::array<Names, N>& names, std::string_view text) {
  for (std::size_t i = 1; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return Enum::kUnspecified;
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The letters, the digits and some punctuation, as a table: ids are checked for each order.
constexpr std::array<bool, 256> Alphabet(std::string_view punctuation) {
  std::array<bool, 256> allowed{};
  for (int c = 0; c < 256; ++c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    allowed[static_cast<std::size_t>(c)] =
        letter || (c >= '0' && c <= '9') || punctuation.find(static_cast<char>(c)) != std::string_view::npos;
  }
  return allowed;
}
constexpr std::array<bool, 256> kIdAlphabet = Alphabet("._:/-");
constexpr std::array<bool, 256> kNameAlphabet = Alphabet("._-");

bool AllOf(std::string_view text, std::size_t max, const std::array<bool, 256>& allowed) {
  return !text.empty() && text.size() <= max &&
         std::ranges::all_of(text, [&](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

}  // namespace

std::string_view NameOf(Side side) { return Name(kSides, side); }
std::string_view NameOf(OrderType type) { return Name(kOrderTypes, type); }
std::string_view NameOf(TimeInForce time_in_force) { return Name(kTimesInForce, time_in_force); }
std::string_view NameOf(SelfTradePrevention mode) { return Name(kSelfTradePreventions, mode); }
std::string_view NameOf(OrderStatus status) { return Name(kOrderStatuses, status); }
std::string_view NameOf(ExecutionType type) { return Name(kExecutionTypes, type); }
std::string_view NameOf(SymbolStatus status) { return Name(kSymbolStatuses, status); }
std::string_view NameOf(BalanceReason reason) { return Name(kBalanceReasons, reason); }
std::string_view NameOf(ReplaceMode mode) { return Name(kReplaceModes, mode); }
std::string_view NameOf(AccountStatus status) { return Name(kAccountStatuses, status); }
std::string_view NameOf(RiskRule rule) { return Name(kRiskRules, rule); }
std::string_view NameOf(MassCancelReason reason) { return Name(kMassCancelReasons, reason); }

Side ParseSide(std::string_view text) { return Parse<Side>(kSides, text); }
OrderType ParseOrderType(std::string_view text) { return Parse<OrderType>(kOrderTypes, text); }
TimeInForce ParseTimeInForce(std::string_view text) { return Parse<TimeInForce>(kTimesInForce, text); }
SelfTradePrevention ParseSelfTradePrevention(std::string_view text) {
  return Parse<SelfTradePrevention>(kSelfTradePreventions, text);
}
OrderStatus ParseOrderStatus(std::string_view text) { return Parse<OrderStatus>(kOrderStatuses, text); }
SymbolStatus ParseSymbolStatus(std::string_view text) { return Parse<SymbolStatus>(kSymbolStatuses, text); }
ReplaceMode ParseReplaceMode(std::string_view text) { return Parse<ReplaceMode>(kReplaceModes, text); }
AccountStatus ParseAccountStatus(std::string_view text) { return Parse<AccountStatus>(kAccountStatuses, text); }

bool IsValidClientOrderId(std::string_view text) { return AllOf(text, ClientOrderId::kCapacity, kIdAlphabet); }
bool IsValidAccountName(std::string_view text) { return AllOf(text, AccountName::kCapacity, kNameAlphabet); }

bool IsValidAssetCode(std::string_view text) {
  return !text.empty() && text.size() <= AssetCode::kCapacity &&
         std::ranges::all_of(text, [](char c) { return IsUpper(c) || IsDigit(c); });
}

bool IsValidSymbolCode(std::string_view text) {
  const auto dash = text.find('-');
  return dash != std::string_view::npos && IsValidAssetCode(text.substr(0, dash)) &&
         IsValidAssetCode(text.substr(dash + 1));
}

}  // namespace xt::domain
