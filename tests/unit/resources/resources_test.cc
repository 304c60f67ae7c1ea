#include "resources/resources.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "resources/listening_fixture.h"
#include "sys/files.h"

namespace colmeia::resources {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;

class ResourcesTest : public ListeningTest {
 protected:
  InheritedSocket Inherit(const sys::Address& address, bool reuseport = false) {
    return {"", address, reuseport, *sys::Listen(address, {.reuseport = reuseport})};
  }

  // Two generations, of which the second does not have `other` any more: it is removed, and returned.
  OpenListener& Remove(Resources& resources, const sys::Address& other, bool reuseport = false) {
    Serve(resources, 1, PlanOf(1, {address_, other}, reuseport));
    Serve(resources, 2, PlanOf(1, {address_}, reuseport));
    EXPECT_THAT(resources.Remove(1), testing::ElementsAre(1));
    return *resources.Find(1)->listeners[1];
  }
};

TEST_F(ResourcesTest, AReloadKeepsTheSocketOfAnAddress) {
  Resources resources;
  Serve(resources, 1, PlanOf(2, {address_}, false));
  const int socket = First(resources, 1).sockets().front().get();

  Serve(resources, 2, PlanOf(4, {address_}, false));
  resources.Close(1);

  EXPECT_EQ(First(resources, 2).sockets().front().get(), socket);
}

// What becomes of somebody who connects now.
int Knock(const sys::Address& address) {
  const sys::UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return connect(fd.get(), address.sockaddr_data(), address.sockaddr_size()) == 0 ? 0 : errno;
}

TEST_F(ResourcesTest, TheListenersThatOnlyRetiredGenerationsHaveAreRemovedAndTurnClientsAway) {
  const sys::Address other = FreeAddress();
  Resources resources;
  Serve(resources, 1, PlanOf(1, {address_, other}, false));
  const auto early = sys::Connect(other);
  sys::UntilSomebodyIsThere({resources.Find(1)->listeners[1]->sockets().front().get()});
  Serve(resources, 2, PlanOf(1, {address_}, false));

  EXPECT_THAT(resources.Remove(1), testing::ElementsAre(1));

  EXPECT_TRUE(sys::Connect(address_));
  EXPECT_THAT(Knock(other), testing::AnyOf(EINPROGRESS, ECONNREFUSED));
  const int socket = resources.Find(1)->listeners[1]->sockets().front().get();
  EXPECT_EQ(sys::AcceptSoon(socket).status, sys::AcceptStatus::kAccepted);
  EXPECT_EQ(sys::Accept(socket).status, sys::AcceptStatus::kEmpty);
  EXPECT_THAT(resources.Remove(2), testing::ElementsAre(0));
}

TEST_F(ResourcesTest, ARemovedListenerThatTurnsClientsAwayForGoodIsOpenedAnewBesideIt) {
  const sys::Address other = FreeAddress();
  Resources resources;
  Serve(resources, 1, PlanOf(1, {address_, other}, false));
  OpenListener& removed = *resources.Find(1)->listeners[1];
  // As where a filter needs a right: this kernel refuses one, too (SO_LOCK_FILTER in socket(7)).
  const int locked = 1;
  ASSERT_EQ(setsockopt(removed.sockets().front().get(), SOL_SOCKET, SO_LOCK_FILTER, &locked, sizeof(locked)), 0);
  Serve(resources, 2, PlanOf(1, {address_}, false));
  EXPECT_THAT(resources.Remove(1), testing::ElementsAre(1));
  ASSERT_EQ(removed.state(), ListenerState::kRefusedForGood);

  const auto opened = resources.Open(3, PlanOf(1, {address_, other}, false), Attempts::kMore);

  ASSERT_TRUE(opened) << opened.error().message;
  const auto client = sys::Connect(other);
  EXPECT_TRUE(client);
  EXPECT_EQ(sys::Accept(removed.sockets().front().get()).status, sys::AcceptStatus::kEmpty);
  EXPECT_EQ(sys::AcceptSoon(resources.Find(3)->listeners[1]->sockets().front().get()).status,
            sys::AcceptStatus::kAccepted);
}

TEST_F(ResourcesTest, ARemovedListenerThatIsWantedAgainLetsClientsIn) {
  const sys::Address other = FreeAddress();
  Resources resources;
  if (Remove(resources, other, true).state() == ListenerState::kRefusedForGood) {
    GTEST_SKIP() << "this kernel takes it back with CAP_NET_ADMIN only";
  }

  Serve(resources, 3, PlanOf(1, {address_, other}, true));

  EXPECT_EQ(resources.Find(3)->listeners[1], resources.Find(1)->listeners[1]);
  EXPECT_EQ(resources.Find(3)->listeners[1]->state(), ListenerState::kOpen);
  EXPECT_TRUE(sys::Connect(other));
}

TEST_F(ResourcesTest, AUnixListenerThatLostItsNameIsToldAndOpenedAnew) {
  const sys::Address unix_address = *sys::Address::FromUnixPath(dir_ / "socket");
  Resources resources;
  Serve(resources, 1, PlanOf(1, {address_, unix_address}, false));
  EXPECT_THAT(resources.LostNames(), testing::IsEmpty());
  const auto early = sys::Connect(unix_address);
  ASSERT_EQ(::unlink((dir_ / "socket").c_str()), 0);
  EXPECT_THAT(resources.LostNames(), testing::SizeIs(1));

  Serve(resources, 2, PlanOf(1, {address_, unix_address}, false));

  EXPECT_TRUE(sys::Connect(unix_address));
  EXPECT_EQ(resources.Find(1)->listeners[0], resources.Find(2)->listeners[0]);
  EXPECT_NE(resources.Find(1)->listeners[1], resources.Find(2)->listeners[1]);
  ASSERT_THAT(resources.Remove(1), testing::ElementsAre(1));
  EXPECT_THAT(resources.LostNames(), testing::IsEmpty());
  const int old = resources.Find(1)->listeners[1]->sockets().front().get();
  EXPECT_EQ(sys::Accept(old).status, sys::AcceptStatus::kAccepted) << "who had connected before is served";
  resources.CloseListeners(1);
  EXPECT_TRUE(sys::Connect(unix_address)) << "the path is the new one's";
}

TEST_F(ResourcesTest, ARemovedUnixListenerThatIsWantedAgainIsAnotherOne) {
  const sys::Address unix_address = *sys::Address::FromUnixPath(dir_ / "socket");
  Resources resources;
  Serve(resources, 1, PlanOf(1, {address_, unix_address}, false));
  const auto early = sys::Connect(unix_address);
  Serve(resources, 2, PlanOf(1, {address_}, false));
  ASSERT_THAT(resources.Remove(1), testing::ElementsAre(1));
  EXPECT_EQ(Knock(unix_address), ECONNREFUSED);

  Serve(resources, 3, PlanOf(1, {address_, unix_address}, false));

  EXPECT_TRUE(sys::Connect(unix_address));
  const int old = resources.Find(1)->listeners[1]->sockets().front().get();
  EXPECT_EQ(sys::Accept(old).status, sys::AcceptStatus::kAccepted);
  resources.CloseListeners(1);
  EXPECT_TRUE(sys::Connect(unix_address)) << "the path is the new one's";
}

TEST_F(ResourcesTest, ARemovedInheritedListenerTurnsNobodyAwayForItMayBeSomebodyElses) {
  std::vector<InheritedSocket> inherited;
  inherited.push_back(Inherit(address_));
  Resources resources(std::move(inherited));
  Serve(resources, 1, PlanOf(1, {address_}, false));

  EXPECT_THAT(resources.Remove(1), testing::ElementsAre(0));

  EXPECT_TRUE(sys::Connect(address_));
}

TEST_F(ResourcesTest, TellsWhichSocketsNoWorkerHas) {
  Resources resources;
  Serve(resources, 1, PlanOf(3, {address_}, true));
  const OpenGeneration& open = *resources.Find(1);

  EXPECT_THAT(open.NotServedBy(0, {0, 2}), testing::ElementsAre(1));
  EXPECT_THAT(open.NotServedBy(0, {2, 1, 0}), testing::IsEmpty());
}

TEST_F(ResourcesTest, ATakenAddressIsAnErrorThatNamesTheHolderAtTheLastAttempt) {
  const auto taken = sys::Listen(address_);
  ASSERT_TRUE(taken);
  Resources resources;

  const auto first = resources.Open(1, PlanOf(1, {FreeAddress(), address_}, false), Attempts::kMore);
  const auto last = resources.Open(1, PlanOf(1, {address_}, false), Attempts::kLast);

  ASSERT_FALSE(first);
  ASSERT_FALSE(last);
  EXPECT_EQ(first.error().code, EADDRINUSE);
  EXPECT_THAT(last.error().message, HasSubstr("test.conf:1: bind() to " + address_.ToString() + " failed"));
  EXPECT_THAT(last.error().message, HasSubstr("this server itself listens there"));
  EXPECT_EQ(access((dir_ / "test.pid").c_str(), F_OK), -1) << "nothing is left of it";
}

TEST_F(ResourcesTest, NewClonesGetNoConnectionsBeforeTheirSeatsServe) {
  Resources resources;
  Serve(resources, 1, PlanOf(2, {address_}, true));

  ASSERT_TRUE(resources.Open(2, PlanOf(4, {address_}, true)));
  EXPECT_THAT(Spread(First(resources, 1), 40), ElementsAre(Gt(3), Gt(3), 0, 0));
  resources.Promote(2);
  resources.Reseat(2, 4, 4, {});

  EXPECT_THAT(Spread(First(resources, 2), 120), Each(Gt(3)));
}

TEST_F(ResourcesTest, ClonesWithoutASeatGetNoConnections) {
  Resources resources;
  Serve(resources, 1, PlanOf(4, {address_}, true));

  Serve(resources, 2, PlanOf(2, {address_}, true));

  EXPECT_THAT(Spread(First(resources, 2), 40), ElementsAre(Gt(3), Gt(3), 0, 0));
}

TEST_F(ResourcesTest, SharedBecomesReusePortAndBack) {
  Resources resources;
  Serve(resources, 1, PlanOf(3, {address_}, false));
  const int socket = First(resources, 1).sockets().front().get();

  ASSERT_TRUE(resources.Open(2, PlanOf(3, {address_}, true)));
  EXPECT_THAT(Spread(First(resources, 1), 20), ElementsAre(20, 0, 0)) << "the old generation serves";
  resources.Promote(2);
  resources.Reseat(2, 3, 3, {});
  EXPECT_THAT(Spread(First(resources, 2), 120), Each(Gt(3)));

  Serve(resources, 3, PlanOf(3, {address_}, false));
  EXPECT_EQ(First(resources, 3).sockets().front().get(), socket);
  EXPECT_THAT(Spread(First(resources, 3), 20), ElementsAre(20, 0, 0));
}

TEST_F(ResourcesTest, EverySocketHasAWorker) {
  Resources resources;
  Serve(resources, 1, PlanOf(5, {address_}, true));
  Serve(resources, 2, PlanOf(2, {address_}, true));
  const OpenGeneration& own = *resources.Find(2);
  EXPECT_EQ(own.SocketFor(0, 0), 0u);
  EXPECT_THAT(own.BorrowedBy(0, 0, 2), ElementsAre(2, 4));
  EXPECT_EQ(own.SocketFor(0, 1), 1u);
  EXPECT_THAT(own.BorrowedBy(0, 1, 2), ElementsAre(3));

  Serve(resources, 3, PlanOf(2, {address_}, false));
  const OpenGeneration& shared = *resources.Find(3);
  EXPECT_EQ(shared.SocketFor(0, 0), 0u);
  EXPECT_THAT(shared.BorrowedBy(0, 0, 2), ElementsAre(1, 3));
  EXPECT_EQ(shared.SocketFor(0, 1), 0u);
  EXPECT_THAT(shared.BorrowedBy(0, 1, 2), ElementsAre(2, 4));
}

TEST_F(ResourcesTest, NoWorkerGetsASocketThatTheMasterAcceptsFrom) {
  Resources resources;
  Serve(resources, 1, PlanOf(3, {address_}, true));
  auto plan = std::make_shared<ipc::Plan>(*PlanOf(2, {address_, FreeAddress()}, false));
  plan->accept_by = ipc::AcceptBy::kHandoff;
  plan->listeners[1].reuseport = true;
  Serve(resources, 2, plan);

  const OpenGeneration& handed = *resources.Find(2);
  EXPECT_TRUE(handed.MasterAccepts(0));
  EXPECT_EQ(handed.SocketFor(0, 1), std::nullopt);
  EXPECT_THAT(handed.BorrowedBy(0, 1, 2), ElementsAre(2)) << "what is left of the clones";
  EXPECT_FALSE(handed.MasterAccepts(1)) << "a listen's own reuseport wins";
  EXPECT_EQ(handed.SocketFor(1, 1), 1u);
}

TEST_F(ResourcesTest, AGenerationTunesOpenSocketsWhenItBecomesCurrent) {
  const auto deferred = [](const Resources& resources, std::uint32_t generation) {
    int seconds = -1;
    socklen_t size = sizeof(seconds);
    const int fd = First(resources, generation).sockets().front().get();
    EXPECT_EQ(::getsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, &size), 0);
    return seconds > 0;
  };
  Resources resources;
  Serve(resources, 1, PlanOf(1, {address_}, false));
  EXPECT_FALSE(deferred(resources, 1));

  auto plan = std::make_shared<ipc::Plan>(*PlanOf(1, {address_}, false));
  plan->listeners[0].tuning.deferred = true;
  ASSERT_TRUE(resources.Open(2, plan));
  EXPECT_FALSE(deferred(resources, 2)) << "it may still fail";
  resources.Promote(2);

  EXPECT_TRUE(deferred(resources, 2));
}

TEST_F(ResourcesTest, UsesAnInheritedSocketOfTheSameAddress) {
  std::vector<InheritedSocket> inherited;
  inherited.push_back(Inherit(address_));
  const int number = inherited.front().fd.get();
  Resources resources(std::move(inherited));

  Serve(resources, 1, PlanOf(2, {address_}, false));

  EXPECT_EQ(First(resources, 1).sockets().front().get(), number);
}

TEST_F(ResourcesTest, InheritedClonesAreUsedOneToOneAndKeepTheirConnections) {
  std::vector<InheritedSocket> inherited;
  for (int i = 0; i < 3; ++i) inherited.push_back(Inherit(address_, true));
  Resources resources(std::move(inherited));

  ASSERT_TRUE(resources.Open(1, PlanOf(4, {address_}, true)));
  ASSERT_EQ(First(resources, 1).sockets().size(), 4u);
  EXPECT_THAT(Spread(First(resources, 1), 60), ElementsAre(Gt(3), Gt(3), Gt(3), 0)) << "the old master serves";
  resources.Promote(1);
  resources.Reseat(1, 4, 4, {});

  EXPECT_THAT(Spread(First(resources, 1), 120), Each(Gt(3)));
}

TEST_F(ResourcesTest, InheritedSocketsThatNobodyWantsAreClosedOnceTheFirstGenerationServes) {
  const sys::Address other = FreeAddress();
  std::vector<InheritedSocket> inherited;
  inherited.push_back(Inherit(other));
  Resources resources(std::move(inherited));

  ASSERT_TRUE(resources.Open(1, PlanOf(1, {address_}, false)));
  EXPECT_TRUE(sys::Connect(other));
  resources.Promote(1);

  EXPECT_FALSE(sys::Connect(other));
}

TEST_F(ResourcesTest, AUnixPathBelongsToTheLastWhoListensOnIt) {
  const sys::Address path = *sys::Address::FromUnixPath(dir_ / "s");
  auto old = sys::Listen(path);
  ASSERT_TRUE(old);
  std::vector<InheritedSocket> inherited;
  inherited.push_back({"", path, false, *sys::Duplicate(old->get())});
  Resources resources(std::move(inherited));
  Serve(resources, 1, PlanOf(1, {path}, false));

  resources.Close(1);
  EXPECT_TRUE(sys::IdentifySocketFile(path)) << "another master still listens";

  Serve(resources, 2, PlanOf(1, {address_}, false));
  old->reset();
  Resources alone;
  ASSERT_TRUE(sys::Listen(path)) << "and once it is gone the path is free";
}

TEST_F(ResourcesTest, TheLastOwnerRemovesItsUnixPath) {
  const sys::Address path = *sys::Address::FromUnixPath(dir_ / "s");
  Resources resources;
  Serve(resources, 1, PlanOf(1, {path}, true));

  resources.Close(1);

  EXPECT_FALSE(sys::IdentifySocketFile(path));
}

TEST_F(ResourcesTest, HandsOverAllSocketsInTheOrderOfTheirGroups) {
  const sys::Address other = FreeAddress();
  Resources resources;
  Serve(resources, 1, PlanOf(2, {address_, other}, true));
  Serve(resources, 2, PlanOf(2, {other}, true));

  const auto handed = resources.SocketsToHandOver();

  ASSERT_EQ(handed.size(), 4u);
  EXPECT_EQ(handed[0].name, address_.ToString());
  EXPECT_EQ(handed[2].fd, First(resources, 2).sockets()[0].get());
  EXPECT_EQ(handed[3].fd, First(resources, 2).sockets()[1].get());
}

// The new master would take a socket that nobody can come to for one that serves.
TEST_F(ResourcesTest, HandsOverNoListenerThatTurnsClientsAway) {
  const sys::Address other = FreeAddress();
  Resources resources;
  Remove(resources, other);

  const auto handed = resources.SocketsToHandOver();

  ASSERT_EQ(handed.size(), 1u);
  EXPECT_EQ(handed[0].name, address_.ToString());
}

TEST_F(ResourcesTest, ThePidFileIsPutAsideAndTakenBack) {
  Resources resources;
  Serve(resources, 1, PlanOf(1, {address_}, false));
  const std::string path = dir_ / "test.pid";

  ASSERT_TRUE(resources.PutPidFileAside());
  EXPECT_TRUE(sys::ReadFile(path + ".oldbin"));
  auto of_the_new = sys::PidFile::Create(path, 1);
  ASSERT_TRUE(of_the_new) << of_the_new.error().message;
  ASSERT_TRUE(resources.Open(2, PlanOf(1, {address_}, false))) << "a reload meanwhile leaves both alone";
  ASSERT_TRUE(resources.TakePidFileBack());

  EXPECT_EQ(*sys::ReadFile(path), std::to_string(getpid()) + "\n");
  EXPECT_FALSE(sys::ReadFile(path + ".oldbin"));
  EXPECT_TRUE(resources.TakePidFileBack()) << "once is enough";
}

}  // namespace
}  // namespace colmeia::resources
