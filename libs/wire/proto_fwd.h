// Forward declarations of the messages that libs/wire converts, so that its headers cost nothing to include.
#pragma once

namespace xtrader::v1 {

class Account;
class AccountChanged;
class AccountCreated;
class AccountSettings;
class AmendOrder;
class Asset;
class Balance;
class BalanceChange;
class BookChange;
class BookSnapshot;
class CancelAll;
class CancelOrder;
class CancelReplace;
class Command;
class CommandRejected;
class ConfigureAccount;
class CountdownChanged;
class CreateAccount;
class DefineAsset;
class DefineFeeTier;
class DefineSymbol;
class Deposit;
class EpochStart;
class EpochStarted;
class Event;
class EventBatch;
class ExecutionReport;
class FeeTier;
class MarketCandle;
class MarketTicker;
class MarketTrade;
class NewOrder;
class OrdersCanceled;
class RiskDecision;
class SetAccountStatus;
class SetCountdown;
class SetSymbolLimits;
class SetSymbolStatus;
class Symbol;
class SymbolLimits;
class SymbolLimitsChanged;
class Tick;
class Ticked;
class Trade;
class Transfer;
class Withdraw;

}  // namespace xtrader::v1
