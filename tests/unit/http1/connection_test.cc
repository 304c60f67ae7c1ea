#include "http1/connection.h"

#include <sys/ioctl.h>

#include "http1/fixture.h"

namespace colmeia::http1 {
namespace {

using scoreboard::Gauge;
using scoreboard::Total;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::Field;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class ConnectionTest : public ConnectionFixture {
 protected:
  static std::size_t Count(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }
};

TEST_F(ConnectionTest, AnswersAndWaitsForTheNextRequest) {
  Open();
  client->Send(Get("/hello"));

  UntilReceived("hello\n");

  EXPECT_THAT(client->received,
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Length: 6\r\n"),
                    HasSubstr("\r\nConnection: keep-alive\r\n"), HasSubstr("\r\nDate: "),
                    HasSubstr("\r\nServer: colmeia/"), HasSubstr("\r\nContent-Type: text/plain\r\n")));
  EXPECT_EQ(connections.at(0)->state(), State::kIdle);
  EXPECT_EQ(idle, 1);
  client->received.clear();
  client->Send(Get("/host"));
  UntilReceived("small");
  EXPECT_EQ(connections.at(0)->requests(), 2u);
}

TEST_F(ConnectionTest, AnswersWhatHadArrivedBeforeItWasOpenedWithoutAPoll) {
  Connection& connection = Connect();
  client->Send(Get("/hello"));

  connection.Open();

  client->Take();
  EXPECT_THAT(client->received, EndsWith("hello\n"));
}

TEST_F(ConnectionTest, AnIdleOneIsSmall) { EXPECT_LE(sizeof(Connection), 336u); }

TEST_F(ConnectionTest, AnswersPipelinedRequestsInOrderInOneWrite) {
  // A packet of the pair is what one write put there.
  Connect(shared(), site, {.type = SOCK_SEQPACKET});
  client->Send(Get("/hello") + Get("/host") + Get("/nothing") + Get("/hello"));

  connections.at(0)->Open();
  client->Take();

  EXPECT_EQ(Count(client->received, "HTTP/1.1 200 OK"), 3u);
  EXPECT_LT(client->received.find("hello\n"), client->received.find("\r\n\r\nsmall"));
  EXPECT_LT(client->received.find("\r\n\r\nsmall"), client->received.find("404 Not Found"));
  EXPECT_THAT(client->received, EndsWith("hello\n"));
  EXPECT_EQ(Total(Total::kRequests), 4u);
  EXPECT_EQ(Total(Total::kResponses2xx), 3u);
  EXPECT_EQ(Total(Total::kResponses4xx), 1u);
}

TEST_F(ConnectionTest, AnswersMoreThanABatchOfPipelinedRequests) {
  Connection& connection = Connect(1 << 20);
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += Get("/hello");
  client->Send(requests);

  connection.Open();
  Until([&] { return Count(client->received, "hello\n") == 500; }, "500 answers");

  EXPECT_THAT(site.logged, SizeIs(500));
}

TEST_F(ConnectionTest, GathersAHeadThatComesByteByByte) {
  Open();

  for (const char c : Get("/target")) {
    client->Send({&c, 1});
    Turn(1);
  }
  UntilReceived("/target");

  EXPECT_EQ(Count(client->received, "HTTP/1.1"), 1u);
  EXPECT_EQ(connections.at(0)->state(), State::kIdle);
}

TEST_F(ConnectionTest, IsCountedAsWaitingReadingAndWriting) {
  Open();
  EXPECT_EQ(Gauge(Gauge::kWaiting), 1u);

  client->Send("GET /big?3000000 HT");
  Until([&] { return connections.at(0)->state() == State::kHead; }, "half a head");
  EXPECT_EQ(Gauge(Gauge::kReading), 1u);
  EXPECT_EQ(Gauge(Gauge::kWaiting), 0u);

  takes = false;
  client->Send("TP/1.1\r\nHost: x\r\n\r\n");
  Until([&] { return connections.at(0)->state() == State::kBlocked; }, "a full socket");
  EXPECT_EQ(Gauge(Gauge::kWriting), 1u);
  EXPECT_EQ(Gauge(Gauge::kReading), 0u);
  EXPECT_EQ(Gauge(Gauge::kConnections), 1u);
}

TEST_F(ConnectionTest, ASlowReaderGetsEverythingAndIsNotReadMeanwhile) {
  Open(4096);
  takes = false;
  client->Send(Get("/target?abc") + Get("/big?500000") + Get("/target?def"));
  Until([&] { return connections.at(0)->state() == State::kBlocked; }, "a full socket");
  client->Send(Get("/hello"));
  Turn(5);
  EXPECT_EQ(connections.at(0)->state(), State::kBlocked);
  EXPECT_EQ(site.handled, 3);

  takes = true;
  UntilReceived("hello\n");

  EXPECT_EQ(Count(client->received, "HTTP/1.1 200 OK"), 4u);
  EXPECT_THAT(client->received, HasSubstr("\r\n\r\n/target?abcHTTP"));
  EXPECT_THAT(client->received, HasSubstr("\r\n\r\n/target?def"));
  EXPECT_EQ(Count(client->received, "xxxxxxxxxx"), 500000u - 9);
  EXPECT_THAT(site.logged.at(1).body_bytes_sent, 500000u);
  EXPECT_EQ(site.logged.at(1).line, "GET /big?500000 HTTP/1.1");
}

TEST_F(ConnectionTest, SendsFilesWithAndWithoutSendfile) {
  for (const bool sendfile : {false, true}) {
    SmallSite other;
    other.core.sendfile = sendfile;
    other.core.sendfile_max_chunk = 100000;
    std::string content(300000, 'f');
    content[150000] = '!';
    other.SetFile(content);
    Shared its_shared(loop, polls, other.services, scoreboard::SlotWriter(slot), *this);
    Connect(its_shared, other).Open();
    client->Send(Get("/file") + Get("/hello"));

    UntilReceived("hello\n");

    EXPECT_THAT(client->received, HasSubstr("\r\n\r\n[" + content + "]HTTP/1.1 200 OK"));
    EXPECT_EQ(other.logged.at(0).body_bytes_sent, 300002u);
    client->Close();
    UntilGone();
  }
}

TEST_F(ConnectionTest, ClosesWhenAFileBecomesShorterThanPromised) {
  for (const bool sendfile : {false, true}) {
    SmallSite other;
    other.core.sendfile = sendfile;
    other.SetFile(std::string(300000, 'f'));
    other.CutFile(1000);
    Shared its_shared(loop, polls, other.services, scoreboard::SlotWriter(slot), *this);
    Connect(its_shared, other).Open();
    client->Send(Get("/file"));

    UntilGone();

    EXPECT_EQ(other.logged.at(0).body_bytes_sent, 1001u);
  }
}

TEST_F(ConnectionTest, HeadGetsTheSameLengthAndNoBody) {
  Open();
  client->Send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" + Get("/304") + Get("/204") + Get("/tagged"));

  UntilReceived("tagged\n");

  EXPECT_EQ(Count(client->received, "Content-Length: "), 2u);
  EXPECT_EQ(Count(client->received, "Content-Type: "), 2u);
  EXPECT_EQ(client->received.find("hello\n"), std::string::npos);
  EXPECT_THAT(client->received, HasSubstr("\r\nETag: \"abc\"\r\nAccept-Ranges: bytes\r\n\r\ntagged\n"));
}

TEST_F(ConnectionTest, ClosesWhenTheClientAsksForIt) {
  Open();
  client->Send(Get("/hello", "Connection: close\r\n"));

  UntilGone();

  UntilEnded();
  EXPECT_THAT(client->received, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_FALSE(client->reset);
}

TEST_F(ConnectionTest, Http10ClosesUnlessAskedToKeepAlive) {
  Open();
  client->Send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  UntilReceived("hello\n");
  EXPECT_THAT(client->received, HasSubstr("\r\nConnection: keep-alive\r\n"));

  client->Send("GET /hello HTTP/1.0\r\n\r\n");

  UntilGone();
}

TEST_F(ConnectionTest, TheLastOfKeepaliveRequestsSaysSo) {
  site.core.keepalive_requests = 2;
  Open();
  client->Send(Get("/hello") + Get("/hello") + Get("/hello"));

  UntilEnded();

  EXPECT_EQ(Count(client->received, "HTTP/1.1"), 2u);
  EXPECT_EQ(Count(client->received, "Connection: close"), 1u);
  client->Close();
  UntilGone();
}

TEST_F(ConnectionTest, KeepaliveTimeoutZeroClosesAtOnce) {
  site.core.keepalive_timeout = 0ms;
  Open();
  client->Send(Get("/hello"));

  UntilGone();
}

TEST_F(ConnectionTest, TellsTheClientTheKeepAliveTime) {
  site.core.keepalive_header = 20s;
  Open();
  client->Send(Get("/hello"));

  UntilReceived("hello\n");

  EXPECT_THAT(client->received, HasSubstr("\r\nKeep-Alive: timeout=20\r\n"));
}

TEST_F(ConnectionTest, AnIdleOneLeavesAtItsTimeout) {
  site.core.keepalive_timeout = 20ms;
  Open();
  client->Send(Get("/hello"));

  UntilGone();

  EXPECT_THAT(site.logged, SizeIs(1));
}

TEST_F(ConnectionTest, EmptyLinesDoNotProlongAnIdleLife) {
  site.core.keepalive_timeout = 1min;
  Open();
  client->Send(Get("/hello"));
  UntilReceived("hello\n");
  const util::TimePoint deadline = connections.at(0)->deadline();

  client->Send("\r\n");
  Turn();

  EXPECT_EQ(connections.at(0)->state(), State::kIdle);
  EXPECT_EQ(connections.at(0)->deadline(), deadline);
  client->Send(Get("/hello"));
  Until([&] { return site.logged.size() == 2; }, "an answer");
}

TEST_F(ConnectionTest, ASlowHeadEndsAtItsTimeoutAndIsLoggedAs408) {
  site.core.client_header_timeout = 300ms;  // enough for a busy machine to send the half of it
  Open();
  client->Send("GET /slow HTTP/1.1\r\nHost");

  UntilGone();

  EXPECT_THAT(site.logged, ElementsAre(AllOf(Field(&Logged::status, 408), Field(&Logged::bytes_sent, 0u),
                                             Field(&Logged::line, "GET /slow HTTP/1.1"))));
  UntilEnded();
  EXPECT_EQ(client->received, "");
}

TEST_F(ConnectionTest, ASilentOneEndsAtTheHeaderTimeoutWithoutALine) {
  site.core.client_header_timeout = 30ms;
  Open();

  UntilGone();

  EXPECT_THAT(site.logged, SizeIs(0));
}

TEST_F(ConnectionTest, AReaderThatStopsEndsAtSendTimeout) {
  site.core.send_timeout = 30ms;
  Open(4096);
  takes = false;
  client->Send(Get("/big?1000000"));

  UntilGone();

  EXPECT_LT(site.logged.at(0).body_bytes_sent, 1000000u);
  EXPECT_EQ(site.logged.at(0).status, 200);
}

TEST_F(ConnectionTest, AnswersAreFinishedAfterTheClientsHalfClose) {
  Open(4096);
  client->Send(Get("/big?200000") + Get("/hello"));
  client->FinishSending();

  UntilGone();

  UntilEnded();
  EXPECT_THAT(client->received, EndsWith("hello\n"));
  EXPECT_FALSE(client->reset);
}

TEST_F(ConnectionTest, AnEndInsideAHeadIsLoggedAs400) {
  Open();
  client->Send("GET / HTTP/1.1\r\nHo");
  client->FinishSending();

  UntilGone();

  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 400)));
}

TEST_F(ConnectionTest, AnswersWhatCameBeforeGarbageThenRefusesOnceAndLingers) {
  Open();
  client->Send(Get("/hello") + "NONSENSE\r\n\r\n" + Get("/hello"));

  UntilEnded();

  EXPECT_EQ(Count(client->received, "HTTP/1.1 200"), 1u);
  EXPECT_EQ(Count(client->received, "HTTP/1.1 400 Bad Request\r\n"), 1u);
  EXPECT_LT(client->received.find("HTTP/1.1 200"), client->received.find("HTTP/1.1 400"));
  EXPECT_FALSE(client->reset);
  EXPECT_EQ(connections.at(0)->state(), State::kLingering);
  client->Send("more and more");
  Turn();
  EXPECT_EQ(connections.size(), 1u);
  client->Close();
  UntilGone();
}

TEST_F(ConnectionTest, LingeringEnds) {
  site.core.lingering_timeout = 20ms;
  Open();
  client->Send("NONSENSE\r\n\r\n");

  UntilGone();
}

TEST_F(ConnectionTest, Status444ClosesWithoutAWord) {
  Open();
  client->Send(Get("/hello") + Get("/444"));

  UntilGone();

  UntilEnded();
  EXPECT_THAT(client->received, EndsWith("hello\n"));
  EXPECT_EQ(site.logged.at(1).status, 444);
}

TEST_F(ConnectionTest, AResetOfTheClientEndsIt) {
  Open(4096);
  takes = false;
  client->Send(Get("/big?1000000"));
  Until([&] { return connections.at(0)->state() == State::kBlocked; }, "a full socket");

  client->Close();

  UntilGone();
  EXPECT_THAT(site.logged, SizeIs(1));
}

}  // namespace
}  // namespace colmeia::http1
