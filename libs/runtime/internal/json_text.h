// Writing JSON text without building a document: for log lines and probe answers. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace xt::runtime::internal {

// Appends `text` quoted and escaped. What is not valid UTF-8 becomes U+FFFD, so that the result always parses.
void AppendJsonString(std::string_view text, std::string& out);
// "\u001f" for a control character; the same in JSON and TOML.
void AppendUnicodeEscape(char c, std::string& out);
std::string JsonString(std::string_view text);

}  // namespace xt::runtime::internal
