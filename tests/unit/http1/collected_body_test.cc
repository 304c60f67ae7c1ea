// Requests whose bodies a handler asks for: collected, or pulled as they come.
#include <filesystem>

#include "http1/connection.h"
#include "http1/fixture.h"
#include "pipeline/request_body.h"

namespace colmeia::http1 {
namespace {

using pipeline::BodySource;
using pipeline::Exchange;
using pipeline::Outcome;
using pipeline::Piece;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::StartsWith;

Outcome Echo(Exchange& exchange) {
  exchange.response.content_type = "text/plain";
  exchange.response.body.Add(exchange.body.content().value());
  return Outcome::Done();
}

// Pulls when the test says so, and answers with how much there was.
class Reading final : public pipeline::Awaiting {
 public:
  explicit Reading(Exchange& exchange) : source_(pipeline::StreamBody(exchange)) {
    current = this;
    source_.SetReader([this] { ++woken; });
  }
  ~Reading() override {
    source_.SetReader(nullptr);
    current = nullptr;
  }

  BodySource::Pulled Pull() {
    Piece piece;
    const BodySource::Pulled pulled = source_.Next(piece);
    read += piece.memory;
    return pulled;
  }
  void Finish() { Ready(); }
  Outcome Resume(Exchange& exchange) override {
    exchange.response.content_type = "text/plain";
    exchange.response.body.Add(Piece::Memory(exchange.arena.Copy(std::to_string(read.size()))));
    return Outcome::Done();
  }

  std::string read;
  int woken = 0;
  static inline Reading* current = nullptr;

 private:
  BodySource& source_;
};

class CollectedBodyTest : public ConnectionFixture {
 protected:
  CollectedBodyTest() {
    site.services.loop = &loop;
    site.bodies.temp_path.path = testing::TempDir();
    site.custom = [](Exchange& exchange) { return pipeline::CollectBody(exchange, Echo); };
  }
  static std::string Post(std::size_t length, std::string_view fields = "") {
    return "POST /custom HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "Content-Length: " + std::to_string(length) +
           "\r\n\r\n";
  }
  void Stream() {
    site.custom = [](Exchange& exchange) { return exchange.Await<Reading>(exchange); };
  }
  void UntilRead(std::string_view text) {
    Until(
        [&] {
          Reading::current->Pull();
          return Reading::current->read == text;
        },
        text);
  }
  void UntilState(State state) {
    Until([&] { return connections.at(0)->state() == state; }, StateName(state));
  }
};

TEST_F(CollectedBodyTest, AWholeRequestIsAnsweredInOneCallback) {
  Connection& connection = Connect();
  client->Send(Post(4) + "body" + Get("/hello"));
  connection.Open();
  client->Take();
  EXPECT_THAT(client->received, HasSubstr("bodyHTTP/1.1 200 OK"));
  EXPECT_THAT(client->received, testing::EndsWith("hello\n"));
  EXPECT_EQ(connection.state(), State::kIdle);
}

TEST_F(CollectedBodyTest, PartsAreWaitedForWithAClock) {
  Open();
  client->Send(Post(8) + "half");
  UntilState(State::kBody);
  EXPECT_EQ(connections.at(0)->standing(), session::Standing::kBusy);
  EXPECT_EQ(shared().timeouts.armed(), 1u);

  client->Send("more");
  UntilReceived("halfmore");
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 200)));
}

TEST_F(CollectedBodyTest, AnotherIsServedAfterOneInAFile) {
  Open();
  const std::string body(100000, 'x');
  client->Send(Post(body.size()) + body + Get("/hello"));
  UntilReceived("hello\n");
  EXPECT_THAT(client->received, HasSubstr(body));
}

TEST_F(CollectedBodyTest, AClientThatHasSentAllMayEndItsSide) {
  Open();
  const std::string body(100000, 'x');
  client->Send(Post(body.size()) + body);
  client->FinishSending();
  UntilReceived(body);
  UntilGone();
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 200)));
}

TEST_F(CollectedBodyTest, AClientThatLeavesAmidItIs400) {
  Open();
  client->Send(Post(8) + "half");
  UntilState(State::kBody);
  client->Close();
  UntilGone();
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 400)));
}

TEST_F(CollectedBodyTest, OneThatIsTooSlowIs408) {
  site.core.client_body_timeout = 20ms;
  Open();
  client->Send(Post(8) + "half");
  UntilGone();
  EXPECT_EQ(client->received, "");
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 408)));
}

TEST_F(CollectedBodyTest, ChunksBeyondTheLimitAre413) {
  site.core.client_max_body_size = 10;
  Open();
  client->Send("POST /custom HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\r\n1234567890\r\n");
  UntilState(State::kBody);
  client->Send("1\r\n1\r\n");
  UntilEnded();
  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(site.handled, 1);
}

TEST_F(CollectedBodyTest, AClientThatAsksIsToldOnceItIsWanted) {
  Open();
  client->Send(Post(4, "Expect: 100-continue\r\n"));
  UntilReceived("HTTP/1.1 100 Continue\r\n\r\n");
  client->Send("body");
  UntilReceived("body");
  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_F(CollectedBodyTest, WhatCannotBeKeptIs500AndTheEndWhileTheClientPauses) {
  site.bodies.temp_path.path += "/no-such-folder";
  Open();
  const std::string body(100000, 'x');
  client->Send(Post(body.size() + 4) + body);
  UntilEnded();
  EXPECT_THAT(client->received, testing::AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("Connection: close")));
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 500)));
}

// Streaming

TEST_F(CollectedBodyTest, AReaderThatDoesNotPullStopsTheClient) {
  site.core.client_max_body_size = 0;
  Stream();
  Open();
  constexpr std::size_t kSize = 4 << 20;
  client->Send(Post(kSize));
  UntilState(State::kBody);
  const std::string piece(4096, 'x');
  std::size_t sent = 0;
  const auto send_all = [&] {
    for (;;) {
      const ssize_t took = ::send(client->fd(), piece.data(), std::min(piece.size(), kSize - sent), MSG_DONTWAIT);
      if (took <= 0) return;
      sent += static_cast<std::size_t>(took);
    }
  };
  send_all();
  UntilState(State::kAwaiting);
  Turn(10);
  send_all();
  EXPECT_LT(sent, kSize);
  EXPECT_EQ(connections.at(0)->state(), State::kAwaiting);
  EXPECT_EQ(shared().timeouts.armed(), 0u) << "it is not the client that is slow";

  ASSERT_NE(Reading::current, nullptr);
  Until(
      [&] {
        send_all();
        return Reading::current->Pull() == BodySource::Pulled::kLast;
      },
      "all of it");
  EXPECT_EQ(sent, kSize);
  Reading::current->Finish();
  UntilReceived(std::to_string(kSize));
}

TEST_F(CollectedBodyTest, AnAnswerMayComeBeforeTheEnd) {
  Stream();
  Open();
  client->Send(Post(100) + "some");
  UntilState(State::kBody);
  UntilRead("some");
  Reading::current->Finish();
  UntilReceived("\r\n\r\n4");

  client->Send(std::string(96, 'x') + Get("/hello"));
  UntilReceived("hello\n");
}

TEST_F(CollectedBodyTest, AnAnswerMayComeBeforeTheLastChunk) {
  Stream();
  Open();
  client->Send("POST /custom HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  UntilState(State::kBody);
  UntilRead("abc");
  Reading::current->Finish();
  UntilReceived("\r\n\r\n3");

  client->Send("2\r\nde\r\n0\r\n\r\n" + Get("/hello"));
  UntilReceived("hello\n");
}

TEST_F(CollectedBodyTest, AReaderThatEndsWhileItWaitsIsNotToldOfTheRest) {
  Stream();
  Open();
  client->Send(Post(100) + "some");
  UntilState(State::kBody);
  UntilRead("some");
  EXPECT_EQ(Reading::current->Pull(), BodySource::Pulled::kWait);
  Reading::current->Finish();
  UntilReceived("\r\n\r\n4");
}

TEST_F(CollectedBodyTest, AReaderIsWokenByWhatComes) {
  Stream();
  Open();
  client->Send("POST /custom HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  UntilState(State::kBody);
  EXPECT_EQ(Reading::current->Pull(), BodySource::Pulled::kWait);
  client->Send("3\r\nabc\r\n");
  Until([&] { return Reading::current->woken == 1; }, "the reader");
  EXPECT_EQ(Reading::current->Pull(), BodySource::Pulled::kMore);
  EXPECT_EQ(Reading::current->Pull(), BodySource::Pulled::kWait);
  client->Send("0\r\n\r\n");
  Until([&] { return Reading::current->woken == 2; }, "the end");
  EXPECT_EQ(Reading::current->Pull(), BodySource::Pulled::kLast);
  Reading::current->Finish();
  UntilReceived("\r\n\r\n3");
}

TEST_F(CollectedBodyTest, BrokenChunksEndTheReader) {
  Stream();
  Open();
  client->Send("POST /custom HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  UntilState(State::kBody);
  client->Send("zz\r\n");
  UntilEnded();
  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(Reading::current, nullptr);
}

}  // namespace
}  // namespace colmeia::http1
