#include "services/gateway/client_order_ids.h"

#include <string_view>

#include "libs/auth/hmac.h"
#include "libs/base/check.h"

namespace xt::gateway {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";

std::string Encode64(std::string_view bytes) {
  std::string text;
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) text += kDigits[(buffer >> (bits - 6)) & 63];
    buffer &= (1U << bits) - 1;
  }
  if (bits > 0) text += kDigits[(buffer << (6 - bits)) & 63];
  return text;
}

}  // namespace

ClientOrderIds::ClientOrderIds() : prefix_(Encode64(auth::RandomBytes(16)) + '-') {}

domain::ClientOrderId ClientOrderIds::Next() {
  std::string text = prefix_;
  for (std::uint64_t count = ++counter_; count != 0; count >>= 6) text += kDigits[count & 63];
  const auto id = domain::ClientOrderId::From(text);
  XT_CHECK(id.has_value());
  return *id;
}

}  // namespace xt::gateway
