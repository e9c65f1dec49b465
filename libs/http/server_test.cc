#include "libs/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "libs/http/client.h"
#include "libs/http/testing.h"

namespace xt::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawSocket;
using ::testing::StartsWith;

Response Text(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

void Echo(Request request, Responder responder) {
  responder.Send(Text(request.method + " " + request.target + " " + request.body));
}

Client ClientOf(const Server& server) { return Client(testing::Patient(server.port())); }

// Keeps the requests it gets until the test answers them.
class Held {
 public:
  Handler AsHandler() {
    return [this](Request request, Responder responder) {
      {
        std::lock_guard lock(mutex_);
        requests_.emplace_back(std::move(request), std::move(responder));
      }
      changed_.notify_all();
    };
  }
  void WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_.size() >= count; });
  }
  std::vector<std::pair<Request, Responder>> Take() {
    std::lock_guard lock(mutex_);
    return std::exchange(requests_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<Request, Responder>> requests_;
};

TEST(HttpServerTest, KeepAliveServesManyRequestsOnOneConnection) {
  Server server({}, Echo);
  ASSERT_TRUE(server.Start().ok());
  Client client = ClientOf(server);
  for (int i = 0; i < 100; ++i) {
    const auto response = client.Post("/v1/order?i=" + std::to_string(i), "body", "text/plain");
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->body, "POST /v1/order?i=" + std::to_string(i) + " body");
    EXPECT_EQ(response->content_type, "text/plain");
  }
  EXPECT_EQ(server.counters().connections_total, 1U);
  EXPECT_EQ(server.counters().requests_total, 100U);
}

TEST(HttpServerTest, PipelinedRequestsAreAnsweredInOrderHoweverTheAnswersCome) {
  Held held;
  Server server({}, held.AsHandler());
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket(server.port());
  socket.Send("GET /0 HTTP/1.1\r\nHost: x\r\n\r\nGET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  held.WaitFor(3);
  auto requests = held.Take();
  std::vector<std::thread> threads;
  for (std::size_t i = requests.size(); i-- > 0;) {
    auto& responder = requests[i].second;
    const std::string target = requests[i].first.target;
    threads.emplace_back([&responder, target] { responder.Send(Text("<" + target + ">")); });
  }
  for (auto& thread : threads) thread.join();
  for (const char* body : {"</0>", "</1>", "</2>"}) EXPECT_THAT(socket.ReadUntil(">"), HasSubstr(body));
}

TEST(HttpServerTest, PipelineDeeperThanTheLimitIsHeldBackNotLost) {
  Server server({.max_pipelined_requests = 2}, Echo);
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket(server.port());
  std::string bytes;
  for (int i = 0; i < 500; ++i) bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  socket.Send(bytes);
  for (int i = 0; i < 500; ++i) {
    ASSERT_THAT(socket.ReadUntil("GET /" + std::to_string(i) + " "), StartsWith("HTTP/1.1 200")) << i;
  }
}

TEST(HttpServerTest, PipelineHeldBackWithAsynchronousAnswers) {
  Held held;
  Server server({.max_pipelined_requests = 2}, held.AsHandler());
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket(server.port());
  std::string bytes;
  for (int i = 0; i < 5; ++i) bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  socket.Send(bytes);
  int answered = 0;
  while (answered < 5) {
    held.WaitFor(1);
    for (auto& [request, responder] : held.Take()) {
      responder.Send(Text("<" + request.target + ">"));
      ++answered;
    }
  }
  for (int i = 0; i < 5; ++i) EXPECT_THAT(socket.ReadUntil(">"), HasSubstr("</" + std::to_string(i) + ">"));
}

TEST(HttpServerTest, OversizedBodyIs413WithTheOwnersBody) {
  ServerOptions options{.max_body_bytes = 1000};
  options.error_response = [](int status, std::string_view detail) {
    return Text("reason " + std::to_string(status) + " " + std::string(detail), status);
  };
  Server server(options, Echo);
  ASSERT_TRUE(server.Start().ok());
  Client client = ClientOf(server);
  const auto response = client.Post("/", std::string(1'000'000, 'x'));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 413);
  EXPECT_THAT(response->body, HasSubstr("reason 413"));
  RawSocket chunked(server.port());
  chunked.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x'));
  EXPECT_THAT(chunked.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 413"), HasSubstr("Connection: close")));
  EXPECT_EQ(server.counters().bad_requests_total, 2U);
  EXPECT_EQ(server.counters().requests_total, 0U);
}

TEST(HttpServerTest, ChunkedBodyIsPutTogether) {
  Server server({}, Echo);
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket(server.port());
  socket.Send("POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n");
  socket.Send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(socket.ReadToEnd(), HasSubstr("POST /c abcde"));
}

TEST(HttpServerTest, MalformedAndTooBigHeads) {
  Server server({.max_header_bytes = 500}, Echo);
  ASSERT_TRUE(server.Start().ok());
  const auto answer = [&](const std::string& bytes) {
    RawSocket socket(server.port());
    socket.Send(bytes);
    return socket.ReadToEnd();
  };
  EXPECT_THAT(answer("nonsense\r\n\r\n"), AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("\"code\": \"BAD_REQUEST\"")));
  EXPECT_THAT(answer("GET / HTTP/9.9\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nX: " + std::string(600, 'x') + "\r\n\r\n"), StartsWith("HTTP/1.1 431"));
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_THAT(answer(many + "\r\n"), StartsWith("HTTP/1.1 431"));
}

TEST(HttpServerTest, WhatCameBeforeAMalformedRequestIsAnsweredFirst) {
  Held held;
  Server server({}, held.AsHandler());
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket(server.port());
  socket.Send("GET /good HTTP/1.1\r\nHost: x\r\n\r\nbad\r\n\r\n");
  held.WaitFor(1);
  held.Take().front().second.Send(Text("good"));
  EXPECT_THAT(socket.ReadToEnd(), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("HTTP/1.1 400")));
}

TEST(HttpServerTest, ADroppedOrThrowingHandlerIs500) {
  Server server({}, [](Request request, Responder responder) {
    if (request.target == "/throw") throw std::runtime_error("handler");
    if (request.target == "/late") std::thread([late = std::move(responder)] {}).join();
  });
  ASSERT_TRUE(server.Start().ok());
  Client client = ClientOf(server);
  for (const char* target : {"/drop", "/throw", "/late"}) {
    const auto response = client.Get(target);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 500) << target;
  }
}

TEST(HttpServerTest, OneConnectionTooManyIs503) {
  Server server({.max_connections = 1}, Echo);
  ASSERT_TRUE(server.Start().ok());
  Client first = ClientOf(server);
  ASSERT_TRUE(first.Get("/").ok());
  Client second = ClientOf(server);
  const auto refused = second.Get("/");
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(server.counters().connections_rejected_total, 1U);
  EXPECT_EQ(server.counters().connections_open, 1U);
  EXPECT_EQ(first.Get("/")->status, 200);
}

TEST(HttpServerTest, HeadSaysTheLengthWithoutTheBody) {
  Server server({}, Echo);
  ASSERT_TRUE(server.Start().ok());
  Client client = ClientOf(server);
  Request head;
  head.method = "HEAD";
  for (int i = 0; i < 2; ++i) {
    const auto response = client.Send(head);
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->headers.Get("Content-Length"), "7");
    EXPECT_EQ(response->body, "");
  }
}

TEST(HttpServerTest, Http10AndConnectionClose) {
  Server server({}, Echo);
  ASSERT_TRUE(server.Start().ok());
  RawSocket old(server.port());
  old.Send("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.ReadToEnd(), AllOf(HasSubstr("Connection: close"), HasSubstr("GET /old")));
  RawSocket closing(server.port());
  closing.Send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(closing.ReadToEnd(), AllOf(HasSubstr("GET /a"), Not(HasSubstr("GET /b"))));
}

TEST(HttpServerTest, ExpectContinueIsAnswered) {
  Server server({}, Echo);
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket(server.port());
  socket.Send("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(socket.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  socket.Send("body");
  EXPECT_THAT(socket.ReadToEnd(), HasSubstr("POST /e body"));
}

TEST(HttpServerTest, APeerThatShutItsSendingSideStillGetsItsAnswer) {
  Held held;
  Server server({}, held.AsHandler());
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket(server.port());
  socket.Send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  socket.ShutdownSend();
  held.WaitFor(1);
  held.Take().front().second.Send(Text("late"));
  EXPECT_THAT(socket.ReadToEnd(), HasSubstr("late"));
}

TEST(HttpServerTest, IdleAndHalfSentRequestsTimeOut) {
  Server server({.idle_timeout_ms = 40}, Echo);
  ASSERT_TRUE(server.Start().ok());
  RawSocket idle(server.port());
  EXPECT_EQ(idle.ReadToEnd(), "");
  std::string answer;
  // When this thread is held up before it sends, the connection is idle and ends without a word, as above.
  while (answer.empty()) {
    RawSocket half(server.port());
    half.Send("GET / HTT");
    answer = half.ReadToEnd();
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408"));
}

TEST(HttpServerTest, AnAddressInUseIsNamed) {
  Server first({}, Echo);
  ASSERT_TRUE(first.Start().ok());
  Server second({.port = first.port()}, Echo);
  const absl::Status status = second.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::to_string(first.port())));
  Server nowhere({.bind_address = "not-an-address"}, Echo);
  EXPECT_EQ(nowhere.Start().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HttpServerTest, StopFinishesWhatIsInFlight) {
  Held held;
  Server server({.stop_deadline_ms = 60'000}, held.AsHandler());
  ASSERT_TRUE(server.Start().ok());
  auto answer = std::async(std::launch::async, [&] { return ClientOf(server).Get("/slow"); });
  held.WaitFor(1);
  auto stopped = std::async(std::launch::async, [&] { server.Stop(); });
  while (RawSocket(server.port()).connected()) {
  }
  held.Take().front().second.Send(Text("in time"));
  const auto response = answer.get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "in time");
  stopped.get();
  EXPECT_EQ(server.counters().connections_open, 0U);
}

TEST(HttpServerTest, StopCutsWhatDoesNotFinishAndLateAnswersAreHarmless) {
  Held held;
  auto server = std::make_unique<Server>(ServerOptions{.stop_deadline_ms = 20}, held.AsHandler());
  ASSERT_TRUE(server->Start().ok());
  auto answer =
      std::async(std::launch::async, [port = server->port()] { return Client(testing::Patient(port)).Get("/never"); });
  held.WaitFor(1);
  server.reset();
  EXPECT_FALSE(answer.get().ok());
  auto requests = held.Take();
  requests.front().second.Send(Text("too late"));
}

TEST(HttpServerTest, ManyClientsManyThreadsAsynchronousAnswers) {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::pair<Request, Responder>> queue;
  bool done = false;
  Server server({.io_threads = 3}, [&](Request request, Responder responder) {
    {
      std::lock_guard lock(mutex);
      queue.emplace_back(std::move(request), std::move(responder));
    }
    changed.notify_one();
  });
  ASSERT_TRUE(server.Start().ok());
  std::thread worker([&] {
    std::unique_lock lock(mutex);
    while (!done || !queue.empty()) {
      changed.wait(lock, [&] { return done || !queue.empty(); });
      auto batch = std::exchange(queue, {});
      lock.unlock();
      for (auto& [request, responder] : batch) Echo(std::move(request), std::move(responder));
      lock.lock();
    }
  });
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&server, c] {
      Client client = ClientOf(server);
      for (int i = 0; i < 100; ++i) {
        const std::string target = "/" + std::to_string(c) + "/" + std::to_string(i);
        const auto response = client.Get(target);
        ASSERT_TRUE(response.ok()) << response.status();
        ASSERT_EQ(response->body, "GET " + target + " ");
      }
    });
  }
  for (auto& client : clients) client.join();
  {
    std::lock_guard lock(mutex);
    done = true;
  }
  changed.notify_all();
  worker.join();
  EXPECT_EQ(server.counters().requests_total, 800U);
}

}  // namespace
}  // namespace xt::http
