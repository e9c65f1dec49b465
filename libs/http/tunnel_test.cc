#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>

#include "libs/http/client.h"
#include "libs/http/server.h"
#include "libs/http/testing.h"

namespace xt::http {
namespace {

using ::testing::HasSubstr;
using testing::SilentListener;

constexpr std::int64_t kLongMs = 30'000;

class EchoHandler final : public WebSocketHandler {
 public:
  void OnOpen(const WebSocketSessionPtr& session) override {
    session->Send("from " + std::string(session->request().headers.Get("X-Forwarded-For")) + " to " +
                  session->request().target);
  }
  void OnMessage(const WebSocketSessionPtr& session, std::string message, bool) override {
    if (message == "close") return session->Close(4000, "as asked");
    session->Send(std::move(message));
  }
  void OnClose(const WebSocketSessionPtr&, std::uint16_t code, std::string_view) override { closed.set_value(code); }
  std::promise<std::uint16_t> closed;
};

class TunnelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    upstream_ = std::make_unique<Server>(ServerOptions{}, [](Request, Responder) {});
    WebSocketOptions options{.max_message_bytes = 4'000'000, .send_queue_bytes = 8'000'000};
    options.factory = [this](const Request&) { return echo_; };
    upstream_->AddWebSocket("/ws/*", options);
    ASSERT_TRUE(upstream_->Start().ok());
    endpoint_ = "127.0.0.1:" + std::to_string(upstream_->port());
    StartEdge(2'000);
  }
  void StartEdge(std::int64_t connect_timeout_ms) {
    ServerOptions options;
    options.error_response = [](int status, std::string_view detail) {
      Response response;
      response.status = status;
      response.body = "{\"code\": \"UPSTREAM\", \"message\": \"" + std::string(detail) + "\"}";
      return response;
    };
    edge_ = std::make_unique<Server>(options, [](Request, Responder responder) {
      Response response;
      response.body = "edge";
      responder.Send(std::move(response));
    });
    edge_->AddTunnel("/ws", {.endpoint =
                                 [this] {
                                   std::lock_guard lock(mutex_);
                                   return endpoint_;
                                 },
                             .connect_timeout_ms = connect_timeout_ms});
    ASSERT_TRUE(edge_->Start().ok());
  }
  void SetEndpoint(std::string endpoint) {
    std::lock_guard lock(mutex_);
    endpoint_ = std::move(endpoint);
  }
  absl::Status Connect(WebSocketClient& client) {
    return client.Connect("127.0.0.1", edge_->port(), "/ws/exchange?a=1");
  }

  std::shared_ptr<EchoHandler> echo_ = std::make_shared<EchoHandler>();
  std::mutex mutex_;
  std::string endpoint_;
  std::unique_ptr<Server> upstream_;
  std::unique_ptr<Server> edge_;
};

TEST_F(TunnelTest, MessagesAndCloseGoThrough) {
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(Connect(client).ok());
  EXPECT_EQ(client.Read(kLongMs)->data, "from 127.0.0.1 to /ws/exchange?a=1");
  EXPECT_EQ(edge_->counters().tunnels_open, 1U);
  for (const std::size_t size : {1U, 100'000U, 2'000'000U}) {
    ASSERT_TRUE(client.Send(std::string(size, 'y')).ok());
    const auto echoed = client.Read(kLongMs);
    ASSERT_TRUE(echoed.ok()) << echoed.status();
    EXPECT_EQ(echoed->data.size(), size);
  }
  ASSERT_TRUE(client.Send("close").ok());
  EXPECT_FALSE(client.Read(kLongMs).ok());
  EXPECT_EQ(client.close_code(), 4000);
  EXPECT_EQ(client.close_reason(), "as asked");
}

TEST_F(TunnelTest, AClientThatGoesAwayEndsTheUpstreamsSession) {
  {
    WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
    ASSERT_TRUE(Connect(client).ok());
    ASSERT_TRUE(client.Read(kLongMs).ok());
  }
  EXPECT_EQ(echo_->closed.get_future().get(), kCloseAbnormal);
}

TEST_F(TunnelTest, TheEdgeStoppingCutsTunnels) {
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(Connect(client).ok());
  ASSERT_TRUE(client.Read(kLongMs).ok());
  edge_.reset();
  EXPECT_EQ(client.Read(kLongMs).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(echo_->closed.get_future().get(), kCloseAbnormal);
}

TEST_F(TunnelTest, PlainRequestsStayAtTheEdge) {
  Client client({.port = edge_->port()});
  EXPECT_EQ(client.Get("/ws/info")->body, "edge");
}

TEST_F(TunnelTest, UnreachableUpstreamsAre502WithTheOwnersBody) {
  std::string unused;
  {
    SilentListener listener;
    unused = "127.0.0.1:" + std::to_string(listener.port());
  }
  for (const std::string& endpoint : {unused, std::string(), std::string("no-port"), std::string("host.invalid:1")}) {
    SetEndpoint(endpoint);
    WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
    EXPECT_EQ(Connect(client).code(), absl::StatusCode::kFailedPrecondition) << endpoint;
    EXPECT_EQ(client.handshake_response().status, 502) << endpoint;
    EXPECT_THAT(client.handshake_response().body, HasSubstr("UPSTREAM")) << endpoint;
  }
}

TEST_F(TunnelTest, AnEndpointIsAskedForAtEachUpgrade) {
  SetEndpoint("");
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  EXPECT_FALSE(Connect(client).ok());
  SetEndpoint("127.0.0.1:" + std::to_string(upstream_->port()));
  EXPECT_TRUE(Connect(client).ok());
}

}  // namespace
}  // namespace xt::http
