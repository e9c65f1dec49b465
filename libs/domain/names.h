// The names of the enums as they stand in JSON, SQL, metrics and docs ("BUY", "GTC", "PARTIALLY_FILLED"), both ways.
// NameOf(kUnspecified) is "UNSPECIFIED"; a Parse function returns kUnspecified for every text that is not a name. Pure.
#pragma once

#include <string_view>

#include "libs/domain/enums.h"
#include "libs/domain/fixed_string.h"

namespace xt::domain {

std::string_view NameOf(Side side);
std::string_view NameOf(OrderType type);
std::string_view NameOf(TimeInForce time_in_force);
std::string_view NameOf(SelfTradePrevention mode);
std::string_view NameOf(OrderStatus status);
std::string_view NameOf(ExecutionType type);
std::string_view NameOf(SymbolStatus status);
std::string_view NameOf(BalanceReason reason);
std::string_view NameOf(ReplaceMode mode);
std::string_view NameOf(AccountStatus status);
std::string_view NameOf(RiskRule rule);
std::string_view NameOf(MassCancelReason reason);

Side ParseSide(std::string_view text);
OrderType ParseOrderType(std::string_view text);
TimeInForce ParseTimeInForce(std::string_view text);
SelfTradePrevention ParseSelfTradePrevention(std::string_view text);
OrderStatus ParseOrderStatus(std::string_view text);
SymbolStatus ParseSymbolStatus(std::string_view text);
ReplaceMode ParseReplaceMode(std::string_view text);
AccountStatus ParseAccountStatus(std::string_view text);

// Whether the text keeps the rule that the type's comment in fixed_string.h states.
bool IsValidClientOrderId(std::string_view text);
bool IsValidAccountName(std::string_view text);
bool IsValidAssetCode(std::string_view text);
bool IsValidSymbolCode(std::string_view text);

}  // namespace xt::domain
