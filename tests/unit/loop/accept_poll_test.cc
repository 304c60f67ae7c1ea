#include "loop/accept_poll.h"

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <uv.h>

#include "loop/fixture.h"
#include "sys/files.h"
#include "sys/sockets.h"

namespace colmeia::loop {
namespace {

class AcceptPollTest : public LoopFixture {
 protected:
  void SetUp() override {
    auto fd = sys::Listen(*sys::Address::FromIp("127.0.0.1", 0));
    ASSERT_TRUE(fd);
    listener = std::move(*fd);
    address = *sys::Address::LocalOf(listener.get());
  }

  void Connect() {
    auto client = sys::Connect(address);
    ASSERT_TRUE(client) << client.error().message;
    clients.push_back(std::move(*client));
  }

  // What epoll knows of the listener, as proc(5) tells it: EPOLLEXCLUSIVE and EPOLLIN, and the kernel's own EPOLLERR
  // and EPOLLHUP.
  [[nodiscard]] bool IsExclusiveForTheKernel() const {
    const auto info = sys::ReadFile(fmt::format("/proc/self/fdinfo/{}", uv_backend_fd(loop.handle())));
    const std::string wanted = fmt::format("tfd: {:8} events: 10000019 ", listener.get());
    return info && info->find(wanted) != std::string::npos;
  }

  sys::UniqueFd listener;
  sys::Address address;
  std::vector<sys::UniqueFd> clients;
};

TEST_F(AcceptPollTest, BecomesExclusiveWithoutAnyClient) {
  AcceptPoll poll(loop, listener.get(), [] {});
  EXPECT_EQ(poll.state(), AcceptPoll::State::kStopped);
  poll.Start();
  EXPECT_EQ(poll.state(), AcceptPoll::State::kRegistering);

  ASSERT_TRUE(RunUntil([&] { return poll.state() == AcceptPoll::State::kExclusive; }));

  EXPECT_TRUE(IsExclusiveForTheKernel());
}

TEST_F(AcceptPollTest, TellsOfClientsBeforeAndAfterItIsExclusive) {
  int accepted = 0;
  AcceptPoll poll(loop, listener.get(), [&] {
    if (sys::Accept(listener.get()).status == sys::AcceptStatus::kAccepted) ++accepted;
  });
  poll.Start();
  Connect();
  ASSERT_TRUE(RunUntil([&] { return accepted == 1; }));
  ASSERT_TRUE(RunUntil([&] { return poll.state() == AcceptPoll::State::kExclusive; }));

  Connect();

  ASSERT_TRUE(RunUntil([&] { return accepted == 2; }));
}

TEST_F(AcceptPollTest, HearsOfNobodyWhileItRests) {
  int accepted = 0;
  AcceptPoll poll(loop, listener.get(), [&] {
    if (sys::Accept(listener.get()).status == sys::AcceptStatus::kAccepted) ++accepted;
  });
  poll.Start();
  poll.Rest();
  EXPECT_EQ(poll.state(), AcceptPoll::State::kRegistering) << "too early";
  ASSERT_TRUE(RunUntil([&] { return poll.state() == AcceptPoll::State::kExclusive; }));
  poll.Rest();
  Connect();
  for (int i = 0; i < 3; ++i) loop.Turn();
  EXPECT_EQ(accepted, 0);

  poll.Requeue();

  ASSERT_TRUE(RunUntil([&] { return accepted == 1; }));
  EXPECT_TRUE(IsExclusiveForTheKernel());
  poll.Rest();
  poll.Stop();
  EXPECT_EQ(poll.state(), AcceptPoll::State::kStopped);
}

TEST_F(AcceptPollTest, StaysExclusiveWhenRequeuedInItsCallback) {
  int accepted = 0;
  std::unique_ptr<AcceptPoll> poll;
  poll = std::make_unique<AcceptPoll>(loop, listener.get(), [&] {
    if (sys::Accept(listener.get()).status == sys::AcceptStatus::kAccepted) ++accepted;
    poll->Requeue();
  });
  poll->Start();
  ASSERT_TRUE(RunUntil([&] { return poll->state() == AcceptPoll::State::kExclusive; }));

  for (int i = 0; i < 5; ++i) Connect();

  ASSERT_TRUE(RunUntil([&] { return accepted == 5; }));
  EXPECT_TRUE(IsExclusiveForTheKernel());
}

TEST_F(AcceptPollTest, IsExclusiveAgainAfterAPause) {
  int accepted = 0;
  AcceptPoll poll(loop, listener.get(), [&] {
    if (sys::Accept(listener.get()).status == sys::AcceptStatus::kAccepted) ++accepted;
  });
  poll.Start();
  ASSERT_TRUE(RunUntil([&] { return poll.state() == AcceptPoll::State::kExclusive; }));
  poll.Stop();
  Connect();
  Turn(3);
  EXPECT_EQ(accepted, 0);

  poll.Start();

  ASSERT_TRUE(RunUntil([&] { return accepted == 1 && poll.state() == AcceptPoll::State::kExclusive; }));
  EXPECT_TRUE(IsExclusiveForTheKernel());
}

TEST_F(AcceptPollTest, RestartedWithinOneTurnDoesNotConfuseTheKernel) {
  AcceptPoll poll(loop, listener.get(), [] {});
  for (int i = 0; i < 3; ++i) {
    poll.Start();
    poll.Requeue();
    if (i == 1) Turn(1);
    poll.Stop();
  }
  poll.Start();

  ASSERT_TRUE(RunUntil([&] { return poll.state() == AcceptPoll::State::kExclusive; }));
}

TEST_F(AcceptPollTest, MayDestroyItselfInItsCallback) {
  int calls = 0;
  std::unique_ptr<AcceptPoll> poll;
  poll = std::make_unique<AcceptPoll>(loop, listener.get(), [&calls, &poll] {
    poll.reset();
    ++calls;
  });
  poll->Start();
  Connect();

  ASSERT_TRUE(RunUntil([&] { return calls > 0; }));
  Turn(2);

  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace colmeia::loop
