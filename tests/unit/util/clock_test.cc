#include "util/clock.h"

#include <gtest/gtest.h>

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

TEST(SystemClockTest, NeverRunsBackwards) {
  const SystemClock clock;
  const TimePoint first = clock.Now();

  EXPECT_GE(clock.Now(), first);
}

}  // namespace
}  // namespace colmeia::util
