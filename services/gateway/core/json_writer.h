// JsonWriter: JSON text, appended piece by piece, commas included. It builds no document, so an answer costs one string.
// Text that is not valid UTF-8 never reaches it (request texts are checked on the way in). Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xt::gateway {

class JsonWriter {
 public:
  JsonWriter() { text_.reserve(512); }

  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name);

  JsonWriter& String(std::string_view value);
  JsonWriter& Integer(std::int64_t value);
  JsonWriter& Unsigned(std::uint64_t value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();

  // An integer as a string: ids are strings.
  JsonWriter& Id(std::uint64_t value) { return String(std::to_string(value)); }

  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();
  void Quote(std::string_view value);

  std::string text_;
  bool need_comma_ = false;
};

}  // namespace xt::gateway
