#include "resources/mender.h"

#include <sys/socket.h>

#include "log/error_log.h"
#include "resources/listening_fixture.h"

namespace colmeia::resources {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MenderTest : public ListeningTest {
 protected:
  MenderTest() { log::Main().SetTargets({}); }
  ~MenderTest() override { log::Main().SetTargets({{}}); }

  void ShutDown(std::size_t socket = 0) {
    ASSERT_EQ(shutdown(First(resources_, 1).sockets()[socket].get(), SHUT_RDWR), 0);
  }
  [[nodiscard]] bool TakesClients(const sys::Address& address) { return bool(sys::Connect(address)); }

  loop::Loop loop_;
  Resources resources_;
  std::vector<std::vector<std::size_t>> handed_out_;
  Mender mender_{loop_, resources_, [this](const OpenListener&, const std::vector<std::size_t>& sockets) {
                   handed_out_.push_back(sockets);
                   return std::size_t{2};
                 }};
};

TEST_F(MenderTest, WhatListensIsLeftAlone) {
  Serve(resources_, 1, PlanOf(2, {address_}, false));
  const int socket = First(resources_, 1).sockets().front().get();

  mender_.Look();

  EXPECT_EQ(First(resources_, 1).sockets().front().get(), socket);
  EXPECT_THAT(handed_out_, IsEmpty());
}

TEST_F(MenderTest, ASocketThatWasShutDownIsOpenedAnewAndHandedOut) {
  Serve(resources_, 1, PlanOf(2, {address_}, false));
  ShutDown();
  ASSERT_FALSE(TakesClients(address_));

  mender_.Look();

  EXPECT_TRUE(TakesClients(address_));
  EXPECT_THAT(handed_out_, ElementsAre(ElementsAre(0)));
  EXPECT_EQ(First(resources_, 1).mended(), 1u);
  EXPECT_TRUE(mender_.MendedLately(First(resources_, 1)));
}

TEST_F(MenderTest, OfAReuseportAddressThoseThatListenStay) {
  Serve(resources_, 1, PlanOf(3, {address_}, true));
  const int other = First(resources_, 1).sockets()[0].get();
  ShutDown(1);

  mender_.Look();

  EXPECT_EQ(First(resources_, 1).sockets()[0].get(), other);
  EXPECT_THAT(handed_out_, ElementsAre(ElementsAre(1)));
  EXPECT_THAT(Spread(First(resources_, 1), 200), testing::Each(testing::Gt(0)));
}

TEST_F(MenderTest, AUnixSocketIsMendedUnderItsName) {
  const sys::Address unix_socket = *sys::Address::FromUnixPath(dir_ / "socket");
  Serve(resources_, 1, PlanOf(1, {unix_socket}, false));
  ShutDown();
  ASSERT_FALSE(TakesClients(unix_socket));

  mender_.Look();

  EXPECT_TRUE(TakesClients(unix_socket));
}

TEST_F(MenderTest, AnotherRoundComesASecondLaterAtTheEarliest) {
  Serve(resources_, 1, PlanOf(1, {address_}, false));
  ShutDown();
  mender_.Look();
  const util::TimePoint first = loop_.Now();
  ShutDown();

  for (int i = 0; i < 100; ++i) mender_.Look();
  EXPECT_EQ(handed_out_.size(), 1u);
  while (handed_out_.size() < 2) ASSERT_TRUE(loop_.RunOnce());

  EXPECT_GE(loop_.Now() - first, Mender::kBetween);
  EXPECT_TRUE(TakesClients(address_));
}

TEST_F(MenderTest, AnOperatorDoesNotWait) {
  Serve(resources_, 1, PlanOf(1, {address_}, false));
  ShutDown();
  mender_.Look();
  ShutDown();

  mender_.LookNow();

  EXPECT_TRUE(TakesClients(address_));
}

TEST_F(MenderTest, WhatWasRefusedIsNotMended) {
  Serve(resources_, 1, PlanOf(1, {address_}, false));
  ASSERT_THAT(resources_.Remove(1), ElementsAre(0));
  ShutDown();

  mender_.Look();

  EXPECT_THAT(handed_out_, IsEmpty());
}

}  // namespace
}  // namespace colmeia::resources
