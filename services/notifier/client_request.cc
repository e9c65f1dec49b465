#include "services/notifier/client_request.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace xt::notifier {
namespace {

using domain::Reject;
using domain::RejectReason;
using nlohmann::json;

constexpr std::size_t kMaxChannels = 1'000;
constexpr std::size_t kMaxIdLength = 64;  // as JSON text

bool HasOnly(const json& object, std::initializer_list<std::string_view> names) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) return false;
  }
  return true;
}

std::variant<Reject, SubscribeRequest, ListRequest, LogonRequest> ParseChannels(const json& params, bool add) {
  if (!params.is_array() || params.empty() || params.size() > kMaxChannels) {
    return Reject{params.is_null() ? RejectReason::kMissingField : RejectReason::kInvalidValue, "params"};
  }
  SubscribeRequest request{.add = add};
  for (const json& name : params) {
    const auto channel = name.is_string() ? ParseChannelName(name.get_ref<const std::string&>()) : std::nullopt;
    if (!channel) return Reject{RejectReason::kInvalidValue, "params"};
    request.channels.push_back(*channel);
  }
  return request;
}

std::variant<Reject, SubscribeRequest, ListRequest, LogonRequest> ParseLogon(const json& params) {
  if (!params.is_object()) {
    return Reject{params.is_null() ? RejectReason::kMissingField : RejectReason::kInvalidValue, "params"};
  }
  if (!HasOnly(params, {"apiKey", "timestamp", "signature"})) return Reject{RejectReason::kUnknownField, "params"};
  const json key = params.value("apiKey", json());
  const json timestamp = params.value("timestamp", json());
  const json signature = params.value("signature", json());
  if (!key.is_string()) {
    return Reject{key.is_null() ? RejectReason::kMissingField : RejectReason::kInvalidValue, "apiKey"};
  }
  if (!timestamp.is_number_integer()) {
    return Reject{timestamp.is_null() ? RejectReason::kMissingField : RejectReason::kInvalidValue, "timestamp"};
  }
  if (!signature.is_string()) {
    return Reject{signature.is_null() ? RejectReason::kMissingField : RejectReason::kInvalidValue, "signature"};
  }
  return LogonRequest{key.get<std::string>(), timestamp.get<std::int64_t>(), signature.get<std::string>()};
}

}  // namespace

ClientRequest ParseClientRequest(std::string_view text) {
  ClientRequest request{.body = Reject{RejectReason::kMalformedRequest, ""}};
  const json message = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!message.is_object()) return request;
  const json id = message.value("id", json());
  std::string id_text = id.dump();
  if ((!id.is_null() && !id.is_string() && !id.is_number_integer()) || id_text.size() > kMaxIdLength) {
    request.body = Reject{RejectReason::kInvalidValue, "id"};
    return request;
  }
  request.id = std::move(id_text);
  if (!HasOnly(message, {"method", "params", "id"})) {
    request.body = Reject{RejectReason::kUnknownField, ""};
    return request;
  }
  const json method = message.value("method", json());
  const json params = message.value("params", json());
  if (method == "SUBSCRIBE" || method == "UNSUBSCRIBE") {
    request.body = ParseChannels(params, method == "SUBSCRIBE");
  } else if (method == "LOGON") {
    request.body = ParseLogon(params);
  } else if (method == "LIST") {
    request.body = ListRequest{};
    if (!params.is_null()) request.body = Reject{RejectReason::kInvalidValue, "params"};
  } else {
    request.body = Reject{method.is_null() ? RejectReason::kMissingField : RejectReason::kInvalidValue, "method"};
  }
  return request;
}

}  // namespace xt::notifier
