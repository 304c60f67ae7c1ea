#include "worker/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "worker/connections_fixture.h"

namespace colmeia::worker {
namespace {

using scoreboard::Total;

class ExclusiveAcceptorTest : public ConnectionsFixture {
 protected:
  ~ExclusiveAcceptorTest() override { acceptor_.reset(); }

  ExclusiveAcceptor& acceptor(AcceptorOptions options = {}) {
    if (acceptor_ == nullptr) {
      acceptor_ = std::make_unique<ExclusiveAcceptor>(loop, connections(), writer(), nullptr, log_, options);
      acceptor_->Add(0, TakeListenFd(), site.listener());
      connections().on_room = [this] { acceptor_->OnRoom(); };
    }
    return *acceptor_;
  }

 private:
  log::ErrorLog log_;
  std::unique_ptr<ExclusiveAcceptor> acceptor_;
};

TEST_F(ExclusiveAcceptorTest, AcceptsOnceStarted) {
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

TEST_F(ExclusiveAcceptorTest, TakesOnePerEventOrAllThatWait) {
  acceptor({.multi_accept = true, .generation = 0, .slot = 0});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(Connect());

  acceptor().Start();
  loop.RunOnce();

  EXPECT_EQ(connections().size(), 5u);
}

TEST_F(ExclusiveAcceptorTest, GoesOnAfterMoreThanKRequeueAfter) {
  connections(100);
  acceptor().Start();
  std::vector<std::unique_ptr<Client>> clients;
  for (std::uint32_t i = 0; i < 3 * ExclusiveAcceptor::kRequeueAfter; ++i) clients.push_back(Connect());

  Until([&] { return connections().size() == clients.size(); });
}

TEST_F(ExclusiveAcceptorTest, PausesAtTheLimitAndDropsNobody) {
  connections(1);
  acceptor().Start();
  auto first = Connect();
  first->Send("GET /hel");
  Until([&] { return writer().Get(scoreboard::Gauge::kReading) == 1; });
  const auto second = Connect();
  second->Send(kGetHello);
  Until([&] { return acceptor().paused(); });
  EXPECT_EQ(writer().Get(Total::kAccepts), 1u);

  first.reset();
  UntilAnswered(*second);

  EXPECT_FALSE(acceptor().paused());
  EXPECT_EQ(writer().Get(Total::kAccepts), 2u);
}

TEST_F(ExclusiveAcceptorTest, MakesRoomByClosingIdleOnes) {
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

TEST_F(ExclusiveAcceptorTest, PausesWithoutDescriptorsAndComesBack) {
  acceptor().Start();
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

TEST_F(ExclusiveAcceptorTest, AReleasedListenerIsEmptiedThenClosed) {
  acceptor().Start();
  const auto first = Connect();
  const auto second = Connect();

  acceptor().Release(0);

  EXPECT_EQ(connections().size(), 2u);
  EXPECT_EQ(acceptor().listeners(), 0u);
  acceptor().Release(7);
}

TEST_F(ExclusiveAcceptorTest, AcceptedSocketsInheritNoDelay) {
  acceptor().Start();
  const auto client = Connect();
  client->Send(kGetHello);

  UntilAnswered(*client);

  int on = 0;
  socklen_t size = sizeof(on);
  ASSERT_EQ(::getsockopt(site.last_fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_NE(on, 0);
}

}  // namespace
}  // namespace colmeia::worker
