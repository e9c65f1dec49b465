#include "services/gateway/operator_service.h"

#include <optional>
#include <utility>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "libs/runtime/log.h"
#include "libs/wire/command_proto.h"
#include "libs/wire/event_proto.h"
#include "services/gateway/core/order_json.h"
#include "services/gateway/order_entry_requests.h"
#include "services/gateway/peer_address.h"
#include "xtrader/v1/journal.pb.h"

namespace xt::gateway {
namespace {

namespace pb = xtrader::v1;
using domain::RejectReason;

constexpr std::size_t kMaxReasonBytes = 256;

bool IsOperators(const pb::Command& command) {
  switch (command.body_case()) {
    case pb::Command::kDefineAsset:
    case pb::Command::kDefineSymbol:
    case pb::Command::kSetSymbolStatus:
    case pb::Command::kSetSymbolLimits:
    case pb::Command::kCreateAccount:
    case pb::Command::kSetAccountStatus:
    case pb::Command::kConfigureAccount:
    case pb::Command::kDefineFeeTier:
    case pb::Command::kDeposit:
    case pb::Command::kWithdraw:
    case pb::Command::kTransfer: return true;
    default: return false;
  }
}

// What GET /v1/symbols tells.
bool ChangesMarkets(const domain::Command& command) {
  return std::holds_alternative<domain::SetSymbolStatus>(command.body) ||
         std::holds_alternative<domain::DefineSymbol>(command.body) ||
         std::holds_alternative<domain::DefineAsset>(command.body);
}

// Empty when the command names none that is known.
std::string MarketOf(const domain::Command& command, const SymbolDirectory& symbols) {
  const auto table = symbols.Current();
  const domain::Symbol* market = nullptr;
  const auto* status = std::get_if<domain::SetSymbolStatus>(&command.body);
  const auto* limits = std::get_if<domain::SetSymbolLimits>(&command.body);
  if (table != nullptr && status != nullptr) market = table->Get(status->symbol);
  if (table != nullptr && limits != nullptr) market = table->Get(limits->symbol);
  return market != nullptr ? std::string(market->code.view()) : "";
}

}  // namespace

std::variant<domain::Command, Refusal> OperatorService::Read(const pb::OperatorServiceSubmitRequest& request) const {
  if (!auth::IsFresh(request.timestamp_ms(), parts_.clock.WallNs() / kNsPerMs, parts_.window_ms)) {
    return Refusal(RejectReason::kStaleTimestamp);
  }
  const std::string payload = std::to_string(request.timestamp_ms()) + "OPERATOR" + request.command();
  if (!auth::ConstantTimeEquals(auth::HmacSha256Hex(parts_.secret, payload), request.signature())) {
    return Refusal(RejectReason::kInvalidSignature);
  }
  if (request.reason().size() > kMaxReasonBytes) return Refusal(RejectReason::kInvalidValue, "reason");
  pb::Command command;
  if (!command.ParseFromString(request.command())) return Refusal(RejectReason::kMalformedRequest, "command");
  if (!IsOperators(command)) {
    return Refusal(RejectReason::kInvalidValue, "command", "This is no command of an operator.");
  }
  auto read = wire::FromProto(command);
  if (!read.ok()) return Refusal(RejectReason::kInvalidValue, "command", std::string(read.status().message()));
  return *read;
}

void OperatorService::LogOutcome(const Call& call, const domain::Command& command,
                                 const OperatorOutcome& outcome) const {
  const auto* result = std::get_if<domain::CommandResult>(&outcome);
  const std::optional<Refusal> refusal = result != nullptr ? RefusalIn(*result) : std::get<Refusal>(outcome);
  const std::uint64_t sequence = result != nullptr ? result->sequence.value() : 0;
  pb::Command content;
  wire::ToProto(command, content);
  const std::string text = content.ShortDebugString();  // no operator's command has a secret
  const std::string market = MarketOf(command, *parts_.symbols);
  const std::string& reason = call.request->reason();
  if (refusal) {
    runtime::Log(runtime::LogLevel::kWarn, "an operator's command was refused",
                 {{"command", text},
                  {"symbol", market},
                  {"peer", call.peer},
                  {"reason", reason},
                  {"seq", sequence},
                  {"err.code", domain::RejectReasonCode(refusal->reason)}});
  } else {
    runtime::Log(runtime::LogLevel::kInfo, "an operator's command was executed",
                 {{"command", text}, {"symbol", market}, {"peer", call.peer}, {"reason", reason}, {"seq", sequence}});
  }
}

void OperatorService::Refuse(const Call& call, const Refusal& refusal) const {
  parts_.metrics.CountReject(refusal.reason);
  *call.response->mutable_refusal() = ToProto(refusal);
  call.reactor->Finish(grpc::Status::OK);
}

void OperatorService::Answer(const Call& call, const domain::Command& command, const OperatorOutcome& outcome) const {
  LogOutcome(call, command, outcome);
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) return Refuse(call, *refusal);
  const auto& result = std::get<domain::CommandResult>(outcome);
  wire::ToProto(result, *call.response->mutable_result());
  if (const auto refusal = RefusalIn(result)) return Refuse(call, *refusal);
  const auto refresh = [symbols = parts_.symbols, reactor = call.reactor] {
    symbols->Refresh().IgnoreError();
    reactor->Finish(grpc::Status::OK);
  };
  if (!ChangesMarkets(command) || !parts_.workers->Post(refresh)) call.reactor->Finish(grpc::Status::OK);
}

grpc::ServerUnaryReactor* OperatorService::Submit(grpc::CallbackServerContext* context,
                                                  const pb::OperatorServiceSubmitRequest* request,
                                                  pb::OperatorServiceSubmitResponse* response) {
  const Call call{context->DefaultReactor(), request, response, context->peer()};
  if (parts_.limits.TakeAddress(AddressOf(call.peer))) {
    Refuse(call, Refusal(RejectReason::kRateLimited));
    return call.reactor;
  }
  const auto command = Read(*request);
  if (const auto* refusal = std::get_if<Refusal>(&command)) {
    parts_.metrics.CountOrder(OrderOperation::kOperator, Protocol::kGrpc, OrderResultKind::kRejected);
    Refuse(call, *refusal);
    return call.reactor;
  }
  const auto& wanted = std::get<domain::Command>(command);
  parts_.desk->Operate(wanted, {Protocol::kGrpc, parts_.clock.MonotonicNs()},
                       [this, call, wanted](const OperatorOutcome& outcome) { Answer(call, wanted, outcome); });
  return call.reactor;
}

}  // namespace xt::gateway
