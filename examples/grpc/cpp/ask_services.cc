// Asks each service inside of an exchange one question:
//
//   ask-services SEQUENCER MATCHING PERSISTENCE MARKET_DATA NOTIFIER
//
// Each is an address; `./dev cluster status` has them. To the sequencer goes a command that changes nothing: it cancels the
// orders of account 1 in a group that nobody uses.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "xtrader/v1/infra_service.grpc.pb.h"
#include "xtrader/v1/market_data_service.grpc.pb.h"
#include "xtrader/v1/matching_service.grpc.pb.h"
#include "xtrader/v1/notifier_service.grpc.pb.h"
#include "xtrader/v1/persistence_service.grpc.pb.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace pb = xtrader::v1;

namespace {

// One call, with its deadline.
class Call {
 public:
  Call() { context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); }
  grpc::ClientContext* context() { return &context_; }

 private:
  grpc::ClientContext context_;
};

std::shared_ptr<grpc::Channel> Channel(const std::string& address) {
  return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
}

void Print(const char* service, const grpc::Status& status, const std::string& answer) {
  std::printf("%s: %s\n", service, status.ok() ? answer.c_str() : ("no answer: " + status.error_message()).c_str());
}

void Submit(const std::string& address) {
  Call call;
  const auto stream = pb::SequencerService::NewStub(Channel(address))->Submit(call.context());
  pb::SubmitRequest request;
  pb::SubmittedCommand& command = *request.add_commands();
  command.set_request_id(1);
  pb::CancelAll& cancel = *command.mutable_command()->mutable_cancel_all();
  cancel.set_account_id(1);
  cancel.set_symbol_id(65535);  // every symbol
  cancel.set_order_group(4294967295);
  pb::SubmitResponse response;
  const bool answered = stream->Write(request) && stream->Read(&response);
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  Print("SequencerService", answered ? grpc::Status::OK : status,
        answered ? "outcome " + pb::SubmitOutcome_Name(response.results(0).outcome()) : "");
}

void AskMatching(const std::string& address) {
  Call call;
  pb::GetStateDigestResponse answer;
  const grpc::Status status =
      pb::MatchingService::NewStub(Channel(address))->GetStateDigest(call.context(), {}, &answer);
  std::string hex;
  for (const char byte : answer.digest()) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(byte));
    hex += digits;
  }
  Print("MatchingService", status, "after sequence " + std::to_string(answer.sequence()) + " the state is " + hex);
}

void AskPersistence(const std::string& address) {
  Call call;
  pb::GetCommittedSequenceResponse answer;
  const auto stub = pb::PersistenceService::NewStub(Channel(address));
  const grpc::Status status = stub->GetCommittedSequence(call.context(), {}, &answer);
  Print("PersistenceService", status,
        "the database has everything up to sequence " + std::to_string(answer.sequence()));
}

void AskMarketData(const std::string& address) {
  Call call;
  pb::GetTradesRequest request;
  request.set_symbol_id(0);
  request.set_limit(10);
  pb::GetTradesResponse answer;
  const grpc::Status status =
      pb::MarketDataService::NewStub(Channel(address))->GetTrades(call.context(), request, &answer);
  Print("MarketDataService", status, std::to_string(answer.trades_size()) + " trades");
}

void AskInfra(const std::string& address) {
  Call call;
  pb::GetServersResponse answer;
  const grpc::Status status = pb::InfraService::NewStub(Channel(address))->GetServers(call.context(), {}, &answer);
  Print("InfraService", status, std::to_string(answer.servers_size()) + " servers are configured");
}

void AskNotifier(const std::string& address) {
  Call call;
  pb::ListSessionsResponse answer;
  const grpc::Status status = pb::NotifierService::NewStub(Channel(address))->ListSessions(call.context(), {}, &answer);
  Print("NotifierService", status, std::to_string(answer.sessions_size()) + " sessions");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: ask-services SEQUENCER MATCHING PERSISTENCE MARKET_DATA NOTIFIER\n");
    return 1;
  }
  Submit(argv[1]);
  AskMatching(argv[2]);
  AskPersistence(argv[3]);
  AskMarketData(argv[4]);
  AskInfra(argv[3]);
  AskNotifier(argv[5]);
}
