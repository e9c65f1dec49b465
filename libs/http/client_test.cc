#include "libs/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "libs/http/server.h"
#include "libs/http/testing.h"

namespace xt::http {
namespace {

using ::testing::HasSubstr;
using testing::SilentListener;

TEST(HttpClientTest, AServerThatNeverAnswersTimesOut) {
  SilentListener listener;
  Client client({.port = listener.port(), .request_timeout_ms = 30});
  EXPECT_EQ(client.Get("/").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(client.Post("/", "x").status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(HttpClientTest, NobodyListening) {
  std::uint16_t port = 0;
  {
    SilentListener listener;
    port = listener.port();
  }
  Client client({.port = port});
  const auto status = client.Get("/").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(port)));
}

TEST(HttpClientTest, CancelEndsARequestInProgress) {
  std::promise<void> arrived;
  Responder kept;
  Server server({.stop_deadline_ms = 20}, [&](Request, Responder responder) {
    kept = std::move(responder);
    arrived.set_value();
  });
  ASSERT_TRUE(server.Start().ok());
  Client client({.port = server.port(), .request_timeout_ms = 600'000});
  auto result = std::async(std::launch::async, [&] { return client.Get("/"); });
  arrived.get_future().wait();
  client.Cancel();
  EXPECT_EQ(result.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(client.Get("/").status().code(), absl::StatusCode::kCancelled);
}

TEST(HttpClientTest, AConnectionThatTheServerClosedIsMadeAgain) {
  const Handler hello = [](Request, Responder responder) {
    Response response;
    response.body = "hello";
    responder.Send(std::move(response));
  };
  auto first = std::make_unique<Server>(ServerOptions{}, hello);
  ASSERT_TRUE(first->Start().ok());
  const std::uint16_t port = first->port();
  Client client({.port = port});
  ASSERT_TRUE(client.Get("/").ok());
  first.reset();
  EXPECT_EQ(client.Post("/", "x").status().code(), absl::StatusCode::kUnavailable);
  Server second({.port = port}, hello);
  ASSERT_TRUE(second.Start().ok());
  EXPECT_EQ(client.Post("/", "x")->body, "hello");
}

TEST(HttpClientTest, LargeBodiesBothWays) {
  Server server({.max_body_bytes = 20'000'000}, [](Request request, Responder responder) {
    Response response;
    response.body = std::move(request.body);
    responder.Send(std::move(response));
  });
  ASSERT_TRUE(server.Start().ok());
  Client client({.port = server.port()});
  const std::string body(5'000'000, 'x');
  const auto response = client.Post("/", body);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->body == body);
  Client modest({.port = server.port(), .max_response_bytes = 1000});
  EXPECT_EQ(modest.Post("/", body).status().code(), absl::StatusCode::kUnknown);
}

TEST(WebSocketClientTest, AServerThatNeverAnswersTheUpgrade) {
  SilentListener listener;
  WebSocketClient client({.connect_timeout_ms = 30});
  EXPECT_EQ(client.Connect("127.0.0.1", listener.port(), "/").code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(client.Read(10'000).status().code(), absl::StatusCode::kUnavailable);
}

TEST(WebSocketClientTest, CancelEndsConnect) {
  SilentListener listener;
  WebSocketClient client({.connect_timeout_ms = 600'000});
  auto result = std::async(std::launch::async, [&] { return client.Connect("127.0.0.1", listener.port(), "/"); });
  client.Cancel();
  EXPECT_EQ(result.get().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(client.Send("x").code(), absl::StatusCode::kCancelled);
}

TEST(WebSocketClientTest, NotConnected) {
  WebSocketClient client;
  EXPECT_EQ(client.Read(0).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client.Send("x").code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(client.connected());
}

}  // namespace
}  // namespace xt::http
