// Sockets that listen already: what they are, who else may listen beside them, and whose their file is.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "sys/accept_soon.h"
#include "sys/sockets.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

Address Loopback() { return *Address::FromIp("127.0.0.1", 0); }

TEST(DescribeListeningTest, TellsAddressAndReusePort) {
  const auto plain = Listen(Loopback());
  const auto shared = Listen(Loopback(), {.reuseport = true});
  ASSERT_TRUE(plain && shared);

  const auto first = DescribeListening(plain->get());
  const auto second = DescribeListening(shared->get());

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->address, *Address::LocalOf(plain->get()));
  EXPECT_FALSE(first->reuseport);
  EXPECT_TRUE(second->reuseport);
}

TEST(DescribeListeningTest, RefusesWhatDoesNotListen) {
  const UniqueFd idle(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd datagram(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

  EXPECT_THAT(DescribeListening(idle.get()).error().message, testing::HasSubstr("does not listen"));
  EXPECT_THAT(DescribeListening(datagram.get()).error().message, testing::HasSubstr("no stream socket"));
  EXPECT_THAT(DescribeListening(0).error().message, testing::HasSubstr("descriptor 0"));
}

// How many of `clients` connections each socket gets.
std::vector<int> Spread(const std::vector<UniqueFd>& sockets, int clients) {
  std::vector<int> counts(sockets.size());
  std::vector<int> numbers;
  for (const UniqueFd& socket : sockets) numbers.push_back(socket.get());
  const Address address = *Address::LocalOf(sockets.front().get());
  for (int i = 0; i < clients; ++i) {
    const auto client = Connect(address);
    EXPECT_TRUE(client);
    UntilSomebodyIsThere(numbers);
    for (std::size_t at = 0; at < sockets.size(); ++at) {
      if (Accept(sockets[at].get()).status == AcceptStatus::kAccepted) ++counts[at];
    }
  }
  return counts;
}

TEST(SteerToFirstTest, GivesNewConnectionsToTheFirstSocketsOnly) {
  std::vector<UniqueFd> sockets;
  sockets.push_back(*Listen(Loopback(), {.reuseport = true}));
  const Address address = *Address::LocalOf(sockets.front().get());
  for (int i = 1; i < 4; ++i) sockets.push_back(*Listen(address, {.reuseport = true}));

  ASSERT_TRUE(SteerToFirst(sockets.back().get(), 2));
  const auto steered = Spread(sockets, 60);
  ASSERT_TRUE(SteerToFirst(sockets.front().get(), 0));
  const auto free = Spread(sockets, 200);

  EXPECT_THAT(steered, testing::ElementsAre(testing::Gt(5), testing::Gt(5), 0, 0));
  EXPECT_THAT(free, testing::Each(testing::Gt(5)));
  EXPECT_TRUE(SteerToFirst(sockets.front().get(), 0)) << "nothing to take away is no error";
}

TEST(SteerToFirstTest, SocketsAfterTheFirstMayCloseWithoutMovingThem) {
  std::vector<UniqueFd> sockets;
  sockets.push_back(*Listen(Loopback(), {.reuseport = true}));
  const Address address = *Address::LocalOf(sockets.front().get());
  for (int i = 1; i < 5; ++i) sockets.push_back(*Listen(address, {.reuseport = true}));
  ASSERT_TRUE(SteerToFirst(sockets.front().get(), 2));

  sockets.erase(sockets.begin() + 2);

  EXPECT_THAT(Spread(sockets, 60), testing::ElementsAre(testing::Gt(5), testing::Gt(5), 0, 0));
}

// Begins to connect, without waiting for the end of it.
UniqueFd Knock(const Address& address) {
  UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  EXPECT_NE(connect(fd.get(), address.sockaddr_data(), address.sockaddr_size()), 0);
  return fd;
}

// A listening socket in whose queue somebody stands.
class TurnAwayTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto opened = Listen(*Address::FromIp(GetParam(), 0));
    if (!opened) GTEST_SKIP() << opened.error().message;
    listening_ = *std::move(opened);
    address_ = *Address::LocalOf(listening_.get());
    auto early = Connect(address_);
    ASSERT_TRUE(early);
    early_ = *std::move(early);
    UntilSomebodyIsThere({listening_.get()});
  }

  // Whoever stood there is accepted, and nobody else; the connection works both ways.
  void ExpectTheEarlyOneAlone() {
    const Accepted accepted = AcceptSoon(listening_.get());
    ASSERT_EQ(accepted.status, AcceptStatus::kAccepted);
    EXPECT_EQ(Accept(listening_.get()).status, AcceptStatus::kEmpty);
    char byte = 'x';
    EXPECT_EQ(send(early_.get(), &byte, 1, 0), 1);
    EXPECT_EQ(recv(accepted.fd.get(), &byte, 1, 0), 1);
    EXPECT_EQ(shutdown(early_.get(), SHUT_WR), 0);
    EXPECT_EQ(recv(accepted.fd.get(), &byte, 1, 0), 0);
  }

  UniqueFd listening_;
  Address address_;
  UniqueFd early_;
};

INSTANTIATE_TEST_SUITE_P(Ip, TurnAwayTest, testing::Values("127.0.0.1", "::1"),
                         [](const auto& ip) { return std::string(ip.param) == "::1" ? "IPv6" : "IPv4"; });

TEST_P(TurnAwayTest, WhoStandsInTheQueueCanBeAcceptedAndNobodyElseComes) {
  ASSERT_TRUE(Refuse(listening_.get(), address_.family()));
  const UniqueFd late = Knock(address_);

  EXPECT_EQ(errno, EINPROGRESS);
  ExpectTheEarlyOneAlone();
}

TEST_P(TurnAwayTest, IsTakenBackByLetIn) {
  const auto turned_away = Refuse(listening_.get(), address_.family());
  ASSERT_TRUE(turned_away);
  if (*turned_away == Refused::kForGood) GTEST_SKIP() << "this kernel allows the filter with CAP_NET_ADMIN only";

  ASSERT_TRUE(Admit(listening_.get()));

  EXPECT_TRUE(Connect(address_));
  EXPECT_TRUE(Admit(listening_.get())) << "nothing to take back is no error";
}

// As on kernels that allow the filter only with a right that we may not have.
TEST_P(TurnAwayTest, ForGoodOthersAreRefusedAtOnce) {
  ASSERT_TRUE(RefuseForGood(listening_.get(), address_.family()));

  EXPECT_EQ(Connect(address_).error().code, ECONNREFUSED);
  ExpectTheEarlyOneAlone();
}

TEST(TurnAwayUnixTest, WhoStandsInTheQueueCanBeAcceptedAndOthersAreRefused) {
  const TempDir dir;
  const Address address = *Address::FromUnixPath(dir / "socket");
  const auto listening = Listen(address);
  ASSERT_TRUE(listening);
  const auto early = Connect(address);
  ASSERT_TRUE(early);

  EXPECT_EQ(Refuse(listening->get(), address.family()), Refused::kForGood);

  EXPECT_EQ(Connect(address).error().code, ECONNREFUSED);
  EXPECT_EQ(Accept(listening->get()).status, AcceptStatus::kAccepted);
  EXPECT_EQ(Accept(listening->get()).status, AcceptStatus::kEmpty);
}

// How many events an epoll descriptor has to tell.
int Events(const UniqueFd& epoll, int patience = 0) {
  epoll_event event{};
  return epoll_wait(epoll.get(), &event, 1, patience);
}

TEST(WakeOthersTest, TellsAllWhoWaitOfAConnectionThatWasLeftInTheQueue) {
  const auto listening = Listen(Loopback());
  ASSERT_TRUE(listening);
  const UniqueFd waiter(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // tells of each wake-up once
  ASSERT_EQ(epoll_ctl(waiter.get(), EPOLL_CTL_ADD, listening->get(), &event), 0);
  EXPECT_FALSE(WakeOthers(listening->get()));
  EXPECT_EQ(Events(waiter), 0);
  const Address address = *Address::LocalOf(listening->get());
  const auto client = Connect(address);
  EXPECT_EQ(Events(waiter, kSoon), 1);
  EXPECT_EQ(Events(waiter), 0);

  EXPECT_TRUE(WakeOthers(listening->get()));

  EXPECT_EQ(Events(waiter), 1);
  EXPECT_TRUE(Connect(address)) << "it listens as before";
  EXPECT_EQ(AcceptSoon(listening->get()).status, AcceptStatus::kAccepted);
  EXPECT_EQ(AcceptSoon(listening->get()).status, AcceptStatus::kAccepted);
}

TEST(WakeOthersTest, LeavesAUnixSocketAsItIs) {
  const TempDir dir;
  const Address address = *Address::FromUnixPath(dir / "socket");
  const auto listening = Listen(address);
  ASSERT_TRUE(listening);
  const auto client = Connect(address);

  EXPECT_TRUE(WakeOthers(listening->get()));

  EXPECT_TRUE(Connect(address));
  EXPECT_EQ(Accept(listening->get()).status, AcceptStatus::kAccepted);
}

TEST(AllowReusePortTest, ASocketThatStoodAloneTakesCompany) {
  std::vector<UniqueFd> sockets;
  sockets.push_back(*Listen(Loopback()));
  const Address address = *Address::LocalOf(sockets.front().get());
  ASSERT_FALSE(Listen(address, {.reuseport = true}));

  ASSERT_TRUE(AllowReusePort(sockets.front().get()));
  for (int i = 1; i < 3; ++i) {
    auto beside = Listen(address, {.reuseport = true});
    ASSERT_TRUE(beside) << beside.error().message;
    sockets.push_back(*std::move(beside));
  }

  EXPECT_THAT(Spread(sockets, 200), testing::Each(testing::Gt(5)));
  ASSERT_TRUE(SteerToFirst(sockets.front().get(), 1));
  EXPECT_THAT(Spread(sockets, 30), testing::ElementsAre(30, 0, 0));
}

TEST(RemoveSocketFileTest, LeavesAFileThatSomebodyListensOn) {
  const TempDir dir;
  const Address address = *Address::FromUnixPath(dir / "s");
  auto ours = Listen(address);
  ASSERT_TRUE(ours);
  const auto id = IdentifySocketFile(address);
  ASSERT_TRUE(id);
  auto other = Duplicate(ours->get());
  ASSERT_TRUE(other);

  ours->reset();
  RemoveSocketFile(address, *id);
  EXPECT_EQ(IdentifySocketFile(address), id);

  other->reset();
  RemoveSocketFile(address, {id->device, id->inode + 1});
  EXPECT_EQ(IdentifySocketFile(address), id) << "the file of somebody else";
  RemoveSocketFile(address, *id);
  EXPECT_FALSE(IdentifySocketFile(address));
}

TEST(SendDatagramTest, ReachesPathsAndAbstractNamesAndNeverWaits) {
  const TempDir dir;
  const std::string path = dir / "n";
  const UniqueFd receiver(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const Address address = *Address::FromUnixPath(path);
  ASSERT_EQ(bind(receiver.get(), address.sockaddr_data(), address.sockaddr_size()), 0);

  ASSERT_TRUE(SendDatagram(path, "READY=1"));

  char buffer[32];
  EXPECT_EQ(recv(receiver.get(), buffer, sizeof(buffer), 0), 7);
  EXPECT_EQ(SendDatagram(dir / "none", "x").error().code, ENOENT);
  EXPECT_EQ(SendDatagram("@colmeia-test-nobody-has-this-name", "x").error().code, ECONNREFUSED);
  Result<> sent{};
  for (int i = 0; i < 100'000 && sent; ++i) sent = SendDatagram(path, "x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, EAGAIN);
}

}  // namespace
}  // namespace colmeia::sys
