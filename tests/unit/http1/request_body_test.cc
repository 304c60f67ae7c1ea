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

}  // namespace
}  // namespace colmeia::http1
