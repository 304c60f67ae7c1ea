#include "sys/port_holder.h"

#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "sys/sockets.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

Address Of(const UniqueFd& socket) { return *Address::LocalOf(socket.get()); }

TEST(FindPortHolderTest, NamesWhoListensOnTheAddress) {
  const auto listener = Listen(*Address::FromIp("127.0.0.1", 0));
  ASSERT_TRUE(listener);

  const auto holder = FindPortHolder(Of(*listener));

  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, getpid());
  EXPECT_FALSE(holder->name.empty());
}

TEST(FindPortHolderTest, AWildcardIsInTheWayOfEveryAddressAndTheOtherWayRound) {
  const auto wildcard = Listen(*Address::FromIp("0.0.0.0", 0));
  ASSERT_TRUE(wildcard);
  const auto one = Listen(*Address::FromIp("127.0.0.1", 0));
  ASSERT_TRUE(one);

  EXPECT_TRUE(FindPortHolder(*Address::FromIp("127.0.0.9", Of(*wildcard).port())));
  EXPECT_TRUE(FindPortHolder(*Address::FromIp("0.0.0.0", Of(*one).port())));
  EXPECT_FALSE(FindPortHolder(*Address::FromIp("127.0.0.9", Of(*one).port())));
}

TEST(FindPortHolderTest, KnowsIpv6AndUnixPaths) {
  const TempDir dir;
  const auto unix_socket = Listen(*Address::FromUnixPath(dir / "s"));
  ASSERT_TRUE(unix_socket);
  EXPECT_TRUE(FindPortHolder(*Address::FromUnixPath(dir / "s")));
  EXPECT_FALSE(FindPortHolder(*Address::FromUnixPath(dir / "t")));

  const auto six = Listen(*Address::FromIp("::1", 0));
  if (!six) GTEST_SKIP() << six.error().message;
  EXPECT_TRUE(FindPortHolder(Of(*six)));
}

TEST(FindPortHolderTest, FindsNobodyWhereNobodyListens) {
  // Bound, so that the port is nobody else's meanwhile.
  const UniqueFd mute(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Address any = *Address::FromIp("127.0.0.1", 0);
  ASSERT_EQ(bind(mute.get(), any.sockaddr_data(), any.sockaddr_size()), 0);
  const Address free = Of(mute);

  EXPECT_FALSE(FindPortHolder(free));
  EXPECT_FALSE(FindPortHolder(free, "/nonexistent"));
}

// It is asked within the master's loop.
TEST(FindPortHolderTest, ReadsOfAllConnectionsOnlyThoseThatListen) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "net");
  std::filesystem::create_directories(dir / "42/fd");
  std::filesystem::create_symlink("socket:[111]", dir / "42/fd/3");
  std::filesystem::create_symlink("socket:[333]", dir / "42/fd/4");
  std::ofstream(dir / "42/comm") << "somebody\n";
  std::ofstream(dir / "net/tcp")
      << "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
         "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1\n"
         "   1: 0100007F:1F90 0100007F:A2C4 06 00000000:00000000 03:00001770 00000000     0        0 0 3\n"
         "   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1\n";

  const auto holder = FindPortHolder(*Address::FromIp("127.0.0.1", 8080), dir.path());

  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, 42);
  EXPECT_EQ(holder->name, "somebody");
  // The kernel has no such row: whoever finds it has read on.
  EXPECT_FALSE(FindPortHolder(*Address::FromIp("127.0.0.1", 8081), dir.path()));
}

}  // namespace
}  // namespace colmeia::sys
