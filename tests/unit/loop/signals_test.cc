#include "loop/signals.h"

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "loop/fixture.h"

namespace colmeia::loop {
namespace {

class SignalsTest : public LoopFixture {};

TEST_F(SignalsTest, CarriesTheSender) {
  std::vector<SignalInfo> seen;
  Signals signals(loop, {SIGHUP, SIGUSR1}, [&](const SignalInfo& info) { seen.push_back(info); });

  ASSERT_EQ(kill(getpid(), SIGUSR1), 0);

  ASSERT_TRUE(RunUntil([&] { return !seen.empty(); }));
  EXPECT_EQ(seen[0].number, SIGUSR1);
  EXPECT_EQ(seen[0].sender_pid, getpid());
  EXPECT_EQ(seen[0].sender_uid, getuid());
  EXPECT_TRUE(seen[0].from_process);
}

TEST_F(SignalsTest, SignalsOfTheKernelAreNotFromAProcess) {
  std::vector<SignalInfo> seen;
  Signals signals(loop, {SIGALRM}, [&](const SignalInfo& info) { seen.push_back(info); });

  ualarm(1000, 0);

  ASSERT_TRUE(RunUntil([&] { return !seen.empty(); }));
  EXPECT_EQ(seen[0].number, SIGALRM);
  EXPECT_FALSE(seen[0].from_process);
}

TEST_F(SignalsTest, HearsWhatWasIgnored) {
  std::vector<int> seen;
  ASSERT_NE(signal(SIGHUP, SIG_IGN), SIG_ERR);  // as under nohup
  Signals signals(loop, {SIGHUP}, [&](const SignalInfo& info) { seen.push_back(info.number); });

  ASSERT_EQ(kill(getpid(), SIGHUP), 0);

  ASSERT_TRUE(RunUntil([&] { return !seen.empty(); }));
}

TEST_F(SignalsTest, MayBeDestroyedInItsCallback) {
  int calls = 0;
  std::unique_ptr<Signals> signals;
  signals = std::make_unique<Signals>(loop, std::vector<int>{SIGUSR1, SIGUSR2}, [&](const SignalInfo&) {
    signals.reset();
    ++calls;
  });
  ASSERT_EQ(kill(getpid(), SIGUSR1), 0);
  ASSERT_EQ(kill(getpid(), SIGUSR2), 0);

  ASSERT_TRUE(RunUntil([&] { return calls > 0; }));
  Turn(2);

  EXPECT_EQ(calls, 1);
}

TEST_F(SignalsTest, LateOneDoesNotEndTheProcess) {
  {
    Signals signals(loop, {SIGTERM}, [](const SignalInfo&) {});
  }

  EXPECT_EQ(kill(getpid(), SIGTERM), 0);
}

TEST(SignalNameTest, NamesKnownNumbers) {
  EXPECT_EQ(SignalName(SIGKILL), "SIGKILL");
  EXPECT_EQ(SignalName(999), "signal 999");
}

}  // namespace
}  // namespace colmeia::loop
