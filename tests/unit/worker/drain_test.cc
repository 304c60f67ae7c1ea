#include "worker/drain.h"

#include "worker/connections_fixture.h"

namespace colmeia::worker {
namespace {

using testing::HasSubstr;

// An acceptor that accepts nothing, and remembers what it was told.
class StillAcceptor final : public Acceptor {
 public:
  void Add(std::uint32_t, sys::UniqueFd, const session::Listener&) override {}
  void Start() override {}
  void Release(std::uint32_t) override {}
  void Removed(std::uint32_t) override {}
  void Drain() override { drained = true; }
  void Stop() override { removed = 0; }
  void OnRoom() override {}
  [[nodiscard]] std::size_t listeners() const override { return removed; }
  bool drained = false;
  std::size_t removed = 0;  // listeners that are not empty yet
};

class DrainTest : public ConnectionsFixture {
 protected:
  ~DrainTest() override { drain.reset(); }
  void Start(std::optional<util::Duration> limit = std::nullopt) {
    drain = std::make_unique<Drain>(loop, acceptor, connections(), [this] { done = true; });
    drain->Start(limit);
  }

  StillAcceptor acceptor;
  std::unique_ptr<Drain> drain;
  bool done = false;
};

TEST_F(DrainTest, IsDoneInTheNextTurnWhenNothingIsOpen) {
  Start();

  EXPECT_TRUE(acceptor.drained);
  EXPECT_FALSE(done);
  EXPECT_EQ(drain->state(), Drain::State::kDone);
  Until([&] { return done; });
}

TEST_F(DrainTest, AnswersAJustArrivedRequestWithClose) {
  const auto client = Enter();
  client->Send(kGetHello);
  UntilAnswered(*client);
  client->Send(kGetHello);

  Start();
  Until([&] {
    client->Take();
    if (client->ended) client->fd.reset();
    return done;
  });

  EXPECT_THAT(client->received, HasSubstr("Connection: close"));
}

TEST_F(DrainTest, LetsIdleOnesGoAfterAMoment) {
  const auto client = Enter();
  client->Send(kGetHello);
  UntilAnswered(*client);

  Start();
  EXPECT_EQ(connections().size(), 1u);
  Until([&] { return done; });

  EXPECT_EQ(connections().size(), 0u);
}

TEST_F(DrainTest, WaitsForWhatIsBeingAnswered) {
  const auto client = Enter();
  client->Send("GET /hello HTTP/1.1\r\nHo");
  Until([&] { return writer().Get(scoreboard::Gauge::kReading) == 1; });
  Start();
  for (int i = 0; i < 5; ++i) loop.Turn();
  EXPECT_FALSE(done);

  client->Send("st: small\r\n\r\n");
  Until([&] {
    client->Take();
    if (client->ended) client->fd.reset();
    return done;
  });

  EXPECT_THAT(client->received, HasSubstr("Connection: close"));
}

TEST_F(DrainTest, ClosesTheRestAtTheDeadline) {
  const auto client = Enter();
  BeginRequest(*client);

  Start(30ms);
  Until([&] { return done; });

  UntilEnded(*client);
}

TEST_F(DrainTest, WaitsForRemovedListenersToBeEmpty) {
  acceptor.removed = 1;
  Start();
  for (int i = 0; i < 5; ++i) loop.Turn();
  EXPECT_EQ(drain->state(), Drain::State::kDraining);

  acceptor.removed = 0;
  acceptor.on_closed();

  Until([&] { return done; });
}

TEST_F(DrainTest, ClosesRemovedListenersAtTheDeadline) {
  acceptor.removed = 1;

  Start(30ms);
  Until([&] { return done; });

  EXPECT_EQ(acceptor.removed, 0u);
}

TEST_F(DrainTest, ASecondStartCanOnlyBringTheEndNearer) {
  const auto client = Enter();
  BeginRequest(*client);
  Start(30min);

  drain->Start(20ms);
  drain->Start(40min);

  Until([&] { return done; });
}

TEST_F(DrainTest, ItsEndMayDestroyIt) {
  drain = std::make_unique<Drain>(loop, acceptor, connections(), [this] {
    drain.reset();
    done = true;
  });
  drain->Start();

  Until([&] { return done; });

  EXPECT_EQ(drain, nullptr);
}

}  // namespace
}  // namespace colmeia::worker
