// Requests with a body: read or dropped, too long, broken, asked for with 100-continue, and too slow.
#include "http1/connection.h"
#include "http1/fixture.h"

namespace colmeia::http1 {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class RequestBodyTest : public ConnectionFixture {};

TEST_F(RequestBodyTest, ABodyIsDroppedAndTheNextRequestAnswered) {
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  UntilReceived("hello\n");
  EXPECT_EQ(connections.at(0)->state(), State::kBody);
  EXPECT_THAT(site.logged, SizeIs(0));

  client->Send("cde" + Get("/host"));
  UntilReceived("small");

  EXPECT_EQ(site.logged.at(0).request_length, 57u);
}

TEST_F(RequestBodyTest, AChunkedBodyIsReadBeforeTheAnswer) {
  Open();
  client->Send("POST /target HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
  Until([&] { return connections.at(0)->state() == State::kBody; }, "half a body");
  EXPECT_EQ(client->received, "");

  client->Send("c\r\n0\r\n\r\n" + Get("/hello"));
  UntilReceived("hello\n");

  EXPECT_THAT(client->received, HasSubstr("\r\n\r\n/targetHTTP/1.1 200 OK"));
}

TEST_F(RequestBodyTest, ChunkedBodiesBeyondTheLimitGet413) {
  site.core.client_max_body_size = 10;
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n");
  Until([&] { return connections.at(0)->state() == State::kBody; }, "half a body");
  client->Send("6\r\nabcdef\r\n");

  UntilEnded();

  EXPECT_THAT(client->received, AllOf(StartsWith("HTTP/1.1 413 "), HasSubstr("Connection: close")));
  EXPECT_FALSE(client->reset);
}

TEST_F(RequestBodyTest, KnownLengthsBeyondTheLimitGet413) {
  site.core.client_max_body_size = 10;
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n");

  UntilEnded();

  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(connections.at(0)->state(), State::kLingering);
}

TEST_F(RequestBodyTest, BrokenChunksGet400) {
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");

  UntilEnded();

  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 400 "));
}

TEST_F(RequestBodyTest, TellsAClientThatAsksToGoOn) {
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  UntilReceived("HTTP/1.1 100 Continue\r\n\r\n");

  client->Send("1\r\na\r\n0\r\n\r\n");
  UntilReceived("hello\n");

  EXPECT_THAT(client->received, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_F(RequestBodyTest, RefusesInsteadOfTellingToGoOn) {
  Open();
  client->Send("POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");

  UntilEnded();

  EXPECT_THAT(client->received, AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("Connection: close")));
}

TEST_F(RequestBodyTest, ABodyThatStopsEndsAtItsTimeout) {
  site.core.client_body_timeout = 30ms;
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n");

  UntilGone();

  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 408)));
}

// Bodies that are dropped: the answer is with the client, or is held for a body that is chunked.
class DroppedBodyTest : public RequestBodyTest {
 protected:
  DroppedBodyTest() {
    site.core.lingering_time = 300ms;  // longer than a busy machine keeps a process waiting
    site.core.lingering_timeout = 10s;
    site.core.client_body_timeout = 10s;
  }
  // A byte each few milliseconds, until `done`.
  void DripUntil(const std::function<bool()>& done) {
    loop::Timer drip(loop, [&] {
      if (client->fd() >= 0) static_cast<void>(::send(client->fd(), "x", 1, MSG_NOSIGNAL));
    });
    drip.StartEvery(5ms);
    Until(done, "the end of what is dropped");
  }
};

TEST_F(DroppedBodyTest, WhatNobodyWantsIsReadForLingeringTimeInAll) {
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  UntilReceived("hello\n");
  Until([&] { return connections.at(0)->standing() == session::Standing::kUnwanted; },
        "an answer before the body's end");

  DripUntil([&] { return connections.empty(); });
}

TEST_F(DroppedBodyTest, AHeldAnswerIsGivenThen) {
  site.core.lingering_timeout = 300ms;
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n");
  Until([&] { return connections.at(0)->state() == State::kBody; }, "half a body");
  EXPECT_EQ(connections.at(0)->standing(), session::Standing::kBusy);

  DripUntil([&] { return connections.empty(); });

  EXPECT_THAT(client->received, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close")));
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 200)));
}

TEST_F(DroppedBodyTest, AHeldAnswerDoesNotWaitForAnotherByte) {
  Open();
  client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\nx");

  UntilReceived("hello\n");
}

TEST_F(DroppedBodyTest, LingeringEndsThoughTheClientGoesOn) {
  Open();
  client->Send("NONSENSE\r\n\r\n");
  UntilEnded();

  DripUntil([&] { return connections.empty(); });
}

TEST_F(DroppedBodyTest, EachRequestHasItsOwnTime) {
  site.core.lingering_time = 1s;
  Open();
  for (int i = 0; i < 3; ++i) {
    client->received.clear();
    client->Send("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n");
    UntilReceived("hello\n");
    const auto later = std::chrono::steady_clock::now() + 400ms;
    Until([&] { return std::chrono::steady_clock::now() > later; }, "some time");
    client->Send("ab");
    Until([&] { return connections.at(0)->idle(); }, "the body's end");
  }
}

}  // namespace
}  // namespace colmeia::http1
