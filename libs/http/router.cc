#include "libs/http/router.h"

#include <map>
#include <utility>

#include "libs/base/check.h"

namespace xt::http {
namespace {

// Splits "/a/b/c" into "a" and "/b/c". A path without a leading slash has no segment.
std::pair<std::string_view, std::string_view> TakeSegment(std::string_view path) {
  path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {path, {}};
  return {path.substr(0, slash), path.substr(slash)};
}

bool IsParameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

struct Router::Endpoint {
  std::string method;
  std::vector<std::string> parameter_names;
  Handler handler;
};

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
  std::unique_ptr<Node> parameter;
  std::vector<Endpoint> endpoints;

  [[nodiscard]] const Endpoint* ForMethod(std::string_view method) const {
    for (const auto& endpoint : endpoints) {
      if (endpoint.method == method) return &endpoint;
    }
    return method == "HEAD" ? ForMethod("GET") : nullptr;
  }

  [[nodiscard]] std::string Allow() const {
    std::string allow = "OPTIONS";
    if (ForMethod("GET") != nullptr && ForMethod("HEAD")->method == "GET") allow += ", HEAD";
    for (const auto& endpoint : endpoints) {
      if (endpoint.method != "OPTIONS") allow += ", " + endpoint.method;
    }
    return allow;
  }
};

Router::Router()
    : root_(std::make_unique<Node>()),
      not_found_([](Request request, Responder responder) {
        responder.Send(DefaultErrorResponse(404, "no such path: " + std::string(request.path())));
      }),
      method_not_allowed_([](Request request, Responder responder, std::string allow) {
        auto response = DefaultErrorResponse(405, request.method + " is not possible here");
        response.headers.Add("Allow", allow);
        responder.Send(std::move(response));
      }) {}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::Add(std::string_view method, std::string_view pattern, Handler handler) {
  XT_CHECK(!pattern.empty() && pattern.front() == '/', "a pattern starts with a slash");
  Endpoint endpoint{std::string(method), {}, std::move(handler)};
  Node* node = root_.get();
  for (auto rest = pattern; !rest.empty();) {
    const auto [segment, tail] = TakeSegment(rest);
    rest = tail;
    auto& next = IsParameter(segment) ? node->parameter : node->fixed[std::string(segment)];
    if (IsParameter(segment)) endpoint.parameter_names.emplace_back(segment.substr(1, segment.size() - 2));
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  for (const auto& other : node->endpoints) XT_CHECK(other.method != method, "two handlers for one method and path");
  node->endpoints.push_back(std::move(endpoint));
}

void Router::OnNotFound(Handler handler) { not_found_ = std::move(handler); }

void Router::OnMethodNotAllowed(std::function<void(Request, Responder, std::string)> handler) {
  method_not_allowed_ = std::move(handler);
}

const Router::Node* Router::Find(const Node& node, std::string_view rest, Captures& captures) const {
  if (rest.empty()) return node.endpoints.empty() ? nullptr : &node;
  const auto [segment, tail] = TakeSegment(rest);
  if (const auto it = node.fixed.find(segment); it != node.fixed.end()) {
    if (const Node* found = Find(*it->second, tail, captures)) return found;
  }
  if (node.parameter == nullptr || segment.empty()) return nullptr;
  captures.push_back(segment);
  if (const Node* found = Find(*node.parameter, tail, captures)) return found;
  captures.pop_back();
  return nullptr;
}

void Router::Handle(Request request, Responder responder) const {
  Captures captures;
  const auto path = request.path();
  const Node* node = !path.empty() && path.front() == '/' ? Find(*root_, path, captures) : nullptr;
  if (node == nullptr) return not_found_(std::move(request), std::move(responder));
  const Endpoint* endpoint = node->ForMethod(request.method);
  if (endpoint == nullptr && request.method == "OPTIONS") {
    Response response;
    response.status = 204;
    response.headers.Add("Allow", node->Allow());
    return responder.Send(std::move(response));
  }
  if (endpoint == nullptr) return method_not_allowed_(std::move(request), std::move(responder), node->Allow());
  for (std::size_t i = 0; i < captures.size(); ++i) {
    request.path_parameters.emplace_back(endpoint->parameter_names[i], UrlDecode(captures[i], false));
  }
  endpoint->handler(std::move(request), std::move(responder));
}

Handler Router::AsHandler() const {
  return [this](Request request, Responder responder) { Handle(std::move(request), std::move(responder)); };
}

bool MatchPath(std::string_view pattern, std::string_view path,
               std::vector<std::pair<std::string, std::string>>& parameters) {
  parameters.clear();
  while (!pattern.empty()) {
    if (pattern == "/*") return true;
    if (path.empty() || path.front() != '/') return false;
    const auto [wanted, pattern_tail] = TakeSegment(pattern);
    const auto [segment, path_tail] = TakeSegment(path);
    if (IsParameter(wanted)) {
      if (segment.empty()) return false;
      parameters.emplace_back(std::string(wanted.substr(1, wanted.size() - 2)), UrlDecode(segment, false));
    } else if (wanted != segment) {
      return false;
    }
    pattern = pattern_tail;
    path = path_tail;
  }
  return path.empty();
}

}  // namespace xt::http
