// Answers with a rate: what becomes of their connection in the pauses. How fast they are is pipeline/pace_test.cc's.
#include "http1/connection.h"
#include "http1/fixture.h"

namespace colmeia::http1 {
namespace {

using scoreboard::Gauge;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PacedTest : public ConnectionFixture {
 protected:
  static constexpr std::size_t kSize = 100'000;

  // A connection amid an answer of kSize bytes. Five writes of a second's worth each.
  Connection& OpenPaced(const std::string& request = Get("/big?100000"), std::uint64_t rate = kSize / 5) {
    site.core.limit_rate.bytes = rate;
    Connection& connection = Open();
    client->Send(request);
    Until([&] { return connection.state() == State::kPaced; }, "a pause");
    return connection;
  }
};

TEST_F(PacedTest, NoMoreThanASecondsWorthLeavesBeforeThePause) {
  OpenPaced();
  client->Take();

  EXPECT_THAT(client->received, SizeIs(kSize / 5));
  EXPECT_EQ(Gauge(Gauge::kWriting), 1u);
  EXPECT_EQ(shared().timeouts.armed(), 1u);
}

TEST_F(PacedTest, TheLoopSleepsInThePause) {
  Connection& connection = OpenPaced();
  client->Take();
  Turn(10);

  EXPECT_EQ(connection.state(), State::kPaced);
  EXPECT_EQ(client->Take(), 0u);
}

TEST_F(PacedTest, ItGoesOnAfterEachPauseAndTheConnectionIsGoodForAnother) {
  site.core.limit_rate_after.bytes = 60'000;
  OpenPaced(Get("/big?100000"), 40'000);
  UntilReceived(std::string(kSize, 'x'));
  client->Send(Get("/hello"));
  UntilReceived("hello\n");

  EXPECT_THAT(site.logged, ElementsAre(AllOf(Field(&Logged::body_bytes_sent, kSize), Field(&Logged::complete, true)),
                                       Field(&Logged::complete, true)));
}

TEST_F(PacedTest, FilesPauseAmidSendfile) {
  site.core.sendfile = true;
  site.SetFile(std::string(kSize, 'f'));
  site.core.limit_rate_after.bytes = 1000;
  OpenPaced(Get("/file"));
  client->Take();

  EXPECT_THAT(client->received, SizeIs(kSize / 5 + 1000));
}

TEST_F(PacedTest, FilesPauseWithoutSendfile) {
  site.SetFile(std::string(kSize, 'f'));
  site.core.limit_rate_after.bytes = kSize - 20'000;
  OpenPaced(Get("/file"), 10'000);
  UntilReceived("]");

  EXPECT_THAT(client->received, HasSubstr("\r\n\r\n[" + std::string(kSize, 'f') + "]"));
}

TEST_F(PacedTest, StreamsPauseBetweenTheirChunks) {
  site.script.chunks = {std::string(5000, 'a'), std::string(5000, 'b')};
  site.script.ends = true;
  OpenPaced(Get("/stream"), 30'000);
  UntilReceived("0\r\n\r\n");

  EXPECT_THAT(client->received, AllOf(HasSubstr(std::string(5000, 'a')), HasSubstr(std::string(5000, 'b'))));
  EXPECT_EQ(site.logged.at(0).status, 200);
}

TEST_F(PacedTest, RequestsBehindItWaitAndHaveARateOfTheirOwn) {
  Connection& connection = OpenPaced(Get("/big?25000") + Get("/big?15000"), 20'000);
  client->Take();
  EXPECT_THAT(client->received, SizeIs(20'000));
  UntilReceived("\r\n\r\n" + std::string(15'000, 'x'));

  // The second one did not pause: what the first one had used up is not its own.
  EXPECT_EQ(connection.state(), State::kIdle);
  EXPECT_THAT(site.logged, SizeIs(2));
}

TEST_F(PacedTest, AClientThatLeavesInThePauseIsNoticedAtOnce) {
  OpenPaced();
  client->Close();
  UntilGone();

  EXPECT_THAT(site.logged, ElementsAre(AllOf(Field(&Logged::status, 200), Field(&Logged::complete, false))));
}

TEST_F(PacedTest, AnswersToHeadAreLimitedToo) {
  site.core.limit_rate.bytes = 50;
  Connection& connection = Open();
  client->Send("HEAD /hello HTTP/1.1\r\nHost: small\r\n\r\n");
  Until([&] { return connection.state() == State::kPaced; }, "a pause");
  client->Take();

  EXPECT_THAT(client->received, SizeIs(50));
}

TEST_F(PacedTest, ADrainLetsItGoOnAndAnAbortEndsIt) {
  Connection& connection = OpenPaced();
  shared().draining = true;
  connection.Drain();
  EXPECT_EQ(connection.state(), State::kPaced);

  connection.Abort();
  EXPECT_THAT(connections, IsEmpty());
}

TEST_F(PacedTest, SendTimeoutDoesNotCountThePause) {
  site.core.send_timeout = 20ms;
  OpenPaced(Get("/big?30000"), 20'000);
  UntilReceived(std::string(30'000, 'x'));

  EXPECT_TRUE(site.logged.at(0).complete);
}

TEST_F(PacedTest, WithoutARateNothingPauses) {
  Connection& connection = Open();
  client->Send(Get("/big?100000"));
  UntilReceived(std::string(kSize, 'x'));

  EXPECT_EQ(connection.state(), State::kIdle);
}

}  // namespace
}  // namespace colmeia::http1
