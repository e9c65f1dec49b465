// HTTP/1.1 heads as text. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "libs/http/message.h"

namespace xt::http::internal {

struct ResponseTraits {
  bool head = false;            // answers a HEAD: Content-Length without the body
  bool close = false;           // says `Connection: close`
  bool keep_alive_1_0 = false;  // an HTTP/1.0 client that asked to keep the connection
};

void AppendResponse(const Response& response, ResponseTraits traits, std::string& out);

// The 101 answer to an upgrade request with this Sec-WebSocket-Key.
std::string WebSocketAccepted(std::string_view key);

// A client's request. `host` is written unless the request has a Host of its own.
void AppendRequest(const Request& request, std::string_view host, std::string& out);

}  // namespace xt::http::internal
