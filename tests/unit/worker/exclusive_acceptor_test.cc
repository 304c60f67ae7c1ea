#include "worker/exclusive_acceptor.h"

#include <sys/epoll.h>

#include <memory>
#include <vector>

#include "worker/acceptor_fixture.h"

namespace colmeia::worker {
namespace {

using ipc::AcceptBy;
using scoreboard::Total;

// The worker counts on the board itself, as in production, beside one other worker.
class ExclusiveAcceptorTest : public AcceptorFixture {
 protected:
  void Start() {
    AcceptorOptions options{.accept_by = AcceptBy::kExclusive, .generation = 1, .slot = kSlot};
    acceptor_ = MakeAcceptor({loop, connections(100), board_.Writer(kSlot), &board_, log_, Clock(), options});
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

TEST_F(ExclusiveAcceptorTest, DoesNotRestForEverForOneThatOnlySaysThatItAccepts) {
  Start();
  static_cast<void>(Burst(30));

  const auto end = std::chrono::steady_clock::now() + kTestDeadline;
  for (bool says = true; accepts() < 30 && std::chrono::steady_clock::now() < end; says = !says) {
    board_.Writer(kOther).Add(Total::kAccepts, says ? 1 : ~std::uint64_t{0});
    loop.RunOnce();
  }

  EXPECT_EQ(accepts(), 30u);
}

}  // namespace
}  // namespace colmeia::worker
