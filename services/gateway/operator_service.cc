#include "services/gateway/operator_service.h"

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

}  // namespace

std::variant<domain::Command, Refusal> OperatorService::Read(const pb::OperatorServiceSubmitRequest& request) const {
  if (!auth::IsFresh(request.timestamp_ms(), parts_.clock.WallNs() / kNsPerMs, parts_.window_ms)) {
    return Refusal(RejectReason::kStaleTimestamp);
  }
  const std::string payload = std::to_string(request.timestamp_ms()) + "OPERATOR" + request.command();
  if (!auth::ConstantTimeEquals(auth::HmacSha256Hex(parts_.secret, payload), request.signature())) {
    return Refusal(RejectReason::kInvalidSignature);
  }
  pb::Command command;
  if (!command.ParseFromString(request.command())) return Refusal(RejectReason::kMalformedRequest, "command");
  if (!IsOperators(command)) {
    return Refusal(RejectReason::kInvalidValue, "command", "This is no command of an operator.");
  }
  auto read = wire::FromProto(command);
  if (!read.ok()) return Refusal(RejectReason::kInvalidValue, "command", std::string(read.status().message()));
  return *read;
}

grpc::ServerUnaryReactor* OperatorService::Submit(grpc::CallbackServerContext* context,
                                                  const pb::OperatorServiceSubmitRequest* request,
                                                  pb::OperatorServiceSubmitResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto refuse = [this, reactor, response](const Refusal& refusal) {
    parts_.metrics.CountReject(refusal.reason);
    *response->mutable_refusal() = ToProto(refusal);
    reactor->Finish(grpc::Status::OK);
  };
  if (parts_.limits.TakeAddress(AddressOf(context->peer()))) {
    refuse(Refusal(RejectReason::kRateLimited));
    return reactor;
  }
  const auto command = Read(*request);
  if (const auto* refusal = std::get_if<Refusal>(&command)) {
    parts_.metrics.CountOrder(OrderOperation::kOperator, Protocol::kGrpc, OrderResultKind::kRejected);
    refuse(*refusal);
    return reactor;
  }
  const Origin origin{Protocol::kGrpc, parts_.clock.MonotonicNs()};
  parts_.desk->Operate(std::get<domain::Command>(command), origin,
                       [refuse, reactor, response](const OperatorOutcome& outcome) {
                         if (const auto* refusal = std::get_if<Refusal>(&outcome)) return refuse(*refusal);
                         const auto& result = std::get<domain::CommandResult>(outcome);
                         runtime::Log(runtime::LogLevel::kInfo, "an operator's command was executed",
                                      {{"seq", result.sequence.value()}});
                         wire::ToProto(result, *response->mutable_result());
                         if (const auto refusal = RefusalIn(result)) return refuse(*refusal);
                         reactor->Finish(grpc::Status::OK);
                       });
  return reactor;
}

}  // namespace xt::gateway
