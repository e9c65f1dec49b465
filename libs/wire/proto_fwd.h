// Forward declarations of the messages that libs/wire converts, so that its headers cost nothing to include.
#pragma once

namespace xtrader::v1 {

class Account;
class AccountCreated;
class Asset;
class Balance;
class BalanceChange;
class BookChange;
class BookSnapshot;
class CancelOrder;
class Command;
class CommandRejected;
class CreateAccount;
class DefineAsset;
class DefineSymbol;
class Deposit;
class EpochStart;
class EpochStarted;
class Event;
class EventBatch;
class ExecutionReport;
class MarketCandle;
class MarketTicker;
class MarketTrade;
class NewOrder;
class SetSymbolStatus;
class Symbol;
class Trade;
class Withdraw;

}  // namespace xtrader::v1
