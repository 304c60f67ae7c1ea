#include "loop/loop.h"

#include <sys/eventfd.h>

#include <memory>
#include <vector>

#include "loop/fixture.h"
#include "loop/hooks.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "support/deadline.h"
#include "sys/unique_fd.h"

namespace colmeia::loop {
namespace {

class LoopTest : public LoopFixture {
 protected:
  sys::UniqueFd writable_{eventfd(0, EFD_CLOEXEC)};
};

TEST_F(LoopTest, RunReturnsWhenNothingIsLeft) { loop.Run(); }

TEST_F(LoopTest, RunReturnsAfterStop) {
  Timer forever(loop, [this] { loop.Stop(); });
  forever.StartEvery(util::Milliseconds(1));

  loop.Run();

  EXPECT_TRUE(forever.active());
}

TEST_F(LoopTest, NowIsOnTheSystemClockAndNotAheadOfIt) {
  loop.UpdateTime();

  const util::TimePoint real = util::Now();

  EXPECT_LE(loop.Now(), real);
  EXPECT_GT(loop.Now(), real - std::chrono::seconds(10));
}

TEST_F(LoopTest, TellsSleepFromWork) {
  Timer timer(loop, [] {});
  const util::TimePoint start = util::Now();
  // A busy machine may give the CPU back when the timer is due already: then there was no sleep.
  while (loop.IdleTime() == std::chrono::nanoseconds::zero() && util::Now() < start + kTestDeadline) {
    timer.StartAfter(util::Milliseconds(20));
    loop.Run();
  }
  const std::chrono::nanoseconds slept = loop.IdleTime();
  EXPECT_GT(slept, std::chrono::nanoseconds::zero());
  EXPECT_LE(slept, util::Now() - start);

  // Work inside a callback is no sleep, however long it takes.
  std::chrono::nanoseconds before{};
  std::chrono::nanoseconds after{};
  Poll poll(loop, writable_.get(), [&](int) {
    before = loop.IdleTime();
    const util::TimePoint end = util::Now() + util::Milliseconds(5);
    while (util::Now() < end) {
    }
    after = loop.IdleTime();
    loop.Stop();
  });
  poll.Start(kWritable);
  loop.Run();

  EXPECT_EQ(before, after);
}

TEST_F(LoopTest, EndsWhileHandlesAreStillClosing) {
  Timer timer(loop, [] {});
}

TEST(LoopDeathTest, WrapperThatOutlivesItsLoopIsABug) {
  EXPECT_DEATH(
      {
        auto loop = std::make_unique<Loop>();
        Timer timer(*loop, [] {});
        loop.reset();
      },
      "every_wrapper_was_destroyed_before_its_loop");
}

class HooksTest : public LoopFixture {};

TEST_F(HooksTest, CallBeforeAndAfterEachSleep) {
  std::vector<const char*> calls;
  BeforeSleep before(loop, [&] { calls.push_back("before"); });
  AfterWake after(loop, [&] { calls.push_back("after"); });

  ASSERT_TRUE(RunUntil([&] { return calls.size() >= 4; }));

  EXPECT_STREQ(calls[0], "before");
  EXPECT_STREQ(calls[1], "after");
  EXPECT_STREQ(calls[2], "before");
  EXPECT_STREQ(calls[3], "after");
}

TEST_F(HooksTest, DoNotKeepTheLoopGoing) {
  BeforeSleep before(loop, [] {});
  AfterWake after(loop, [] {});

  loop.Run();
}

TEST_F(HooksTest, MayDestroyThemselves) {
  std::unique_ptr<BeforeSleep> before;
  int calls = 0;
  before = std::make_unique<BeforeSleep>(loop, [&] {
    ++calls;
    before.reset();
  });
  Timer timer(loop, [] {});
  timer.StartAfter(util::Milliseconds(1));

  ASSERT_TRUE(RunUntil([&] { return !timer.active(); }));

  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace colmeia::loop
