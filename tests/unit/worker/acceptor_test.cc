#include "worker/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <cstring>

#include "sys/descriptors.h"
#include "worker/acceptor_fixture.h"
#include "worker/exclusive_acceptor.h"

namespace colmeia::worker {
namespace {

using ipc::AcceptBy;
using scoreboard::Total;

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

TEST_P(SharedSocketTest, SaysOnceThatASocketIsUnusableAndTakesAnother) {
  std::vector<int> codes;
  acceptor().on_unusable = [&](std::uint32_t ordinal, int code) {
    EXPECT_EQ(ordinal, 0u);
    codes.push_back(code);
  };
  acceptor().Start();
  loop.Turn();
  ShutDownListener();

  Until([&] { return !codes.empty(); });
  for (int i = 0; i < 5; ++i) loop.Turn();

  EXPECT_THAT(codes, testing::ElementsAre(EINVAL));
  acceptor().Add(0, ListenAnew(), site.listener());
  EXPECT_EQ(acceptor().listeners(), 1u);
  const auto client = Connect();
  client->Send(kGetHello);
  UntilAnswered(*client);
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

TEST_P(SharedSocketTest, TakesThePlaceOfASilentOneAfterItsTime) {
  site.core.client_header_timeout = 100ms;
  connections(1);
  acceptor().Start();
  const auto silent = Connect();
  Until([&] { return connections().size() == 1; });
  const auto second = Connect();
  second->Send(kGetHello);

  UntilAnswered(*second);

  UntilEnded(*silent);
}

TEST_P(SharedSocketTest, TakesThePlaceOfOneThatBecameIdleWhileSomebodyWaited) {
  Full full = FillUp();

  full.inside->Send("lo HTTP/1.1\r\nHost: small\r\n\r\n");

  UntilAnswered(*full.inside);
  UntilAnswered(*full.outside);
  UntilEnded(*full.inside);
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
  auto first = ConnectBusy();
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

// The descriptor of this process that `client`, another one of it, is connected to; -1 if there is none.
int ServerEndOf(int client) {
  sockaddr_storage wanted{};
  socklen_t wanted_size = sizeof(wanted);
  if (::getsockname(client, reinterpret_cast<sockaddr*>(&wanted), &wanted_size) != 0) return -1;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && size == wanted_size &&
        std::memcmp(&peer, &wanted, size) == 0) {
      return fd;
    }
  }
  return -1;
}

TEST_P(SharedSocketTest, AcceptedSocketsInheritNoDelay) {
  acceptor().Start();
  const auto client = Connect();
  client->Send(kGetHello);

  UntilAnswered(*client);

  int on = 0;
  socklen_t size = sizeof(on);
  ASSERT_EQ(::getsockopt(ServerEndOf(client->fd.get()), IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
}

TEST_F(AcceptorFixture, OnlyHandoffTakesClientsFromTheMaster) {
  for (const AcceptBy way : {AcceptBy::kExclusive, AcceptBy::kShared, AcceptBy::kReuseport, AcceptBy::kMutex}) {
    const auto acceptor = MakeAcceptor({loop, connections(), writer(), &board_, log_, Clock(), {.accept_by = way}});
    EXPECT_FALSE(acceptor->Take({site.listener(), {}, {}, [] { FAIL(); }}));
  }
}

TEST_F(AcceptorFixture, WithoutAMasterThereIsNobodyToShareWith) {
  const auto acceptor =
      MakeAcceptor({loop, connections(), writer(), nullptr, log_, Clock(), {.accept_by = AcceptBy::kMutex}});
  EXPECT_NE(dynamic_cast<ExclusiveAcceptor*>(acceptor.get()), nullptr);
}

}  // namespace
}  // namespace colmeia::worker
