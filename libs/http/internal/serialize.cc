#include "libs/http/internal/serialize.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <ctime>

namespace xt::http::internal {
namespace {

void AppendNumber(std::string& out, std::size_t number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// The Date field changes once a second; formatting it for each answer would cost more than the rest of the head.
std::string_view DateField() {
  thread_local std::time_t formatted_for = 0;
  thread_local std::string field;
  const std::time_t now = std::time(nullptr);
  if (now == formatted_for) return field;
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 48> text;
  const std::size_t size = std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
  field.assign(text.data(), size);
  formatted_for = now;
  return field;
}

bool IsWrittenByTransport(std::string_view name) {
  return EqualsIgnoreCase(name, "Content-Type") || EqualsIgnoreCase(name, "Content-Length") ||
         EqualsIgnoreCase(name, "Connection") || EqualsIgnoreCase(name, "Transfer-Encoding");
}

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

void AppendResponse(const Response& response, ResponseTraits traits, std::string& out) {
  out.reserve(out.size() + response.body.size() + 256);
  out.append("HTTP/1.1 ");
  AppendNumber(out, static_cast<std::size_t>(response.status));
  out.append(" ").append(ReasonPhrase(response.status)).append("\r\n").append(DateField());
  for (std::size_t i = 0; i < response.headers.size(); ++i) {
    const auto [name, value] = response.headers.at(i);
    if (!IsWrittenByTransport(name)) AppendField(out, name, value);
  }
  if (traits.close) out.append("Connection: close\r\n");
  if (traits.keep_alive_1_0 && !traits.close) out.append("Connection: keep-alive\r\n");
  if (!MayHaveBody(response.status)) {
    out.append("\r\n");
    return;
  }
  if (!response.body.empty() || traits.head) AppendField(out, "Content-Type", response.content_type);
  out.append("Content-Length: ");
  AppendNumber(out, response.body.size());
  out.append("\r\n\r\n");
  if (!traits.head) out.append(response.body);
}

std::string WebSocketAccepted(std::string_view key) {
  const std::string material = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int digest_bytes = 0;
  EVP_Digest(material.data(), material.size(), digest.data(), &digest_bytes, EVP_sha1(), nullptr);
  std::array<unsigned char, 32> base64;
  const int base64_bytes = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest_bytes));
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  out.append(base64.begin(), base64.begin() + base64_bytes).append("\r\n\r\n");
  return out;
}

void AppendRequest(const Request& request, std::string_view host, std::string& out) {
  out.append(request.method).append(" ").append(request.target.empty() ? "/" : request.target).append(" HTTP/1.1\r\n");
  if (!request.headers.Has("Host")) AppendField(out, "Host", host);
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (!EqualsIgnoreCase(name, "Content-Length") && !EqualsIgnoreCase(name, "Transfer-Encoding")) {
      AppendField(out, name, value);
    }
  }
  const bool wants_length = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (wants_length || !request.body.empty()) {
    out.append("Content-Length: ");
    AppendNumber(out, request.body.size());
    out.append("\r\n");
  }
  out.append("\r\n").append(request.body);
}

}  // namespace xt::http::internal
