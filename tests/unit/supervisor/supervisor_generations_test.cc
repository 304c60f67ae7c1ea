// Reload: a transaction.
#include "supervisor/fixture.h"

namespace colmeia::supervisor {
namespace {

class ReloadTest : public SupervisorFixture {};

TEST_F(ReloadTest, DrainsTheOldWorkersOnlyOnceAllNewOnesAreReady) {
  GivenReadyWorkers(2, 30s);
  Send(SIGHUP);
  EXPECT_THAT(Actions(), ElementsAre("compile 2"));
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 1 (SIGHUP) received from 456, reconfiguring"));
  Forget();
  On(Compiled{2, PlanOf(2), ""});
  EXPECT_THAT(Actions(), ElementsAre("open 2"));
  Forget();
  On(ResourcesOpened{2});
  EXPECT_THAT(Actions(), ElementsAre("spawn 2: worker 0 of 2", "spawn 3: worker 1 of 2"));
  BecomesReady(2);
  EXPECT_EQ(CountOf("drain"), 0U);
  Forget();

  BecomesReady(3);
  EXPECT_THAT(Actions(), ElementsAre("adopt 3: worker 1 of 2, one of 2", "promote 2", "reloaded 2: 0",
                                     "remove-listeners 1", "drain 0 within 30000 ms", "drain 1 within 30000 ms"));
  EXPECT_THAT(Log(), Contains("[notice] generation 2 serves with 2 workers, generation 1 drains"));
  EXPECT_THAT(Server(), ElementsAre("serving 2"));
}

TEST_F(ReloadTest, ClosesOldListenersWhenAllOldWorkersHaveStoppedAcceptingAndTheRestWithTheLast) {
  GivenReadyWorkers(2);
  GivenReloadSpawned(2, 1);
  BecomesReady(2);
  Forget();
  Draining(0, 3);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("[info] worker 0 of generation 1 (pid 101) is shutting down, 3 connections open"));
  Draining(1);
  EXPECT_THAT(Actions(), ElementsAre("close-listeners 1"));
  Forget();
  Dies(1);
  EXPECT_THAT(Actions(), IsEmpty());
  Dies(0);
  EXPECT_THAT(Actions(), ElementsAre("close 1"));
  EXPECT_EQ(supervisor.generations().size(), 1U);
}

TEST_F(ReloadTest, KillsAnOldWorkerThatHasNotFinishedASecondAfterItsTimeout) {
  GivenReadyWorkers(1, 5s);
  GivenReloadSpawned(2, 1);
  BecomesReady(1);
  Forget();
  Advance(5999ms);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(1ms);
  EXPECT_THAT(Actions(), ElementsAre("kill 0 with 9", "close-listeners 1"));
  EXPECT_THAT(Log(), ElementsAre("[warn] worker 0 of generation 1 (pid 101) did not leave within 5 s, killing it"));
  Dies(0, 0, SIGKILL);
  EXPECT_THAT(Log(), Contains("[notice] worker 0 of generation 1 (pid 101) was killed by signal 9 (SIGKILL)"));
}

TEST_F(ReloadTest, LetsOldWorkersDrainForEverWithoutATimeout) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  BecomesReady(1);
  Forget();
  Advance(240h);
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(ReloadTest, DoesNotReplaceAnOldWorkerThatDiesWhileDraining) {
  GivenReadyWorkers(2);
  GivenReloadSpawned(2, 1);
  BecomesReady(2);
  Forget();
  Dies(0, 0, SIGSEGV);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("[alert] worker 0 of generation 1 (pid 101) was killed by signal 11 (SIGSEGV)"));
}

TEST_F(ReloadTest, ReplacesAnOldWorkerThatDiesWhileTheNewOnesStart) {
  GivenReadyWorkers(2);
  GivenReloadSpawned(2, 2);
  Dies(1, 1);
  EXPECT_THAT(Actions(), ElementsAre("spawn 1: worker 1 of 1"));
  EXPECT_THAT(Log(), Contains("[error] worker 1 of generation 1 (pid 102) exited with code 1; replacing it"));
}

TEST_F(ReloadTest, SendsAwayAReplacementThatIsStillStartingAtTheSwitch) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  Dies(0, 1);  // replaced in slot 0
  Forget();
  BecomesReady(1);
  EXPECT_THAT(Actions(), Contains("kill 0 with 9"));
  Dies(0, 0, SIGKILL);
  EXPECT_THAT(Actions(), Contains("close 1"));
  EXPECT_EQ(CountOf("spawn"), 0U);
}

TEST_F(ReloadTest, DrainsAReplacementThatMayHaveAcceptedBeforeItSaidReady) {
  GivenReadyWorkers(1, 5s);
  GivenReloadSpawned(2, 1);
  Dies(0, 1);
  Hello(0);
  Forget();
  BecomesReady(1);
  EXPECT_THAT(Actions(), Contains("drain 0 within 5000 ms"));
  Ready(0);  // it crossed our Drain
  EXPECT_EQ(supervisor.slots()[0].state, SlotState::kDraining);
}

// --- Rolling back ---

TEST_F(ReloadTest, KeepsServingWhenTheConfigurationHasMistakes) {
  GivenReadyWorkers(2);
  Send(SIGHUP);
  Forget();
  On(Compiled{2, nullptr, "x.conf:1:1: oops"});
  EXPECT_THAT(Actions(), ElementsAre("reloaded 2: 1 x.conf:1:1: oops", "close 2"));
  EXPECT_THAT(Log(),
              ElementsAre("[emerg] generation 2 failed to compile, generation 1 keeps serving: x.conf:1:1: oops"));
  EXPECT_THAT(Server(), IsEmpty());
}

TEST_F(ReloadTest, KeepsServingWhenAnAddressIsTaken) {
  GivenReadyWorkers(2);
  Send(SIGHUP);
  On(Compiled{2, PlanOf(2), ""});
  Forget();
  On(ResourcesFailed{2, "bind() to 0.0.0.0:80 failed (98: Address already in use)"});
  EXPECT_THAT(Actions(),
              ElementsAre("reloaded 2: 2 bind() to 0.0.0.0:80 failed (98: Address already in use)", "close 2"));
  EXPECT_THAT(Log(),
              ElementsAre("[emerg] generation 2 failed to open what it needs, generation 1 keeps serving: bind() to "
                          "0.0.0.0:80 failed (98: Address already in use)"));
}

TEST_F(ReloadTest, KeepsOldWorkersServingWhenTheNewGenerationFailsToStart) {
  GivenReadyWorkers(2, /*shutdown_timeout=*/7s);
  GivenReloadSpawned(2, 3, 7s);
  BecomesReady(2);
  Hello(3);
  Forget();
  Dies(3, 2);
  EXPECT_THAT(Actions(),
              ElementsAre("reloaded 2: 5 worker 1 of generation 2 (pid 104) exited with code 2 before it was ready",
                          "remove-listeners 2", "drain 2 within 7000 ms", "kill 4 with 9"));
  EXPECT_THAT(Log(),
              ElementsAre("[emerg] generation 2 failed to start, generation 1 keeps serving: worker 1 of generation "
                          "2 (pid 104) exited with code 2 before it was ready"));
  Forget();
  Dies(4, 0, SIGKILL);
  Dies(2);
  EXPECT_THAT(Actions(), ElementsAre("close-listeners 2", "close 2"));
  EXPECT_EQ(supervisor.current()->number, 1U);
  Advance(1h);
  EXPECT_EQ(CountOf("spawn"), 0U);
}

TEST_F(ReloadTest, TellsTheReasonThatTheWorkerGave) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  Hello(1);
  Failed(1, "setgid(33) failed (1: Operation not permitted)");
  EXPECT_THAT(Actions(),
              Contains("reloaded 2: 5 worker 0 of generation 2 (pid 102) failed: setgid(33) failed (1: Operation "
                       "not permitted)"));
  Forget();
  Advance(1s);
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 9", "close-listeners 2")) << "it failed, and yet it stays";
}

TEST_F(ReloadTest, RollsBackWhenANewWorkerStalls) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 2);
  BecomesReady(1);
  Forget();
  Advance(10s);
  EXPECT_THAT(Actions(), ElementsAre("reloaded 2: 4 worker 1 of generation 2 (pid 103) was not ready within 10 s",
                                     "kill 2 with 9", "remove-listeners 2", "drain 1 within 30000 ms"));
  Forget();
  Dies(2, 0, SIGKILL);
  EXPECT_THAT(Actions(), IsEmpty());
  Advance(31s);
  EXPECT_THAT(Actions(), ElementsAre("kill 1 with 9", "close-listeners 2"))
      << "a generation that was rolled back does not drain for ever";
}

TEST_F(ReloadTest, RollsBackWhenANewReadyWorkerDiesBeforeTheSwitch) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 2);
  BecomesReady(1);
  Dies(1, 0, SIGKILL);
  EXPECT_THAT(Actions(), Contains("reloaded 2: 5 worker 0 of generation 2 (pid 102) was killed by signal 9 (SIGKILL)"));
  EXPECT_EQ(CountOf("promote"), 0U);
}

TEST_F(ReloadTest, RollsBackWhenANewReadyWorkerDrainsByItself) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 2);
  BecomesReady(1);
  Draining(1);
  EXPECT_THAT(Actions(), Contains("reloaded 2: 5 worker 0 of generation 2 (pid 102) began to drain by itself"));
}

TEST_F(ReloadTest, RollsBackWhenAProcessCannotBeMade) {
  GivenReadyWorkers(1);
  Send(SIGHUP);
  On(Compiled{2, PlanOf(2), ""});
  Forget();
  spawns_fail = true;
  On(ResourcesOpened{2});
  EXPECT_THAT(Actions(),
              Contains("reloaded 2: 5 worker 0 of generation 2 could not be spawned: fork: Resource temporarily "
                       "unavailable"));
  EXPECT_THAT(Actions(), Contains("close 2"));
  EXPECT_EQ(supervisor.slots().living(), 1U);
}

TEST_F(ReloadTest, RollsBackWhenSlotsAreExhausted) {
  GivenReadyWorkers(600);
  Send(SIGHUP);
  On(Compiled{2, PlanOf(600), ""});
  Forget();
  On(ResourcesOpened{2});
  EXPECT_THAT(
      Actions(),
      ElementsAre("reloaded 2: 5 it wants 600 workers, and 600 of 1024 slots are taken by living ones", "close 2"));
}

TEST_F(ReloadTest, RollsBackWhenTheCompilerHangs) {
  GivenReadyWorkers(1);
  Send(SIGHUP);
  Forget();
  Advance(60s);
  EXPECT_THAT(Actions(), ElementsAre("cancel-compile 2", "reloaded 2: 4 the compiler did not finish within 60 s"));
  Forget();
  On(Compiled{2, nullptr, "killed"});
  EXPECT_THAT(Actions(), ElementsAre("close 2"));
}

TEST_F(ReloadTest, IgnoresAnswersThatComeTooLate) {
  GivenReadyWorkers(1);
  On(Compiled{7, PlanOf(1), ""});
  On(ResourcesOpened{7});
  On(ResourcesFailed{1, "no"});
  On(ResourcesOpened{1});
  EXPECT_THAT(Actions(), IsEmpty());
}

// --- One after the other ---

TEST_F(ReloadTest, QueuesOneMoreReloadHoweverOftenItIsAsked) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  for (int i = 0; i < 5; ++i) Send(SIGHUP);
  EXPECT_EQ(CountOf("compile"), 0U);
  BecomesReady(1);
  EXPECT_EQ(CountOf("compile 3"), 1U);
  On(Compiled{3, PlanOf(1), ""});
  On(ResourcesOpened{3});
  BecomesReady(2);
  EXPECT_EQ(CountOf("promote 3"), 1U);
  EXPECT_EQ(CountOf("compile"), 1U);
}

TEST_F(ReloadTest, BeginsTheQueuedReloadAlsoAfterARollback) {
  GivenReadyWorkers(1);
  GivenReloadSpawned(2, 1);
  Send(SIGHUP);
  Dies(1, 1);
  EXPECT_THAT(Actions(), Contains("compile 3"));
}

TEST_F(ReloadTest, ReloadsWhileOlderGenerationsStillDrain) {
  GivenReadyWorkers(1);
  for (std::uint32_t generation = 2; generation <= 20; ++generation) {
    GivenReloadSpawned(generation, 1);
    BecomesReady(SlotOf(generation, 0));
    EXPECT_THAT(Actions(), Contains("promote " + std::to_string(generation)));
  }
  EXPECT_EQ(supervisor.generations().size(), 20U);
  EXPECT_EQ(supervisor.slots().living(), 20U);
  for (std::uint32_t slot = 0; slot < 19; ++slot) Dies(slot);
  EXPECT_EQ(supervisor.generations().size(), 1U);
}

TEST_F(ReloadTest, GoesBackToTheConfiguredNumberOfWorkers) {
  GivenReadyWorkers(2);
  Send(SIGTTIN);
  GivenReloadSpawned(2, 2);
  EXPECT_EQ(supervisor.generations().back().seats.size(), 2U);
}

TEST_F(ReloadTest, IsGivenUpWhenTheServerIsToldToStop) {
  GivenReadyWorkers(1);
  Send(SIGHUP);
  Forget();
  Send(SIGTERM);
  EXPECT_THAT(Actions(),
              ElementsAre("cancel-compile 2", "reloaded 2: 5 the server was told to stop by signal 15 (SIGTERM)",
                          "stop 0 within 3000 ms"));
  Dies(0);
  EXPECT_EQ(CountOf("leave"), 0U) << "the compiler lives";
  On(Compiled{2, nullptr, "killed"});
  EXPECT_THAT(Actions(), Contains("leave 0"));
}

TEST_F(ReloadTest, IsRefusedWhileStopping) {
  GivenReadyWorkers(1);
  Send(SIGQUIT);
  Forget();
  Send(SIGHUP);
  EXPECT_THAT(Actions(), IsEmpty());
  EXPECT_THAT(Log(), ElementsAre("[notice] signal 1 (SIGHUP) received from 456, ignored: the server is stopping"));
}

}  // namespace
}  // namespace colmeia::supervisor
