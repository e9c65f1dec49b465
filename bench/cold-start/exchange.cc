#include "bench/cold-start/exchange.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "tools/servers/server_process.h"

namespace xt::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kAccounts = 64;
constexpr std::size_t kInFlight = 8'192;
constexpr std::chrono::seconds kPatience{600};

std::string Common(const std::string& folder, const std::string& name, std::uint16_t port) {
  return absl::StrCat("shard = \"0\"\ninstance = \"", name, "\"\ngrpc.port = ", port,
                      "\nadmin.port = ", servers::FreePort(), "\nlog.file = \"", folder, "/", name, ".log\"\n");
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::trunc);
  out << text;
  out.close();
  XT_CHECK(!out.fail(), path);
}

domain::NewOrder OrderOf(std::uint64_t number) {
  const std::uint64_t place = number % 10;
  const bool trades = place < 8;
  domain::NewOrder order;
  order.account = domain::AccountId(static_cast<std::uint32_t>(1 + number % kAccounts));
  order.symbol = domain::SymbolId(0);
  order.side = trades && place % 2 == 0 ? domain::Side::kSell : domain::Side::kBuy;
  order.type = domain::OrderType::kLimit;
  order.time_in_force = domain::TimeInForce::kGtc;
  order.price = domain::Price(trades ? 100'000 : 50'000 + static_cast<std::int64_t>(number / 10 % 1'000));
  order.quantity = domain::Quantity(1);
  order.client_order_id = *domain::ClientOrderId::From(absl::StrCat("c", number));
  return order;
}

std::string RefusalIn(const absl::StatusOr<domain::CommandResult>& result) {
  if (!result.ok()) return result.status().ToString();
  const auto* rejected = std::get_if<domain::CommandRejected>(&result->events.front());
  return rejected == nullptr ? "" : absl::StrCat("sequence ", result->sequence.value(), " was refused");
}

}  // namespace

Exchange::Exchange(std::string folder, std::int64_t snapshot_every, std::int64_t ids)
    : folder_(std::move(folder)), matching_port_(servers::FreePort()), sequencer_port_(servers::FreePort()) {
  fs::create_directories(folder_);
  WriteText(
      PathOf("matching.toml"),
      Common(folder_, "matching", matching_port_) +
          absl::StrCat("snapshot.folder = \"", PathOf("snapshots"), "\"\nsnapshot.every_commands = ", snapshot_every,
                       "\nsnapshot.every_seconds = 0\nsnapshot.while_leading = true\nengine.max_client_ids = ", ids,
                       "\n"));
  WriteText(PathOf("sequencer.toml"),
            Common(folder_, "sequencer", sequencer_port_) +
                absl::StrCat("data = \"", PathOf("sequencer"), "\"\nmatching.addresses = [\"127.0.0.1:", matching_port_,
                             "\"]\n"));
}

void Exchange::Start() {
  const auto launch = [this](const std::string& name) {
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{XT_BINARY_DIR "/bin/xtrader-" + name, "--config", PathOf(name + ".toml")},
        PathOf(name + ".out"));
  };
  matching_ = launch("matching");
  sequencer_ = launch("sequencer");
  Connect();
}

void Exchange::Connect() {
  sequencing_ = nullptr;
  grpc_clients::ClientOptions options{.addresses = {absl::StrCat("127.0.0.1:", sequencer_port_)}};
  options.max_in_flight = kInFlight;
  sequencing_ = grpc_clients::ConnectOrderSequencing(options);
}

void Exchange::Kill() {
  sequencer_->Kill();
  matching_->Kill();
}

absl::Status Exchange::Execute(const domain::CommandBody& body) {
  std::promise<absl::StatusOr<domain::CommandResult>> promise;
  sequencing_->Submit({body}, [&](auto result) { promise.set_value(std::move(result)); });
  const auto result = promise.get_future().get();
  if (result.ok()) sequence_ = result->sequence.value();
  const std::string refusal = RefusalIn(result);
  if (absl::IsUnavailable(result.status())) return result.status();
  return refusal.empty() ? absl::OkStatus() : absl::InternalError(refusal);
}

absl::Status Exchange::AwaitServing() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  domain::CancelAll nothing;
  nothing.account = domain::AccountId(0);
  while (true) {
    const std::uint64_t before = sequence_;
    const absl::Status status = Execute(nothing);
    if (sequence_ > before) return absl::OkStatus();  // taken, whatever matching thinks of it
    if (!absl::IsUnavailable(status) || std::chrono::steady_clock::now() > deadline) return status;
    if (sequencer_->Wait(std::chrono::milliseconds(5)) || matching_->Wait(std::chrono::milliseconds(0))) {
      return absl::InternalError(absl::StrCat("a process ended:\n", servers::EndOf(PathOf("sequencer.out")),
                                              servers::EndOf(PathOf("matching.out"))));
    }
  }
}

absl::Status Exchange::SetUp() {
  domain::Symbol symbol;
  symbol.code = *domain::SymbolCode::From("BTC-KRW");
  symbol.base = domain::AssetId(0);
  symbol.quote = domain::AssetId(1);
  symbol.tick_size = domain::Amount(10'000);
  symbol.lot_size = domain::Amount(1'000'000);
  std::vector<domain::CommandBody> bodies{domain::DefineAsset{*domain::AssetCode::From("BTC"), 8},
                                          domain::DefineAsset{*domain::AssetCode::From("KRW"), 4},
                                          domain::DefineSymbol{symbol}};
  for (std::uint32_t account = 1; account <= kAccounts; ++account) {
    bodies.emplace_back(domain::CreateAccount{*domain::AccountName::From(absl::StrCat("trader-", account))});
    for (const domain::AssetId asset : {symbol.base, symbol.quote}) {
      bodies.emplace_back(domain::Deposit{domain::AccountId(account), asset, domain::Amount(50'000'000'000'000'000),
                                          *domain::ClientOrderId::From(absl::StrCat("d", asset.value()))});
    }
  }
  for (const domain::CommandBody& body : bodies) XT_RETURN_IF_ERROR(Execute(body));
  return absl::OkStatus();
}

absl::Status Exchange::SendOrders(std::uint64_t count) {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t answered = 0;
  std::string refusal;
  const auto done = [&](const absl::StatusOr<domain::CommandResult>& result) {
    const std::lock_guard lock(mutex);
    ++answered;
    if (result.ok()) sequence_ = std::max(sequence_, result->sequence.value());
    if (refusal.empty()) refusal = RefusalIn(result);
    changed.notify_one();
  };
  std::uint64_t sent = 0;
  for (; sent < count; ++sent) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return sent - answered < kInFlight || !refusal.empty(); });
      if (!refusal.empty()) break;
    }
    sequencing_->Submit({OrderOf(sent)}, done);
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return answered == sent; });
  return refusal.empty() ? absl::OkStatus() : absl::InternalError(refusal);
}

std::vector<std::uint64_t> Exchange::Snapshots() const {
  std::vector<std::uint64_t> sequences;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(PathOf("snapshots"), error)) {
    const std::string name = entry.path().filename().string();
    sequences.push_back(std::stoull(name.substr(name.find('-') + 1)));
  }
  std::ranges::sort(sequences, std::greater());
  return sequences;
}

void Exchange::RemoveSnapshots() const { fs::remove_all(PathOf("snapshots")); }

}  // namespace xt::bench
