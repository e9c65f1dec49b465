#include "libs/base/check.h"
#include "libs/http/server.h"

namespace xt::http {
namespace {

std::string CodeName(int status) {
  std::string name(ReasonPhrase(status));
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c < 'A' || c > 'Z') c = '_';
  }
  return name;
}

std::string JsonEscape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return out;
}

}  // namespace

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    if (sink_) sink_->Drop(slot_);
    sink_ = std::move(other.sink_);
    slot_ = other.slot_;
  }
  return *this;
}

Responder::~Responder() {
  if (sink_) sink_->Drop(slot_);
}

void Responder::Send(Response response) {
  XT_CHECK(sink_ != nullptr, "a request was answered twice");
  std::exchange(sink_, nullptr)->Answer(slot_, std::move(response));
}

Response DefaultErrorResponse(int status, std::string_view detail) {
  Response response;
  response.status = status;
  response.body = "{\"code\": \"" + CodeName(status) + "\", \"message\": \"" + JsonEscape(detail) + "\"}";
  return response;
}

}  // namespace xt::http
