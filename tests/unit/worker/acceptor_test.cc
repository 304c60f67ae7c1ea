#include "worker/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "sys/descriptors.h"
#include "worker/connections_fixture.h"
#include "worker/exclusive_acceptor.h"
#include "worker/mutex_acceptor.h"

namespace colmeia::worker {
namespace {

using ipc::AcceptBy;
using scoreboard::Total;

// One worker that shares a listening socket with others, which do not exist or are played by the test.
class AcceptorFixture : public ConnectionsFixture {
 protected:
  static constexpr std::uint32_t kSlot = 1;
  static constexpr std::uint32_t kOther = 0;

  AcceptorFixture() {
    for (const std::uint32_t slot : {kOther, kSlot}) {
      board_.Occupy(slot, {.pid = 1, .generation = 1, .seat = slot});
      board_.SetState(slot, scoreboard::SlotState::kReady);
    }
    alive_.StartEvery(1h);
  }
  ~AcceptorFixture() override { acceptor_.reset(); }

  SocketAcceptor& Make(AcceptBy way, AcceptorOptions options = {}) {
    options.accept_by = way;
    options.generation = 1;
    options.slot = kSlot;
    acceptor_ = MakeAcceptor({loop, connections(), writer(), &board_, log_, options});
    acceptor_->Add(0, TakeListenFd(), site.listener());
    connections().on_room = [this] { acceptor_->OnRoom(); };
    return dynamic_cast<SocketAcceptor&>(*acceptor_);
  }

  // Accepted and amid its request: not closed to make room, as an idle one would be.
  std::unique_ptr<Client> ConnectBusy() {
    auto client = Connect();
    client->Send("GET /hel");
    Until([&] { return writer().Get(scoreboard::Gauge::kReading) == 1; });
    return client;
  }

  scoreboard::Board board_ = std::move(*scoreboard::Board::Create());
  log::ErrorLog log_;
  loop::Timer alive_{loop, [] {}};  // a worker's loop always has something to wait for: its channel
  std::unique_ptr<Acceptor> acceptor_;
};

// What all ways to share a listening socket have in common.
class SharedSocketTest : public AcceptorFixture, public testing::WithParamInterface<AcceptBy> {
 protected:
  SocketAcceptor& acceptor(AcceptorOptions options = {}) {
    return acceptor_ == nullptr ? Make(GetParam(), options) : dynamic_cast<SocketAcceptor&>(*acceptor_);
  }

  // One client is all that the worker takes; another one, with its request, waits outside.
  struct Full {
    std::unique_ptr<Client> inside;
    std::unique_ptr<Client> outside;
  };
  Full FillUp() {
    connections(1);
    acceptor().Start();
    Full full{ConnectBusy(), Connect()};
    full.outside->Send(kGetHello);
    Until([&] { return acceptor().paused(); });
    return full;
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, SharedSocketTest,
                         testing::Values(AcceptBy::kExclusive, AcceptBy::kShared, AcceptBy::kReuseport,
                                         AcceptBy::kMutex, AcceptBy::kHandoff),
                         [](const auto& way) { return std::string(ipc::AcceptByName(way.param)); });

TEST_P(SharedSocketTest, AcceptsOnceStarted) {
  const auto client = Connect();
  client->Send(kGetHello);
  acceptor();
  loop.Turn();
  EXPECT_EQ(connections().size(), 0u);

  acceptor().Start();
  UntilAnswered(*client);

  EXPECT_EQ(writer().Get(Total::kAccepts), 1u);
  EXPECT_EQ(writer().Get(Total::kHandled), 1u);
}

TEST_P(SharedSocketTest, TakesOnePerEventOrAllThatWait) {
  acceptor({.multi_accept = true});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(Connect());

  acceptor().Start();
  loop.RunOnce();

  EXPECT_EQ(connections().size(), 5u);
}

TEST_P(SharedSocketTest, GoesOnAfterMoreThanKRequeueAfter) {
  connections(100);
  acceptor().Start();
  std::vector<std::unique_ptr<Client>> clients;
  for (std::uint32_t i = 0; i < 3 * ExclusiveAcceptor::kRequeueAfter; ++i) clients.push_back(Connect());

  Until([&] { return connections().size() == clients.size(); });
}

TEST_P(SharedSocketTest, PausesAtTheLimitAndDropsNobody) {
  Full full = FillUp();
  EXPECT_EQ(writer().Get(Total::kAccepts), 1u);

  full.inside.reset();
  UntilAnswered(*full.outside);

  EXPECT_FALSE(acceptor().paused());
  EXPECT_EQ(writer().Get(Total::kAccepts), 2u);
}

TEST_P(SharedSocketTest, MakesRoomByClosingIdleOnes) {
  connections(1);
  acceptor().Start();
  const auto first = Connect();
  first->Send(kGetHello);
  UntilAnswered(*first);
  const auto second = Connect();
  second->Send(kGetHello);

  UntilAnswered(*second);

  UntilEnded(*first);
}

TEST_P(SharedSocketTest, PausesWithoutDescriptorsAndComesBack) {
  // It pauses once with descriptors at hand: UBSan looks at a type that it meets for the first time through a pipe.
  Full full = FillUp();
  full.inside.reset();
  UntilAnswered(*full.outside);

  const auto client = Connect();
  client->Send(kGetHello);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  Until([&] { return acceptor().paused(); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);

  UntilAnswered(*client);

  EXPECT_FALSE(acceptor().paused());
}

TEST_P(SharedSocketTest, AReleasedListenerIsEmptiedThenClosed) {
  acceptor().Start();
  const auto first = Connect();
  const auto second = Connect();

  acceptor().Release(0);

  EXPECT_EQ(connections().size(), 2u);
  EXPECT_EQ(acceptor().listeners(), 0u);
  acceptor().Release(7);
}

TEST_P(SharedSocketTest, DrainingClosesWhatOthersHoldAndTakesNobody) {
  acceptor().Start();
  const auto client = Connect();
  bool closed = false;
  acceptor().on_closed = [&] { closed = true; };

  acceptor().Drain();

  EXPECT_TRUE(closed);
  EXPECT_EQ(acceptor().listeners(), 0u);
  EXPECT_EQ(writer().Get(Total::kAccepts), 0u);
}

TEST_P(SharedSocketTest, DrainingEmptiesARemovedListenerAndClosesItAfterTheLastCall) {
  acceptor().Start();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(Connect());
  bool closed = false;
  acceptor().on_closed = [&] { closed = true; };
  acceptor().Removed(0);

  acceptor().Drain();

  EXPECT_EQ(connections().size(), 5u);
  EXPECT_FALSE(closed);
  const auto late = Connect();  // as if its handshake had been under way
  late->Send(kGetHello);
  UntilAnswered(*late);
  Until([&] { return closed; });
  EXPECT_EQ(acceptor().listeners(), 0u);
}

TEST_P(SharedSocketTest, ARemovedListenerIsClosedOnlyWhenThereWasRoomForAll) {
  connections(1);
  acceptor().Start();
  auto first = Connect();
  first->Send("GET /hel");
  Until([&] { return writer().Get(scoreboard::Gauge::kReading) == 1; });
  auto second = Connect();
  second->Send(kGetHello);
  bool closed = false;
  acceptor().on_closed = [&] { closed = true; };
  acceptor().Removed(0);

  acceptor().Drain();
  const auto last_call = std::chrono::steady_clock::now() + SocketAcceptor::kLastCall + 50ms;
  Until([&] { return std::chrono::steady_clock::now() > last_call; });
  EXPECT_FALSE(closed);
  first.reset();
  UntilAnswered(*second);

  Until([&] { return closed; });
}

TEST_P(SharedSocketTest, StopEndsADrainAtOnce) {
  acceptor().Start();
  acceptor().Removed(0);
  acceptor().Drain();

  acceptor().Stop();

  EXPECT_EQ(acceptor().listeners(), 0u);
}

TEST_P(SharedSocketTest, AcceptedSocketsInheritNoDelay) {
  acceptor().Start();
  const auto client = Connect();
  client->Send(kGetHello);

  UntilAnswered(*client);

  int on = 0;
  socklen_t size = sizeof(on);
  ASSERT_EQ(::getsockopt(site.last_fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
}

// The worker counts on the board itself, as in production, beside one other worker.
class ExclusiveAcceptorTest : public AcceptorFixture {
 protected:
  void Start() {
    AcceptorOptions options{.accept_by = AcceptBy::kExclusive, .generation = 1, .slot = kSlot};
    acceptor_ = MakeAcceptor({loop, connections(100), board_.Writer(kSlot), &board_, log_, options});
    acceptor_->Add(0, TakeListenFd(), site.listener());
    acceptor_->Start();
    connections().on_room = [this] { acceptor_->OnRoom(); };
  }
  std::uint64_t accepts() { return board_.Writer(kSlot).Get(Total::kAccepts); }

  // All connect at once and stay. What was accepted before the first sleep of the loop.
  std::uint64_t Burst(int clients) {
    for (int i = 0; i < clients; ++i) clients_.push_back(Connect());
    std::uint64_t before = 0;
    do {
      before = accepts();
      loop.Turn();
      loop.Turn();
    } while (accepts() > before);
    return accepts();
  }
  std::vector<std::unique_ptr<Client>> clients_;
};

TEST_F(ExclusiveAcceptorTest, RestsWhenItIsWellAheadAndThenGoesOn) {
  Start();

  EXPECT_LT(Burst(30), 30u) << "others are given the time to wake up";

  Until([&] { return accepts() == 30; });
}

TEST_F(ExclusiveAcceptorTest, TakesNobodyWhileItIsAheadAndOthersMayCome) {
  Start();
  const std::uint64_t taken = Burst(30);

  for (int i = 0; i < ExclusiveAcceptor::kMostRests / 2; ++i) {
    loop.RunOnce();  // the end of a rest
    loop.Turn();
  }

  EXPECT_EQ(accepts(), taken);
}

TEST_F(ExclusiveAcceptorTest, WakesTheOthersWhenItLeavesSomebodyInTheQueue) {
  const sys::UniqueFd other(epoll_create1(EPOLL_CLOEXEC));
  const sys::UniqueFd same = sys::Duplicate(listen_fd()).value();
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // tells of each wake-up once
  ASSERT_EQ(epoll_ctl(other.get(), EPOLL_CTL_ADD, same.get(), &event), 0);
  const auto wakes = [&] { return epoll_wait(other.get(), &event, 1, 0); };
  for (int i = 0; i < 30; ++i) clients_.push_back(Connect());
  EXPECT_EQ(wakes(), 1);
  EXPECT_EQ(wakes(), 0);
  Start();

  EXPECT_LT(Burst(0), 30u);

  EXPECT_EQ(wakes(), 1);
}

TEST_F(ExclusiveAcceptorTest, DoesNotRestWhenItHasLessThanTwiceAsMuchAsTheLast) {
  Start();
  board_.Writer(kOther).Add(Total::kAccepts, 20);
  for (const std::uint32_t slot : {kOther, kSlot}) board_.Writer(slot).Set(scoreboard::Gauge::kConnections, 20);

  EXPECT_EQ(Burst(30), 30u);
}

TEST_F(ExclusiveAcceptorTest, RestsNoMoreWhenOthersTakeNothing) {
  Start();
  static_cast<void>(Burst(30));
  Until([&] { return accepts() == 30; });

  EXPECT_EQ(Burst(30), 60u);
}

TEST_F(ExclusiveAcceptorTest, RestsAgainOnceOthersHaveTakenClients) {
  Start();
  static_cast<void>(Burst(30));
  Until([&] { return accepts() == 30; });
  board_.Writer(kOther).Add(Total::kAccepts, 1);

  EXPECT_LT(Burst(30), 60u);

  Until([&] { return accepts() == 60; });
}

TEST_F(ExclusiveAcceptorTest, ClientsThatComeAndGoNeverMakeItRest) {
  Start();
  for (int i = 0; i < 30; ++i) {
    const auto client = Connect();
    client->Send("GET /hello HTTP/1.1\r\nHost: small\r\nConnection: close\r\n\r\n");
    for (int turn = 0; turn < 1000 && accepts() <= static_cast<std::uint64_t>(i); ++turn) loop.Turn();
    ASSERT_EQ(accepts(), static_cast<std::uint64_t>(i) + 1);
    UntilEnded(*client);
  }
}

class MutexAcceptorTest : public AcceptorFixture {
 protected:
  // Turns of the loop in which something could have been accepted.
  void SomeTurns() {
    for (int i = 0; i < 5; ++i) loop.Turn();
  }
};

TEST_F(MutexAcceptorTest, AcceptsNobodyWhileAnotherHasTheLock) {
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  Make(AcceptBy::kMutex).Start();
  const auto client = Connect();
  client->Send(kGetHello);
  SomeTurns();
  EXPECT_EQ(connections().size(), 0u);

  board_.accept_lock().Unlock(kOther);
  UntilAnswered(*client);
}

TEST_F(MutexAcceptorTest, TriesAgainAfterTheDelayWithoutAnyEvent) {
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  Make(AcceptBy::kMutex, {.mutex_delay = 1ms}).Start();
  const auto client = Connect();
  loop.Turn();
  board_.accept_lock().Unlock(kOther);

  while (connections().size() == 0) loop.RunOnce();  // nothing but the delay ends the sleep
}

TEST_F(MutexAcceptorTest, HoldsTheLockThroughTheSleepAlone) {
  std::optional<std::uint32_t> asleep;
  const loop::BeforeSleep look(loop, [&] { asleep = board_.accept_lock().holder(); });  // the last before the sleep
  auto& acceptor = dynamic_cast<MutexAcceptor&>(Make(AcceptBy::kMutex));
  acceptor.Start();

  SomeTurns();

  EXPECT_EQ(asleep, kSlot);
  EXPECT_FALSE(acceptor.holds());
  EXPECT_EQ(board_.accept_lock().holder(), std::nullopt);
}

TEST_F(MutexAcceptorTest, LeavesTheLockAloneWithoutRoomAndAfterItsEnd) {
  connections(1);
  std::optional<std::uint32_t> asleep;
  const loop::BeforeSleep look(loop, [&] { asleep = board_.accept_lock().holder(); });
  auto& acceptor = Make(AcceptBy::kMutex);
  acceptor.Start();
  const auto first = ConnectBusy();
  const auto second = Connect();
  Until([&] { return acceptor.paused(); });

  SomeTurns();
  EXPECT_EQ(asleep, std::nullopt);

  acceptor_->Stop();
  SomeTurns();
  EXPECT_EQ(asleep, std::nullopt);
}

TEST_F(MutexAcceptorTest, BreaksTheLockOfAWorkerThatIsSilentForLong) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto beat = [&](std::chrono::nanoseconds ago) {
    board_.Writer(kOther).Beat(static_cast<std::uint64_t>((std::chrono::nanoseconds(now) - ago).count()));
  };
  ASSERT_TRUE(board_.accept_lock().TryLock(kOther));
  beat(1h);
  Make(AcceptBy::kMutex, {.beat = 2h}).Start();
  const auto client = Connect();
  client->Send(kGetHello);
  SomeTurns();
  EXPECT_EQ(connections().size(), 0u) << "an hour is nothing to one that beats every two";

  beat(7h);
  UntilAnswered(*client);
}

class HandoffAcceptorTest : public AcceptorFixture {
 protected:
  // As the master would: accepts, and hands on.
  std::unique_ptr<Client> Hand(std::function<void()> taken = [] {}) {
    auto client = Connect();
    sys::Accepted accepted;
    Until([&] { return (accepted = sys::Accept(listen_fd())).status == sys::AcceptStatus::kAccepted; });
    EXPECT_TRUE(acceptor_->Take({site.listener(), std::move(accepted.fd), accepted.peer, std::move(taken)}));
    return client;
  }
  void MakeHandoff() {
    acceptor_ = MakeAcceptor({loop,
                              connections(),
                              writer(),
                              &board_,
                              log_,
                              {.accept_by = AcceptBy::kHandoff, .generation = 1, .slot = kSlot}});
    connections().on_room = [this] { acceptor_->OnRoom(); };
  }
};

TEST_F(HandoffAcceptorTest, ServesWhomTheMasterSends) {
  MakeHandoff();
  bool taken = false;
  const auto client = Hand([&] { taken = true; });
  EXPECT_TRUE(taken);
  client->Send(kGetHello);

  UntilAnswered(*client);

  EXPECT_EQ(writer().Get(Total::kAccepts), 1u);
}

TEST_F(HandoffAcceptorTest, SaysThatItTookAClientOnlyWhenThereIsRoom) {
  connections(1);
  MakeHandoff();
  auto first = Hand();
  first->Send("GET /hel");
  Until([&] { return writer().Get(scoreboard::Gauge::kReading) == 1; });
  bool taken = false;
  const auto second = Hand([&] { taken = true; });
  second->Send(kGetHello);
  EXPECT_FALSE(taken);

  first.reset();
  UntilAnswered(*second);

  EXPECT_TRUE(taken);
}

TEST_F(HandoffAcceptorTest, ServesWhoWasSentBeforeItWasStopped) {
  connections(1);
  MakeHandoff();
  auto first = Hand();
  first->Send("GET /hel");
  Until([&] { return writer().Get(scoreboard::Gauge::kReading) == 1; });
  const auto second = Hand();
  second->Send(kGetHello);

  acceptor_->Stop();
  first.reset();

  UntilAnswered(*second);
}

TEST_F(AcceptorFixture, OnlyHandoffTakesClientsFromTheMaster) {
  for (const AcceptBy way : {AcceptBy::kExclusive, AcceptBy::kShared, AcceptBy::kReuseport, AcceptBy::kMutex}) {
    const auto acceptor = MakeAcceptor({loop, connections(), writer(), &board_, log_, {.accept_by = way}});
    EXPECT_FALSE(acceptor->Take({site.listener(), {}, {}, [] { FAIL(); }}));
  }
}

TEST_F(AcceptorFixture, WithoutAMasterThereIsNobodyToShareWith) {
  const auto acceptor = MakeAcceptor({loop, connections(), writer(), nullptr, log_, {.accept_by = AcceptBy::kMutex}});
  EXPECT_NE(dynamic_cast<ExclusiveAcceptor*>(acceptor.get()), nullptr);
}

}  // namespace
}  // namespace colmeia::worker
