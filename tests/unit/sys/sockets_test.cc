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
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

Address Loopback(std::uint16_t port = 0) { return *Address::FromIp("127.0.0.1", port); }

bool IsNonBlockingAndClosedOnExec(int fd) {
  return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

TEST(ListenTest, MakesASocketThatTakesClients) {
  const Result<UniqueFd> listener = Listen(Loopback());
  ASSERT_TRUE(listener) << listener.error().message;
  EXPECT_TRUE(IsNonBlockingAndClosedOnExec(listener->get()));
  EXPECT_EQ(Accept(listener->get()).status, AcceptStatus::kEmpty);

  const Result<UniqueFd> client = Connect(*Address::LocalOf(listener->get()));
  ASSERT_TRUE(client);
  const Accepted accepted = Accept(listener->get());

  ASSERT_EQ(accepted.status, AcceptStatus::kAccepted);
  EXPECT_TRUE(IsNonBlockingAndClosedOnExec(accepted.fd.get()));
  EXPECT_EQ(accepted.peer, *Address::LocalOf(client->get()));
  EXPECT_EQ(*Address::PeerOf(accepted.fd.get()), accepted.peer);
}

TEST(ListenTest, TellsAtOnceThatTheAddressIsTaken) {
  const Result<UniqueFd> first = Listen(Loopback());
  ASSERT_TRUE(first);
  const Address address = *Address::LocalOf(first->get());

  const Result<UniqueFd> second = Listen(address);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_EQ(second.error().message, "bind() to " + address.ToString() + " failed: Address already in use");
}

TEST(ListenTest, ReusePortLetsSeveralShareAnAddress) {
  const ListenOptions options{.backlog = 16, .reuseport = true, .ipv6only = true};
  const Result<UniqueFd> first = Listen(Loopback(), options);
  ASSERT_TRUE(first);

  EXPECT_TRUE(Listen(*Address::LocalOf(first->get()), options));
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

  EXPECT_FALSE(Listen(address));

  EXPECT_EQ(access((dir / "socket").c_str(), F_OK), 0);
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
  const Result<UniqueFd> socket = Listen(Loopback());
  ASSERT_TRUE(socket);

  SetNoDelay(socket->get(), true);
  SetCork(socket->get(), true);
  SetCork(socket->get(), false);

  int value = 0;
  socklen_t size = sizeof(value);
  ASSERT_EQ(getsockopt(socket->get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  EXPECT_NE(value, 0);
}

TEST(SocketOptionsTest, LimitsWhatTheKernelHoldsUnsent) {
  const Result<UniqueFd> socket = Listen(Loopback());
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
