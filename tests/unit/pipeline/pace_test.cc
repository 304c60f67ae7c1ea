#include "pipeline/pace.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>

#include <gtest/gtest.h>

namespace colmeia::pipeline {
namespace {

using namespace std::chrono_literals;  // NOLINT: for tests
using util::Milliseconds;

constexpr util::TimePoint kStart{Milliseconds(1000)};
constexpr std::uint64_t kRate = 1000;

TEST(PaceTest, LimitsNothingUnlessItIsTold) {
  EXPECT_FALSE(Pace().limited());
  EXPECT_FALSE(Pace(0, 4096).limited());
  EXPECT_TRUE(Pace(1, 0).limited());
}

TEST(PaceTest, ASecondsWorthLeavesAtOnceAndThenWaitsUntilItIsDue) {
  Pace pace(kRate, 0);

  EXPECT_EQ(pace.Pause(0, kStart), 0ms);
  EXPECT_EQ(pace.Allowance(0, kStart), kRate);
  EXPECT_EQ(pace.Pause(kRate, kStart), 1000ms);
  EXPECT_EQ(pace.Pause(kRate, kStart + 999ms), 10ms);
  EXPECT_EQ(pace.Pause(kRate, kStart + 1000ms), 0ms);
  EXPECT_EQ(pace.Allowance(kRate, kStart + 1000ms), kRate);
}

TEST(PaceTest, TheClockStartsWithTheFirstWriteAndNoLaterOneStartsItAnew) {
  Pace pace(kRate, 0);

  EXPECT_EQ(pace.Pause(0, kStart + 1h), 0ms);
  EXPECT_EQ(pace.Allowance(0, kStart + 1h), kRate);
  EXPECT_EQ(pace.Pause(500, kStart + 1h), 500ms);
  EXPECT_EQ(pace.Pause(500, kStart + 1h + 400ms), 100ms);
}

TEST(PaceTest, TheFirstBytesAreFree) {
  Pace pace(kRate, 5000);

  EXPECT_EQ(pace.Pause(0, kStart), 0ms);
  EXPECT_EQ(pace.Allowance(0, kStart), 6000u);
  EXPECT_EQ(pace.Pause(5000, kStart), 0ms);
  EXPECT_EQ(pace.Allowance(5000, kStart), kRate);
  EXPECT_EQ(pace.Pause(6000, kStart), 1000ms);
}

TEST(PaceTest, WhatCouldNotLeaveInTimeMayLeaveLater) {
  Pace pace(kRate, 0);

  EXPECT_EQ(pace.Pause(0, kStart), 0ms);
  EXPECT_EQ(pace.Allowance(kRate, kStart + 10s), 10 * kRate);
}

// However late each pause ends, nothing is lost: the sum counts from the first write.
TEST(PaceTest, AFileTakesItsTimeWhateverThePausesAre) {
  for (const std::uint64_t rate : {1u, 7u, 1000u, 1u << 20}) {
    const std::uint64_t size = rate * 5 + 3;
    Pace pace(rate, 2);
    util::TimePoint now = kStart;
    std::uint64_t sent = 0;
    while (sent < size) {
      const Milliseconds pause = pace.Pause(sent, now);
      if (pause > 0ms) {
        EXPECT_LE(pause, 1s);
        now += pause + 3ms;
        continue;
      }
      const std::uint64_t allowed = pace.Allowance(sent, now);
      ASSERT_GT(allowed, 0u);
      sent += std::min(allowed, size - sent);
      const double seconds = std::chrono::duration<double>(now - kStart).count();
      EXPECT_LE(static_cast<double>(sent), 2.0 + static_cast<double>(rate) * (seconds + 1.0));
    }
    EXPECT_GE(now, kStart + 4s) << rate;
    EXPECT_LE(now, kStart + 6s) << rate;
  }
}

TEST(PaceTest, PausesHaveFewLengths) {
  std::set<Milliseconds> lengths;
  for (std::uint64_t sent = 1; sent <= 5 * kRate; ++sent) {
    Pace pace(kRate, 0);
    const Milliseconds pause = pace.Pause(sent, kStart);
    EXPECT_GE(pause, std::min(Milliseconds(sent), Milliseconds(1000)));
    lengths.insert(pause);
  }
  EXPECT_LE(lengths.size(), 20u);
}

TEST(PaceTest, ExtremeRatesAreTakenAsTheyAre) {
  Pace fastest(INT64_MAX, INT64_MAX);
  EXPECT_EQ(fastest.Pause(0, kStart), 0ms);
  EXPECT_GT(fastest.Allowance(0, kStart), std::uint64_t{1} << 61);
  EXPECT_EQ(fastest.Pause(std::uint64_t{1} << 62, kStart), 0ms);

  Pace slowest(1, 0);
  EXPECT_EQ(slowest.Pause(0, kStart), 0ms);
  EXPECT_EQ(slowest.Allowance(0, kStart), 1u);
  EXPECT_EQ(slowest.Pause(INT64_MAX, kStart), 1000ms);
  EXPECT_EQ(slowest.Allowance(INT64_MAX, kStart), 0u);
}

}  // namespace
}  // namespace colmeia::pipeline
