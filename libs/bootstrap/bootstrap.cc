#include "libs/bootstrap/bootstrap.h"

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "libs/auth/hmac.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/domain/decimal.h"

namespace xt::bootstrap {
namespace {

using domain::Command;
using domain::CommandResult;

struct AssetDefinition {
  std::string_view code;
  int decimals;
  std::string_view demo_amount;
};
constexpr std::array kAssets{
    AssetDefinition{"KRW", 4, "10000000000"},
    AssetDefinition{"USDT", 8, "10000000"},
    AssetDefinition{"BTC", 8, "1000"},
    AssetDefinition{"ETH", 8, "10000"},
};

// Tick and lot multiply to a whole number of quote units (libs/domain/symbol.h).
struct SymbolDefinition {
  std::string_view base;
  std::string_view quote;
  std::string_view tick_size;
  std::string_view lot_size;
  std::string_view min_notional;
};
constexpr std::array kSymbols{
    SymbolDefinition{"BTC", "KRW", "1000", "0.00001", "1000"},
    SymbolDefinition{"ETH", "KRW", "1000", "0.0001", "1000"},
    SymbolDefinition{"BTC", "USDT", "0.01", "0.00001", "1"},
    SymbolDefinition{"ETH", "USDT", "0.01", "0.0001", "1"},
    SymbolDefinition{"ETH", "BTC", "0.00001", "0.001", "0.00001"},
};
constexpr std::int32_t kMakerFeeBps = 5;
constexpr std::int32_t kTakerFeeBps = 10;

const AssetDefinition& DefinitionOf(std::string_view code) {
  for (const AssetDefinition& asset : kAssets) {
    if (asset.code == code) return asset;
  }
  XT_CHECK(false, code);
  return kAssets.front();
}

domain::Amount Units(std::string_view text, std::string_view asset) {
  const domain::ParsedDecimal parsed = domain::ParseDecimal(text, DefinitionOf(asset).decimals);
  XT_CHECK(parsed.error == domain::RejectReason::kNone, text);
  return domain::Amount(parsed.units);
}

// Commands that are submitted together and waited for together.
class Batch {
 public:
  explicit Batch(ports::OrderSequencing& sequencing) : sequencing_(sequencing) {}

  void Add(const domain::CommandBody& body) { commands_.push_back(Command{body}); }

  // The results in order. An error when one was not applied; business refusals are results.
  absl::StatusOr<std::vector<CommandResult>> Run() {
    std::vector<CommandResult> results(commands_.size());
    absl::Status first_error;
    std::size_t left = commands_.size();
    std::mutex mutex;
    std::condition_variable done;
    for (std::size_t i = 0; i < commands_.size(); ++i) {
      sequencing_.Submit(commands_[i], [&, i](absl::StatusOr<CommandResult> result) {
        std::lock_guard lock(mutex);
        if (result.ok()) {
          results[i] = *std::move(result);
        } else {
          first_error.Update(result.status());
        }
        if (--left == 0) done.notify_all();
      });
    }
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return left == 0; });
    if (!first_error.ok()) return first_error;
    return results;
  }

 private:
  ports::OrderSequencing& sequencing_;
  std::vector<Command> commands_;
};

absl::Status RefusalOf(const CommandResult& result) {
  for (const domain::Event& event : result.events) {
    const auto* rejected = std::get_if<domain::CommandRejected>(&event);
    if (rejected == nullptr || rejected->reason == domain::RejectReason::kNone) continue;
    if (rejected->reason == domain::RejectReason::kAlreadyExists) {
      return absl::UnavailableError("matching or persistence was asked before it had replayed what is there");
    }
    return absl::InternalError("bootstrap refused: " + std::string(domain::RejectReasonCode(rejected->reason)) + " " +
                               std::string(rejected->field.view()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<CommandResult>> RunAll(Batch& batch) {
  XT_ASSIGN_OR_RETURN(std::vector<CommandResult> results, batch.Run());
  for (const CommandResult& result : results) XT_RETURN_IF_ERROR(RefusalOf(result));
  return results;
}

std::optional<domain::AssetId> FindAsset(const ports::ReferenceData& data, std::string_view code) {
  for (const domain::Asset& asset : data.assets) {
    if (asset.code.view() == code) return asset.id;
  }
  return std::nullopt;
}

bool HasSymbol(const ports::ReferenceData& data, std::string_view code) {
  for (const domain::Symbol& symbol : data.symbols) {
    if (symbol.code.view() == code) return true;
  }
  return false;
}

absl::Status DefineAssets(const BootstrapPorts& ports) {
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, ports.matching.GetReferenceData());
  Batch batch(ports.sequencing);
  for (const AssetDefinition& asset : kAssets) {
    if (FindAsset(data, asset.code)) continue;
    batch.Add(domain::DefineAsset{.code = *domain::AssetCode::From(asset.code), .decimals = asset.decimals});
  }
  return RunAll(batch).status();
}

absl::Status DefineSymbols(const BootstrapPorts& ports) {
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, ports.matching.GetReferenceData());
  Batch batch(ports.sequencing);
  for (const SymbolDefinition& definition : kSymbols) {
    const std::string code = std::string(definition.base) + "-" + std::string(definition.quote);
    if (HasSymbol(data, code)) continue;
    const auto base = FindAsset(data, definition.base);
    const auto quote = FindAsset(data, definition.quote);
    if (!base || !quote) return absl::UnavailableError("the replica of matching that answers does not know all assets");
    domain::Symbol symbol;
    symbol.code = *domain::SymbolCode::From(code);
    symbol.base = *base;
    symbol.quote = *quote;
    symbol.tick_size = Units(definition.tick_size, definition.quote);
    symbol.lot_size = Units(definition.lot_size, definition.base);
    symbol.min_notional = Units(definition.min_notional, definition.quote);
    symbol.maker_fee_bps = kMakerFeeBps;
    symbol.taker_fee_bps = kTakerFeeBps;
    batch.Add(domain::DefineSymbol{symbol});
  }
  return RunAll(batch).status();
}

// Persistence answers "lagging" while it takes in what it missed; each attempt waits by itself.
template <typename Query>
auto UntilCurrent(const Query& query) {
  constexpr int kAttempts = 300;
  auto answer = query();
  for (int i = 1; i < kAttempts && absl::IsUnavailable(answer.status()); ++i) answer = query();
  return answer;
}

struct NamedAccount {
  std::string name;
  domain::AccountId id;
};

absl::StatusOr<std::vector<NamedAccount>> CreateAccounts(const BootstrapPorts& ports, domain::SequenceNumber at_least,
                                                         std::size_t count) {
  XT_ASSIGN_OR_RETURN(const std::vector<ports::AccountRow> existing,
                      UntilCurrent([&] { return ports.history.ListAccounts(at_least); }));
  std::map<std::string, domain::AccountId> by_name;
  for (const ports::AccountRow& row : existing) by_name[std::string(row.name.view())] = row.id;
  Batch batch(ports.sequencing);
  std::vector<NamedAccount> accounts(count);
  for (std::size_t i = 0; i < count; ++i) {
    accounts[i].name = "demo-" + std::to_string(i + 1);
    if (!by_name.contains(accounts[i].name)) {
      batch.Add(domain::CreateAccount{*domain::AccountName::From(accounts[i].name)});
    }
  }
  XT_ASSIGN_OR_RETURN(const std::vector<CommandResult> results, RunAll(batch));
  for (const CommandResult& result : results) {
    // What was due at its time may stand before it.
    for (const domain::Event& event : result.events) {
      const auto* created = std::get_if<domain::AccountCreated>(&event);
      if (created != nullptr) by_name[std::string(created->name.view())] = created->account;
    }
  }
  for (NamedAccount& account : accounts) account.id = by_name.at(account.name);
  return accounts;
}

// An account that never had an asset is given it.
absl::Status Fund(const BootstrapPorts& ports, domain::SequenceNumber at_least,
                  const std::vector<NamedAccount>& accounts) {
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, ports.matching.GetReferenceData());
  Batch batch(ports.sequencing);
  for (const NamedAccount& account : accounts) {
    XT_ASSIGN_OR_RETURN(const std::vector<ports::BalanceRow> balances,
                        UntilCurrent([&] { return ports.history.ListBalances(at_least, account.id); }));
    for (const AssetDefinition& asset : kAssets) {
      const domain::AssetId id = FindAsset(data, asset.code).value();
      bool had = false;
      for (const ports::BalanceRow& balance : balances) had = had || balance.asset == id;
      if (had) continue;
      batch.Add(domain::Deposit{.account = account.id,
                                .asset = id,
                                .amount = Units(asset.demo_amount, asset.code),
                                .reference = *domain::ClientOrderId::From("demo-" + std::string(asset.code))});
    }
  }
  return RunAll(batch).status();
}

absl::StatusOr<DemoAccount> EnsureKey(const BootstrapPorts& ports, const NamedAccount& account) {
  XT_ASSIGN_OR_RETURN(const std::vector<ports::ApiKeyRow> keys, ports.history.ListApiKeys(account.id));
  if (!keys.empty()) return DemoAccount{account.name, keys.front().api_key, keys.front().secret};
  constexpr std::size_t kKeyBytes = 16;
  constexpr std::size_t kSecretBytes = 32;
  const ports::ApiKeyRow row{.api_key = absl::BytesToHexString(auth::RandomBytes(kKeyBytes)),
                             .secret = absl::BytesToHexString(auth::RandomBytes(kSecretBytes)),
                             .account = account.id};
  XT_RETURN_IF_ERROR(ports.history.PutApiKey(row));
  return DemoAccount{account.name, row.api_key, row.secret};
}

}  // namespace

absl::StatusOr<std::vector<DemoAccount>> Bootstrap(const BootstrapPorts& ports, std::size_t demo_accounts) {
  XT_RETURN_IF_ERROR(DefineAssets(ports));
  XT_RETURN_IF_ERROR(DefineSymbols(ports));
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, ports.matching.GetReferenceData());
  XT_ASSIGN_OR_RETURN(const std::vector<NamedAccount> accounts, CreateAccounts(ports, data.sequence, demo_accounts));
  XT_RETURN_IF_ERROR(Fund(ports, data.sequence, accounts));
  std::vector<DemoAccount> demo;
  for (const NamedAccount& account : accounts) {
    XT_ASSIGN_OR_RETURN(DemoAccount one, EnsureKey(ports, account));
    demo.push_back(std::move(one));
  }
  return demo;
}

}  // namespace xt::bootstrap
