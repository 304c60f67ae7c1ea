// Handlers that wait: what becomes of their connection meanwhile and afterwards.
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

class WaitingTest : public ConnectionFixture {
 protected:
  // A connection whose handler waits.
  Connection& OpenWaiting(const std::string& behind = "", std::string_view target = "/wait") {
    Connection& connection = Open();
    client->Send(Get(target) + behind);
    Until([&] { return connection.state() == State::kAwaiting; }, "a handler that waits");
    return connection;
  }
  void Wake() {
    const std::function<void()> wake = site.patience.wake;
    wake();
  }
};

TEST_F(WaitingTest, TheAnswerComesWhenTheWaitIsOverAndTheConnectionIsGoodForAnother) {
  OpenWaiting();
  EXPECT_THAT(client->received, IsEmpty());

  Wake();
  UntilReceived("/wait");
  client->Send(Get("/hello"));
  UntilReceived("hello\n");

  EXPECT_THAT(client->received, AllOf(HasSubstr("HTTP/1.1 200 OK"), HasSubstr("\r\nConnection: keep-alive\r\n")));
  EXPECT_EQ(site.patience.alive, 0);
  EXPECT_THAT(site.logged, ElementsAre(AllOf(Field(&Logged::status, 200), Field(&Logged::complete, true)),
                                       Field(&Logged::status, 200)));
}

TEST_F(WaitingTest, WhoWaitsIsBusyAndHasNoTimeLimit) {
  site.core.send_timeout = 10ms;
  site.core.keepalive_timeout = 10ms;
  Connection& connection = OpenWaiting();

  EXPECT_EQ(connection.standing(), session::Standing::kBusy);
  EXPECT_EQ(Gauge(Gauge::kWriting), 1u);
  EXPECT_EQ(shared().timeouts.armed(), 0u);
}

TEST_F(WaitingTest, RequestsBehindItWaitTheirTurn) {
  OpenWaiting(Get("/hello"));
  EXPECT_EQ(site.handled, 1);
  client->Send(Get("/target?late"));
  Turn();
  EXPECT_EQ(site.handled, 1);

  Wake();
  UntilReceived("/target?late");

  EXPECT_LT(client->received.find("/wait"), client->received.find("hello\n"));
  EXPECT_LT(client->received.find("hello\n"), client->received.find("/target?late"));
}

TEST_F(WaitingTest, AnswersBeforeItLeaveAtOnce) {
  Open();
  client->Send(Get("/hello") + Get("/wait"));
  UntilReceived("hello\n");
  Until([&] { return connections.at(0)->state() == State::kAwaiting; }, "a handler that waits");

  Wake();

  UntilReceived("/wait");
}

TEST_F(WaitingTest, OneAfterAnotherMayWait) {
  OpenWaiting(Get("/wait?b"));

  Wake();
  UntilReceived("/wait");
  Until([&] { return site.patience.alive == 1; }, "the second one");
  Wake();

  UntilReceived("/wait?b");
}

TEST_F(WaitingTest, HeadGetsNoBody) {
  Open();
  client->Send("HEAD /wait HTTP/1.1\r\nHost: small\r\n\r\n");
  Until([&] { return connections.at(0)->state() == State::kAwaiting; }, "a handler that waits");

  Wake();
  UntilReceived("\r\n\r\n");

  EXPECT_THAT(client->received, HasSubstr("\r\nContent-Length: 5\r\n"));
}

TEST_F(WaitingTest, ABodyIsReadAfterTheAnswer) {
  Open();
  client->Send("POST /wait HTTP/1.1\r\nHost: small\r\nContent-Length: 6\r\n\r\nabc");
  Until([&] { return connections.at(0)->state() == State::kAwaiting; }, "a handler that waits");
  client->Send("def" + Get("/hello"));
  Turn();

  Wake();
  UntilReceived("hello\n");

  EXPECT_EQ(site.handled, 2);
  EXPECT_THAT(client->received, HasSubstr("/wait"));
}

TEST_F(WaitingTest, AChunkedBodyOverTheLimitIsRefusedAfterTheWait) {
  site.core.client_max_body_size = 2;
  Open();
  client->Send("POST /wait HTTP/1.1\r\nHost: small\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  Until([&] { return connections.at(0)->state() == State::kAwaiting; }, "a handler that waits");

  Wake();
  UntilEnded();

  EXPECT_THAT(client->received, AllOf(HasSubstr("HTTP/1.1 413 "), Not(HasSubstr("200 OK"))));
}

TEST_F(WaitingTest, ContinueIsSaidAfterTheWait) {
  Open();
  client->Send("POST /wait HTTP/1.1\r\nHost: small\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  Until([&] { return connections.at(0)->state() == State::kAwaiting; }, "a handler that waits");

  Wake();
  UntilReceived("/wait");

  EXPECT_THAT(client->received, testing::StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(WaitingTest, AClientThatLeavesEndsTheWaitAndIsLoggedAs499) {
  OpenWaiting();

  client->Close();
  UntilGone();

  EXPECT_EQ(site.patience.alive, 0);
  EXPECT_THAT(site.logged,
              ElementsAre(AllOf(Field(&Logged::status, 499), Field(&Logged::bytes_sent, 0u),
                                Field(&Logged::complete, false), Field(&Logged::line, "GET /wait HTTP/1.1"))));
}

TEST_F(WaitingTest, AClientThatSaysItWillSendNoMoreHasLeft) {
  OpenWaiting();

  client->FinishSending();
  UntilGone();

  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 499)));
}

TEST_F(WaitingTest, AClientThatLeavesBehindUnreadRequestsIsNoticed) {
  OpenWaiting();

  client->Send(Get("/hello"));
  client->Close();
  UntilGone();

  EXPECT_EQ(site.patience.alive, 0);
  EXPECT_EQ(site.handled, 1);
}

TEST_F(WaitingTest, TheWaitEndsWhenEarlierAnswersCannotBeWritten) {
  site.core.send_timeout = 30ms;
  takes = false;
  Open(/*send_buffer=*/4096);
  client->Send(Get("/big?1000000") + Get("/wait"));

  UntilGone();

  EXPECT_EQ(site.handled, 2);
  EXPECT_EQ(site.patience.alive, 0);
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::complete, false), Field(&Logged::status, 499)));
}

TEST_F(WaitingTest, AWaitThatIsOverWhileEarlierAnswersAreBlockedIsAnsweredBehindThem) {
  takes = false;
  Open(/*send_buffer=*/4096);
  client->Send(Get("/big?1000000") + Get("/wait"));
  Until([&] { return connections.at(0)->state() == State::kBlocked; }, "a full socket");

  Wake();
  EXPECT_EQ(site.patience.alive, 1);
  takes = true;
  UntilReceived("/wait");

  EXPECT_EQ(site.patience.alive, 0);
}

TEST_F(WaitingTest, DrainingWaitsForItAndClosesAfterTheAnswer) {
  Connection& connection = OpenWaiting();

  shared().draining = true;
  connection.Drain();
  Turn();
  ASSERT_THAT(connections, SizeIs(1));
  Wake();
  UntilEnded();

  EXPECT_THAT(client->received, AllOf(HasSubstr("\r\nConnection: close\r\n"), EndsWith("/wait")));
}

TEST_F(WaitingTest, AbortingEndsIt) {
  Connection& connection = OpenWaiting();

  connection.Abort();

  EXPECT_EQ(site.patience.alive, 0);
  EXPECT_THAT(site.logged, ElementsAre(Field(&Logged::status, 499)));
}

}  // namespace
}  // namespace colmeia::http1
