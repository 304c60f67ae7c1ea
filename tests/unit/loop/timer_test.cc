#include "loop/timer.h"

#include <memory>

#include "loop/fixture.h"

namespace colmeia::loop {
namespace {

using util::Milliseconds;

class TimerTest : public LoopFixture {};

TEST_F(TimerTest, NeverFiresEarly) {
  const util::TimePoint due = util::Now() + Milliseconds(20);
  util::TimePoint fired;
  Timer timer(loop, [&] { fired = util::Now(); });
  timer.StartAt(due);

  ASSERT_TRUE(RunUntil([&] { return fired != util::TimePoint{}; }));

  EXPECT_GE(fired, due);
}

TEST_F(TimerTest, FiresOnceForATimeThatHasPassed) {
  int calls = 0;
  Timer timer(loop, [&] { ++calls; });
  timer.StartAt(util::TimePoint::min());

  ASSERT_TRUE(RunUntil([&] { return calls > 0; }));
  Turn(3);

  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(timer.active());
}

TEST_F(TimerTest, FarAwayTimesAreAllowed) {
  Timer timer(loop, [] {});
  timer.StartAt(util::TimePoint::max());

  EXPECT_TRUE(timer.active());
}

TEST_F(TimerTest, RepeatsUntilStoppedInItsCallback) {
  int calls = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    if (++calls == 3) timer->Stop();
  });
  timer->StartEvery(Milliseconds(1));

  loop.Run();

  EXPECT_EQ(calls, 3);
}

TEST_F(TimerTest, StartReplacesWhatWasStarted) {
  int calls = 0;
  Timer timer(loop, [&] { ++calls; });
  timer.StartAfter(std::chrono::hours(1));
  timer.StartAfter(Milliseconds(1));

  loop.Run();

  EXPECT_EQ(calls, 1);
}

TEST_F(TimerTest, MayDestroyItselfInItsCallback) {
  int calls = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&calls, &timer] {
    timer.reset();
    ++calls;  // the callback's own captures are still there
  });
  timer->StartEvery(Milliseconds(1));

  loop.Run();

  EXPECT_EQ(calls, 1);
}

TEST_F(TimerTest, OneThatAlwaysRestartsItselfLetsTheLoopGoOn) {
  bool others = false;
  std::unique_ptr<Timer> restless;
  restless = std::make_unique<Timer>(loop, [&] { restless->StartAfter(util::Duration::zero()); });
  restless->StartAfter(util::Duration::zero());
  Timer other(loop, [&] { others = true; });
  other.StartAfter(Milliseconds(3));

  EXPECT_TRUE(RunUntil([&] { return others; }));
}

}  // namespace
}  // namespace colmeia::loop
