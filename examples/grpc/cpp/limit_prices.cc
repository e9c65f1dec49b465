// As an operator: limit prices of a market may be so many basis points (1/10000) away from the last price, 0: any. Its
// other limits are taken off:
//
//   XT_OPERATOR_SECRET=... limit-prices 127.0.0.1:9090 BTC-KRW 500
#include <grpcpp/grpcpp.h>

#include <charconv>
#include <chrono>
#include <cstring>
#include <string>

#include "examples/grpc/cpp/client.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"
#include "xtrader/v1/journal.pb.h"

namespace pb = xtrader::v1;

namespace {

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
}

// A command names a market by its number.
std::uint32_t SymbolId(const std::shared_ptr<grpc::Channel>& channel, const std::string& code) {
  grpc::ClientContext context;
  SetDeadline(context);
  pb::OrderEntryServiceListSymbolsResponse listed;
  const grpc::Status status = pb::OrderEntryService::NewStub(channel)->ListSymbols(&context, {}, &listed);
  if (!status.ok()) example::Fail("no answer: " + status.error_message());
  for (const pb::Symbol& symbol : listed.symbols()) {
    if (symbol.code() == code) return symbol.id();
  }
  example::Fail("there is no market " + code);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) example::Fail("usage: limit-prices ADDRESS SYMBOL BASIS_POINTS");
  int basis_points = 0;
  const char* const end = argv[3] + std::strlen(argv[3]);
  if (std::from_chars(argv[3], end, basis_points).ptr != end) example::Fail("no number of basis points");
  const auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());

  pb::Command command;
  pb::SetSymbolLimits* const set = command.mutable_set_symbol_limits();
  set->set_symbol_id(SymbolId(channel, argv[2]));
  set->mutable_limits()->set_price_deviation_bps(basis_points);
  pb::OperatorServiceSubmitRequest request;
  request.set_timestamp_ms(example::NowMs());
  request.set_command(command.SerializeAsString());  // these bytes are signed, and these bytes are sent
  request.set_signature(example::Sign(example::FromEnvironment("XT_OPERATOR_SECRET"),
                                      std::to_string(request.timestamp_ms()) + "OPERATOR" + request.command()));

  grpc::ClientContext context;
  SetDeadline(context);
  pb::OperatorServiceSubmitResponse answer;
  const grpc::Status status = pb::OperatorService::NewStub(channel)->Submit(&context, request, &answer);
  if (!status.ok()) example::Fail("no answer: " + status.error_message());
  if (answer.has_refusal()) example::Fail(answer.refusal().code() + ": " + answer.refusal().message());
  std::printf("in force from sequence %llu\n", static_cast<unsigned long long>(answer.result().sequence()));
}
