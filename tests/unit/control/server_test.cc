#include "control/server.h"

#include <algorithm>
#include <deque>

#include "control/fixture.h"

namespace colmeia::control {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ServerTest : public ServerFixture {};

TEST_F(ServerTest, TellsTheHandlerWhatWasAskedAndByWhom) {
  Serve();
  const auto client = Connected();

  Say(client, "POST /workers?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n{\"count\":4}");

  const std::string heard = HearUntil(client, "\"/workers\"\n");
  ASSERT_EQ(handler.requests.size(), 1u);
  const Request& request = handler.requests.front();
  EXPECT_EQ(request.method, http::Method::kPost);
  EXPECT_EQ(request.path, "/workers");
  EXPECT_EQ(request.query, "x=1");
  EXPECT_EQ(request.body, "{\"count\":4}");
  EXPECT_EQ(request.peer_pid, getpid());
  EXPECT_EQ(request.peer_uid, geteuid());
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(heard, HasSubstr("Content-Type: application/json\r\nContent-Length: 11\r\nConnection: keep-alive\r\n"));
}

TEST_F(ServerTest, RepliesLater) {
  Serve();
  handler.echo = false;
  const auto client = Connected();
  Say(client, "POST /reload HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return handler.requests.size() == 1; }));

  server->Reply(handler.requests[0].id, http::Status::kConflict, "{}");

  // Written within Reply(): a process that ends next has answered.
  Heard heard;
  Listen(client, heard);
  EXPECT_THAT(heard.bytes, StartsWith("HTTP/1.1 409 Conflict\r\n"));
}

TEST_F(ServerTest, AnswersPipelinedRequestsOneAfterTheOther) {
  Serve();
  const auto client = Connected();

  Say(client,
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

  const std::string heard = HearAll(client);
  ASSERT_EQ(handler.requests.size(), 3u);
  EXPECT_EQ(handler.requests[1].body, "abc");
  EXPECT_LT(heard.find("\"/a\""), heard.find("\"/b\""));
  EXPECT_LT(heard.find("\"/b\""), heard.find("\"/c\""));
}

TEST_F(ServerTest, HandlesOneRequestOfAConnectionAtATime) {
  Serve();
  handler.echo = false;
  const auto client = Connected();
  Say(client, "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return !handler.requests.empty(); }));
  Turn(3);
  ASSERT_EQ(handler.requests.size(), 1u);

  server->Reply(handler.requests[0].id, http::Status::kOk, "1");

  EXPECT_EQ(handler.requests.size(), 2u);
}

TEST_F(ServerTest, ReadsARequestThatComesByteByByte) {
  Serve();
  const auto client = Connected();

  for (const char c : std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")) {
    Say(client, {&c, 1});
    Turn(2);
  }

  EXPECT_THAT(HearUntil(client, "\"/a\"\n"), HasSubstr("200 OK"));
  EXPECT_EQ(handler.requests.at(0).body, "{}");
}

TEST_F(ServerTest, InvitesTheBodyOfAClientThatWaitsForIt) {
  Serve();
  const auto client = Connected();
  Say(client, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(HearUntil(client, "100 Continue\r\n\r\n"), StartsWith("HTTP/1.1 100"));

  Say(client, "{}");

  EXPECT_THAT(HearUntil(client, "\"/a\"\n"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, RefusesGarbageAndCloses) {
  Serve();
  for (const char* garbage : {"\x16\x03\x01\x02\x00\x01\n\n", "hello\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
                              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const auto client = Connected();
    Say(client, garbage);
    EXPECT_THAT(HearAll(client), HasSubstr("\"outcome\":\"configuration\"")) << garbage;
  }
  EXPECT_TRUE(handler.requests.empty());
}

TEST_F(ServerTest, RefusesAHeadThatNeverEnds) {
  Serve();
  const auto client = Connected();

  Say(client, "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x'));

  EXPECT_THAT(HearAll(client), StartsWith("HTTP/1.1 4"));
}

TEST_F(ServerTest, RefusesABodyThatIsTooLargeHoweverItIsFramed) {
  Serve({.body_bytes = 10});
  const auto announced = Connected();
  Say(announced, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  EXPECT_THAT(HearAll(announced), StartsWith("HTTP/1.1 413"));

  const auto chunked = Connected();
  Say(chunked, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n");
  EXPECT_THAT(HearAll(chunked), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(handler.requests.empty());
}

TEST_F(ServerTest, ClosesWhoeverAsksNothing) {
  Serve({.patience = 50ms});
  const auto client = Connected();

  EXPECT_EQ(HearAll(client), "");
  EXPECT_EQ(server->connections(), 0u);
}

TEST_F(ServerTest, TellsAHalfOpenClientThatItsTimeIsOver) {
  Serve({.patience = 50ms});
  const auto client = Connected();
  Say(client, "GET / HTT");

  EXPECT_THAT(HearAll(client), StartsWith("HTTP/1.1 408"));
}

TEST_F(ServerTest, ASlowClientCannotStretchItsTime) {
  Serve({.patience = 100ms});
  const auto client = Connected();
  Heard heard;

  // A byte each turn, for ever: only the patience of the whole request ends it.
  ASSERT_TRUE(RunUntil([&] {
    send(client.get(), "x", 1, MSG_NOSIGNAL);
    Listen(client, heard);
    return heard.ended;
  }));

  EXPECT_THAT(heard.bytes, StartsWith("HTTP/1.1 4"));
}

TEST_F(ServerTest, WaitsForTheHandlerAsLongAsItTakes) {
  Serve({.patience = 20ms});
  handler.echo = false;
  const auto client = Connected();
  Say(client, "POST /reload HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return !handler.requests.empty(); }));
  const auto bystander = Connected();
  HearAll(bystander);  // a whole patience has passed

  server->Reply(handler.requests[0].id, http::Status::kOk, "\"late\"");

  EXPECT_THAT(HearUntil(client, "\"late\""), HasSubstr("200 OK"));
  EXPECT_TRUE(handler.gone.empty());
}

TEST_F(ServerTest, SaysWhenTheClientOfARequestHasLeft) {
  Serve();
  handler.echo = false;
  auto client = Connected();
  Say(client, "POST /reload HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return !handler.requests.empty(); }));

  client.reset();

  ASSERT_TRUE(RunUntil([&] { return !handler.gone.empty(); }));
  EXPECT_THAT(handler.gone, testing::ElementsAre(handler.requests[0].id));
  EXPECT_EQ(server->connections(), 0u);
  server->Reply(handler.requests[0].id, http::Status::kOk, "{}");  // to nobody
}

TEST_F(ServerTest, AnswersAClientThatHasEndedItsRequestsButListens) {
  Serve();
  handler.echo = false;
  const auto client = Connected();
  Say(client, "POST /reload HTTP/1.1\r\nHost: a\r\n\r\n");
  shutdown(client.get(), SHUT_WR);
  ASSERT_TRUE(RunUntil([&] { return !handler.requests.empty(); }));
  Turn(3);

  server->Reply(handler.requests[0].id, http::Status::kOk, "\"there\"");

  EXPECT_THAT(HearAll(client), HasSubstr("\"there\""));
  EXPECT_TRUE(handler.gone.empty());
}

TEST_F(ServerTest, WritesAnAnswerThatIsLargerThanTheSocket) {
  Serve();
  handler.echo = false;
  const auto client = Connected();
  Say(client, "GET /status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return !handler.requests.empty(); }));
  const std::string large(3'000'000, '7');

  server->Reply(handler.requests[0].id, http::Status::kOk, large);

  EXPECT_THAT(HearAll(client).size(), testing::Gt(large.size()));
}

TEST_F(ServerTest, GivesUpOnAClientThatDoesNotTakeItsAnswer) {
  Serve({.patience = 50ms});
  handler.echo = false;
  const auto client = Connected();
  Say(client, "GET /status HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return !handler.requests.empty(); }));

  server->Reply(handler.requests[0].id, http::Status::kOk, std::string(3'000'000, '7'));

  EXPECT_TRUE(RunUntil([&] { return server->connections() == 0; }));
}

TEST_F(ServerTest, AThousandClientsThatAskNothingAreBoundedAndInNobodysWay) {
  Serve();
  std::deque<sys::UniqueFd> crowd;
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    crowd.push_back(Connected());
    if (i % 3 == 0) Say(crowd.back(), "GET / HTT");
    if (i % 3 == 1) Say(crowd.back(), std::string("\0\xff\x7f", 3));
    if (crowd.size() > 200) crowd.pop_front();
    Turn(1);
    most = std::max(most, server->connections());
  }

  const auto client = Connected();
  Say(client, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");

  EXPECT_THAT(HearUntil(client, "\"/health\"\n"), HasSubstr("200 OK"));
  EXPECT_LE(most, Limits{}.connections);
}

TEST_F(ServerTest, WhoWaitsForAnAnswerIsNotSentAwayForANewcomer) {
  Serve({.connections = 2});
  handler.echo = false;
  const auto first = Connected();
  const auto second = Connected();
  for (const auto* client : {&first, &second}) Say(*client, "POST /reload HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(RunUntil([&] { return handler.requests.size() == 2; }));

  const auto third = Connected();

  EXPECT_THAT(HearAll(third), StartsWith("HTTP/1.1 503"));
  server->Reply(handler.requests[0].id, http::Status::kOk, "\"done\"");
  EXPECT_THAT(HearUntil(first, "\"done\""), HasSubstr("200 OK"));
}

TEST_F(ServerTest, MovesToAnotherSocketAndRemovesTheOldOne) {
  Serve();
  const auto client = Connected();
  Say(client, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  HearUntil(client, "\"/a\"\n");
  auto other = SocketFile::Listen(folder / "other.control");
  ASSERT_TRUE(other);

  server->Adopt(*std::move(other));

  EXPECT_EQ(access(path.c_str(), F_OK), -1);
  EXPECT_EQ(server->path(), folder / "other.control");
  Say(client, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(HearUntil(client, "\"/b\"\n"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, ClosingRemovesTheFile) {
  Serve();

  server->Close();

  EXPECT_EQ(access(path.c_str(), F_OK), -1);
  EXPECT_EQ(ConnectTo(path, 1000ms).error().code, ENOENT);
}

TEST_F(ServerTest, ClosingEndsConnectionsOnWhichNothingIsAsked) {
  Serve();
  const sys::UniqueFd idle = Connected();
  Say(idle, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  HearUntil(idle, "\"/a\"\n");
  const sys::UniqueFd asking = Connected();
  Say(asking, "GET /b HTTP/1.1\r\nHo");
  while (server->connections() < 2) loop.RunOnce();

  server->Close();
  Say(asking, "st: a\r\n\r\n");

  EXPECT_THAT(HearUntil(asking, "\"/b\"\n"), HasSubstr("Connection: close"));
  EXPECT_EQ(HearAll(idle), "");
  EXPECT_EQ(server->connections(), 0u);
}

TEST_F(ServerTest, RefusesAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  Serve();
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);  // as if somebody had opened it up
  ASSERT_EQ(seteuid(65534), 0);
  const auto client = Connected();
  ASSERT_EQ(seteuid(0), 0);

  EXPECT_THAT(HearAll(client), StartsWith("HTTP/1.1 403"));
}

}  // namespace
}  // namespace colmeia::control
