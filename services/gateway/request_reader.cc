#include "services/gateway/request_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

namespace xt::gateway {
namespace {

using domain::RejectReason;
using nlohmann::json;

// A field's name is echoed only if it is harmless wherever it is shown.
std::string_view Printable(std::string_view name) {
  constexpr std::size_t kMaxLength = 64;
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
  return plain && name.size() <= kMaxLength ? name : std::string_view();
}

struct TextField {
  std::string_view name;
  std::optional<std::string> OrderRequest::*member;
};

constexpr std::array kTextFields{
    TextField{"symbol", &OrderRequest::symbol},
    TextField{"side", &OrderRequest::side},
    TextField{"type", &OrderRequest::type},
    TextField{"timeInForce", &OrderRequest::time_in_force},
    TextField{"selfTradePrevention", &OrderRequest::self_trade_prevention},
    TextField{"price", &OrderRequest::price},
    TextField{"quantity", &OrderRequest::quantity},
    TextField{"quoteQuantity", &OrderRequest::quote_quantity},
    TextField{"stopPrice", &OrderRequest::stop_price},
    TextField{"icebergQuantity", &OrderRequest::iceberg_quantity},
    TextField{"clientOrderId", &OrderRequest::client_order_id},
};
constexpr std::string_view kExpireTime = "expireTime";

// Stops at the first thing that may not be there. The parser is iterative and nothing below the object is entered, so
// depth costs nothing.
class OrderSax final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return WrongType(); }
  bool boolean(bool) override { return WrongType(); }
  bool number_integer(number_integer_t value) override { return Integer(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return std::in_range<std::int64_t>(value) ? Integer(static_cast<std::int64_t>(value)) : WrongType();
  }
  bool number_float(number_float_t, const string_t&) override { return WrongType(); }
  bool binary(binary_t&) override { return WrongType(); }
  bool start_array(std::size_t) override { return WrongType(); }
  bool end_array() override { return WrongType(); }

  bool string(string_t& value) override {
    if (text_ == nullptr) return WrongType();
    *text_ = std::move(value);
    return true;
  }

  bool start_object(std::size_t) override {
    if (open_) return WrongType();
    open_ = true;
    return true;
  }
  bool end_object() override { return true; }

  bool key(string_t& name) override {
    if (!seen_.insert(name).second) return Fail(RejectReason::kMalformedRequest, name);
    field_ = name;
    text_ = nullptr;
    if (name == kExpireTime) return true;
    const auto it = std::ranges::find(kTextFields, std::string_view(name), &TextField::name);
    if (it == kTextFields.end()) return Fail(RejectReason::kUnknownField, name);
    text_ = &(request.*(it->member));
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return Fail(RejectReason::kMalformedRequest, "");
  }

  OrderRequest request;
  std::optional<Refusal> refusal;

 private:
  bool Integer(std::int64_t value) {
    if (field_ != kExpireTime) return WrongType();
    request.expire_time_ms = value;
    return true;
  }
  // Outside of the object there is no field to blame.
  bool WrongType() { return Fail(open_ ? RejectReason::kInvalidValue : RejectReason::kMalformedRequest, field_); }
  bool Fail(RejectReason reason, std::string_view field) {
    if (!refusal) refusal = Refusal(reason, Printable(field));
    return false;
  }

  bool open_ = false;
  std::string field_;
  std::optional<std::string>* text_ = nullptr;
  std::set<std::string> seen_;
};

}  // namespace

std::variant<OrderRequest, Refusal> ReadOrderRequest(std::string_view body) {
  OrderSax sax;
  const bool complete = json::sax_parse(body, &sax);
  if (sax.refusal) return *std::move(sax.refusal);
  if (!complete) return Refusal(RejectReason::kMalformedRequest);
  return std::move(sax.request);
}

QueryReader::QueryReader(const http::Request& request, std::initializer_list<std::string_view> known)
    : request_(request) {
  std::set<std::string> seen;
  for (const auto& [name, value] : request.QueryParameters()) {
    if (std::ranges::find(known, std::string_view(name)) == known.end()) {
      refusal_ = Refusal(RejectReason::kUnknownField, Printable(name));
      return;
    }
    Require(seen.insert(name).second, name);
  }
}

std::optional<std::string> QueryReader::Text(std::string_view name) { return request_.Query(name); }

std::uint64_t QueryReader::Number(std::string_view name, std::uint64_t fallback, std::uint64_t min, std::uint64_t max) {
  const std::optional<std::string> text = request_.Query(name);
  if (!text) return fallback;
  std::uint64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [parsed_end, error] = std::from_chars(text->data(), end, value);
  const bool valid = error == std::errc() && parsed_end == end && value >= min && value <= max;
  Require(valid, name);
  return valid ? value : fallback;
}

bool QueryReader::Flag(std::string_view name) {
  const std::optional<std::string> text = request_.Query(name);
  Require(!text || *text == "true" || *text == "false", name);
  return text == "true";
}

void QueryReader::Require(bool condition, std::string_view name) {
  if (!condition) Refuse(Refusal(RejectReason::kInvalidValue, Printable(name)));
}

void QueryReader::Refuse(Refusal refusal) {
  if (!refusal_) refusal_ = std::move(refusal);
}

}  // namespace xt::gateway
