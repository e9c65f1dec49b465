// Enters a limit order over a stream of OrderEntryService and shows what became of it:
//
//   XT_API_KEY=... XT_SECRET=... enter-order 127.0.0.1:9090 BTC-KRW BUY 100000000 0.2
//
// A program that trades keeps its stream, sends many requests, and finds the answers by their request_id.
#include <grpcpp/grpcpp.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <string>

#include "examples/grpc/cpp/client.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace pb = xtrader::v1;

namespace {

using Stream = grpc::ClientReaderWriter<pb::OrderEntryRequest, pb::OrderEntryResponse>;

// "0.25" with 8 decimals: 25000000 of the smallest unit. Never through a floating point number.
std::int64_t ToUnits(std::string text, int decimals) {
  const std::string given = text;
  const std::size_t point = text.find('.');
  const std::size_t fraction = point == std::string::npos ? 0 : text.size() - point - 1;
  if (point != std::string::npos) text.erase(point, 1);
  if (fraction > static_cast<std::size_t>(decimals)) example::Fail(given + " has too many decimals");
  text.append(static_cast<std::size_t>(decimals) - fraction, '0');
  std::int64_t units = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), units);
  if (error != std::errc() || end != text.data() + text.size()) example::Fail(given + " is not a number");
  return units;
}

std::string FromUnits(std::int64_t units, int decimals) {
  std::string text = std::to_string(units);
  const auto fraction = static_cast<std::size_t>(decimals);
  if (text.size() <= fraction) text.insert(0, fraction + 1 - text.size(), '0');
  if (fraction == 0) return text;
  text.insert(text.size() - fraction, ".");
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// Prices go in ticks and quantities in lots: whole numbers of them.
std::int64_t WholeNumber(std::int64_t units, std::int64_t unit, const std::string& what) {
  if (units % unit != 0) example::Fail(what);
  return units / unit;
}

pb::Symbol FindSymbol(pb::OrderEntryService::Stub& stub, const std::string& code) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  pb::OrderEntryServiceListSymbolsResponse answer;
  const grpc::Status status = stub.ListSymbols(&context, {}, &answer);
  if (!status.ok()) example::Fail("no symbols: " + status.error_message());
  for (const pb::Symbol& symbol : answer.symbols()) {
    if (symbol.code() == code) return symbol;
  }
  example::Fail("there is no symbol " + code);
}

pb::OrderEntryResponse Ask(Stream& stream, const pb::OrderEntryRequest& request) {
  pb::OrderEntryResponse response;
  // The order may have been entered all the same: the same client order id again gets the first result.
  if (!stream.Write(request) || !stream.Read(&response)) example::Fail("no answer: " + stream.Finish().error_message());
  if (response.has_refusal()) example::Fail(response.refusal().code() + ": " + response.refusal().message());
  return response;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) example::Fail("usage: enter-order ADDRESS SYMBOL BUY|SELL PRICE QUANTITY");
  const std::string side = argv[3];
  if (side != "BUY" && side != "SELL") example::Fail("BUY or SELL, not " + side);
  const auto stub = pb::OrderEntryService::NewStub(grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));
  const pb::Symbol symbol = FindSymbol(*stub, argv[2]);

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));  // a stream that is kept has none
  const std::unique_ptr<Stream> stream = stub->OrderEntry(&context);

  pb::OrderEntryRequest request;
  request.set_request_id(1);
  pb::Logon& logon = *request.mutable_logon();
  logon.set_api_key(example::FromEnvironment("XT_API_KEY"));
  logon.set_timestamp_ms(example::NowMs());
  logon.set_signature(example::Sign(example::FromEnvironment("XT_SECRET"),
                                    std::to_string(logon.timestamp_ms()) + "LOGON" + logon.api_key()));
  std::printf("signed in as %s\n", Ask(*stream, request).logged_on().account().c_str());

  request.set_request_id(2);
  pb::EnterOrder& order = *request.mutable_enter_order();
  order.set_symbol(symbol.code());
  order.set_side(side == "BUY" ? pb::SIDE_BUY : pb::SIDE_SELL);
  order.set_type(pb::ORDER_TYPE_LIMIT);
  order.set_price_ticks(
      WholeNumber(ToUnits(argv[4], symbol.quote_decimals()), symbol.tick_size(), "the price is between two ticks"));
  order.set_quantity_lots(
      WholeNumber(ToUnits(argv[5], symbol.base_decimals()), symbol.lot_size(), "the quantity is between two lots"));
  order.set_client_order_id("example-" + std::to_string(example::NowMs()));
  const pb::OrderResult result = Ask(*stream, request).result();
  stream->WritesDone();
  stream->Finish();

  const auto quantity = [&](std::int64_t lots) { return FromUnits(lots * symbol.lot_size(), symbol.base_decimals()); };
  const pb::ExecutionReport& report = result.report();
  std::printf("order %llu: %s, executed %s of %s\n", static_cast<unsigned long long>(report.order_id()),
              pb::OrderStatus_Name(report.status()).c_str(), quantity(report.executed_quantity_lots()).c_str(),
              quantity(report.quantity_lots()).c_str());
  for (const pb::ExecutionReport& fill : result.fills()) {
    std::printf("trade %llu: %s at %s\n", static_cast<unsigned long long>(fill.trade_id()),
                quantity(fill.last_quantity_lots()).c_str(),
                FromUnits(fill.last_price_ticks() * symbol.tick_size(), symbol.quote_decimals()).c_str());
  }
}
