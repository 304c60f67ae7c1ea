#include "scoreboard/silence.h"

#include <gtest/gtest.h>

namespace colmeia::scoreboard {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kNow = 100'000 * kMs;

// A worker that beat `beat_age` ago, and took a request `turn_age` ago (0: none in this turn).
SlotView ViewOf(std::uint64_t beat_age, std::uint64_t turn_age, std::uint64_t beat = 300 * kMs) {
  SlotView view;
  view.state = SlotState::kReady;
  view.heartbeat_ns = kNow - beat_age;
  view.counts.gauges[static_cast<std::size_t>(Gauge::kBeatNs)] = beat;
  view.counts.gauges[static_cast<std::size_t>(Gauge::kTurnNs)] = turn_age == 0 ? 0 : kNow - turn_age;
  return view;
}

TEST(SilenceTest, ALoopThatTurnsIsNotSilent) {
  const Pulse pulse = PulseOf(ViewOf(290 * kMs, 0), kNow);

  EXPECT_EQ(pulse.turn_ns, 0u);
  EXPECT_EQ(pulse.silent_ns, std::nullopt);
}

TEST(SilenceTest, TheTurnUnderWayIsLagBeforeItIsSilence) {
  const Pulse pulse = PulseOf(ViewOf(310 * kMs, 300 * kMs), kNow);

  EXPECT_EQ(pulse.turn_ns, 300 * kMs);
  EXPECT_EQ(pulse.silent_ns, std::nullopt);
}

TEST(SilenceTest, ALongTurnIsSilence) {
  EXPECT_EQ(PulseOf(ViewOf(700 * kMs, 601 * kMs), kNow).silent_ns, 601 * kMs);
  EXPECT_EQ(PulseOf(ViewOf(1100 * kMs, 1001 * kMs, 1000 * kMs), kNow).silent_ns, 1001 * kMs);
  EXPECT_EQ(PulseOf(ViewOf(1100 * kMs, 999 * kMs, 1000 * kMs), kNow).silent_ns, std::nullopt);
}

TEST(SilenceTest, ABeatThatDoesNotComeIsSilence) {
  EXPECT_EQ(PulseOf(ViewOf(601 * kMs, 0), kNow).silent_ns, 601 * kMs);
  EXPECT_EQ(PulseOf(ViewOf(601 * kMs, 0), kNow).turn_ns, 301 * kMs);
  EXPECT_EQ(PulseOf(ViewOf(1999 * kMs, 0, 1000 * kMs), kNow).silent_ns, std::nullopt);
}

TEST(SilenceTest, AHastyBeatDoesNotMakeABusyMachineSilent) {
  EXPECT_EQ(PulseOf(ViewOf(90 * kMs, 80 * kMs, 10 * kMs), kNow).silent_ns, std::nullopt);
}

TEST(SilenceTest, OnlyWhoServesCanBeSilent) {
  for (const SlotState state : {SlotState::kEmpty, SlotState::kStarting, SlotState::kKilled, SlotState::kGone}) {
    SlotView view = ViewOf(5000 * kMs, 5000 * kMs);
    view.state = state;
    EXPECT_EQ(PulseOf(view, kNow).silent_ns, std::nullopt);
  }
}

TEST(SilenceTest, WhatAWorkerForgesDoesNoHarm) {
  SlotView view = ViewOf(0, 0, UINT64_MAX);
  view.heartbeat_ns = UINT64_MAX;
  view.counts.gauges[static_cast<std::size_t>(Gauge::kTurnNs)] = UINT64_MAX;

  EXPECT_EQ(PulseOf(view, kNow).silent_ns, std::nullopt);
  EXPECT_EQ(PulseOf(ViewOf(30'000 * kMs, 0, UINT64_MAX), kNow).silent_ns, 30'000 * kMs);
}

TEST(SilenceTest, TheWordIsSilentInPlaceOfTheState) {
  EXPECT_EQ(StateWord(SlotState::kReady, {}), "ready");
  EXPECT_EQ(StateWord(SlotState::kDraining, {.silent_ns = 1}), "silent");
}

}  // namespace
}  // namespace colmeia::scoreboard
