// Router: method and path -> Handler. A pattern is "/v1/order/{orderId}": fixed segments and `{name}` segments that
// match one non-empty segment each, given decoded in Request::path_parameters. A fixed segment wins over a `{name}`.
// HEAD without a handler of its own goes to GET; OPTIONS is answered with Allow; a path known under other methods is
// 405 with Allow. Filled before it serves, read-only and thread-safe afterwards.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/http/message.h"
#include "libs/http/server.h"

namespace xt::http {

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  void Add(std::string_view method, std::string_view pattern, Handler handler);
  void Get(std::string_view pattern, Handler handler) { Add("GET", pattern, std::move(handler)); }
  void Post(std::string_view pattern, Handler handler) { Add("POST", pattern, std::move(handler)); }
  void Delete(std::string_view pattern, Handler handler) { Add("DELETE", pattern, std::move(handler)); }

  // Instead of the default JSON answers. The 405 hook gets the value for the Allow header.
  void OnNotFound(Handler handler);
  void OnMethodNotAllowed(std::function<void(Request, Responder, std::string allow)> handler);

  void Handle(Request request, Responder responder) const;
  // A Handler for Server; the router must outlive the server.
  [[nodiscard]] Handler AsHandler() const;

 private:
  struct Node;
  struct Endpoint;
  using Captures = std::vector<std::string_view>;
  const Node* Find(const Node& node, std::string_view rest, Captures& captures) const;

  std::unique_ptr<Node> root_;
  Handler not_found_;
  std::function<void(Request, Responder, std::string)> method_not_allowed_;
};

// Does `path` match `pattern` (as above; a last segment "*" matches any rest)? Fills the decoded parameters when it
// does.
bool MatchPath(std::string_view pattern, std::string_view path,
               std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace xt::http
