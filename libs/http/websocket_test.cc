#include "libs/http/websocket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "libs/http/client.h"
#include "libs/http/server.h"
#include "libs/http/testing.h"

namespace xt::http {
namespace {

using ::testing::HasSubstr;
using testing::RawSocket;

constexpr std::int64_t kLongMs = 30'000;

// Echoes, and remembers sessions and how they ended.
class Recorder final : public WebSocketHandler {
 public:
  struct Closed {
    std::uint64_t id;
    std::uint16_t code;
    std::string reason;
  };

  void OnOpen(const WebSocketSessionPtr& session) override {
    std::lock_guard lock(mutex_);
    sessions_.push_back(session);
    changed_.notify_all();
  }
  void OnMessage(const WebSocketSessionPtr& session, std::string message, bool binary) override {
    if (message == "throw") throw std::runtime_error("handler");
    if (message == "hold") return Hold();
    auto payload = std::make_shared<const std::string>(std::move(message));
    EXPECT_TRUE(binary ? session->SendBinary(std::move(payload)) : session->Send(std::move(payload)));
  }
  void OnClose(const WebSocketSessionPtr& session, std::uint16_t code, std::string_view reason) override {
    EXPECT_FALSE(session->open());
    std::lock_guard lock(mutex_);
    closed_.push_back({session->id(), code, std::string(reason)});
    changed_.notify_all();
  }

  // The io thread stands still from the message "hold" on, until Release().
  void WaitForHeld() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_; });
  }
  void Release() {
    std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

  std::vector<WebSocketSessionPtr> WaitForSessions(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sessions_.size() >= count; });
    return sessions_;
  }
  std::vector<Closed> WaitForClosed(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_.size() >= count; });
    return closed_;
  }

 private:
  void Hold() {
    std::unique_lock lock(mutex_);
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return released_; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool released_ = false;
  std::vector<WebSocketSessionPtr> sessions_;
  std::vector<Closed> closed_;
};

class WebSocketTest : public ::testing::Test {
 protected:
  void Serve(WebSocketOptions options, int io_threads = 1) {
    options.factory = [this](const Request&) { return recorder_; };
    server_ = std::make_unique<Server>(ServerOptions{.io_threads = io_threads}, [](Request, Responder responder) {
      Response response;
      response.status = 404;
      responder.Send(std::move(response));
    });
    server_->AddWebSocket("/ws/{channel}", std::move(options));
    ASSERT_TRUE(server_->Start().ok());
  }
  absl::Status Connect(WebSocketClient& client, const std::string& target = "/ws/exchange") {
    return client.Connect("127.0.0.1", server_->port(), target);
  }
  // Upgrades and then does what the test wants, or nothing.
  void Upgrade(RawSocket& socket) {
    socket.Send(
        "GET /ws/raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_THAT(socket.ReadUntil("\r\n\r\n"), HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  }

  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
  std::unique_ptr<Server> server_;
};

TEST_F(WebSocketTest, EchoTextAndBinaryOfManySizes) {
  Serve({.max_message_bytes = 2'000'000, .send_queue_bytes = 4'000'000});
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(Connect(client).ok());
  for (const std::size_t size : {0U, 1U, 125U, 126U, 4096U, 65535U, 65536U, 1'000'000U}) {
    ASSERT_TRUE(client.Send(std::string(size, 'x')).ok());
    const auto echoed = client.Read(kLongMs);
    ASSERT_TRUE(echoed.ok()) << echoed.status();
    EXPECT_EQ(echoed->data.size(), size);
    EXPECT_FALSE(echoed->binary);
  }
  ASSERT_TRUE(client.SendBinary(std::string("\xff\x00", 2)).ok());
  const auto binary = client.Read(kLongMs);
  ASSERT_TRUE(binary.ok());
  EXPECT_TRUE(binary->binary);
  EXPECT_EQ(client.Read(0).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(server_->counters().websocket_sessions_open, 1U);
}

TEST_F(WebSocketTest, TheUpgradeRequestIsVisible) {
  Serve({});
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(client.Connect("127.0.0.1", server_->port(), "/ws/BTC-KRW?key=k%201", {{"X-XT-KEY", "demo"}}).ok());
  const auto session = recorder_->WaitForSessions(1).front();
  EXPECT_EQ(session->request().PathParameter("channel"), "BTC-KRW");
  EXPECT_EQ(session->request().Query("key"), "k 1");
  EXPECT_EQ(session->request().headers.Get("x-xt-key"), "demo");
  EXPECT_EQ(session->remote_address(), "127.0.0.1");
  EXPECT_NE(session->id(), 0U);
}

TEST_F(WebSocketTest, BroadcastSharesOnePayload) {
  Serve({}, 2);
  constexpr std::size_t kClients = 10;
  constexpr int kMessages = 200;
  std::vector<std::unique_ptr<WebSocketClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<WebSocketClient>(
        WebSocketClientOptions{.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs}));
    ASSERT_TRUE(Connect(*clients.back()).ok());
  }
  const auto sessions = recorder_->WaitForSessions(kClients);
  std::thread pusher([&] {
    for (int i = 0; i < kMessages; ++i) {
      const auto payload = std::make_shared<const std::string>("trade " + std::to_string(i));
      for (const auto& session : sessions) EXPECT_TRUE(session->Send(payload));
    }
  });
  for (const auto& client : clients) {
    for (int i = 0; i < kMessages; ++i) {
      const auto message = client->Read(kLongMs);
      ASSERT_TRUE(message.ok()) << message.status();
      ASSERT_EQ(message->data, "trade " + std::to_string(i));
    }
  }
  pusher.join();
}

TEST_F(WebSocketTest, ASlowClientIsReportedFullAndReadsTheReason) {
  Serve({.send_queue_bytes = 64 * 1024, .close_timeout_ms = kLongMs, .send_buffer_bytes = 4096});
  WebSocketClient client(
      {.connect_timeout_ms = kLongMs, .read_ahead_bytes = 1, .send_timeout_ms = kLongMs, .receive_buffer_bytes = 4096});
  ASSERT_TRUE(Connect(client).ok());
  const auto session = recorder_->WaitForSessions(1).front();
  const auto payload = std::make_shared<const std::string>(1024, 'x');
  int sent = 0;
  // Far more than all kernel buffers on the way can take; the loop ends when the session says that it is full.
  while (sent < 100'000 && session->Send(payload)) ++sent;
  ASSERT_LT(sent, 100'000);
  // Nothing is written from here on: what is full stays full.
  ASSERT_TRUE(client.Send("hold").ok());
  recorder_->WaitForHeld();
  while (session->Send(payload)) ++sent;
  EXPECT_GE(session->queued_bytes(), 63U * 1024);
  session->Close(kClosePolicyViolation, "slow consumer");
  EXPECT_FALSE(session->open());
  EXPECT_FALSE(session->Send(payload));
  recorder_->Release();
  int received = 0;
  absl::Status status;
  while (status.ok()) {
    const auto message = client.Read(kLongMs);
    status = message.status();
    if (status.ok()) ++received;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(received, sent);
  EXPECT_EQ(client.close_code(), kClosePolicyViolation);
  EXPECT_EQ(client.close_reason(), "slow consumer");
  const auto closed = recorder_->WaitForClosed(1).front();
  EXPECT_EQ(closed.code, kClosePolicyViolation);
  EXPECT_EQ(closed.reason, "slow consumer");
  EXPECT_EQ(session->queued_bytes(), 0U);
  EXPECT_EQ(session->queued_messages(), 0U);
}

TEST_F(WebSocketTest, TheQueueIsBoundedInMessagesAndBytes) {
  constexpr std::size_t kBig = 64 * 1024 * 1024;  // more than the kernel takes, so that it stays queued
  Serve({.send_queue_bytes = kBig + 2, .send_queue_messages = 3});
  RawSocket socket(server_->port());
  Upgrade(socket);
  const auto session = recorder_->WaitForSessions(1).front();
  EXPECT_TRUE(session->Send(std::string(kBig, 'x')));
  EXPECT_TRUE(session->Send(std::string("1")));
  EXPECT_FALSE(session->Send(std::string("22"))) << "too many bytes";
  EXPECT_TRUE(session->Send(std::string("3")));
  EXPECT_FALSE(session->Send(std::string())) << "too many messages";
  EXPECT_EQ(session->queued_messages(), 3U);
  EXPECT_EQ(session->queued_bytes(), kBig + 2);
}

TEST_F(WebSocketTest, APeerThatNeverTakesTheCloseIsCut) {
  Serve({.close_timeout_ms = 30});
  RawSocket socket(server_->port());
  Upgrade(socket);
  recorder_->WaitForSessions(1).front()->Close(kClosePolicyViolation, "slow consumer");
  const auto closed = recorder_->WaitForClosed(1).front();
  EXPECT_EQ(closed.code, kClosePolicyViolation);
  EXPECT_THAT(socket.ReadToEnd(), HasSubstr("slow consumer"));
}

TEST_F(WebSocketTest, CloseFromTheClient) {
  Serve({});
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(Connect(client).ok());
  client.Close(4001, "bye", kLongMs);
  EXPECT_FALSE(client.connected());
  EXPECT_EQ(client.close_code(), 4001) << "the server echoes";
  const auto closed = recorder_->WaitForClosed(1).front();
  EXPECT_EQ(closed.code, 4001);
  EXPECT_EQ(closed.reason, "bye");
}

TEST_F(WebSocketTest, CloseFromTheServerAfterWhatWasRead) {
  Serve({});
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(Connect(client).ok());
  ASSERT_TRUE(client.Send("one").ok());
  ASSERT_EQ(client.Read(kLongMs)->data, "one");
  recorder_->WaitForSessions(1).front()->Close(kCloseTryAgainLater, "draining");
  EXPECT_EQ(client.Read(kLongMs).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client.close_code(), kCloseTryAgainLater);
  EXPECT_EQ(client.close_reason(), "draining");
}

TEST_F(WebSocketTest, ALostConnectionIsAbnormal) {
  Serve({});
  {
    WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
    ASSERT_TRUE(Connect(client).ok());
    recorder_->WaitForSessions(1);
  }
  EXPECT_EQ(recorder_->WaitForClosed(1).front().code, kCloseAbnormal);
}

TEST_F(WebSocketTest, TooBigAndThrowing) {
  Serve({.max_message_bytes = 100});
  WebSocketClient big;
  ASSERT_TRUE(Connect(big).ok());
  ASSERT_TRUE(big.Send(std::string(101, 'x')).ok());
  EXPECT_FALSE(big.Read(kLongMs).ok());
  EXPECT_EQ(big.close_code(), kCloseTooBig);
  WebSocketClient throwing;
  ASSERT_TRUE(Connect(throwing).ok());
  ASSERT_TRUE(throwing.Send("throw").ok());
  EXPECT_FALSE(throwing.Read(kLongMs).ok());
  EXPECT_EQ(throwing.close_code(), kCloseInternalError);
}

TEST_F(WebSocketTest, ASilentPeerIsPingedAndCut) {
  Serve({.ping_interval_ms = 20, .idle_timeout_ms = 100});
  RawSocket socket(server_->port());
  Upgrade(socket);
  EXPECT_EQ(socket.ReadToEnd(), std::string("\x89\x00", 2));
  const auto closed = recorder_->WaitForClosed(1).front();
  EXPECT_EQ(closed.code, kCloseAbnormal);
  EXPECT_EQ(closed.reason, "idle timeout");
}

TEST_F(WebSocketTest, StopSaysGoingAway) {
  Serve({});
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(Connect(client).ok());
  const auto session = recorder_->WaitForSessions(1).front();
  server_.reset();
  EXPECT_FALSE(client.Read(kLongMs).ok());
  EXPECT_EQ(client.close_code(), kCloseGoingAway);
  EXPECT_FALSE(session->Send(std::string("after the server is gone")));
  session->Close(kCloseNormal, "");
}

TEST_F(WebSocketTest, CancelEndsRead) {
  Serve({});
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  ASSERT_TRUE(Connect(client).ok());
  auto result = std::async(std::launch::async, [&] { return client.Read(600'000); });
  client.Cancel();
  EXPECT_EQ(result.get().status().code(), absl::StatusCode::kCancelled);
}

TEST_F(WebSocketTest, RefusedUpgrades) {
  Serve({.refuse = [](const Request& request) -> std::optional<Response> {
    if (request.headers.Has("X-XT-KEY")) return std::nullopt;
    Response response;
    response.status = 401;
    return response;
  }});
  WebSocketClient client({.connect_timeout_ms = kLongMs, .send_timeout_ms = kLongMs});
  EXPECT_EQ(Connect(client).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(client.handshake_response().status, 401);
  EXPECT_EQ(Connect(client, "/elsewhere").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(client.handshake_response().status, 404);
  RawSocket old(server_->port());
  old.Send(
      "GET /ws/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n");
  EXPECT_THAT(old.ReadUntil("\r\n\r\n"), HasSubstr("HTTP/1.1 426"));
  EXPECT_TRUE(client.Connect("127.0.0.1", server_->port(), "/ws/x", {{"X-XT-KEY", "k"}}).ok());
}

}  // namespace
}  // namespace xt::http
