#include "lab/stage.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lab/syscalls.h"
#include "sys/cpu.h"

namespace colmeia::lab {
namespace {

using ::testing::HasSubstr;
using State = StageResult::State;

constexpr std::chrono::seconds kLong(20);

bool GoOn() { return true; }

class StageTest : public ::testing::Test {
 protected:
  StageResult Run(std::function<Measured(const Setting&)> body, std::chrono::milliseconds limit = kLong,
                  const std::function<bool()>& watch = GoOn) {
    Exhibit exhibit;
    exhibit.run = std::move(body);
    Setting setting;
    setting.placement = {"one", "one core", {sys::EffectiveCpuSet().front()}};
    return RunStage(exhibit, setting, limit, watch);
  }
};

TEST_F(StageTest, BringsNumbersBackExactly) {
  const StageResult result = Run([](const Setting&) { return Measured{{1.0 / 3, 0, 1e300}, "a note: it went well"}; });

  ASSERT_EQ(result.state, State::kMeasured) << result.why;
  EXPECT_EQ(result.measured, (Measured{{1.0 / 3, 0, 1e300}, "a note: it went well"}));
}

TEST_F(StageTest, RunsOnTheProcessorsOfItsPlacement) {
  const StageResult result = Run([](const Setting&) {
    return Measured{{static_cast<double>(sys::EffectiveCpuSet().size())}, ""};
  });

  EXPECT_EQ(result.measured.values, std::vector<double>{1});
}

TEST_F(StageTest, SaysWhyAnExhibitGaveUp) {
  const StageResult result = Run([](const Setting&) -> Measured { GiveUp("cannot make a queue", EACCES); });

  EXPECT_EQ(result.state, State::kUnavailable);
  EXPECT_EQ(result.why, "cannot make a queue: Permission denied");
}

TEST_F(StageTest, ChildThatGivesUpEndsTheStageWithItsReason) {
  const StageResult result = Run([](const Setting&) -> Measured {
    const Child child([] { GiveUp("the child may not", 0); });
    for (;;) pause();
  });

  EXPECT_EQ(result.state, State::kUnavailable);
  EXPECT_EQ(result.why, "the child may not");
}

TEST_F(StageTest, OutlivesAnExhibitThatCrashes) {
  const StageResult result = Run([](const Setting&) -> Measured {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  });

  EXPECT_EQ(result.state, State::kUnavailable);
  EXPECT_THAT(result.why, HasSubstr("signal 9"));
}

TEST_F(StageTest, EndsAnExhibitThatHangs) {
  const StageResult result = Run(
      [](const Setting&) -> Measured {
        for (;;) pause();
      },
      std::chrono::milliseconds(1));

  EXPECT_EQ(result.state, State::kUnavailable);
  EXPECT_THAT(result.why, HasSubstr("still running"));
}

TEST_F(StageTest, EndsWhenTheWatcherSaysSo) {
  const StageResult result = Run(
      [](const Setting&) -> Measured {
        for (;;) pause();
      },
      kLong, [] { return false; });

  EXPECT_EQ(result.state, State::kInterrupted);
}

TEST_F(StageTest, KillsWhatAnExhibitLeavesBehind) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const StageResult result = Run([&](const Setting&) {
    const pid_t left_behind = fork();
    if (left_behind == 0) {
      for (;;) pause();
    }
    return Measured{{1}, ""};
  });
  close(ends[1]);

  EXPECT_EQ(result.state, State::kMeasured);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0) << "the end of file comes when nobody holds the pipe any more";
  close(ends[0]);
}

TEST(StageReportTest, NoNumberIsLostOnTheWay) {
  const Measured measured{{1, std::numeric_limits<double>::quiet_NaN(), -0.125}, ""};

  const StageResult result = ParseReport(FormatReport(measured));

  ASSERT_EQ(result.state, State::kMeasured);
  ASSERT_EQ(result.measured.values.size(), 3U);
  EXPECT_EQ(result.measured.values[0], 1);
  EXPECT_TRUE(std::isnan(result.measured.values[1]));
  EXPECT_EQ(result.measured.values[2], -0.125);
}

TEST(StageReportTest, WhatCannotBeUnderstoodIsNoMeasurement) {
  EXPECT_EQ(ParseReport("garbage\n").state, State::kUnavailable);
  EXPECT_EQ(ParseReport("numbers 1 2\nfailed it broke\n").why, "it broke");
}

// Counting needs ptrace(2), which some containers refuse; then NaN says so.
TEST(SystemCallsTest, CountsThoseOfAProcessAndItsChildren) {
  const double counted = SystemCallsPerRound(
      [](int rounds) {
        const pid_t child = fork();
        for (int i = 0; i < rounds; ++i) getppid();
        if (child == 0) _exit(0);
        waitpid(child, nullptr, 0);
      },
      10, 110);

  if (std::isnan(counted)) GTEST_SKIP() << "this process may not trace its children";
  EXPECT_EQ(counted, 2) << "one of the parent and one of the child in each round";
}

TEST(SystemCallsTest, WhatFailsIsNotCounted) {
  const auto counted = CountSystemCalls([] { _exit(3); }, kLong);

  EXPECT_FALSE(counted);
}

}  // namespace
}  // namespace colmeia::lab
