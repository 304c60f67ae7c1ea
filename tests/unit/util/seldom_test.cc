#include "util/seldom.h"

#include <gtest/gtest.h>

#include "manual_clock.h"

namespace colmeia::util {
namespace {

using namespace std::chrono_literals;  // NOLINT: for tests

TEST(SeldomTest, LetsOneThroughInAWhileAndCountsTheOthers) {
  ManualClock clock;
  Seldom seldom(1min);
  EXPECT_EQ(seldom.Take(clock.Now()), 1u);
  EXPECT_EQ(seldom.Take(clock.Now()), std::nullopt);
  clock.Advance(59s);
  EXPECT_EQ(seldom.Take(clock.Now(), 5), std::nullopt);
  clock.Advance(1s);
  EXPECT_EQ(seldom.Take(clock.Now()), 7u);
  EXPECT_EQ(seldom.Take(clock.Now()), std::nullopt);
}

}  // namespace
}  // namespace colmeia::util
