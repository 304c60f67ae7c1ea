#include "resources/inherited.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "sys/sockets.h"

namespace colmeia::resources {
namespace {

// Far from the numbers that the test itself gets.
constexpr int kFirst = 500;

int PutAt(int number, const sys::UniqueFd& fd) { return fcntl(fd.get(), F_DUPFD, number); }

sys::UniqueFd Listener() { return *sys::Listen(*sys::Address::FromIp("127.0.0.1", 0)); }

class ReadInheritedTest : public testing::Test {
 protected:
  const std::string own_pid_ = std::to_string(getpid());
};

TEST_F(ReadInheritedTest, TakesNamedSocketsOfAServiceManager) {
  const auto first = Listener();
  const auto second = Listener();
  ASSERT_EQ(PutAt(kFirst, first), kFirst);
  ASSERT_EQ(PutAt(kFirst + 1, second), kFirst + 1);

  const Inheritance got =
      ReadInherited({.listen_pid = own_pid_.c_str(), .listen_fds = "2", .listen_names = "http:admin"}, kFirst);

  ASSERT_EQ(got.sockets.size(), 2u);
  EXPECT_EQ(got.sockets[0].name, "http");
  EXPECT_EQ(got.sockets[1].name, "admin");
  EXPECT_EQ(got.sockets[0].address, *sys::Address::LocalOf(first.get()));
  EXPECT_EQ(got.sockets[1].fd.get(), kFirst + 1);
  EXPECT_NE(fcntl(kFirst, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl(kFirst, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_FALSE(got.handover);
  EXPECT_THAT(got.ignored, testing::IsEmpty());
}

TEST_F(ReadInheritedTest, LeavesAloneWhatIsMeantForAnother) {
  const auto socket = Listener();
  const int number = PutAt(kFirst, socket);
  ASSERT_EQ(number, kFirst);

  EXPECT_TRUE(ReadInherited({.listen_pid = "1", .listen_fds = "1"}, kFirst).sockets.empty());
  EXPECT_TRUE(ReadInherited({.listen_fds = "1"}, kFirst).sockets.empty());
  EXPECT_TRUE(ReadInherited({}, kFirst).sockets.empty());

  EXPECT_EQ(close(number), 0) << "it is still open";
}

TEST_F(ReadInheritedTest, AHandoverNeedsNoPid) {
  const auto socket = Listener();
  auto pair = sys::SeqPacketPair();
  ASSERT_TRUE(pair);
  ASSERT_EQ(PutAt(kFirst, socket), kFirst);
  ASSERT_EQ(PutAt(kFirst + 1, pair->first), kFirst + 1);

  const Inheritance got = ReadInherited({.listen_fds = "1", .listen_names = "127.0.0.1_80", .handover = "501"}, kFirst);

  EXPECT_EQ(got.sockets.size(), 1u);
  EXPECT_EQ(got.handover.get(), kFirst + 1);
}

TEST_F(ReadInheritedTest, TellsWhatIsOfNoUse) {
  const auto good = Listener();
  const sys::UniqueFd datagram(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(PutAt(kFirst, datagram), kFirst);
  ASSERT_EQ(PutAt(kFirst + 2, good), kFirst + 2);

  const Inheritance got =
      ReadInherited({.listen_pid = own_pid_.c_str(), .listen_fds = "3", .listen_names = "dns"}, kFirst);

  ASSERT_EQ(got.sockets.size(), 1u);
  EXPECT_EQ(got.sockets[0].name, "");
  EXPECT_THAT(got.ignored, testing::ElementsAre("inherited descriptor 500 is no stream socket (\"dns\"), ignored",
                                                "inherited descriptor 501 is not open, ignored"));
  EXPECT_EQ(fcntl(kFirst, F_GETFD), -1) << "of no use to us, and to nobody else";
}

TEST_F(ReadInheritedTest, SurvivesNonsense) {
  EXPECT_THAT(ReadInherited({.listen_pid = own_pid_.c_str(), .listen_fds = "many"}, kFirst).ignored,
              testing::ElementsAre("LISTEN_FDS=\"many\" is no number, ignored"));
  EXPECT_THAT(ReadInherited({.listen_pid = own_pid_.c_str(), .listen_fds = "-1"}, kFirst).sockets, testing::IsEmpty());
  EXPECT_THAT(ReadInherited({.listen_fds = "0", .handover = "1"}, kFirst).ignored,
              testing::ElementsAre("COLMEIA_HANDOVER=1 names no handover channel, ignored"));
  EXPECT_FALSE(ReadInherited({.listen_fds = "0", .handover = "999999"}, kFirst).handover);
}

TEST(TakeInheritedTest, NoChildOfOursSeesTheVariables) {
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "1", 1);
  setenv("LISTEN_FDNAMES", "x", 1);
  setenv("COLMEIA_HANDOVER", "none", 1);

  const Inheritance got = TakeInherited();

  EXPECT_TRUE(got.sockets.empty());
  for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "COLMEIA_HANDOVER"}) {
    EXPECT_EQ(getenv(name), nullptr) << name;
  }
}

TEST(InheritableNameTest, HasNoColon) {
  EXPECT_EQ(InheritableName("[::1]:80"), "[__1]_80");
  EXPECT_EQ(InheritableName("unix:/run/a b"), "unix_/run/a_b");
}

}  // namespace
}  // namespace colmeia::resources
