#include "supervisor/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "manual_clock.h"

namespace colmeia::supervisor {

// For failures.
void PrintTo(const Silence& silence, std::ostream* out) {
  *out << "slot " << silence.slot << " silent for " << silence.age.count() << " ms"
       << (silence.traced ? ", traced" : "");
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

// A hive of workers that beat when told to, and a master that looks when told to.
class WatchdogTest : public ::testing::Test {
 protected:
  static constexpr util::Milliseconds kPeriod{10s};

  void GivenWorker(std::uint32_t slot, util::Milliseconds period = kPeriod) {
    readings_.push_back({.slot = slot, .pid = static_cast<pid_t>(100 + slot), .period = period});
    Beat(slot);
  }
  void Beat(std::uint32_t slot) {
    Of(slot).heartbeat_ns = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.Now().time_since_epoch()).count());
  }
  Reading& Of(std::uint32_t slot) {
    for (Reading& reading : readings_) {
      if (reading.slot == slot) return reading;
    }
    ADD_FAILURE() << "no worker in slot " << slot;
    return readings_.front();
  }

  std::vector<Silence> Look() {
    Findings findings = watchdog_.Look(readings_, clock_.Now(), [this](pid_t pid) { return traced_.count(pid) != 0; });
    fresh_.insert(fresh_.end(), findings.fresh.begin(), findings.fresh.end());
    return std::move(findings.stale);
  }

  // Looks whenever a look is due; workers of `beating` beat each tenth of a period.
  std::vector<Silence> Pass(util::Duration time, const std::set<std::uint32_t>& beating = {}) {
    std::vector<Silence> found;
    const util::TimePoint end = clock_.Now() + time;
    while (clock_.Now() < end) {
      const util::TimePoint next = std::min(watchdog_.NextLook(), end);
      clock_.Advance(next - clock_.Now());
      for (const std::uint32_t slot : beating) Beat(slot);
      for (const Silence& silence : Look()) found.push_back(silence);
    }
    return found;
  }

  static auto Slot(std::uint32_t slot) { return Field(&Silence::slot, slot); }

  util::ManualClock clock_;
  std::vector<Reading> readings_;
  std::set<pid_t> traced_;
  std::vector<std::uint32_t> fresh_;  // of all looks
  Watchdog watchdog_;
};

TEST_F(WatchdogTest, TellsNothingOfWorkersThatBeat) {
  GivenWorker(0);
  GivenWorker(1);

  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(60s, {0, 1}), IsEmpty());
}

TEST_F(WatchdogTest, TellsOfAWorkerThatIsSilentForItsPeriod) {
  GivenWorker(0);
  GivenWorker(1);
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(9999ms, {0}), IsEmpty());
  const std::vector<Silence> found = Pass(1ms, {0});

  ASSERT_THAT(found, ElementsAre(Slot(1)));
  EXPECT_EQ(found[0].pid, 101);
  EXPECT_EQ(found[0].age, 10s);
  EXPECT_FALSE(found[0].traced);
}

TEST_F(WatchdogTest, TellsOfASilenceOnce) {
  GivenWorker(0);
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(60s), ElementsAre(Slot(0)));
}

TEST_F(WatchdogTest, TellsOfTheNextSilenceAgain) {
  GivenWorker(0);
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(11s), ElementsAre(Slot(0)));

  EXPECT_THAT(Pass(1s, {0}), IsEmpty());

  EXPECT_THAT(Pass(9s), IsEmpty());
  EXPECT_THAT(Pass(1s), ElementsAre(Slot(0)));
}

TEST_F(WatchdogTest, LooksJustWhenAWorkerMayHaveBecomeStale) {
  GivenWorker(0);
  clock_.Advance(300ms);
  EXPECT_THAT(Look(), IsEmpty());

  while (watchdog_.NextLook() < clock_.Now() + 700ms) EXPECT_THAT(Pass(watchdog_.NextLook() - clock_.Now()), IsEmpty());
  EXPECT_THAT(Pass(9s), IsEmpty());

  EXPECT_EQ(watchdog_.NextLook() - clock_.Now(), 700ms);
}

TEST_F(WatchdogTest, LooksEachTenthOfTheShortestPeriod) {
  GivenWorker(0);
  GivenWorker(1, 2s);

  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_EQ(watchdog_.NextLook() - clock_.Now(), 200ms);
}

TEST_F(WatchdogTest, EachGenerationHasItsPeriod) {
  GivenWorker(0);
  GivenWorker(1, 2s);
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(2s), ElementsAre(Slot(1)));
  EXPECT_THAT(Pass(8s), ElementsAre(Slot(0)));
}

TEST_F(WatchdogTest, WatchesNobodyWhenOff) {
  GivenWorker(0, 0ms);

  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_EQ(watchdog_.NextLook() - clock_.Now(), Watchdog::kIdleLook);
  EXPECT_THAT(Pass(60s), IsEmpty());
}

TEST_F(WatchdogTest, AWorkerThatNeverBeatHasItsPeriodFromTheFirstLook) {
  GivenWorker(0);
  Of(0).heartbeat_ns = 0;
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(9999ms), IsEmpty());
  EXPECT_THAT(Pass(1ms), ElementsAre(Field(&Silence::age, util::Milliseconds(10s))));
}

TEST_F(WatchdogTest, TheNextHolderOfASlotBeginsAnew) {
  GivenWorker(0);
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(10s), ElementsAre(Slot(0)));

  Of(0).pid = 200;
  Of(0).heartbeat_ns = 0;
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(9s), IsEmpty());
  EXPECT_THAT(Pass(1s), ElementsAre(Field(&Silence::pid, 200)));
}

TEST_F(WatchdogTest, AMasterThatWasLateGrantsOneMorePeriod) {
  GivenWorker(0);
  EXPECT_THAT(Look(), IsEmpty());

  clock_.Advance(1h);  // nobody ran, nobody looked
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(9999ms), IsEmpty());
  EXPECT_THAT(Pass(1ms), ElementsAre(Field(&Silence::age, util::Milliseconds(1h + 10s))));
}

TEST_F(WatchdogTest, AMasterThatWasALittleLateDoesNotMind) {
  GivenWorker(0);
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(9s), IsEmpty());

  clock_.Advance(watchdog_.NextLook() - clock_.Now() + kPeriod / 2);

  EXPECT_THAT(Look(), ElementsAre(Slot(0)));
}

TEST_F(WatchdogTest, AWorkerHeldUpAsLongAsAMasterThatWasALittleLateIsNotStale) {
  GivenWorker(0);
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(1s, {0}), IsEmpty());

  clock_.Advance(watchdog_.NextLook() - clock_.Now() + kPeriod / 2);

  EXPECT_THAT(Look(), IsEmpty());
}

TEST_F(WatchdogTest, ATracedWorkerIsToldAsSuchAndOnce) {
  GivenWorker(0);
  traced_ = {100};
  EXPECT_THAT(Look(), IsEmpty());

  const std::vector<Silence> found = Pass(60s);

  ASSERT_THAT(found, ElementsAre(Slot(0)));
  EXPECT_TRUE(found[0].traced);
}

TEST_F(WatchdogTest, AWorkerThatTheDebuggerLetGoHasOneMorePeriod) {
  GivenWorker(0);
  traced_ = {100};
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(30s), ElementsAre(Field(&Silence::traced, true)));

  traced_.clear();
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(9s), IsEmpty());
  EXPECT_THAT(Pass(1s), ElementsAre(Field(&Silence::traced, false)));
}

TEST_F(WatchdogTest, TellsOfAStaleWorkerThatBeatsAgain) {
  GivenWorker(0);
  GivenWorker(1);
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(11s, {1}), ElementsAre(Slot(0)));
  EXPECT_THAT(fresh_, IsEmpty());

  EXPECT_THAT(Pass(5s, {0, 1}), IsEmpty());

  EXPECT_THAT(fresh_, ElementsAre(0));
}

TEST_F(WatchdogTest, TellsOfAWorkerThatBeatsAgainWhenTheDebuggerLetItGo) {
  GivenWorker(0);
  traced_ = {100};
  EXPECT_THAT(Look(), IsEmpty());
  EXPECT_THAT(Pass(30s), ElementsAre(Field(&Silence::traced, true)));

  traced_.clear();
  EXPECT_THAT(Pass(2s), IsEmpty());
  EXPECT_THAT(fresh_, IsEmpty());
  EXPECT_THAT(Pass(2s, {0}), IsEmpty());

  EXPECT_THAT(fresh_, ElementsAre(0));
}

TEST_F(WatchdogTest, AsksForDebuggersOfStaleWorkersOnly) {
  GivenWorker(0);

  static_cast<void>(watchdog_.Look(readings_, clock_.Now(), [](pid_t) {
    ADD_FAILURE() << "a worker that beats was looked at";
    return false;
  }));
}

TEST_F(WatchdogTest, AStampFromTheFutureIsNoSilence) {
  GivenWorker(0);
  Of(0).heartbeat_ns += 3'600'000'000'000;

  EXPECT_THAT(Look(), IsEmpty());
}

TEST_F(WatchdogTest, TheFirstLookIsNeverLate) {
  clock_.Advance(24h);
  GivenWorker(0);
  clock_.Advance(10s);

  EXPECT_THAT(Look(), ElementsAre(Slot(0)));
}

TEST_F(WatchdogTest, AStampOfTheFarFutureIsNoSignOfLife) {
  GivenWorker(0);
  EXPECT_THAT(Look(), IsEmpty());
  for (const std::uint64_t lie : {std::uint64_t{1} << 62, UINT64_MAX, UINT64_MAX - 1}) {
    Of(0).heartbeat_ns = lie;
    EXPECT_FALSE(HasBeaten(Of(0), clock_.Now()));
  }

  EXPECT_THAT(Pass(2 * kPeriod), ElementsAre(Slot(0)));
}

TEST_F(WatchdogTest, OneThatHasOnlyEverLiedIsFoundAsOneThatNeverBeat) {
  GivenWorker(0);
  Of(0).heartbeat_ns = UINT64_MAX;
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_THAT(Pass(2 * kPeriod), ElementsAre(Slot(0)));
}

TEST_F(WatchdogTest, AStampThatIsALittleAheadOfTheMastersClockCounts) {
  GivenWorker(0);
  Of(0).heartbeat_ns += 5'000'000;
  EXPECT_THAT(Look(), IsEmpty());

  EXPECT_TRUE(HasBeaten(Of(0), clock_.Now()));
  EXPECT_THAT(Pass(kPeriod / 2), IsEmpty());
}

TEST_F(WatchdogTest, WhoIsNotWatchedHasAlwaysBeaten) {
  GivenWorker(0, 0s);
  Of(0).heartbeat_ns = UINT64_MAX;

  EXPECT_TRUE(HasBeaten(Of(0), clock_.Now()));
}

}  // namespace
}  // namespace colmeia::supervisor
