// Answers whose body is a stream: framing, waiting, slow and leaving clients, draining.
#include <sys/socket.h>

#include "http1/connection.h"
#include "http1/fixture.h"

namespace colmeia::http1 {
namespace {

using scoreboard::Gauge;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class StreamingTest : public ConnectionFixture {
 protected:
  static constexpr std::string_view kGet = "GET /stream HTTP/1.1\r\nHost: small\r\n\r\n";

  // A connection whose stream has nothing to send.
  Connection& OpenWaiting() {
    Connection& connection = Open();
    client->Send(kGet);
    Until([&] { return connection.state() == State::kStreaming && client->received.ends_with("\r\n\r\n"); },
          "a stream that waits");
    client->received.clear();
    return connection;
  }
  void Say(std::string chunk) {
    site.script.chunks.push_back(std::move(chunk));
    site.script.wake();
  }
  [[nodiscard]] std::string BodyReceived() const {
    return client->received.substr(client->received.find("\r\n\r\n") + 4);
  }
};

TEST_F(StreamingTest, ChunksLeaveAsTheyCome) {
  OpenWaiting();

  Say("first");
  UntilReceived("5\r\nfirst\r\n");
  Say("sixteen letters.");
  UntilReceived("10\r\nsixteen letters.\r\n");

  EXPECT_EQ(Gauge(Gauge::kWriting), 1u);
}

TEST_F(StreamingTest, TheHeadSaysChunkedAndNoLength) {
  site.script.ends = true;
  Open();
  client->Send(kGet);

  UntilReceived("\r\n\r\n0\r\n\r\n");

  EXPECT_THAT(client->received, AllOf(HasSubstr("\r\nTransfer-Encoding: chunked\r\n"), Not(HasSubstr("Content-Length")),
                                      HasSubstr("\r\nConnection: keep-alive\r\n")));
}

TEST_F(StreamingTest, TheConnectionIsGoodForAnotherRequestAfterTheLastChunk) {
  OpenWaiting();

  site.script.ends = true;
  Say("bye");
  UntilReceived("3\r\nbye\r\n0\r\n\r\n");
  client->Send("GET /hello HTTP/1.1\r\nHost: small\r\n\r\n");
  UntilReceived("hello\n");

  EXPECT_EQ(site.script.alive, 0);
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::complete, true), Field(&Logged::complete, true)));
}

TEST_F(StreamingTest, RequestsBehindAStreamAreAnsweredAfterIt) {
  Open();
  client->Send(std::string(kGet) + "GET /hello HTTP/1.1\r\nHost: small\r\n\r\n");
  Until([&] { return connections.at(0)->state() == State::kStreaming; }, "the stream");
  EXPECT_EQ(site.handled, 1);

  site.script.ends = true;
  Say("x");

  UntilReceived("hello\n");
  EXPECT_THAT(client->received, HasSubstr("1\r\nx\r\n0\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(StreamingTest, AnswersBeforeAStreamLeaveFirst) {
  Open();
  client->Send("GET /hello HTTP/1.1\r\nHost: small\r\n\r\n" + std::string(kGet));
  Until([&] { return connections.at(0)->state() == State::kStreaming; }, "the stream");

  Say("after");

  UntilReceived("5\r\nafter\r\n");
  EXPECT_LT(client->received.find("hello\n"), client->received.find("after"));
}

TEST_F(StreamingTest, Http10GetsTheBytesAsTheyAreAndTheEndOfTheConnection) {
  site.script.chunks = {"one", "two"};
  site.script.ends = true;
  Open();
  client->Send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

  UntilEnded();

  EXPECT_THAT(client->received, AllOf(Not(HasSubstr("Transfer-Encoding")), Not(HasSubstr("Content-Length")),
                                      HasSubstr("\r\nConnection: close\r\n")));
  EXPECT_EQ(BodyReceived(), "onetwo");
}

TEST_F(StreamingTest, ASourceThatKnowsItsLengthIsNotCutIntoChunks) {
  for (const std::string_view version : {"HTTP/1.1", "HTTP/1.0"}) {
    site.script.chunks = {"one", "two"};
    site.script.ends = true;
    site.script.length = 6;
    Open();
    client->Send("GET /stream " + std::string(version) + "\r\nHost: small\r\nConnection: keep-alive\r\n\r\n");

    UntilReceived("\r\n\r\nonetwo");

    EXPECT_THAT(client->received, AllOf(Not(HasSubstr("Transfer-Encoding")), HasSubstr("\r\nContent-Length: 6\r\n"),
                                        HasSubstr("\r\nConnection: keep-alive\r\n")));
    Until([&] { return connections.back()->idle(); }, "an idle connection");
    connections.back()->Abort();
  }
}

TEST_F(StreamingTest, HeadGetsNoByteAndAsksTheStreamForNone) {
  Open();
  client->Send("HEAD /stream HTTP/1.1\r\nHost: small\r\n\r\nGET /hello HTTP/1.1\r\nHost: small\r\n\r\n");

  UntilReceived("hello\n");

  EXPECT_EQ(site.script.pulls, 0);
  EXPECT_EQ(site.script.alive, 0);
  EXPECT_THAT(client->received, AllOf(Not(HasSubstr("chunked")), HasSubstr("\r\n\r\nHTTP/1.1 200 OK")));
}

TEST_F(StreamingTest, ASlowReaderCostsOneChunk) {
  takes = false;
  for (int i = 0; i < 1000; ++i) site.script.chunks.emplace_back(10'000, 'x');
  Open(/*send_buffer=*/4096);
  client->Send(kGet);
  Until([&] { return connections.at(0)->state() == State::kBlocked; }, "a full socket");
  const std::size_t left = site.script.chunks.size();
  EXPECT_GT(left, 900u);

  Turn(10);
  EXPECT_EQ(site.script.chunks.size(), left);

  takes = true;
  site.script.ends = true;
  UntilReceived("\r\n0\r\n\r\n");
  EXPECT_GT(client->received.size(), 10'000'000u);
  EXPECT_THAT(site.script.chunks, IsEmpty());
}

TEST_F(StreamingTest, AFastStreamDoesNotKeepTheLoopForItself) {
  Connection& connection = Connect(1 << 20);
  for (int i = 0; i < 1000; ++i) site.script.chunks.emplace_back(10, 'x');
  client->Send(kGet);

  connection.Open();

  EXPECT_EQ(connection.state(), State::kBlocked);
  EXPECT_GT(site.script.chunks.size(), 900u);
  site.script.ends = true;
  UntilReceived("\r\n0\r\n\r\n");
}

TEST_F(StreamingTest, AReaderThatStopsEndsAtSendTimeout) {
  site.core.send_timeout = 30ms;
  takes = false;
  for (int i = 0; i < 1000; ++i) site.script.chunks.emplace_back(10'000, 'x');
  Open(/*send_buffer=*/4096);
  client->Send(kGet);

  UntilGone();

  EXPECT_EQ(site.script.alive, 0);
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::complete, false)));
}

TEST_F(StreamingTest, WaitingForTheSourceHasNoTimeLimit) {
  site.core.send_timeout = 10ms;
  site.core.keepalive_timeout = 10ms;
  site.core.client_header_timeout = 200ms;  // enough for a busy machine to ask
  OpenWaiting();
  bool later = false;
  loop::Timer timer(loop, [&] { later = true; });
  timer.StartAfter(250ms);

  Until([&] { return later; }, "some time");

  EXPECT_THAT(connections, SizeIs(1));
  EXPECT_EQ(shared().timeouts.armed(), 0u);
}

TEST_F(StreamingTest, AClientThatLeavesIsNoticedWhileTheStreamWaits) {
  OpenWaiting();

  client->Close();
  UntilGone();

  EXPECT_EQ(site.script.alive, 0);
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::complete, false)));
}

TEST_F(StreamingTest, AClientThatLeavesBehindUnreadRequestsIsNoticed) {
  OpenWaiting();

  client->Send("GET /hello HTTP/1.1\r\nHost: small\r\n\r\n");
  Turn();
  EXPECT_EQ(site.handled, 1);
  client->Close();
  UntilGone();

  EXPECT_EQ(site.script.alive, 0);
}

TEST_F(StreamingTest, ABrokenStreamCutsTheConnectionWithoutALastChunk) {
  OpenWaiting();

  site.script.breaks = true;
  site.script.wake();
  UntilEnded();

  EXPECT_THAT(client->received, Not(HasSubstr("0\r\n\r\n")));
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::complete, false)));
}

TEST_F(StreamingTest, DrainingEndsAStreamWithTheLastChunkAndTheConnectionSoon) {
  Connection& connection = OpenWaiting();

  shared().draining = true;
  connection.Drain();
  UntilEnded();

  EXPECT_EQ(client->received, "0\r\n\r\n");
  EXPECT_FALSE(client->reset);
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::complete, true)));
}

TEST_F(StreamingTest, DrainingEndsAStreamWhoseReaderIsSlow) {
  takes = false;
  for (int i = 0; i < 30; ++i) site.script.chunks.emplace_back(10'000, 'x');
  Connection& connection = Open(/*send_buffer=*/4096);
  client->Send(kGet);
  Until([&] { return connection.state() == State::kBlocked; }, "a full socket");

  shared().draining = true;
  connection.Drain();
  takes = true;
  UntilEnded();

  EXPECT_THAT(client->received, EndsWith("\r\n0\r\n\r\n"));
}

TEST_F(StreamingTest, AStreamThatBeginsWhileDrainingIsToldSo) {
  Open();
  shared().draining = true;
  client->Send(kGet);

  UntilEnded();

  EXPECT_TRUE(site.script.drained);
  EXPECT_THAT(client->received, AllOf(HasSubstr("\r\nConnection: close\r\n"), EndsWith("\r\n\r\n0\r\n\r\n")));
}

TEST_F(StreamingTest, ARequestWhoseBodyIsStillToComeIsItsConnectionsLast) {
  Open();
  client->Send("GET /stream HTTP/1.1\r\nHost: small\r\nContent-Length: 100\r\n\r\nabc");
  Until([&] { return connections.at(0)->state() == State::kStreaming; }, "the stream");

  site.script.ends = true;
  Say("x");
  Until([&] { return client->ended; }, "the end");

  EXPECT_THAT(client->received, AllOf(HasSubstr("\r\nConnection: close\r\n"), EndsWith("1\r\nx\r\n0\r\n\r\n")));
}

}  // namespace
}  // namespace colmeia::http1
