// The golden exchanges through a layer with the ways of TLS (support/sealing_layer.h): the client hears the same bytes,
// whatever the sizes of records and transfers, and hears on the wire that an answer's end is the end.
#include "http1/fixture.h"
#include "http1/stories.h"
#include "support/sealing_layer.h"

namespace colmeia::http1 {
namespace {

class SealedTest : public ConnectionFixture {
 protected:
  static constexpr int kManyTurns = 20000;

  void Begin(const Sealing& sealing) {
    peer = {};
    make_layer = [&sealing] { return std::make_unique<SealingLayer>(sealing); };
    Open();
  }

  void Hear() {
    client->Take();
    const std::string answer = peer.Take(std::exchange(client->received, {}));
    if (!answer.empty()) static_cast<void>(::send(client->fd(), answer.data(), answer.size(), MSG_NOSIGNAL));
  }

  template <class Done>
  void TurnUntil(Done done) {
    for (int turns = 0; !done() && turns < kManyTurns; ++turns) {
      loop.Turn();
      Hear();
    }
  }

  void Leave() {
    client->Close();
    for (int turns = 0; !connections.empty() && turns < kManyTurns; ++turns) loop.Turn();
    EXPECT_TRUE(connections.empty()) << "the connection stays";
  }

  SealingPeer peer;
};

class SealedExchangesTest : public SealedTest, public testing::WithParamInterface<Story> {
 protected:
  SealedExchangesTest() {
    site.core.client_max_body_size = 10;
    site.core.keepalive_requests = 3;
  }

  // Whether the server's end is one that it says: it has something to answer, or the client has said its own.
  [[nodiscard]] static bool IsSaid(const Story& story) {
    return story.hears.ends_with("<EOF>\n") && story.hears.starts_with("HTTP");
  }

  void Tell(const Sealing& sealing, std::size_t record, bool updates) {
    const auto [bytes, ends] = ToBytes(GetParam().says);
    Begin(sealing);
    std::string wire = SealingPeer::Seal(bytes, record, updates);
    if (ends) wire += Seal(Record::kEnd, "");
    client->Send(wire);
    const auto heard = [&] { return ToPage(peer.data, client->ended); };
    TurnUntil([&] { return heard() == GetParam().hears; });
    EXPECT_EQ(heard(), GetParam().hears);
    EXPECT_EQ(peer.ended, IsSaid(GetParam()));
    if (!client->ended) {
      EXPECT_EQ(peer.hello, "test/1");
    }
    EXPECT_FALSE(peer.holds_a_part());
    Leave();
  }
};

TEST_P(SealedExchangesTest, AreTheSame) {
  for (const std::size_t record : {1u, 5u, 1000u}) {
    for (const std::size_t taken : {Sealing::kAll, std::size_t{1}, std::size_t{40}}) {
      for (const std::size_t gives : {Sealing::kAll, std::size_t{7}}) {
        for (const std::size_t asks : {Sealing::kAll, std::size_t{0}, std::size_t{120}}) {
          SCOPED_TRACE(testing::Message() << "records of " << record << ", the socket takes " << taken << " and gives "
                                          << gives << ", asks after " << asks);
          Tell({.record = 50, .records = 3, .socket_takes = taken, .socket_gives = gives, .asks_after = asks}, record,
               /*updates=*/record != 5);
          if (HasFailure()) return;
        }
      }
    }
  }
}

// The client is gone after any byte of what it says on the wire, amid the handshake and amid records.
TEST_P(SealedExchangesTest, EndCleanlyWhereverTheClientStops) {
  const auto [bytes, ends] = ToBytes(GetParam().says);
  const std::string wire = SealingPeer::Seal(bytes, 20, true);
  for (std::size_t at = 0; at < wire.size(); ++at) {
    SCOPED_TRACE(at);
    const Sealing sealing{.socket_takes = 30};
    Begin(sealing);
    client->Send(std::string_view(wire).substr(0, at));
    client->FinishSending();
    TurnUntil([&] { return connections.empty() || client->ended; });
    Hear();
    EXPECT_TRUE(client->ended);
    // It takes all that it is sent, so it has heard whole answers.
    EXPECT_TRUE(GetParam().hears.starts_with(ToPage(peer.data, false))) << peer.data;
    Leave();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, SealedExchangesTest, testing::ValuesIn(AllStories()),
                         [](const auto& test) { return test.param.Name(); });

TEST_F(SealedTest, AFileGoesThroughTheBuffer) {
  std::string content(200000, 'f');
  content[150000] = '!';
  site.SetFile(content);
  const Sealing sealing{.record = 16000, .records = 4, .asks_after = 100000};
  Begin(sealing);
  client->Send(SealingPeer::Seal(Get("/file") + Get("/hello"), 1000, false));

  TurnUntil([&] { return peer.data.ends_with("hello\n"); });

  EXPECT_THAT(peer.data, testing::HasSubstr("\r\n\r\n[" + content + "]HTTP/1.1 200 OK"));
  EXPECT_EQ(site.logged.at(0).body_bytes_sent, 200002u);
  EXPECT_TRUE(site.logged.at(0).complete);
  Leave();
}

TEST_F(SealedTest, RequestsThatLieOpenedAreAnsweredAfterAStream) {
  const Sealing sealing{};
  Begin(sealing);
  client->Send(SealingPeer::Seal(Get("/stream") + Get("/hello"), 1000, false));
  TurnUntil([&] { return site.script.alive == 1 && connections.at(0)->state() == State::kStreaming; });
  site.script.chunks = {"some"};
  site.script.ends = true;

  site.script.wake();
  TurnUntil([&] { return peer.data.ends_with("hello\n"); });

  EXPECT_THAT(peer.data, testing::EndsWith("hello\n"));
  Leave();
}

// What does not fit into the session's buffer waits in the layer, where no poll looks: it is read all the same.
TEST_F(SealedTest, WhatALayerHasReadIsReadWithoutAPoll) {
  site.core.keepalive_requests = 100000;
  const Sealing sealing{};
  Begin(sealing);
  // All of it is opened at the first read.
  std::string requests;
  for (int i = 0; i < 3000; ++i) requests += Get("/204");
  std::string wire = SealingPeer::Seal(requests, 60000, false);
  while (!wire.empty()) {
    const ssize_t sent = ::send(client->fd(), wire.data(), wire.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) wire.erase(0, static_cast<std::size_t>(sent));
    loop.Turn();
    Hear();
  }
  TurnUntil([&] { return site.handled == 3000; });

  EXPECT_EQ(site.handled, 3000);
  Leave();
}

TEST_F(SealedTest, AStreamIsNotLeftForAWakeUpThatIsNotTheClients) {
  const Sealing sealing{};
  Begin(sealing);
  client->Send(SealingPeer::Seal(Get("/stream"), 1000, false));
  TurnUntil([&] { return site.script.alive == 1; });

  client->FinishSending();
  TurnUntil([&] { return connections.empty(); });

  EXPECT_EQ(site.script.alive, 0);
  EXPECT_FALSE(peer.ended);  // it ended amid an answer
}

TEST_F(SealedTest, AnIdleOneThatTimesOutSaysItsEnd) {
  site.core.keepalive_timeout = 20ms;
  const Sealing sealing{};
  Begin(sealing);
  client->Send(SealingPeer::Seal(Get("/hello"), 1000, false));
  Until([&] { return connections.empty(); }, "the end of the idle time");
  Hear();
  EXPECT_TRUE(peer.ended);
}

TEST_F(SealedTest, OneThatIsSilentDoesNot) {
  site.core.client_header_timeout = 20ms;
  const Sealing sealing{};
  Begin(sealing);
  client->Send(Seal(Record::kHello, "test/1"));
  Until([&] { return connections.empty(); }, "the end of patience");
  Hear();
  EXPECT_EQ(peer.hello, "test/1");
  EXPECT_FALSE(peer.ended);
}

}  // namespace
}  // namespace colmeia::http1
