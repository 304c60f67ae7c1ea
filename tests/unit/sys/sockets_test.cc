#include "sys/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "sys/accept_soon.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

Address LoopbackPort(std::uint16_t port = 0) { return *Address::FromIp("127.0.0.1", port); }

bool IsNonBlockingAndClosedOnExec(int fd) {
  return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

TEST(ListenTest, MakesASocketThatTakesClients) {
  const Result<UniqueFd> listener = Listen(LoopbackPort());
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(IsNonBlockingAndClosedOnExec(listener->get()));
  EXPECT_EQ(Accept(listener->get()).status, AcceptStatus::kEmpty);

  const Result<UniqueFd> client = Connect(*Address::LocalOf(listener->get()));
  ASSERT_TRUE(client);
  const Accepted accepted = AcceptSoon(listener->get());

  ASSERT_EQ(accepted.status, AcceptStatus::kAccepted);
  EXPECT_TRUE(IsNonBlockingAndClosedOnExec(accepted.fd.get()));
  EXPECT_EQ(accepted.peer, *Address::LocalOf(client->get()));
}

TEST(ListenTest, TellsAtOnceThatTheAddressIsTaken) {
  const Result<UniqueFd> first = Listen(LoopbackPort());
  ASSERT_TRUE(first);
  const Address address = *Address::LocalOf(first->get());

  const Result<UniqueFd> second = Listen(address);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_EQ(second.error().message, "bind() to " + address.ToString() + " failed: Address already in use");
}

TEST(ListenTest, ReusePortLetsSeveralShareAnAddress) {
  const ListenOptions options{.backlog = 16, .reuseport = true, .ipv6only = true};
  const Result<UniqueFd> first = Listen(LoopbackPort(), options);
  ASSERT_TRUE(first);

  EXPECT_TRUE(Listen(*Address::LocalOf(first->get()), options));
}

int Option(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  EXPECT_EQ(::getsockopt(fd, level, option, &value, &size), 0);
  return value;
}

// Of a listening socket; the kernel keeps it there.
unsigned Backlog(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info.tcpi_sacked;
}

TEST(ListenTest, SetsWhatIsAskedForAndConnectionsInheritIt) {
  ListenOptions options;
  options.tuning = {.deferred = true,
                    .rcvbuf = 40000,
                    .sndbuf = 50000,
                    .fastopen = 5,
                    .keepalive = SocketTuning::KeepAlive::kOn,
                    .keepalive_idle = 30,
                    .keepalive_interval = 7,
                    .keepalive_count = 3};
  const Result<UniqueFd> listener = Listen(LoopbackPort(), options);
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_GE(Option(listener->get(), IPPROTO_TCP, TCP_DEFER_ACCEPT), 1);
  EXPECT_EQ(Option(listener->get(), IPPROTO_TCP, TCP_FASTOPEN), 5);

  const Result<UniqueFd> client = Connect(*Address::LocalOf(listener->get()));
  ASSERT_EQ(::send(client->get(), "x", 1, 0), 1);
  Accepted accepted;
  while (accepted.status != AcceptStatus::kAccepted) accepted = Accept(listener->get());

  const int fd = accepted.fd.get();
  EXPECT_EQ(Option(fd, SOL_SOCKET, SO_RCVBUF), 2 * 40000) << "the kernel doubles it";
  EXPECT_EQ(Option(fd, SOL_SOCKET, SO_SNDBUF), 2 * 50000);
  EXPECT_EQ(Option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
  EXPECT_EQ(Option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
}

TEST(ListenTest, ADeferredClientIsThereWhenItHasSpoken) {
  ListenOptions options;
  options.tuning.deferred = true;
  const Result<UniqueFd> listener = Listen(LoopbackPort(), options);
  const Result<UniqueFd> client = Connect(*Address::LocalOf(listener->get()));
  EXPECT_EQ(Accept(listener->get()).status, AcceptStatus::kEmpty);

  ASSERT_EQ(::send(client->get(), "x", 1, 0), 1);

  Accepted accepted;
  while (accepted.status == AcceptStatus::kEmpty) accepted = Accept(listener->get());
  EXPECT_EQ(accepted.status, AcceptStatus::kAccepted);
}

TEST(ListenTest, AnOpenSocketCanBeTunedAnew) {
  const Result<UniqueFd> listener = Listen(LoopbackPort(), {.backlog = 10, .tuning = {.deferred = true}});
  ASSERT_EQ(Backlog(listener->get()), 10u);

  ASSERT_TRUE(Tune(listener->get(), {.backlog = 20}));

  EXPECT_EQ(Backlog(listener->get()), 20u);
  EXPECT_EQ(Option(listener->get(), IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
}

TEST(ListenTest, AddressOfAnotherHostFails) {
  const Result<UniqueFd> listener = Listen(*Address::FromIp("192.0.2.1", 0));

  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, EADDRNOTAVAIL);
}

class UnixListenTest : public ::testing::Test {
 protected:
  TempDir dir;
  Address address = *Address::FromUnixPath(dir / "socket");
};

TEST_F(UnixListenTest, IsOpenToEveryLocalUser) {
  const Result<UniqueFd> listener = Listen(address);
  ASSERT_TRUE(listener) << listener.error().message;

  struct stat info {};
  ASSERT_EQ(stat((dir / "socket").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0666U);
  EXPECT_TRUE(Connect(address));
  EXPECT_EQ(Accept(listener->get()).peer.ToString(), "unix:");
}

TEST_F(UnixListenTest, ReplacesAFileThatNobodyListensOn) {
  { ASSERT_TRUE(Listen(address)); }  // closed, and its file left behind

  const Result<UniqueFd> listener = Listen(address);

  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(Connect(address));
}

TEST_F(UnixListenTest, LeavesALivingListenerAlone) {
  const Result<UniqueFd> first = Listen(address);
  ASSERT_TRUE(first);

  const Result<UniqueFd> second = Listen(address);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_TRUE(Connect(address));
}

TEST_F(UnixListenTest, NeverRemovesAnOrdinaryFile) {
  std::ofstream(dir / "socket") << "precious";

  const Result<UniqueFd> listener = Listen(address);

  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, ENOTSOCK);
  EXPECT_NE(listener.error().message.find("a regular file stands at that path"), std::string::npos);
  EXPECT_EQ(access((dir / "socket").c_str(), F_OK), 0);
}

TEST_F(UnixListenTest, ALinkToASocketIsNoSocket) {
  { ASSERT_TRUE(Listen(*Address::FromUnixPath(dir / "other"))); }  // stale
  ASSERT_EQ(symlink((dir / "other").c_str(), (dir / "socket").c_str()), 0);

  const Result<UniqueFd> listener = Listen(address);

  ASSERT_FALSE(listener);
  EXPECT_NE(listener.error().message.find("a symbolic link"), std::string::npos);
}

TEST_F(UnixListenTest, IsOpenToEveryLocalUserWhateverTheMask) {
  const mode_t mask = umask(077);
  const Result<UniqueFd> listener = Listen(address);
  EXPECT_EQ(umask(mask), 077U);

  struct stat info {};
  ASSERT_EQ(stat((dir / "socket").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0666U);
}

TEST(SeqPacketPairTest, KeepsMessageBoundaries) {
  const auto pair = SeqPacketPair();
  ASSERT_TRUE(pair);
  EXPECT_TRUE(IsNonBlockingAndClosedOnExec(pair->first.get()));

  ASSERT_EQ(send(pair->first.get(), "one", 3, 0), 3);
  ASSERT_EQ(send(pair->first.get(), "two", 3, 0), 3);

  char bytes[16];
  EXPECT_EQ(recv(pair->second.get(), bytes, sizeof(bytes), 0), 3);
}

TEST(SocketOptionsTest, SetsTcpOptions) {
  const Result<UniqueFd> socket = Listen(LoopbackPort());
  ASSERT_TRUE(socket);

  SetNoDelay(socket->get(), true);

  int value = 0;
  socklen_t size = sizeof(value);
  ASSERT_EQ(getsockopt(socket->get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  EXPECT_NE(value, 0);
}

TEST(SocketOptionsTest, LimitsWhatTheKernelHoldsUnsent) {
  const Result<UniqueFd> socket = Listen(LoopbackPort());
  ASSERT_TRUE(socket);

  SetUnsentLimit(socket->get(), 4096);

  int value = 0;
  socklen_t size = sizeof(value);
  ASSERT_EQ(getsockopt(socket->get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &size), 0);
  EXPECT_EQ(value, 4096);
}

TEST(SocketOptionsTest, NonBlockingGoesOnAndOff) {
  const auto pair = SeqPacketPair();
  ASSERT_TRUE(pair);

  ASSERT_TRUE(SetNonBlocking(pair->first.get(), false));
  EXPECT_EQ(fcntl(pair->first.get(), F_GETFL) & O_NONBLOCK, 0);
  ASSERT_TRUE(SetNonBlocking(pair->first.get(), true));
  EXPECT_NE(fcntl(pair->first.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(AcceptTest, ClosedListenerIsAFailure) {
  const Accepted accepted = Accept(-1);

  EXPECT_EQ(accepted.status, AcceptStatus::kFailed);
  EXPECT_EQ(accepted.code, EBADF);
}

}  // namespace
}  // namespace colmeia::sys
