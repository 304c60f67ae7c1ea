#include "util/clock.h"

#include <gtest/gtest.h>

#include "manual_clock.h"

namespace colmeia::util {
namespace {

using std::chrono::seconds;

TEST(ManualClockTest, StandsStillUntilAdvanced) {
  ManualClock clock;
  const TimePoint start = clock.Now();

  EXPECT_EQ(clock.Now(), start);
  clock.Advance(seconds(5));

  EXPECT_EQ(clock.Now() - start, seconds(5));
}

TEST(ManualClockTest, StartsLateEnoughToLookBack) { EXPECT_GT(ManualClock().Now() - seconds(60), TimePoint{}); }

TEST(NowTest, NeverRunsBackwards) {
  const TimePoint first = Now();

  EXPECT_GE(Now(), first);
}

}  // namespace
}  // namespace colmeia::util
