#include "services/gateway/request_reader.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

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
  std::optional<std::string>* out;
};
struct IntegerField {
  std::string_view name;
  std::optional<std::int64_t>* out;
};
struct Fields {
  std::vector<TextField> texts;
  std::vector<IntegerField> integers;
};

Fields FieldsOf(OrderRequest& order) {
  return {{{"symbol", &order.symbol},
           {"side", &order.side},
           {"type", &order.type},
           {"timeInForce", &order.time_in_force},
           {"selfTradePrevention", &order.self_trade_prevention},
           {"price", &order.price},
           {"quantity", &order.quantity},
           {"quoteQuantity", &order.quote_quantity},
           {"stopPrice", &order.stop_price},
           {"icebergQuantity", &order.iceberg_quantity},
           {"clientOrderId", &order.client_order_id}},
          {{"expireTime", &order.expire_time_ms}, {"group", &order.group}}};
}

// One flat object, field by field; the first that may not be there is the refusal.
class ObjectReader {
 public:
  explicit ObjectReader(Fields fields) : fields_(std::move(fields)) {}

  void Key(const std::string& name) {
    text_ = nullptr;
    integer_ = nullptr;
    if (refusal) return;
    field_ = name;
    if (!seen_.insert(name).second) return Fail(RejectReason::kMalformedRequest);
    const auto text = std::ranges::find(fields_.texts, std::string_view(name), &TextField::name);
    const auto integer = std::ranges::find(fields_.integers, std::string_view(name), &IntegerField::name);
    if (text != fields_.texts.end()) {
      text_ = text->out;
    } else if (integer != fields_.integers.end()) {
      integer_ = integer->out;
    } else {
      Fail(RejectReason::kUnknownField);
    }
  }
  void Text(std::string& value) {
    if (text_ == nullptr) return WrongType();
    *text_ = std::move(value);
  }
  void Integer(std::int64_t value) {
    if (integer_ == nullptr) return WrongType();
    *integer_ = value;
  }
  void WrongType() { Fail(RejectReason::kInvalidValue); }

  std::optional<Refusal> refusal;

 private:
  void Fail(RejectReason reason) {
    if (!refusal) refusal = Refusal(reason, Printable(field_));
  }

  Fields fields_;
  std::string field_;
  std::optional<std::string>* text_ = nullptr;
  std::optional<std::int64_t>* integer_ = nullptr;
  std::set<std::string> seen_;
};

// What every value of a body comes to. The parser is iterative, so depth costs nothing; each call returns whether to go
// on.
class BodySax : public nlohmann::json_sax<json> {
 public:
  bool null() override { return OnOther(); }
  bool boolean(bool) override { return OnOther(); }
  bool number_integer(number_integer_t value) override { return OnInteger(value); }
  bool number_unsigned(number_unsigned_t value) override {
    return std::in_range<std::int64_t>(value) ? OnInteger(static_cast<std::int64_t>(value)) : OnOther();
  }
  bool number_float(number_float_t, const string_t&) override { return OnOther(); }
  bool binary(binary_t&) override { return OnOther(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    refusal = Refusal(RejectReason::kMalformedRequest);
    return false;
  }

  std::optional<Refusal> refusal;

 protected:
  virtual bool OnInteger(std::int64_t value) = 0;
  virtual bool OnOther() = 0;

  bool Fail(RejectReason reason, std::string_view field = "") {
    if (!refusal) refusal = Refusal(reason, field);
    return false;
  }
};

// One flat object and nothing else; stops at the first thing that may not be there.
class ObjectSax final : public BodySax {
 public:
  explicit ObjectSax(Fields fields) : reader_(std::move(fields)) {}

  bool string(string_t& value) override {
    if (!open_) return OnOther();
    reader_.Text(value);
    return GoOn();
  }
  bool start_object(std::size_t) override {
    if (open_) return OnOther();
    return open_ = true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return OnOther(); }
  bool end_array() override { return true; }
  bool key(string_t& name) override {
    reader_.Key(name);
    return GoOn();
  }

 private:
  bool OnInteger(std::int64_t value) override {
    if (!open_) return OnOther();
    reader_.Integer(value);
    return GoOn();
  }
  // Outside of the object there is no field to blame.
  bool OnOther() override {
    if (!open_) return Fail(RejectReason::kMalformedRequest);
    reader_.WrongType();
    return GoOn();
  }
  bool GoOn() {
    if (reader_.refusal) refusal = reader_.refusal;
    return !refusal;
  }

  ObjectReader reader_;
  bool open_ = false;
};

// {"orders": [{...}, ...]}: what is wrong within an order is skipped to the order's end.
class BatchSax final : public BodySax {
 public:
  bool string(string_t& value) override {
    if (depth_ != kInOrder) return OnOther();
    reader_->Text(value);
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == kInOrder) reader_->Key(name);
    if (depth_ != kInBody) return true;
    if (name != kOrders) return Fail(RejectReason::kUnknownField, Printable(name));
    return std::exchange(seen_, true) ? Fail(RejectReason::kMalformedRequest, kOrders) : true;
  }
  bool start_object(std::size_t) override {
    if (depth_ == kInBody) return Fail(RejectReason::kInvalidValue, kOrders);
    ++depth_;
    if (depth_ == kInOrder) return BeginOrder();
    if (depth_ > kInOrder) reader_->WrongType();
    return true;
  }
  bool end_object() override {
    if (depth_ == kInOrder) EndOrder();
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == kOutside) return Fail(RejectReason::kMalformedRequest);
    if (depth_ == kInList) return Fail(RejectReason::kInvalidValue, kOrders);
    ++depth_;
    if (depth_ > kInOrder) reader_->WrongType();
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }

  std::optional<Refusal> Check() {
    if (refusal) return refusal;
    if (!seen_) return Refusal(RejectReason::kMissingField, kOrders);
    if (items.empty()) return Refusal(RejectReason::kInvalidValue, kOrders);
    return std::nullopt;
  }

  std::vector<BatchItem> items;

 private:
  static constexpr std::string_view kOrders = "orders";
  static constexpr int kOutside = 0;
  static constexpr int kInBody = 1;
  static constexpr int kInList = 2;
  static constexpr int kInOrder = 3;

  bool OnInteger(std::int64_t value) override {
    if (depth_ != kInOrder) return OnOther();
    reader_->Integer(value);
    return true;
  }
  bool OnOther() override {
    if (depth_ == kOutside) return Fail(RejectReason::kMalformedRequest);
    if (depth_ < kInOrder) return Fail(RejectReason::kInvalidValue, kOrders);
    reader_->WrongType();
    return true;
  }
  bool BeginOrder() {
    if (items.size() == kMaxBatchOrders) return Fail(RejectReason::kInvalidValue, kOrders);
    order_ = OrderRequest();
    reader_.emplace(FieldsOf(order_));
    return true;
  }
  void EndOrder() {
    if (reader_->refusal) {
      items.emplace_back(*std::move(reader_->refusal));
    } else {
      items.emplace_back(std::move(order_));
    }
  }

  int depth_ = kOutside;
  bool seen_ = false;
  OrderRequest order_;
  std::optional<ObjectReader> reader_;
};

template <typename Request>
std::variant<Request, Refusal> ReadObject(std::string_view body, Request request, Fields (*fields_of)(Request&)) {
  ObjectSax sax(fields_of(request));
  const bool complete = json::sax_parse(body, &sax);
  if (sax.refusal) return *std::move(sax.refusal);
  if (!complete) return Refusal(RejectReason::kMalformedRequest);
  return request;
}

}  // namespace

std::variant<OrderRequest, Refusal> ReadOrderRequest(std::string_view body) {
  return ReadObject<OrderRequest>(body, {}, FieldsOf);
}

std::variant<ReplaceRequest, Refusal> ReadReplaceRequest(std::string_view body) {
  return ReadObject<ReplaceRequest>(body, {}, [](ReplaceRequest& request) {
    Fields fields = FieldsOf(request.order);
    fields.texts.push_back({"cancelOrderId", &request.cancel_order_id});
    fields.texts.push_back({"cancelClientOrderId", &request.cancel_client_order_id});
    fields.texts.push_back({"cancelReplaceMode", &request.mode});
    return fields;
  });
}

std::variant<CountdownRequest, Refusal> ReadCountdownRequest(std::string_view body) {
  return ReadObject<CountdownRequest>(body, {}, [](CountdownRequest& request) {
    return Fields{{}, {{"timeoutMs", &request.timeout_ms}, {"group", &request.group}}};
  });
}

std::variant<std::optional<std::string>, Refusal> ReadAmendRequest(std::string_view body) {
  using Quantity = std::optional<std::string>;
  return ReadObject<Quantity>(body, {}, [](Quantity& quantity) { return Fields{{{"quantity", &quantity}}, {}}; });
}

std::variant<std::vector<BatchItem>, Refusal> ReadBatchRequest(std::string_view body) {
  BatchSax sax;
  const bool complete = json::sax_parse(body, &sax);
  if (auto refusal = sax.Check()) return *std::move(refusal);
  if (!complete) return Refusal(RejectReason::kMalformedRequest);
  return std::move(sax.items);
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
