#include "tools/xt-order/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "libs/base/status.h"
#include "libs/http/message.h"

namespace xt::order {
namespace {

using Options = std::map<std::string, std::string, std::less<>>;
using Words = std::vector<std::string>;
using Json = nlohmann::ordered_json;

// Options of an order, and the fields of the request that they are.
constexpr std::array kOrderOptions{
    std::pair<std::string_view, std::string_view>{"type", "type"},
    std::pair<std::string_view, std::string_view>{"tif", "timeInForce"},
    std::pair<std::string_view, std::string_view>{"price", "price"},
    std::pair<std::string_view, std::string_view>{"quantity", "quantity"},
    std::pair<std::string_view, std::string_view>{"quote-quantity", "quoteQuantity"},
    std::pair<std::string_view, std::string_view>{"stop-price", "stopPrice"},
    std::pair<std::string_view, std::string_view>{"iceberg-quantity", "icebergQuantity"},
    std::pair<std::string_view, std::string_view>{"expire-time", "expireTime"},
    std::pair<std::string_view, std::string_view>{"self-trade-prevention", "selfTradePrevention"},
    std::pair<std::string_view, std::string_view>{"client-order-id", "clientOrderId"},
    std::pair<std::string_view, std::string_view>{"group", "group"},
};

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

bool IsKnown(std::string_view option) {
  static const std::set<std::string_view> kOthers{
      "data", "account", "symbol", "limit", "before", "order-id", "cancel-client-order-id", "mode"};
  return kOthers.contains(option) ||
         std::ranges::find(kOrderOptions, option, [](const auto& pair) { return pair.first; }) != kOrderOptions.end();
}

struct Split {
  Options options;
  Words words;
  bool help = false;
  bool open = false;
};

absl::StatusOr<Split> SplitArguments(const std::vector<std::string>& arguments) {
  Split split;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "-h" || argument == "--help") {
      split.help = true;
    } else if (argument == "--open") {
      split.open = true;
    } else if (argument.starts_with("--")) {
      const auto equals = argument.find('=');
      const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
      if (!IsKnown(name)) return Wrong("unknown option --" + name);
      if (equals == std::string::npos && i + 1 == arguments.size()) return Wrong("--" + name + " needs a value");
      split.options[name] = equals == std::string::npos ? arguments[++i] : argument.substr(equals + 1);
    } else {
      split.words.push_back(argument);
    }
  }
  return split;
}

// "@ 100" and "@100" are --price 100.
absl::Status TakePrice(Split& split) {
  const auto at = std::ranges::find_if(split.words, [](const std::string& word) { return word.starts_with('@'); });
  if (at == split.words.end()) return absl::OkStatus();
  std::string price = at->substr(1);
  const auto last = price.empty() && at + 1 != split.words.end() ? at + 2 : at + 1;
  if (price.empty() && at + 1 != split.words.end()) price = *(at + 1);
  if (price.empty()) return Wrong("@ needs a price");
  if (!split.options.emplace("price", price).second) return Wrong("the price is given twice");
  split.words.erase(at, last);
  return absl::OkStatus();
}

// Numbers are numbers in JSON, unless they are none.
Json NumberOrText(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? Json(number) : Json(text);
}

std::string Dump(const Json& body) { return body.dump(-1, ' ', false, Json::error_handler_t::replace); }

// "buy 0.5 BTC-KRW @ 100", from word `first` on, added to `body`.
absl::Status AddOrder(Split& split, std::size_t first, Json& body) {
  XT_RETURN_IF_ERROR(TakePrice(split));
  const std::string side = split.words[first];
  Words rest(split.words.begin() + static_cast<std::ptrdiff_t>(first) + 1, split.words.end());
  Options& options = split.options;
  const bool has_quantity = options.contains("quantity") || options.contains("quote-quantity");
  if (!has_quantity && !rest.empty()) {
    options["quantity"] = rest.front();
    rest.erase(rest.begin());
  }
  if (rest.size() != 1) return Wrong("an order needs a quantity and a symbol: buy 0.5 BTC-KRW @ 100000000");
  options.emplace("type", options.contains("price") ? "LIMIT" : "MARKET");
  body["symbol"] = rest.front();
  body["side"] = side == "buy" ? "BUY" : "SELL";
  for (const auto& [option, field] : kOrderOptions) {
    const auto it = options.find(option);
    if (it == options.end()) continue;
    const bool is_number = field == "expireTime" || field == "group";
    body[std::string(field)] = is_number ? NumberOrText(it->second) : Json(it->second);
  }
  return absl::OkStatus();
}

bool IsSide(const std::string& word) { return word == "buy" || word == "sell"; }

std::string WithQuery(std::string path, const Split& split, std::initializer_list<std::string_view> options) {
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    path.append(1, separator).append(name).append("=").append(http::UrlEncode(value));
    separator = '&';
  };
  if (split.open) add("open", "true");
  for (const std::string_view option : options) {
    const auto it = split.options.find(option);
    if (it != split.options.end()) add(option == "order-id" ? "orderId" : option, it->second);
  }
  return path;
}

// The order that a cancel or an amendment is about: the only word after the command, or --client-order-id.
absl::Status TargetOrder(const Split& split, Arguments& out) {
  const auto name = split.options.find("client-order-id");
  if (split.words.size() == 2 && name == split.options.end()) {
    out.target = "/v1/order/" + http::UrlEncode(split.words[1]);
  } else if (split.words.size() == 1 && name != split.options.end()) {
    out.target = "/v1/order?clientOrderId=" + http::UrlEncode(name->second);
  } else {
    return Wrong(split.words.front() + " needs an order id, or --client-order-id");
  }
  return absl::OkStatus();
}

absl::Status Amend(const Split& split, Arguments& out) {
  out.method = "PATCH";
  const auto quantity = split.options.find("quantity");
  if (quantity == split.options.end()) return Wrong("amend needs --quantity");
  out.body = Dump(Json{{"quantity", quantity->second}});
  return TargetOrder(split, out);
}

// "replace 17 buy 0.5 BTC-KRW @ 100", or --cancel-client-order-id instead of the id.
absl::Status Replace(Split& split, Arguments& out) {
  out.method = "POST";
  out.target = "/v1/order/replace";
  const auto name = split.options.find("cancel-client-order-id");
  const std::size_t side = name == split.options.end() ? 2 : 1;
  if (split.words.size() <= side || !IsSide(split.words[side])) {
    return Wrong("replace needs one order to cancel, and the new order: replace 17 buy 0.5 BTC-KRW @ 100000000");
  }
  Json body;
  if (name == split.options.end()) {
    body["cancelOrderId"] = split.words[1];
  } else {
    body["cancelClientOrderId"] = name->second;
  }
  const auto mode = split.options.find("mode");
  body["cancelReplaceMode"] = mode == split.options.end() ? "STOP_ON_FAILURE" : mode->second;
  XT_RETURN_IF_ERROR(AddOrder(split, side, body));
  out.body = Dump(body);
  return absl::OkStatus();
}

absl::Status Countdown(const Split& split, Arguments& out) {
  out.method = "POST";
  out.target = "/v1/countdown";
  if (split.words.size() != 2) return Wrong("countdown needs milliseconds: countdown 5000, or countdown 0");
  Json body{{"timeoutMs", NumberOrText(split.words[1])}};
  const auto group = split.options.find("group");
  if (group != split.options.end()) body["group"] = NumberOrText(group->second);
  out.body = Dump(body);
  return absl::OkStatus();
}

// Without a channel everything public is shown.
void Watch(const Split& split, Arguments& out) {
  out.watch = true;
  out.target = "/ws/exchange";
  for (std::size_t i = 1; i < split.words.size(); ++i) {
    out.target += (i == 1 ? "?channels=" : ",") + http::UrlEncode(split.words[i]);
  }
}

absl::Status Fill(Split& split, Arguments& out) {
  const std::string command = split.words.front();
  out.method = "GET";
  if (IsSide(command)) {
    out.method = "POST";
    out.target = "/v1/order";
    Json body;
    XT_RETURN_IF_ERROR(AddOrder(split, 0, body));
    out.body = Dump(body);
    return absl::OkStatus();
  }
  if (command == "cancel") {
    out.method = "DELETE";
    return TargetOrder(split, out);
  }
  if (command == "amend") return Amend(split, out);
  if (command == "replace") return Replace(split, out);
  if (command == "countdown") return Countdown(split, out);
  if (command == "watch") {
    Watch(split, out);
    return absl::OkStatus();
  }
  if (command == "get") {
    if (split.words.size() != 2 || !split.words[1].starts_with('/')) return Wrong("get needs a path: get /v1/symbols");
    out.target = split.words[1];
    return absl::OkStatus();
  }
  if (split.words.size() != 1) return Wrong("too much after " + command);
  if (command == "account") {
    out.target = "/v1/account";
  } else if (command == "orders") {
    out.target = WithQuery("/v1/orders", split, {"symbol", "limit", "before"});
  } else if (command == "cancel-all") {
    out.method = "DELETE";
    out.target = WithQuery("/v1/orders", split, {"symbol", "group"});
  } else if (command == "trades") {
    out.target = WithQuery("/v1/trades", split, {"symbol", "order-id", "limit", "before"});
  } else {
    return Wrong("unknown command " + command);
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view Usage() {
  return R"(usage: xt-order [--data DIR] [--account NAME] COMMAND

Sends one signed request to the exchange whose ready file lies in DIR (default .xtrader), and shows the request and
its answer. The account is one of the ready file, by default the first. Exit status 0 when it was accepted.

  buy|sell QUANTITY SYMBOL [@ PRICE]   enters an order: LIMIT with a price, else MARKET
      --type T --tif T --price P --quantity Q --quote-quantity Q --stop-price P --iceberg-quantity Q
      --expire-time MS --self-trade-prevention MODE --client-order-id ID --group N
  cancel ORDERID | --client-order-id ID
  cancel-all [--symbol S] [--group N]
  amend ORDERID | --client-order-id ID --quantity Q      lowers the quantity, keeps the place in the queue
  replace ORDERID | --cancel-client-order-id ID buy|sell ... [--mode STOP_ON_FAILURE|ALLOW_FAILURE]
  countdown MS [--group N]             cancels the orders unless it is sent again in time; 0 disarms
  account                              balances
  orders [--open] [--symbol S] [--limit N] [--before ORDERID]
  trades [--symbol S] [--order-id ID] [--limit N] [--before ID]
  watch [CHANNEL...]                   shows the stream /ws/exchange until Ctrl-C, e.g. watch trade.BTC-KRW
  get PATH                             anything else, e.g. get /v1/market/BTC-KRW/book

  xt-order --account demo-1 sell 0.5 BTC-KRW @ 100000000
  xt-order --account demo-2 buy 0.2 BTC-KRW @ 100000000
  xt-order sell 0.2 BTC-KRW @ 90000000 --type STOP_LOSS_LIMIT --stop-price 91000000
)";
}

absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& arguments) {
  XT_ASSIGN_OR_RETURN(Split split, SplitArguments(arguments));
  Arguments out;
  out.help = split.help;
  if (out.help) return out;
  if (const auto data = split.options.find("data"); data != split.options.end()) out.data = data->second;
  if (const auto account = split.options.find("account"); account != split.options.end()) out.account = account->second;
  if (split.words.empty()) return Wrong("a command is missing");
  XT_RETURN_IF_ERROR(Fill(split, out));
  return out;
}

}  // namespace xt::order
