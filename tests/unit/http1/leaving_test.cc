// Connections that have to go: evicted for others, and drained.
#include "http1/connection.h"
#include "http1/fixture.h"

namespace colmeia::http1 {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

class LeavingTest : public ConnectionFixture {
 protected:
  // It was answered once, and waits for another request.
  Connection& OpenIdle() {
    Connection& connection = Open();
    client->Send(Get("/hello"));
    UntilReceived("hello\n");
    return connection;
  }
};

TEST_F(LeavingTest, AnEvictedOneAnswersWhatHasJustArrived) {
  Connection& connection = OpenIdle();
  client->Send(Get("/host"));

  connection.Evict();

  UntilEnded();
  EXPECT_THAT(client->received, AllOf(EndsWith("small"), HasSubstr("Connection: close")));
}

TEST_F(LeavingTest, AnEvictedOneWithoutARequestCloses) {
  Connection& connection = OpenIdle();

  connection.Evict();

  EXPECT_THAT(connections, SizeIs(0));
  EXPECT_EQ(idle, 0);
}

TEST_F(LeavingTest, DrainingWaitsAMomentForARequestOnItsWay) {
  Connection& connection = OpenIdle();
  shared().draining = true;
  connection.Drain();
  EXPECT_EQ(connection.state(), State::kIdle);

  client->Send(Get("/host"));
  UntilEnded();

  EXPECT_THAT(client->received, AllOf(EndsWith("small"), HasSubstr("Connection: close")));
}

TEST_F(LeavingTest, DrainingEndsIdleOnesSoon) {
  Connection& connection = OpenIdle();
  shared().draining = true;
  connection.Drain();

  UntilGone();

  UntilEnded();
  EXPECT_FALSE(client->reset);
}

TEST_F(LeavingTest, AnAnswerThatWasOnItsWayWhenDrainingBeganIsFollowedByTheEnd) {
  takes = false;
  Connection& connection = Open(/*send_buffer=*/4096);
  client->Send(Get("/big?3000000"));
  Until([&] { return connection.state() == State::kBlocked; }, "a full socket");

  shared().draining = true;
  connection.Drain();
  takes = true;

  UntilEnded();
  EXPECT_GT(client->received.size(), 3'000'000u);
}

}  // namespace
}  // namespace colmeia::http1
