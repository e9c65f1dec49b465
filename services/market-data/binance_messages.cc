#include "services/market-data/binance_messages.h"

#include <simdjson.h>

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/market-data/core/scaled_decimal.h"

namespace xt::market_data {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Collects the first thing that is wrong, so that a parser reads as a list of fields.
class Fields {
 public:
  explicit Fields(object data) : data_(data) {}

  std::string Text(std::string_view name) {
    std::string_view value;
    if (data_[name].get(value) != simdjson::SUCCESS) Fail(name);
    return std::string(value);
  }
  std::uint64_t Unsigned(std::string_view name) {
    std::uint64_t value = 0;
    if (data_[name].get(value) != simdjson::SUCCESS) Fail(name);
    return value;
  }
  std::int64_t Signed(std::string_view name) {
    std::int64_t value = 0;
    if (data_[name].get(value) != simdjson::SUCCESS) Fail(name);
    return value;
  }
  bool Boolean(std::string_view name) {
    bool value = false;
    if (data_[name].get(value) != simdjson::SUCCESS) Fail(name);
    return value;
  }
  std::int64_t Scaled(std::string_view name) {
    const auto value = ParseScaled(Text(name));
    if (!value || *value <= 0) Fail(name);
    return value.value_or(0);
  }
  std::vector<ExternalLevel> Levels(std::string_view name) {
    std::vector<ExternalLevel> levels;
    array pairs;
    if (data_[name].get(pairs) != simdjson::SUCCESS) {
      Fail(name);
      return levels;
    }
    for (const element pair : pairs) {
      const std::optional<ExternalLevel> level = Level(pair);
      if (!level) {
        Fail(name);
        return levels;
      }
      levels.push_back(*level);
    }
    return levels;
  }

  [[nodiscard]] absl::Status status() const {
    return wrong_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrCat("binance: field ", wrong_));
  }

 private:
  static std::optional<ExternalLevel> Level(element pair) {
    std::string_view price;
    std::string_view quantity;
    if (pair.at(0).get(price) != simdjson::SUCCESS || pair.at(1).get(quantity) != simdjson::SUCCESS)
      return std::nullopt;
    const auto parsed_price = ParseScaled(price);
    const auto parsed_quantity = ParseScaled(quantity);
    if (!parsed_price || !parsed_quantity || *parsed_price <= 0 || *parsed_quantity < 0) return std::nullopt;
    return ExternalLevel{*parsed_price, *parsed_quantity};
  }
  void Fail(std::string_view name) {
    if (wrong_.empty()) wrong_ = name;
  }

  object data_;
  std::string wrong_;
};

absl::StatusOr<BinanceMessage> ParseTrade(object data) {
  Fields fields(data);
  BinanceAggregateTrade trade;
  trade.symbol = fields.Text("s");
  trade.aggregate_id = fields.Unsigned("a");
  trade.first_trade_id = fields.Unsigned("f");
  trade.last_trade_id = fields.Unsigned("l");
  trade.trade_time_ms = fields.Signed("T");
  trade.price = fields.Scaled("p");
  trade.quantity = fields.Scaled("q");
  // `m`: the buyer was the maker, so the taker sold.
  trade.taker_side = fields.Boolean("m") ? domain::Side::kSell : domain::Side::kBuy;
  if (absl::Status status = fields.status(); !status.ok()) return status;
  if (trade.last_trade_id < trade.first_trade_id) return absl::InvalidArgumentError("binance: field l");
  return trade;
}

absl::StatusOr<BinanceMessage> ParseDepth(object data) {
  Fields fields(data);
  BinanceDepth depth;
  depth.symbol = fields.Text("s");
  depth.event_time_ms = fields.Signed("E");
  depth.difference.first_id = fields.Unsigned("U");
  depth.difference.last_id = fields.Unsigned("u");
  depth.difference.bids = fields.Levels("b");
  depth.difference.asks = fields.Levels("a");
  if (absl::Status status = fields.status(); !status.ok()) return status;
  return depth;
}

absl::Status NotJson(simdjson::error_code error) {
  return absl::InvalidArgumentError(absl::StrCat("binance: not JSON: ", simdjson::error_message(error)));
}

}  // namespace

absl::StatusOr<BinanceMessage> ParseBinanceMessage(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  object message;
  if (const auto error = parser.parse(text.data(), text.size()).get(message)) return NotJson(error);
  object data;
  // A raw stream has no wrapper.
  if (message["data"].get(data) != simdjson::SUCCESS) data = message;
  std::string_view event;
  if (data["e"].get(event) != simdjson::SUCCESS) return BinanceOther{};
  if (event == "aggTrade") return ParseTrade(data);
  if (event == "depthUpdate") return ParseDepth(data);
  return BinanceOther{};
}

absl::StatusOr<ExternalSnapshot> ParseBinanceSnapshot(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  object data;
  if (const auto error = parser.parse(text.data(), text.size()).get(data)) return NotJson(error);
  Fields fields(data);
  ExternalSnapshot snapshot;
  snapshot.last_id = fields.Unsigned("lastUpdateId");
  snapshot.bids = fields.Levels("bids");
  snapshot.asks = fields.Levels("asks");
  if (absl::Status status = fields.status(); !status.ok()) return status;
  return snapshot;
}

}  // namespace xt::market_data
