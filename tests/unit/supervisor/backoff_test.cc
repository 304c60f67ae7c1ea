#include "supervisor/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "manual_clock.h"

namespace colmeia::supervisor {
namespace {

using namespace std::chrono_literals;

class BackoffTest : public ::testing::Test {
 protected:
  // Lets the worker start as soon as it may and die `lifetime` later; returns how long it had to wait.
  util::Duration StartsAndDies(void (Backoff::*dies)(util::TimePoint), util::Duration lifetime = 0ms) {
    const util::TimePoint died = clock.Now();
    if (backoff.next_start() > clock.Now()) clock.Advance(backoff.next_start() - clock.Now());
    const util::Duration waited = clock.Now() - died;
    clock.Advance(lifetime);
    (backoff.*dies)(clock.Now());
    return waited;
  }

  util::ManualClock clock;
  Backoff backoff;
};

TEST_F(BackoffTest, LetsTheFirstWorkerStartAtOnce) { EXPECT_LT(backoff.next_start(), clock.Now()); }

TEST_F(BackoffTest, DoublesFromATenthOfASecondToTenSeconds) {
  std::vector<util::Duration> waits;
  for (int i = 0; i < 10; ++i) waits.push_back(StartsAndDies(&Backoff::DiedStarting));

  const std::vector<util::Duration> expected{0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10s, 10s};
  EXPECT_EQ(waits, expected);
}

TEST_F(BackoffTest, StartsOverOnceAWorkerBecameReady) {
  for (int i = 0; i < 5; ++i) StartsAndDies(&Backoff::DiedStarting);
  backoff.BecameReady();
  StartsAndDies(&Backoff::DiedStarting);

  EXPECT_EQ(backoff.next_start() - clock.Now(), 100ms);
}

TEST_F(BackoffTest, AllowsTwelveStartsInTheFirstMinute) {
  const util::TimePoint begin = clock.Now();
  int starts = 0;
  while (true) {
    StartsAndDies(&Backoff::DiedStarting);
    if (clock.Now() >= begin + 60s) break;
    ++starts;
  }
  EXPECT_EQ(starts, 12);
}

TEST_F(BackoffTest, AllowsTwelveFailuresAMinuteEvenWhenReadyComesBetween) {
  const util::TimePoint begin = clock.Now();
  int failures = 0;
  while (true) {
    StartsAndDies(&Backoff::DiedStarting);
    if (clock.Now() >= begin + 60s) break;
    ++failures;
    backoff.BecameReady();
  }
  EXPECT_EQ(failures, 12);
}

TEST_F(BackoffTest, ReplacesTenAtOnceAndThenOneASecond) {
  std::vector<util::Duration> waits;
  for (int i = 0; i < 14; ++i) waits.push_back(StartsAndDies(&Backoff::DiedReady));

  // The wait before the n-th start comes from the (n-1)-th death.
  EXPECT_EQ(std::count(waits.begin(), waits.begin() + 11, 0ms), 11);
  EXPECT_EQ(std::count(waits.begin() + 11, waits.end(), 1s), 3);
}

TEST_F(BackoffTest, RefillsTheBucketOneASecondAndNoFurtherThanTen) {
  for (int i = 0; i < 10; ++i) backoff.DiedReady(clock.Now());
  clock.Advance(3s);
  for (int i = 0; i < 3; ++i) {
    backoff.DiedReady(clock.Now());
    EXPECT_LE(backoff.next_start(), clock.Now());
  }
  backoff.DiedReady(clock.Now());
  EXPECT_EQ(backoff.next_start() - clock.Now(), 1s);

  clock.Advance(1h);
  for (int i = 0; i < 10; ++i) {
    backoff.DiedReady(clock.Now());
    EXPECT_LE(backoff.next_start(), clock.Now());
  }
  backoff.DiedReady(clock.Now());
  EXPECT_GT(backoff.next_start(), clock.Now());
}

}  // namespace
}  // namespace colmeia::supervisor
