#include "tools/xtraderctl/trading.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/auth/hmac.h"
#include "libs/base/status.h"
#include "libs/domain/names.h"
#include "tools/xtraderctl/table.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"
#include "xtrader/v1/journal.pb.h"

namespace xt::ctl {
namespace {

namespace pb = xtrader::v1;

// More than a gateway waits for the next leader and for the answer.
constexpr std::chrono::seconds kPatience{15};

void SetDeadline(grpc::ClientContext& context) { context.set_deadline(std::chrono::system_clock::now() + kPatience); }

struct Gateway {
  std::shared_ptr<grpc::Channel> channel;
  std::vector<pb::Symbol> markets;
};

absl::StatusOr<Gateway> FirstThatAnswers(const std::vector<std::string>& addresses) {
  std::string why = "no gateway answers";
  for (const std::string& address : addresses) {
    Gateway gateway{grpc::CreateChannel(address, grpc::InsecureChannelCredentials()), {}};
    grpc::ClientContext context;
    SetDeadline(context);
    pb::OrderEntryServiceListSymbolsResponse listed;
    const grpc::Status status = pb::OrderEntryService::NewStub(gateway.channel)->ListSymbols(&context, {}, &listed);
    if (status.ok()) {
      gateway.markets.assign(listed.symbols().begin(), listed.symbols().end());
      return gateway;
    }
    absl::StrAppend(&why, "; ", address, ": ", status.error_message());
  }
  return absl::UnavailableError(why);
}

absl::StatusOr<std::vector<pb::Symbol>> Chosen(const std::vector<pb::Symbol>& all,
                                               const std::vector<std::string>& names) {
  if (names.empty()) return all;
  std::vector<pb::Symbol> chosen;
  for (const std::string& name : names) {
    const auto found = std::ranges::find_if(all, [&](const pb::Symbol& market) { return market.code() == name; });
    if (found == all.end()) {
      const auto code = [](std::string* out, const pb::Symbol& market) { out->append(market.code()); };
      return absl::NotFoundError(
          absl::StrCat("there is no market ", name, "; there are: ", absl::StrJoin(all, ", ", code)));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

pb::OperatorServiceSubmitRequest Signed(const pb::Command& command, const std::string& secret,
                                        const std::string& reason) {
  pb::OperatorServiceSubmitRequest request;
  request.set_timestamp_ms(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  request.set_command(command.SerializeAsString());
  request.set_signature(
      auth::HmacSha256Hex(secret, absl::StrCat(request.timestamp_ms(), "OPERATOR", request.command())));
  request.set_reason(reason);
  return request;
}

// Why the call came to nothing. It may have been executed all the same, unless it is not offered.
std::string Unanswered(const grpc::Status& status) {
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return "the gateway takes no commands of operators: it has no operator.secret";
  }
  return absl::StrCat("not known, ask again: ", status.error_message());
}

TradingChange Change(pb::OperatorService::Stub& stub, const pb::Symbol& market, const std::string& secret,
                     const TradingRequest& wanted) {
  const auto status = static_cast<domain::SymbolStatus>(market.status());
  TradingChange change{market.code(), std::string(NameOf(status)), "", 0};
  pb::Command command;
  command.mutable_set_symbol_status()->set_symbol_id(market.id());
  command.mutable_set_symbol_status()->set_status(static_cast<pb::SymbolStatus>(wanted.status));
  grpc::ClientContext context;
  SetDeadline(context);
  pb::OperatorServiceSubmitResponse response;
  const grpc::Status answered = stub.Submit(&context, Signed(command, secret, wanted.reason), &response);
  if (!answered.ok()) {
    change.refusal = Unanswered(answered);
  } else if (response.has_refusal()) {
    change.refusal = absl::StrCat(response.refusal().code(), ": ", response.refusal().message());
  }
  change.sequence = response.result().sequence();
  return change;
}

}  // namespace

absl::StatusOr<std::vector<TradingChange>> SetTrading(const std::vector<std::string>& gateways,
                                                      const std::string& secret, const TradingRequest& request) {
  XT_ASSIGN_OR_RETURN(const Gateway gateway, FirstThatAnswers(gateways));
  XT_ASSIGN_OR_RETURN(const std::vector<pb::Symbol> markets, Chosen(gateway.markets, request.markets));
  const auto stub = pb::OperatorService::NewStub(gateway.channel);
  std::vector<TradingChange> changes;
  changes.reserve(markets.size());
  for (const pb::Symbol& market : markets) changes.push_back(Change(*stub, market, secret, request));
  return changes;
}

int ShowTrading(const TradingRequest& request, const std::vector<TradingChange>& changes) {
  std::vector<Row> rows{{"market", "before", "now", "sequence"}};
  for (const TradingChange& change : changes) {
    if (!change.refusal.empty()) continue;
    rows.push_back(
        {change.market, change.before, std::string(NameOf(request.status)), std::to_string(change.sequence)});
  }
  if (rows.size() > 1) std::fputs(Aligned(rows).c_str(), stdout);
  std::fflush(stdout);
  int exit_status = 0;
  for (const TradingChange& change : changes) {
    if (change.refusal.empty()) continue;
    std::fprintf(stderr, "xtraderctl: %s: %s\n", change.market.c_str(), change.refusal.c_str());
    exit_status = 1;
  }
  return exit_status;
}

}  // namespace xt::ctl
