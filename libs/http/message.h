// Request and Response: plain values that pass between a transport (server or client) and its owner. Header names are
// compared without regard to case and keep their order. A value here owns all of its text; the views that it returns
// stay valid until it is changed, moved or destroyed. Not thread-safe, like any value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xt::http {

// An ordered list of fields. All text lies in one string, so that a parsed message costs two allocations, not one a
// field.
class Headers {
 public:
  using Field = std::pair<std::string_view, std::string_view>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  // Control characters in a name or value (a way to smuggle a second header) are replaced by a space.
  void Add(std::string_view name, std::string_view value);
  // Replaces every field of that name.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);
  void Clear();

  // The first field of that name.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view name) const;
  // The same, empty when absent.
  [[nodiscard]] std::string_view Get(std::string_view name) const;
  [[nodiscard]] bool Has(std::string_view name) const { return Find(name).has_value(); }
  // True when one of the comma-separated tokens of a field of that name is `token`, as in `Connection: keep-alive,
  // Upgrade`.
  [[nodiscard]] bool HasToken(std::string_view name, std::string_view token) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] Field at(std::size_t index) const;

 private:
  struct Entry {
    std::uint32_t position;
    std::uint32_t name_bytes;
    std::uint32_t value_bytes;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // path and query exactly as received: what a signature covers
  Headers headers;
  std::string body;
  std::string remote_address;  // the peer's IP address; empty in a client
  std::uint16_t remote_port = 0;
  std::vector<std::pair<std::string, std::string>>
      path_parameters;  // decoded, filled by Router or the WebSocket routes

  [[nodiscard]] std::string_view path() const;          // as received, without the query
  [[nodiscard]] std::string_view query_string() const;  // as received, without '?'
  // The decoded value of the first query parameter of that name.
  [[nodiscard]] std::optional<std::string> Query(std::string_view name) const;
  // All query parameters, decoded, in order.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> QueryParameters() const;
  // The value of `{name}` in the route's pattern; empty when the pattern has none.
  [[nodiscard]] std::string_view PathParameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;  // besides Content-Type, Content-Length and Connection, which the transport writes
  std::string body;
};

// "Not Found" for 404; "Unknown" for a code without a name.
std::string_view ReasonPhrase(int status);

// ASCII only, as header names are compared.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// Percent-decoding; '+' is a space in a query. A broken escape stays as it is.
std::string UrlDecode(std::string_view text, bool plus_is_space);
std::string UrlEncode(std::string_view text);

}  // namespace xt::http
