// Workers that die, fail to start, stall or misbehave while the server serves.
#include <algorithm>

#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class WorkerTest : public SupervisorFixture {};

TEST_F(WorkerTest, IsReplacedAtOnceWhenItDiesAfterReady) {
  GivenReadyWorkers(4);
  Dies(3, 1);
  EXPECT_THAT(Actions(), ElementsAre("spawn 3: worker 3 of 1"));
  EXPECT_THAT(Log(), ElementsAre("[error] worker 3 (pid 104) exited with code 1; replacing it",
                                 "[info] worker 3 (pid 105) started"));
  EXPECT_FALSE(supervisor.degraded());
}

TEST_F(WorkerTest, IsAnAlertWhenASignalKilledIt) {
  GivenReadyWorkers(1);
  Dies(0, 0, SIGSEGV);
  EXPECT_THAT(Log(), Contains("[alert] worker 0 (pid 101) was killed by signal 11 (SIGSEGV); replacing it"));
}

TEST_F(WorkerTest, IsOnlyNoticedWhenSomebodyToldItToLeave) {
  GivenReadyWorkers(1);
  Dies(0, 0);
  EXPECT_THAT(Log(), Contains("[notice] worker 0 (pid 101) exited with code 0; replacing it"));
}

TEST_F(WorkerTest, KeepsItsSlotUntilBothEndsWereSeen) {
  GivenReadyWorkers(2);
  Closes(0);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(States(), ElementsAre("0 gone"));
  Exits(0, 1);
  EXPECT_THAT(Actions(), ElementsAre("spawn 0: worker 0 of 1"));
  Forget();
  Exits(1, 1);
  EXPECT_THAT(Actions(), IsEmpty());
  Closes(1);
  EXPECT_THAT(Actions(), ElementsAre("spawn 1: worker 1 of 1"));
  EXPECT_THAT(States(), ElementsAre("1 gone", "1 empty", "1 starting"));
}

TEST_F(WorkerTest, IsKilledWhenItClosedItsChannelAndStays) {
  GivenReadyWorkers(1);
  Closes(0);
  Advance(4999ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9"));
  EXPECT_THAT(Log(), ElementsAre("[error] worker 0 (pid 101) closed its channel and still runs, killing it"));
  Exits(0, 0, SIGKILL);
  EXPECT_THAT(Actions(), Contains("spawn 0: worker 0 of 1"));
}

TEST_F(WorkerTest, HasItsChannelClosedForItWhenOnlyTheExitIsSeen) {
  GivenReadyWorkers(1);
  Exits(0, 1);
  Advance(1s);
  EXPECT_THAT(Actions(), ElementsAre("close-channel 0"));
  On(ChannelClosed{0, "closed by us"});
  EXPECT_THAT(Actions(), Contains("spawn 0: worker 0 of 1"));
  EXPECT_EQ(CountOf("kill"), 0U);
}

TEST_F(WorkerTest, IsKilledAtOnceWhenItsChannelBreaks) {
  GivenReadyWorkers(1);
  On(ChannelClosed{0, "frame of an unknown type 99"});
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9"));
  EXPECT_THAT(Log(),
              ElementsAre("[error] worker 0 (pid 101): its channel broke, killing it: frame of an unknown type 99"));
}

// --- Crash loops ---

TEST_F(WorkerTest, ThatNeverStartsIsTriedTwelveTimesAMinute) {
  GivenReadyWorkers(2);
  Dies(1, 1);
  Forget();
  int spawns = 1;  // the one that replaced it
  const util::TimePoint begin = clock.Now();
  while (clock.Now() < begin + 60s) {
    const auto slot = supervisor.slots().Occupant(1, 1);
    if (slot) Dies(*slot, 2);
    const auto next = supervisor.NextDeadline();
    ASSERT_TRUE(next && *next > clock.Now());
    clock.Advance(*next - clock.Now());
    if (clock.Now() < begin + 60s) {
      On(Deadline{});
      spawns += supervisor.slots().Occupant(1, 1).has_value() ? 1 : 0;
    }
  }
  EXPECT_EQ(spawns, 12);
  std::size_t lines = 0;
  for (const std::string& line : Log()) lines += line.starts_with("[info]") ? 0 : 1;
  EXPECT_EQ(lines, 13U) << "one for each attempt, one for the state";
}

TEST_F(WorkerTest, ThatFailsToStartWaitsLongerEachTime) {
  GivenReadyWorkers(2);
  Dies(1, 1);
  Hello(1);
  Failed(1, "setrlimit(RLIMIT_NOFILE, 9) failed\n(1: Operation not permitted)");
  Forget();
  Dies(1, 2);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("[error] worker 1 (pid 103) exited with code 2 before it was ready: "
                                 "setrlimit(RLIMIT_NOFILE, 9) failed (1: Operation not permitted); next start in 0.1 s",
                                 "[error] degraded: 1 of 2 workers serve, worker 1 cannot be started just now"));
  Advance(99ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("spawn 1: worker 1 of 1"));
  Forget();
  Dies(1, 2);
  EXPECT_THAT(Log(),
              ElementsAre("[error] worker 1 (pid 104) exited with code 2 before it was ready; next start in 0.2 s"));
}

TEST_F(WorkerTest, ThatDiesEachTimeItIsReadyIsReplacedTenTimesAndThenOnceASecond) {
  GivenReadyWorkers(1);
  for (int i = 0; i < 10; ++i) {
    Dies(0, 1);
    BecomesReady(SlotOf(1, 0));
  }
  EXPECT_EQ(CountOf("spawn"), 10U);
  Forget();
  Dies(0, 1);
  EXPECT_EQ(CountOf("spawn"), 0U);
  EXPECT_THAT(Log(), Contains("[error] worker 0 (pid 111) exited with code 1; next start in 1 s"));
  Advance(1s);
  EXPECT_EQ(CountOf("spawn"), 1U);
}

TEST_F(WorkerTest, BackOffFollowsTheSeatAndNotTheSlot) {
  GivenReadyWorkers(3);
  Dies(1, 1);
  Dies(1, 1);  // its replacement; now waits
  Forget();
  Dies(2, 1);
  EXPECT_THAT(Actions(), ElementsAre("spawn 1: worker 2 of 1")) << "another seat is not punished";
}

TEST_F(WorkerTest, ReloadStartsWithAFreshBackOff) {
  GivenReadyWorkers(1);
  Dies(0, 1);
  for (int i = 0; i < 5; ++i) {
    Dies(0, 1);
    Advance(10s);
  }
  GivenReloadSpawned(2, 1);
  EXPECT_EQ(supervisor.slots().LivingIn(2), 1U);
}

TEST_F(WorkerTest, SpawnFailureIsRetriedByTimer) {
  GivenReadyWorkers(1);
  spawns_fail = true;
  Dies(0, 1);
  EXPECT_THAT(Log(),
              Contains("[error] worker 0 could not be spawned: fork: Resource temporarily unavailable; next start "
                       "in 0.1 s"));
  EXPECT_EQ(supervisor.slots().living(), 0U);
  spawns_fail = false;
  Forget();
  Advance(100ms);
  EXPECT_THAT(Actions(), ElementsAre("spawn 0: worker 0 of 1"));
}

TEST_F(WorkerTest, ThatStallsInItsStartIsKilledAndTriedAgain) {
  GivenReadyWorkers(1);
  Dies(0, 1);
  Hello(0);
  Forget();
  Advance(10s);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9"));
  EXPECT_THAT(Log(), ElementsAre("[error] worker 0 (pid 102) was not ready within 10 s, killing it"));
  Forget();
  Dies(0, 0, SIGKILL);
  EXPECT_THAT(Log(), Contains("[notice] worker 0 (pid 102) was killed by signal 9 (SIGKILL); next start in 0.1 s"));
  Advance(100ms);
  EXPECT_THAT(Actions(), ElementsAre("spawn 0: worker 0 of 1"));
}

// --- Degraded ---

TEST_F(WorkerTest, DegradedIsSaidOnceAnEpisodeAndTakenBackOnce) {
  GivenReadyWorkers(3);
  Dies(2, 1);
  for (int i = 0; i < 6; ++i) {
    Dies(2, 1);
    Advance(10s);
  }
  EXPECT_TRUE(supervisor.degraded());
  EXPECT_THAT(Server(), ElementsAre("degraded 1"));
  EXPECT_EQ(std::ranges::count(Log(), "[error] degraded: 2 of 3 workers serve, worker 2 cannot be started just now"),
            1);
  Forget();

  BecomesReady(2);
  EXPECT_TRUE(supervisor.degraded()) << "not before it has lasted";
  Advance(5s);
  EXPECT_FALSE(supervisor.degraded());
  EXPECT_THAT(Log(), Contains("[notice] no longer degraded: all 3 workers serve again"));
  EXPECT_THAT(Server(), ElementsAre("serving 1"));
  EXPECT_EQ(supervisor.NextDeadline(), std::nullopt);
}

TEST_F(WorkerTest, DegradedIsOneEpisodeHoweverOftenReadyWorkersDie) {
  GivenReadyWorkers(1);
  for (int i = 0; i < 60; ++i) {
    if (const auto slot = supervisor.slots().Occupant(1, 0)) {
      BecomesReady(*slot);
      Dies(*slot, 1);
    }
    Advance(500ms);
  }
  std::size_t said = 0;
  for (const std::string& line : Log()) said += line.find("degraded") != std::string::npos ? 1 : 0;
  EXPECT_EQ(said, 1U);
}

TEST_F(WorkerTest, DegradedEndsWithAReload) {
  GivenReadyWorkers(1);
  Dies(0, 1);
  Dies(0, 1);
  ASSERT_TRUE(supervisor.degraded());
  GivenReloadSpawned(2, 1);
  BecomesReady(SlotOf(2, 0));
  EXPECT_FALSE(supervisor.degraded());
  EXPECT_THAT(Server(), ElementsAre("serving 2"));
}

TEST_F(WorkerTest, NeverLeavesWhileItHasNoWorkers) {
  GivenReadyWorkers(1);
  Dies(0, 1);
  Dies(0, 1);
  Advance(1h);
  EXPECT_EQ(supervisor.phase(), ServerPhase::kServing);
  EXPECT_EQ(CountOf("leave"), 0U);
}

// --- Misbehaviour ---

TEST_F(WorkerTest, IsKilledForSpeakingAnotherVersion) {
  GivenReadyWorkers(1);
  Dies(0, 1);
  Forget();
  On(Received{0, ipc::Hello{.version = 99, .pid = 1}, 0});
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-channel 0"));
  EXPECT_THAT(Log(), ElementsAre("[error] worker 0 (pid 102) speaks version 99 of the channel's protocol instead of 1, "
                                 "killing it"));
}

TEST_F(WorkerTest, IsKilledForReadyBeforeAdopt) {
  GivenReadyWorkers(1);
  Dies(0, 1);
  Forget();
  Ready(0);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-channel 0"));
}

TEST_F(WorkerTest, IsKilledForSayingHelloOrReadyTwice) {
  GivenReadyWorkers(2);
  Hello(0);
  Ready(1);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-channel 0", "kill 1 with 9", "close-channel 1"));
}

TEST_F(WorkerTest, IsKilledForSayingDrainingOrFailedTwice) {
  GivenReadyWorkers(2);
  Draining(0);
  Failed(1, "why");
  Forget();
  Draining(0);
  Failed(1, "why");
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-channel 0", "kill 1 with 9", "close-channel 1"));
  EXPECT_THAT(Log(), ElementsAre("[error] worker 0 (pid 101) said Draining twice, killing it",
                                 "[error] worker 1 (pid 102) said Failed twice, killing it"));
}

TEST_F(WorkerTest, IsKilledForDrainingOrFindingSocketsUnusableBeforeItIsReady) {
  GivenReadyWorkers(2);
  Dies(0);
  Dies(1);
  Hello(0);
  Hello(1);
  Forget();
  Draining(0);
  On(Received{1, ipc::Unusable{}, 0});
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-channel 0", "kill 1 with 9", "close-channel 1"));
}

TEST_F(WorkerTest, IsKilledForAnsweringWhatNobodyAsked) {
  GivenReadyWorkers(1);
  On(Received{0, ipc::Done{}, 7, /*is_due=*/false});
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-channel 0"));
  EXPECT_THAT(Log(), ElementsAre("[error] worker 0 (pid 101) said Done to nothing that it was sent, killing it"));
}

TEST_F(WorkerTest, IsToldOfOnceHoweverMuchItSays) {
  GivenReadyWorkers(1);
  for (int i = 0; i < 1000; ++i) {
    Draining(0);
    Ready(0);
    Hello(0);
    Failed(0, "why");
    On(Received{0, ipc::Unusable{}, 0, false});
    On(Received{0, ipc::Stop{}, 0});
  }
  EXPECT_EQ(CountOf("kill"), 1U);
  EXPECT_EQ(CountOf("close-channel"), 1U);
  EXPECT_LE(Log().size(), 4U);
  EXPECT_EQ(Log().back(), "[error] worker 0 (pid 101) said Ready twice, killing it");
}

TEST_F(WorkerTest, HasItsListenersLookedAtWhenItFindsOneUnusable) {
  GivenReadyWorkers(2);
  On(Received{1, ipc::Unusable{.ordinal = 3, .code = 22}, 0});
  EXPECT_THAT(Actions(), ElementsAre("mend listener 3 of 1: 22"));
  EXPECT_THAT(Log(), IsEmpty());
}

TEST_F(WorkerTest, IsKilledForSendingWhatOnlyTheMasterSends) {
  GivenReadyWorkers(1);
  On(Received{0, ipc::Stop{}, 0});
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-channel 0"));
  EXPECT_THAT(Log(), ElementsAre("[error] worker 0 (pid 101) sent Stop, which no worker sends, killing it"));
}

TEST_F(WorkerTest, RollsItsGenerationBackByMisbehaving) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  Ready(1);
  EXPECT_THAT(Actions(), Contains("reloaded 2: 5 worker 0 of generation 2 (pid 102) said Ready before it was adopted"));
  EXPECT_THAT(Actions(), Contains("kill 1 with 9"));
}

TEST_F(WorkerTest, ThatFailsAfterReadyHasASecondToLeave) {
  GivenReadyWorkers(1);
  Failed(0, "epoll_wait() failed (9: Bad file descriptor)");
  EXPECT_THAT(Log(), ElementsAre("[error] worker 0 (pid 101) failed: epoll_wait() failed (9: Bad file descriptor)"));
  Forget();
  Advance(1s);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9"));
  Dies(0, 0, SIGKILL);
  EXPECT_THAT(Actions(), Contains("spawn 0: worker 0 of 1"));
}

TEST_F(WorkerTest, ThatDrainsByItselfIsReplacedBeforeItIsGone) {
  GivenReadyWorkers(2, 5s);
  Draining(0, 2);
  EXPECT_THAT(Actions(), ElementsAre("spawn 2: worker 0 of 1"));
  EXPECT_THAT(Log(), Contains("[notice] worker 0 (pid 101) drains without having been told to; replacing it"));
  Forget();
  Advance(6s);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9"));
  Forget();
  Dies(0, 0, SIGKILL);
  EXPECT_THAT(Actions(), IsEmpty()) << "its seat is filled";
}

TEST_F(WorkerTest, IsCountedAsRespawnedWhenNobodyToldItToLeave) {
  GivenReadyWorkers(3, 5s);
  Dies(0, 1);
  EXPECT_EQ(Respawns(), 1u);
  Draining(1);
  EXPECT_EQ(Respawns(), 2u);
  Dies(1);
  EXPECT_EQ(Respawns(), 2u) << "its seat was counted when it began to drain";
}

TEST_F(WorkerTest, IsNotCountedAsRespawnedWhenItWasToldToLeave) {
  GivenReadyWorkers(2);
  Ask(7, supervisor::Command::kDrain, 1);
  Dies(1);
  GivenReloadSpawned(2, 2);
  Dies(SlotOf(2, 0), 1);
  EXPECT_EQ(Respawns(), 0u) << "the reload failed with it";
}

TEST_F(WorkerTest, EventsOfEmptySlotsAreIgnored) {
  GivenReadyWorkers(1);
  Ready(5);
  Exits(5);
  Closes(5000);
  On(Spawned{7, 1});
  On(SpawnFailed{0, "no"});
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_EQ(supervisor.slots().living(), 1U);
}

}  // namespace
}  // namespace colmeia::supervisor
